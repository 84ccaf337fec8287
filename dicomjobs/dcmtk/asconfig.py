"""Association configuration files of DCMTK (`storescu -xf FILE PROFILE`), read as DCMTK reads them, from bytes to profiles.

What DCMTK refuses is an error here, and whatever it drops or misreads without a word is a warning; nothing is ever raised.
"""

from __future__ import annotations

from dicomjobs.dcmtk.asconfig_entries import read_tree
from dicomjobs.dcmtk.asconfig_file import Asconfig, AsconfigProfile, reference_of
from dicomjobs.dcmtk.asconfig_findings import Findings, about_file
from dicomjobs.dcmtk.asconfig_lint import lint
from dicomjobs.dcmtk.asconfig_lists import read_lists
from dicomjobs.dcmtk.asconfig_profiles import read_profiles
from dicomjobs.dcmtk.asconfig_text import characters_of, spoken
from dicomjobs.diagnostics import Diagnostic, Diagnostics

LARGEST_FILE = 256 * 1024
"""Bytes."""

MOST_DIAGNOSTICS = 100
"""Errors, and as many warnings, that are told of one file: nobody reads on."""

__all__ = ["Asconfig", "AsconfigProfile", "find_profile", "read_asconfig", "reference_of"]


def read_asconfig(content: bytes, path: str) -> tuple[Asconfig | None, Diagnostics]:
    """Read a file's bytes; None when there is an error. Errors come first, the one at which DCMTK stops before all others."""
    if len(content) > LARGEST_FILE:
        return None, (_too_large(path),)
    text = characters_of(content, path)
    tree, findings = read_tree(text.characters), Findings(text=text)
    lists = read_lists(tree, findings)
    profiles = read_profiles(tree, lists, findings)
    lint(tree, findings)
    told = (*findings.errors[:MOST_DIAGNOSTICS], *findings.sorted_warnings()[:MOST_DIAGNOSTICS])
    if findings.errors:
        return None, told
    supersection = tree.first("TRANSFERSYNTAXES")
    sections = supersection.sections if supersection else ()
    asconfig = Asconfig(
        transfer_syntaxes={name: tuple(uids) for name, uids in lists.transfer_syntaxes.items()},
        contexts={name: tuple(contexts) for name, contexts in lists.contexts.items()},
        roles={name: tuple(roles) for name, roles in lists.roles.items()},
        extended_negotiation={name: tuple(items) for name, items in lists.extended_negotiation.items()},
        profiles=profiles,
        written={section.name: spoken(section.header.raw.strip()) for section in reversed(sections)},
    )
    return asconfig, told


def find_profile(asconfig: Asconfig, name: str) -> AsconfigProfile | None:
    """Return the profile that a name means to DCMTK's programs: blanks and capitals make no difference."""
    return asconfig.profiles.get(reference_of(name))


def _too_large(path: str) -> Diagnostic:
    """Say that nobody wrote this by hand."""
    return about_file("DJ525", f"{path} is larger than 256 KiB", file=path, hint="is it an association configuration?")
