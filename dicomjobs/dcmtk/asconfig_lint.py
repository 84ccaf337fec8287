"""What DCMTK reads otherwise than it looks, without a word: each such place of a file is a warning that says what to type instead.

It looks at the form of headers, keys and lines; the values of lists are looked at in `asconfig_value_lint.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from dicomjobs.dcmtk.asconfig_entries import Entry, Header, Section, Supersection, Tree
from dicomjobs.dcmtk.asconfig_findings import Findings
from dicomjobs.dcmtk.asconfig_lists import SPELLINGS
from dicomjobs.dcmtk.asconfig_text import BYTE_ORDER_MARK, dropped_from, spoken
from dicomjobs.dcmtk.asconfig_value_lint import lint_values

_STEMS = {
    "TRANSFERSYNTAXES": "TransferSyntax",
    "PRESENTATIONCONTEXTS": "PresentationContext",
    "SCPSCUROLESELECTION": "Role",
    "EXTENDEDNEGOTIATION": "ExtendedNegotiation",
}
"""The keys of numbered lists."""

_PROFILE_KEYS = {
    "PRESENTATIONCONTEXTS": "PresentationContexts",
    "SCPSCUROLESELECTION": "SCPSCURoleSelection",
    "EXTENDEDNEGOTIATION": "ExtendedNegotiation",
}


def lint(tree: Tree, findings: Findings) -> None:
    """Write down a warning for everything that is dropped or misread."""
    _lint_bytes(findings)
    for token in tree.tokens:
        if isinstance(token, Header):
            _lint_header(token, findings)
        else:
            _lint_key(token, findings)
            _lint_continuation(token, findings)
    for token in tree.lost:
        _lint_lost(token, findings)
    for supersection in tree.supersections:
        _lint_supersection(supersection, tree, findings)


def _lint_bytes(findings: Findings) -> None:
    """Warn of a byte order mark and of NUL bytes."""
    text = findings.text
    if text.characters.startswith(BYTE_ORDER_MARK):
        summary = "the file begins with a byte order mark, which to DCMTK is the beginning of a key: the first section is lost"
        findings.warning("DJ532", summary, (0, 3), hint="save it as UTF-8 without a byte order mark")
    for number, line in enumerate(text.lines):
        if b"\0" in line and not line.startswith(b"#"):
            place = text.starts[text.numbers.index(number + 1)] + line.index(b"\0")
            findings.warning(
                "DJ532", "DCMTK reads a NUL byte as a blank", (place, place + 1), hint="is this a text file?"
            )
            return


def _lint_header(header: Header, findings: Findings) -> None:
    """Warn of a header that is not what it looks like."""
    place = (header.start, header.end)
    if "\n" in findings.text.characters[header.start : header.end].rstrip("\n"):
        last = findings.line_of(header.end - 1)
        summary = f"brackets are missing: the header goes on to line {last}, and what is in between is lost"
        findings.warning("DJ532", summary, place, hint=f"close it on its own line: {_closed(header)}")
    elif header.brackets > header.level:
        hint = f"write {_closed(header)}"
        findings.warning("DJ532", f"DCMTK counts two of these {header.brackets} brackets", place, hint=hint)
    elif dropped := dropped_from(header.raw):
        summary = f"DCMTK drops {dropped} from a section's name: it knows this one as `{header.name}`"
        hint = f"write {'[' * header.level}{header.name}{']' * header.level}, and refer to it so"
        findings.warning("DJ535", summary, place, hint=hint)


def _closed(header: Header) -> str:
    """Return a header as it should be written."""
    name = spoken(header.raw.split("\n")[0].strip(" \t]["))
    return f"{'[' * header.level}{name}{']' * header.level}"


def _lint_key(entry: Entry, findings: Findings) -> None:
    """Warn of a key that has more in it than its line, or lost a part."""
    first, *below = entry.raw.rstrip(" \t\n").split("\n")
    place = (entry.start, entry.start + max(1, len(first.rstrip())))
    if not entry.complete:
        hint = "begin a comment with # in column 1; an entry is written key = value"
        findings.warning("DJ532", "the file ends in a key without `=`", place, hint=hint)
    elif below and not re.search(r"[A-Za-z0-9_\-\[]", "".join((first, *below[:-1]))):
        findings.warning("DJ532", "DCMTK overlooks these characters", place, hint="leave them out")
    elif below:
        line = findings.line_of(entry.start + len(entry.raw.rstrip()) - 1)
        what = (
            "a header, which is lost"
            if "[" in entry.raw
            else f"the key on line {line}, which becomes `{entry.key[:60]}`"
        )
        summary = f"there is no `=` on this line: DCMTK reads it as the beginning of {what}"
        hint = "a comment begins with # in column 1" if "#" in first or _is_prose(first) else "write key = value"
        findings.warning("DJ532", summary, place, hint=hint)
    elif dropped := dropped_from(entry.raw):
        summary = f"DCMTK drops {dropped} from a key: it reads `{entry.key}`"
        findings.warning("DJ535", summary, place, hint="keys have letters, digits, - and _ only")


def _is_prose(text: str) -> bool:
    """Say whether a line looks like words."""
    return len(text.split()) > 2


def _lint_continuation(entry: Entry, findings: Findings) -> None:
    """Warn of the lines that a value goes on with because they are indented."""
    for part in entry.parts[1:]:
        place = (part.start, part.start + len(part.text))
        above = spoken(entry.raw.strip().split("\n")[-1])
        summary = f"this line is indented: DCMTK takes it for the rest of the value of `{above[:60]}`"
        comment = part.text.startswith("#")
        hint = "a comment begins with # in column 1" if comment else "begin it in column 1"
        findings.warning("DJ532", summary, place, hint=hint)


def _lint_lost(token: Header | Entry, findings: Findings) -> None:
    """Warn of what has no place in the file."""
    if isinstance(token, Header):
        summary = "a section before the first [[…]] is lost"
        findings.warning("DJ533", summary, (token.start, token.end), hint=f"write {_supersections()} above it")
    else:
        summary = "an entry that is in no [section] is lost"
        hint = "write [NameOfTheList] above it"
        findings.warning("DJ533", summary, (token.start, token.key_end), hint=hint)


def _supersections() -> str:
    """Return what there is."""
    return ", ".join(f"[[{spelling}]]" for spelling in SPELLINGS.values())


def _lint_supersection(supersection: Supersection, tree: Tree, findings: Findings) -> None:
    """Warn of a supersection that is not looked at, or of what is not looked at in it."""
    header = supersection.header
    place = (header.start, header.end)
    if header.name not in SPELLINGS:
        summary = f"DCMTK knows no [[{spoken(header.raw.strip())}]]: nothing in it counts"
        findings.warning("DJ533", summary, place, hint=f"it knows {_supersections()}")
    elif supersection is not tree.first(header.name):
        summary = f"a second [[{SPELLINGS[header.name]}]]: nothing in it counts"
        findings.warning("DJ533", summary, place, hint="move its sections to the first one")
    elif header.name == "PROFILES":
        for section in supersection.sections:
            _lint_profile(section, findings)
    else:
        _lint_repeated(supersection, findings)
        for section in supersection.sections:
            _lint_list(section, _STEMS[header.name], findings)
        lint_values(supersection, findings)


def _lint_repeated(supersection: Supersection, findings: Findings) -> None:
    """Warn of sections that have the name of an earlier one."""
    seen: set[str] = set()
    for section in supersection.sections:
        if section.name in seen:
            summary = f"a second [{spoken(section.header.raw.strip())}]: its entries are added to those of the first"
            hint = "put them into one section, or give it another name"
            findings.warning("DJ533", summary, (section.header.start, section.header.end), hint=hint)
        seen.add(section.name)


def _lint_profile(section: Section, findings: Findings) -> None:
    """Warn of entries that a profile does not have, or has twice."""
    seen: set[str] = set()
    for entry in section.entries:
        place = (entry.start, entry.key_end)
        if entry.key not in _PROFILE_KEYS:
            hint = f"it has {', '.join(_PROFILE_KEYS.values())}"
            _warn_unknown(entry, "a profile", hint, findings)
        elif entry.key in seen:
            summary = f"a second {_PROFILE_KEYS[entry.key]}: the first one counts"
            findings.warning("DJ533", summary, place, hint="leave one of the two out")
        seen.add(entry.key)


def _warn_unknown(entry: Entry, where: str, hint: str, findings: Findings) -> None:
    """Warn of a key that DCMTK does not look for; one glued together of several lines was told of already."""
    if entry.complete and "\n" not in entry.raw.strip(" \t\n"):
        summary = f"DCMTK does not know `{spoken(entry.raw.strip())[:60]}` in {where}: the entry is ignored"
        findings.warning("DJ533", summary, (entry.start, entry.key_end), hint=hint)


def _lint_list(section: Section, stem: str, findings: Findings) -> None:
    """Warn of entries of a list that do not count."""
    firsts = {entry.key: entry for entry in reversed(section.entries)}
    last = _last_number(firsts, stem.upper())
    if not last:
        summary = f"DCMTK sees no list here: there is no {stem}1"
        place = (section.header.start, section.header.end)
        findings.warning("DJ534", summary, place, hint=f"number the entries from 1: {stem}1, {stem}2, …")
    for entry in section.entries:
        if entry is firsts[entry.key]:
            _lint_entry(entry, stem, last, findings)
        else:
            summary = f"a second {spoken(entry.raw.strip())[:60]}: the first one counts"
            findings.warning("DJ533", summary, (entry.start, entry.key_end), hint="give it the next free number")


def _last_number(firsts: Mapping[str, Entry], stem: str) -> int:
    """Return the number of the last entry that counts."""
    number = 0
    while f"{stem}{number + 1}" in firsts:
        number += 1
    return number


def _lint_entry(entry: Entry, stem: str, last: int, findings: Findings) -> None:
    """Warn of one entry that does not count."""
    place = (entry.start, entry.key_end)
    digits = re.fullmatch(rf"{stem.upper()}([0-9]+)", entry.key)
    if digits is None:
        _warn_unknown(entry, "this section", f"its entries are {stem}1, {stem}2, …", findings)
    elif digits[1].startswith("0"):
        summary = "DCMTK finds no entry whose number begins with 0: this one is ignored"
        findings.warning("DJ534", summary, place, hint=f"write {stem}{digits[1].lstrip('0') or '1'}")
    elif int(digits[1][:10]) > last:
        summary = f"there is no {stem}{last + 1}, and DCMTK stops there: this entry is ignored"
        findings.warning("DJ534", summary, place, hint="number the entries without gaps")
