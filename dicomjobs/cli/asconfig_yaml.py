"""A whole association configuration file as a native YAML document that proposes the same, with comments for what is not in it.

It knows nothing of how the file was read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dicomjobs.cli.refusal import mistake
from dicomjobs.dcmtk.asconfig_file import Asconfig, AsconfigProfile
from dicomjobs.dcmtk.job_text import scalar, visible
from dicomjobs.diagnostics import Diagnostic, Diagnostics
from dicomjobs.dicom.uids import UidKind, is_uid, kind_of, name_of

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")


def yaml_lines(asconfig: Asconfig, *, file: str, told: Diagnostics) -> Iterator[str]:
    """Yield the lines of the document, each with its line end; `told` are the warnings about the file."""
    yield f"# What {visible(file)} says, as DCMTK reads it.\n"
    for diagnostic in told:
        line = f"line {diagnostic.location.line}: " if diagnostic.location else ""
        yield f"# {line}{visible(diagnostic.summary)}\n"
    yield "dicomjobs: 1\n"
    yield from _syntaxes(asconfig)
    yield from _left_out(asconfig)
    if asconfig.profiles:
        yield "association_profiles:\n"
    for profile in asconfig.profiles.values():
        yield f"  {scalar(_native_name(profile.name, profile.written))}:\n"
        yield from _profile(asconfig, profile)


def unsayable(asconfig: Asconfig, *, file: str) -> Diagnostics:
    """Return an error for everything in a profile that DCMTK takes and no native document can say."""
    found = dict[str, Diagnostic]()
    for profile in asconfig.profiles.values():
        if not _NAME.fullmatch(_native_name(profile.name, profile.written)):
            summary = f"{file}: no profile in YAML can be named `{profile.name}`"
            found[summary] = mistake("DJ614", summary, hint="give it another name in the file")
        for context in asconfig.contexts[profile.contexts]:
            for summary in _problems(asconfig, context.abstract_syntax, context.transfer_syntaxes):
                hint = "correct it in the file: DCMTK takes it as it is"
                found[summary] = mistake("DJ614", f"{file}: {summary}", hint=hint)
    return tuple(found.values())


def _problems(asconfig: Asconfig, abstract_syntax: str, transfer_syntaxes: str) -> Iterator[str]:
    """Yield what is wrong with a context."""
    if not is_uid(abstract_syntax):
        yield f"`{abstract_syntax[:80]}` is no valid UID (PS3.5 9.1)"
    elif kind_of(abstract_syntax) is UidKind.TRANSFER_SYNTAX:
        yield f"{name_of(abstract_syntax)} is a transfer syntax and cannot be an abstract syntax"
    for uid in asconfig.transfer_syntaxes[transfer_syntaxes]:
        if not _is_transfer_syntax(uid):
            yield f"`{name_of(uid)[:80]}` is no transfer syntax"


def _is_transfer_syntax(uid: str) -> bool:
    """Say whether a native list of transfer syntaxes can have a UID."""
    return is_uid(uid) and kind_of(uid) in {UidKind.TRANSFER_SYNTAX, None}


def _native_name(name: str, written: str) -> str:
    """Return the name of a list or profile as the file spells it, as DCMTK has it where YAML could not."""
    return written if _NAME.fullmatch(written) else name


def _list_name(asconfig: Asconfig, name: str) -> str:
    """Return the native name of a list of transfer syntaxes."""
    return _native_name(name, asconfig.written.get(name, name))


def _syntaxes(asconfig: Asconfig) -> Iterator[str]:
    """Yield the named lists of transfer syntaxes; one that no native document can have is left to a comment."""
    sayable = [name for name in asconfig.transfer_syntaxes if _is_sayable(asconfig, name)]
    if sayable:
        yield "transfer_syntaxes:\n"
    for name in sayable:
        syntaxes = ", ".join(name_of(uid) for uid in asconfig.transfer_syntaxes[name])
        yield f"  {scalar(_list_name(asconfig, name))}: [{syntaxes}]\n"
    for name in asconfig.transfer_syntaxes:
        if name not in sayable:
            yield f"# The list of transfer syntaxes [{name}], which no profile uses, is not one that YAML can have.\n"


def _is_sayable(asconfig: Asconfig, name: str) -> bool:
    """Say whether a list of transfer syntaxes can be native."""
    fits = all(map(_is_transfer_syntax, asconfig.transfer_syntaxes[name]))
    return fits and _NAME.fullmatch(_list_name(asconfig, name)) is not None


def _left_out(asconfig: Asconfig) -> Iterator[str]:
    """Yield a comment for each list that no profile names: a native document has these only inside of profiles."""
    profiles = asconfig.profiles.values()
    for noun, names, used in (
        ("presentation contexts", asconfig.contexts, {profile.contexts for profile in profiles}),
        ("roles", asconfig.roles, {profile.roles for profile in profiles}),
        (
            "extended negotiation",
            asconfig.extended_negotiation,
            {profile.extended_negotiation for profile in profiles},
        ),
    ):
        for name in names:
            if name not in used:
                yield f"# The list of {noun} [{name}] is left out: no profile uses it.\n"


def _profile(asconfig: Asconfig, profile: AsconfigProfile) -> Iterator[str]:
    """Yield what a profile proposes."""
    yield "    presentation_contexts:\n"
    for context in asconfig.contexts[profile.contexts]:
        syntaxes = scalar(_list_name(asconfig, context.transfer_syntaxes))
        yield f"      - {{abstract_syntax: {name_of(context.abstract_syntax)}, transfer_syntaxes: {syntaxes}}}\n"
    if profile.roles is not None:
        yield "    roles:\n"
        for role in asconfig.roles[profile.roles]:
            yield f"      {name_of(role.sop_class_uid)}: {role.role.value}\n"
    if profile.extended_negotiation is not None:
        yield "    extended_negotiation:\n"
        for item in asconfig.extended_negotiation[profile.extended_negotiation]:
            yield f"      {name_of(item.sop_class_uid)}: '{item.information}'\n"
