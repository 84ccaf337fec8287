"""Association profiles that are taken from DCMTK's configuration files: the files are opened here, each once, and nowhere later.

It knows where profiles are written and not what jobs do with them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dicomjobs.config.cursor import Cursor, Findings
from dicomjobs.config.places import Places, Pointer
from dicomjobs.config.resolve import profiles
from dicomjobs.config.suggest import did_you_mean
from dicomjobs.diagnostics import Diagnostics
from dicomjobs.model.association import AssociationProfile

if TYPE_CHECKING:  # what reads the files is imported for documents that name one
    from dicomjobs.config.asconfig_source import AsconfigSource


@dataclass(frozen=True, slots=True, kw_only=True)
class AsconfigProfiles:
    """The profiles by the place of the mapping that takes them over, and the files that were read; one that is wrong is not in it."""

    profiles: Mapping[Pointer, AssociationProfile]
    files: tuple[AsconfigSource, ...]


@dataclass(slots=True)
class _Reading:
    """The files read so far, by absolute path."""

    files: dict[str, AsconfigSource] = field(default_factory=dict)


def read_asconfig_profiles(document: dict[str, Any], *, places: Places) -> tuple[AsconfigProfiles, Diagnostics]:
    """Open every file that a profile of the document is taken from; what is wrong or doubtful in one is told at its own lines."""
    root = Cursor(value=document, pointer=(), findings=Findings(places=places))
    reading = _Reading()
    found = dict(_profiles(root, reading))
    told = (diagnostic for file in reading.files.values() for diagnostic in file.diagnostics)
    return (
        AsconfigProfiles(profiles=found, files=tuple(file for file in reading.files.values() if file.sha256)),
        (*root.findings.diagnostics, *told),
    )


def _profiles(root: Cursor, reading: _Reading) -> Iterator[tuple[Pointer, AssociationProfile]]:
    """Yield each profile that can be had, with its place."""
    for at in profiles(root):
        asconfig = at.get("asconfig")
        if asconfig is None:
            continue
        for key in ("roles", "extended_negotiation"):
            if at.get(key) is not None and at.value[key]:
                hint = "write it in that file, or take the file over with `dicomjobs import asconfig`"
                at[key].error("DJ209", f"`{key}` comes from the asconfig file as well", hint=hint, at_key=True)
        source = _source(asconfig["file"], reading)
        if source and source.asconfig and (profile := _profile(asconfig["profile"], source)):
            yield at.pointer, profile


def _source(at: Cursor, reading: _Reading) -> AsconfigSource | None:
    """Read a file, unless that was done already; None when its name is not known yet."""
    if at.unresolved:
        return None
    place = at.findings.location(at.pointer)
    path = os.path.normpath(Path(place.file if place else "").parent / at.text())
    absolute = os.path.realpath(path)
    if absolute not in reading.files:
        from dicomjobs.config.asconfig_source import read_asconfig_file

        source = read_asconfig_file(path)
        hint = f"it is looked for at {path}, relative to the file that writes it"
        located = (each if each.location else replace(each, location=place, hint=hint) for each in source.diagnostics)
        reading.files[absolute] = replace(source, diagnostics=tuple(located))
    return reading.files[absolute]


def _profile(at: Cursor, source: AsconfigSource) -> AssociationProfile | None:
    """Return a profile by the name that DCMTK would take for it."""
    from dicomjobs.dcmtk.asconfig import find_profile, reference_of

    assert source.asconfig is not None
    profile = find_profile(source.asconfig, at.text())
    if profile is None:
        at.error(
            "DJ531",
            f"{source.path} has no profile `{at.text()}`",
            hint=did_you_mean(at.text(), [each.written for each in source.asconfig.profiles.values()]),
            detail=f"storescu says: profile key undefined: {reference_of(at.text())} (dcmnet 1062)",
        )
        return None
    return source.asconfig.association_profile(profile, name=at.text())
