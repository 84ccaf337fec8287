"""Names resolved: every peer, query, send set, profile and list that is named is one that stands somewhere, or the thing itself.

It knows where names are written and where things are defined, not what the things mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dicomjobs.config.cursor import Cursor, Findings
from dicomjobs.config.places import Places, Pointer
from dicomjobs.config.suggest import did_you_mean
from dicomjobs.diagnostics import Diagnostics
from dicomjobs.dicom.uids import uid_of


@dataclass(frozen=True, slots=True, kw_only=True)
class _Naming:
    """A key that names something: the section it is looked up in, the code and the words for a name that is not there."""

    section: str
    code: str
    noun: str


_NAMINGS: Mapping[str, _Naming] = {
    "peer": _Naming(section="peers", code="DJ304", noun="peer"),
    "query": _Naming(section="queries", code="DJ305", noun="query"),
    "send_set": _Naming(section="send_sets", code="DJ306", noun="send set"),
    "association_profile": _Naming(section="association_profiles", code="DJ307", noun="association profile"),
}
_SYNTAXES = _Naming(section="transfer_syntaxes", code="DJ308", noun="list of transfer syntaxes")

KINDS = ("echo", "find", "store")
"""The kinds of jobs."""

_Names = Mapping[str, Mapping[str, None]]
"""Names by section, in file order."""

References = Mapping[Pointer, Pointer]
"""From the place where a thing is named, or written, to the place where it stands; names of nothing are not in it."""


def resolve_names(document: dict[str, Any], *, places: Places) -> tuple[References, Diagnostics]:
    """Find what every name means; a name of nothing is an error."""
    root = Cursor(value=document, pointer=(), findings=Findings(places=places))
    references = dict(_references(root, _written(places)))
    return references, tuple(root.findings.diagnostics)


def _references(root: Cursor, written: _Names) -> Iterator[tuple[Pointer, Pointer]]:
    """Yield every place that names or holds a thing with the place of the thing."""
    for _, job in section(root, "jobs"):
        for kind in kinds_of(job):
            for key, naming in _NAMINGS.items():
                if (named := job[kind].get(key)) is not None:
                    yield from _reference(named, naming, written)
    for peer in peers(root):
        if (named := peer.get("queries_at")) is not None:
            yield from _reference(named, _NAMINGS["peer"], written)
    for profile in profiles(root):
        for context in _contexts(profile):
            yield from _reference(context["transfer_syntaxes"], _SYNTAXES, written)


def section(root: Cursor, name: str) -> Iterator[tuple[str, Cursor]]:
    """Yield the definitions of a section, none when the document has no such section."""
    found = root.get(name)
    return iter(()) if found is None else found.entries()


def kinds_of(job: Cursor) -> tuple[str, ...]:
    """Return the kinds a job has: exactly one, once its shape was checked."""
    return tuple(kind for kind in KINDS if job.get(kind) is not None)


def peers(root: Cursor) -> Iterator[Cursor]:
    """Yield every peer, named or written in its place."""
    yield from (peer for _, peer in section(root, "peers"))
    for _, job in section(root, "jobs"):
        for kind in kinds_of(job):
            peer = job[kind].get("peer")
            if peer is not None and isinstance(peer.value, dict):
                yield peer


def profiles(root: Cursor) -> Iterator[Cursor]:
    """Yield every association profile, named or written in its place."""
    yield from (profile for _, profile in section(root, "association_profiles"))
    for _, job in section(root, "jobs"):
        for kind in kinds_of(job):
            profile = job[kind].get("association_profile")
            if profile is not None and isinstance(profile.value, dict):
                yield profile


def _contexts(profile: Cursor) -> Iterator[Cursor]:
    """Yield the presentation contexts of a profile."""
    contexts = profile.get("presentation_contexts")
    return iter(()) if contexts is None else contexts.items()


def _written(places: Places) -> _Names:
    """Return the names in each section as they were written, those of misshapen definitions too."""
    names: dict[str, dict[str, None]] = {}
    for pointer in places:
        if len(pointer) == 2:
            names.setdefault(str(pointer[0]), {})[str(pointer[1])] = None
    return names


def _reference(named: Cursor, naming: _Naming, written: _Names) -> Iterator[tuple[Pointer, Pointer]]:
    """Yield what one name means: the thing itself where it is written in place."""
    if isinstance(named.value, dict | list):
        yield named.pointer, named.pointer
    elif not named.unresolved:
        known = written.get(naming.section, {})
        if named.value in known:
            yield named.pointer, (naming.section, named.value)
        else:
            named.error(
                naming.code, f"there is no {naming.noun} `{named.value}`", hint=_hint(named.value, naming, known)
            )


def _hint(name: str, naming: _Naming, known: Mapping[str, Any]) -> str:
    """Say which one was meant, or that there are none at all; a transfer syntax where a list is named belongs in a list."""
    if naming is _SYNTAXES and uid_of(name):
        return f"a single transfer syntax is written in brackets: [{name}]"
    return did_you_mean(name, known) if known else f"the document declares none: add it under `{naming.section}:`"
