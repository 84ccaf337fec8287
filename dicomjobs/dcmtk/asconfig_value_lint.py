"""Values that DCMTK takes and that are still not what they should be: UIDs that are none, syntaxes that are of the other kind, repetitions.

What DCMTK refuses is not looked at here again.
"""

from __future__ import annotations

from typing import assert_never

from dicomjobs.dcmtk.asconfig_entries import Entry, Section, Supersection
from dicomjobs.dcmtk.asconfig_file import reference_of
from dicomjobs.dcmtk.asconfig_findings import Findings, value_place
from dicomjobs.dcmtk.asconfig_lists import numbered, uid_meant
from dicomjobs.dcmtk.asconfig_text import spoken
from dicomjobs.dicom.dcmtk_names import Since, dcmtk_name_of, since_of, uid_named_by_dcmtk
from dicomjobs.dicom.uids import UidKind, is_uid, kind_of


def lint_values(supersection: Supersection, findings: Findings) -> None:
    """Write down a warning for each doubtful value of the lists of one kind."""
    for section in supersection.sections:
        match supersection.header.name:
            case "TRANSFERSYNTAXES":
                _lint_syntaxes(section, findings)
            case "PRESENTATIONCONTEXTS":
                _lint_contexts(section, findings)
            case "SCPSCUROLESELECTION":
                _lint_classes(section, "ROLE", findings)
            case _:
                _lint_classes(section, "EXTENDEDNEGOTIATION", findings)


def _lint_syntaxes(section: Section, findings: Findings) -> None:
    """Warn of transfer syntaxes that are none, and of those that a list has twice."""
    seen: set[str] = set()
    for entry in numbered(section, "TRANSFERSYNTAX"):
        uid = _linted_uid(entry, entry.value, findings)
        if uid is None:
            continue
        if kind_of(uid) not in {UidKind.TRANSFER_SYNTAX, None}:
            summary = f"`{spoken(entry.value)[:60]}` is no transfer syntax, which DCMTK does not notice"
            findings.warning("DJ536", summary, value_place(entry), hint="for example LittleEndianExplicit")
        if uid in seen:
            summary = f"`{spoken(entry.value)[:60]}` is in this list twice, and is proposed twice"
            findings.warning("DJ537", summary, value_place(entry), hint="leave one of the two out")
        seen.add(uid)


def _lint_contexts(section: Section, findings: Findings) -> None:
    """Warn of abstract syntaxes that are none, and of contexts that a list has twice; one for each of two lists is as it should be."""
    seen: set[tuple[str, str]] = set()
    for entry in numbered(section, "PRESENTATIONCONTEXT"):
        uid = _linted_class(entry, findings)
        if uid is None:
            continue
        text, _, syntaxes = entry.value.partition("\\")
        if (uid, reference_of(syntaxes)) in seen:
            summary = f"`{spoken(text)[:60]}` with these transfer syntaxes is in this list twice, and is proposed twice"
            findings.warning("DJ537", summary, value_place(entry), hint="leave one of the two out")
        seen.add((uid, reference_of(syntaxes)))


def _lint_classes(section: Section, stem: str, findings: Findings) -> None:
    """Warn of abstract syntaxes that are none."""
    for entry in numbered(section, stem):
        _linted_class(entry, findings)


def _linted_class(entry: Entry, findings: Findings) -> str | None:
    """Return the UID before the backslash, None when there is none."""
    text, backslash, _ = entry.value.partition("\\")
    uid = _linted_uid(entry, text, findings) if backslash else None
    if uid and kind_of(uid) is UidKind.TRANSFER_SYNTAX:
        summary = f"`{spoken(text)[:60]}` is a transfer syntax, which DCMTK takes for an abstract syntax here"
        findings.warning("DJ536", summary, value_place(entry, 0, len(text)), hint="name a SOP class")
    return uid


def _linted_uid(entry: Entry, text: str, findings: Findings) -> str | None:
    """Return the UID that a text means, None when it means none; warns of one that PS3.5 would not let pass."""
    uid, place = uid_meant(text), value_place(entry, 0, len(text))
    if uid is None:
        return None
    if not is_uid(uid):
        summary = f"`{spoken(text)[:80]}` is no valid UID (PS3.5 9.1), which DCMTK does not notice"
        hint = "a UID has 64 characters at most, no component of it is empty or begins with 0"
        findings.warning("DJ536", summary, place, hint=hint)
    _lint_name(text.removeprefix("="), uid, place, findings)
    return uid


def _lint_name(name: str, uid: str, place: tuple[int, int], findings: Findings) -> None:
    """Warn of a name that not every release has."""
    if not uid_named_by_dcmtk(name):
        return
    match since_of(name):
        case Since.LASTING:
            pass
        case Since.OLDER:
            today = dcmtk_name_of(uid, since=Since.NEWER) or dcmtk_name_of(uid) or uid
            summary = f"`{name}` is a name that DCMTK has no more: its later releases refuse the file"
            findings.warning("DJ536", summary, place, hint=f"write {today}")
        case Since.NEWER:
            summary = f"`{name}` is a name that DCMTK 3.6.7 and those before it do not have: they refuse the file"
            findings.warning("DJ536", summary, place, hint=f"every release understands {uid}")
        case since:
            assert_never(since)
