"""The numbered lists of an association configuration file: transfer syntaxes, contexts, roles, extended negotiation.

Everything is read as DCMTK reads it, in its order, and what it refuses is an error with its words; what it reads otherwise than
it looks is told in `asconfig_lint.py`. After an error the list goes on, so that one mistake hides none of the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from dicomjobs.dcmtk.asconfig_advice import advice_on_uid, advice_on_word, meant_list
from dicomjobs.dcmtk.asconfig_entries import Entry, Section, Tree
from dicomjobs.dcmtk.asconfig_file import AsconfigContext, reference_of
from dicomjobs.dcmtk.asconfig_findings import ILLEGAL_CALL, Findings, on_one_line, value_place
from dicomjobs.dcmtk.asconfig_text import spoken
from dicomjobs.dicom.dcmtk_names import uid_named_by_dcmtk
from dicomjobs.model.association import ExtendedNegotiation, Role, RoleSelection

MOST_CONTEXTS = 128
_LONGEST_INFORMATION = 2048
"""Characters of extended negotiation, the backslash before them included."""

_ROLES = {"SCU": Role.SCU, "SCP": Role.SCP, "BOTH": Role.BOTH}


@dataclass(slots=True)
class Lists:
    """What was read so far, by the names DCMTK has.

    `doubtful` are context lists that had an error, `missed` the lists of transfer syntaxes that were looked for in vain.
    """

    transfer_syntaxes: dict[str, list[str]] = field(default_factory=dict)
    contexts: dict[str, list[AsconfigContext]] = field(default_factory=dict)
    roles: dict[str, list[RoleSelection]] = field(default_factory=dict)
    extended_negotiation: dict[str, list[ExtendedNegotiation]] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)
    missed: set[str] = field(default_factory=set)


def read_lists(tree: Tree, findings: Findings) -> Lists:
    """Read every list of a file."""
    lists = Lists()
    for section, entry in _entries(tree, "TRANSFERSYNTAXES", "TRANSFERSYNTAX", findings, missing=1050):
        _add_syntax(lists, section, entry, findings)
    for section, entry in _entries(tree, "PRESENTATIONCONTEXTS", "PRESENTATIONCONTEXT", findings, missing=1051):
        _add_context(lists, section, entry, findings)
    for section, entry in _entries(tree, "SCPSCUROLESELECTION", "ROLE", findings, missing=None):
        _add_role(lists, section, entry, findings)
    for section, entry in _entries(tree, "EXTENDEDNEGOTIATION", "EXTENDEDNEGOTIATION", findings, missing=None):
        _add_extended(lists, section, entry, findings)
    return lists


def _entries(
    tree: Tree, name: str, stem: str, findings: Findings, *, missing: int | None
) -> Iterator[tuple[Section, Entry]]:
    """Yield the entries of all lists of one kind: 1, 2, 3 and so on up to the first number that is not there."""
    found = tree.first(name)
    if found is None and missing is not None:
        tell_missing(name, missing, findings)
    for section in found.sections if found else ():
        yield from ((section, entry) for entry in numbered(section, stem))


def numbered(section: Section, stem: str) -> Iterator[Entry]:
    """Yield the entries of a list that count."""
    by_key: dict[str, Entry] = {}
    for entry in section.entries:
        by_key.setdefault(entry.key, entry)
    number = 1
    while found := by_key.get(f"{stem}{number}"):
        yield found
        number += 1


def tell_missing(name: str, number: int, findings: Findings) -> None:
    """Say that a supersection is not there."""
    spelling = SPELLINGS[name]
    findings.error(
        "DJ526",
        f"there is no section [[{spelling}]]",
        (0, 0),
        dcmtk=f"cannot find section [[{name}]] in config file",
        number=number,
        hint=f"begin it with [[{spelling}]] on a line of its own",
    )


SPELLINGS = {
    "TRANSFERSYNTAXES": "TransferSyntaxes",
    "PRESENTATIONCONTEXTS": "PresentationContexts",
    "SCPSCUROLESELECTION": "SCPSCURoleSelection",
    "EXTENDEDNEGOTIATION": "ExtendedNegotiation",
    "PROFILES": "Profiles",
}
"""The supersections that DCMTK knows, as people write them."""


def uid_meant(text: str) -> str | None:
    """Return what DCMTK takes for a UID: one of its names, one `=` before it left out, or anything of digits and dots."""
    if text and not "0" <= text[0] <= "9":
        text = uid_named_by_dcmtk(text.removeprefix("=")) or text
    return text if re.fullmatch(r"[0-9.]+", text, re.ASCII) else None


def _add_syntax(lists: Lists, section: Section, entry: Entry, findings: Findings) -> None:
    """Add a transfer syntax to its list."""
    into = lists.transfer_syntaxes.setdefault(section.name, [])
    uid = _uid(entry, entry.value, "transfer syntax", 1024, findings)
    if uid:
        into.append(uid)


def _uid(entry: Entry, text: str, noun: str, number: int, findings: Findings) -> str | None:
    """Return the UID of a name, None after saying that there is none."""
    uid = uid_meant(text)
    if uid is None:
        summary = f"DCMTK has no {noun} `{_short(text)}`" if text else f"there is nothing where a {noun} is wanted"
        words = f"not a valid {noun} UID: {text}"
        hint = advice_on_uid(entry, text, noun)
        findings.error("DJ528", summary, value_place(entry, 0, len(text)), dcmtk=words, number=number, hint=hint)
    return uid


def _short(text: str) -> str:
    """Return a value as it can stand in a sentence."""
    shown = on_one_line(text)
    return shown if len(shown) <= 60 else f"{shown[:59]}…"


def _halves(entry: Entry, number: int, what: str, findings: Findings) -> tuple[str, str] | None:
    """Cut a value at its first backslash; None after saying that it has none."""
    left, backslash, right = entry.value.partition("\\")
    if backslash:
        return left, right
    findings.error(
        "DJ527",
        f"`{_short(entry.value)}` has no backslash: {what} is wanted",
        value_place(entry),
        dcmtk=f"syntax error: missing '\\' in entry {entry.key} in config file",
        number=number,
        hint=f"write {what}",
    )
    return None


def _add_context(lists: Lists, section: Section, entry: Entry, findings: Findings) -> None:
    """Add a presentation context to its list."""
    into = lists.contexts.setdefault(section.name, [])
    halves = _halves(entry, 1052, r"CTImageStorage\NameOfTransferSyntaxes", findings)
    context = _context(lists, section, entry, halves, findings) if halves else None
    if context and len(into) < MOST_CONTEXTS:
        into.append(context)
        return
    if context:
        _tell_too_many(section, entry, findings)
    lists.doubtful.add(section.name)


def _context(
    lists: Lists, section: Section, entry: Entry, halves: tuple[str, str], findings: Findings
) -> AsconfigContext | None:
    """Return a context whose list of transfer syntaxes exists and whose abstract syntax is one."""
    name = reference_of(halves[1])
    if name not in lists.transfer_syntaxes:
        if name not in lists.missed:  # told of once, however many contexts name it
            findings.error(
                "DJ529",
                f"there is no list [{_short(halves[1].strip())}] of transfer syntaxes",
                value_place(entry, len(halves[0]) + 1),
                dcmtk=f"transfer syntax key undefined: {name}",
                number=1031,
                hint=meant_list(name, lists.transfer_syntaxes),
            )
        lists.missed.add(name)
    elif not (section.name and halves[0] and name):
        findings.error(
            "DJ527",
            "a part of this entry, or the name of its list, is empty",
            value_place(entry),
            dcmtk=ILLEGAL_CALL,
            number=None,
            hint=r"write CTImageStorage\NameOfTransferSyntaxes in a section with a name",
        )
    elif uid := _uid(entry, halves[0], "abstract syntax", 1025, findings):
        return AsconfigContext(abstract_syntax=uid, transfer_syntaxes=name)
    return None


def _tell_too_many(section: Section, entry: Entry, findings: Findings) -> None:
    """Say that a list has more contexts than an association can have."""
    findings.error(
        "DJ530",
        f"[{spoken(section.header.raw.strip())}] has more than 128 presentation contexts: an association has no more",
        (entry.start, entry.key_end),
        dcmtk=f"presentation context list too long (> 128 entries): {section.name}",
        number=1032,
        hint="leave out what is never sent; without a profile, a job proposes what its files need",
    )


def _add_role(lists: Lists, section: Section, entry: Entry, findings: Findings) -> None:
    """Add a role to its list."""
    into = lists.roles.setdefault(section.name, [])
    halves = _halves(entry, 1054, r"CTImageStorage\SCP", findings)
    if halves is None:
        return
    role = _ROLES.get(halves[1].upper() if halves[1].isascii() else "")
    if role is None:
        findings.error(
            "DJ527",
            f"`{_short(halves[1])}` is no role: SCU, SCP and BOTH are",
            value_place(entry, len(halves[0]) + 1),
            dcmtk=f"syntax error: unknown role key in entry {entry.key} in config file",
            number=1055,
            hint=advice_on_word(entry, halves[1], tuple(_ROLES)),
        )
    elif (uid := _uid(entry, halves[0], "abstract syntax", 1026, findings)) and not _told_twice(
        entry, halves[0], uid, [each.sop_class_uid for each in into], "role selection", 1027, findings
    ):
        into.append(RoleSelection(sop_class_uid=uid, role=role))


def _told_twice(
    entry: Entry, text: str, uid: str, before: list[str], what: str, number: int, findings: Findings
) -> bool:
    """Say so when an abstract syntax is in its list already."""
    if uid not in before:
        return False
    findings.error(
        "DJ530",
        f"{what} for `{_short(text)}` is already in this list",
        value_place(entry, 0, len(text)),
        dcmtk=f"{what} defined twice for abstract syntax UID: {text}",
        number=number,
        hint="leave one of the two out, and number the others anew",
    )
    return True


def _add_extended(lists: Lists, section: Section, entry: Entry, findings: Findings) -> None:
    """Add extended negotiation to its list."""
    into = lists.extended_negotiation.setdefault(section.name, [])
    halves = _halves(entry, 1057, r"CTImageStorage\020003", findings)
    if halves is None or not _is_information(entry, halves, findings):
        return
    uid = _uid(entry, halves[0], "abstract syntax", 1028, findings)
    before = [each.sop_class_uid for each in into]
    if uid and not _told_twice(entry, halves[0], uid, before, "extended negotiation", 1029, findings):
        into.append(ExtendedNegotiation(sop_class_uid=uid, information=halves[1]))


def _is_information(entry: Entry, halves: tuple[str, str], findings: Findings) -> bool:
    """Say whether the right half is bytes in hexadecimal digits, and complain when it is not."""
    digits, place = halves[1], value_place(entry, len(halves[0]) + 1)
    hint = "write two hexadecimal digits for each byte, nothing between or behind them: 020003"
    if len(digits) + 1 > _LONGEST_INFORMATION:
        words = f"extended negotiation data too long, cannot handle > 1024 bytes in entry {entry.key} in config file"
        summary = "extended negotiation is longer than the 1,023 bytes that DCMTK reads"
        findings.error("DJ527", summary, place, dcmtk=words, number=1058, hint="DCMTK cannot send more")
    elif re.fullmatch(r"([0-9A-Fa-f]{2})*", digits) is None:
        words = f"parse error in extended negotiation data in entry {entry.key} in config file"
        summary = f"`{_short(digits)}` is not bytes in hexadecimal digits"
        findings.error("DJ527", summary, place, dcmtk=words, number=1059, hint=hint)
    elif not digits:
        summary = "extended negotiation without any data"
        findings.error("DJ527", summary, place, dcmtk=ILLEGAL_CALL, number=None, hint=hint)
    else:
        return True
    return False
