"""A data set written as text, in the form that dcmdump prints and dump2dcm reads; it opens no file.

One line an element: `(0010,0020) LO [P1]  # PatientID`. Sequences have items between them; a VR may be left out.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from dicomjobs.dicom.attributes import by_tag
from dicomjobs.dicom.uids import uid_of
from dicomjobs.dicom.value_representations import ALL, SINGLE_TEXT
from dicomjobs.model.query import Element, Identifier

_ELEMENT = re.compile(r"\s*\(([0-9A-Fa-f]{4}),([0-9A-Fa-f]{4})\)\s*(?:([A-Za-z?]{2}|-)(?=\s|$)\s*)?(.*)")
_BRACKETS = re.compile(r"\[(.*)\]\s*(?:#.*)?")
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_OF_SEVERAL_VRS = {"xs": "US", "ox": "OW", "px": "OW", "lt": "OW", "up": "UL"}
"""What DCMTK calls the VR of an attribute for which PS3.6 has several, and the one that stands for it."""


class NotADump(ValueError):
    """A line that is no element, or stands where it cannot; `line` counts from 1."""

    def __init__(self, line: int, words: str) -> None:
        """Keep the line's number and what is wrong with it."""
        super().__init__(f"line {line}: {words}")
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One element as it is written; `vr` is "" where none is."""

    number: int
    tag: int
    vr: str
    text: str


def looks_like_a_dump(text: str) -> bool:
    """Say whether the first line that is neither empty nor a comment is an element."""
    first = next((line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    return _ELEMENT.fullmatch(first) is not None


def parse_dump(text: str) -> Identifier:
    """Return the data set that a dump writes, without File Meta Information and group lengths; raises NotADump."""
    lines = deque(_lines(text))
    found = _data_set(lines)
    if lines:
        raise NotADump(lines[0].number, "an item or a delimiter stands where an element should")
    return found


def _lines(text: str) -> Iterator[_Line]:
    """Yield the lines that are elements of a data set."""
    for number, written in enumerate(text.splitlines(), start=1):
        if not written.strip() or written.lstrip().startswith("#"):
            continue
        match = _ELEMENT.fullmatch(written)
        if match is None:
            raise NotADump(number, "an element is written as `(0010,0020) LO [value]`")
        tag = int(match[1] + match[2], 16)
        if tag >> 16 > 0x0002 and (tag & 0xFFFF or tag >> 16 == 0xFFFE):
            yield _Line(number=number, tag=tag, vr=match[3] or "", text=match[4].strip())


def _data_set(lines: deque[_Line]) -> Identifier:
    """Take the elements of a data set or item off the front; a later one of the same tag replaces an earlier."""
    found: dict[int, Element] = {}
    while lines and lines[0].tag >> 16 != 0xFFFE:
        line = lines.popleft()
        found[line.tag] = _element(line, lines)
    return tuple(element for _, element in sorted(found.items()))


def _element(line: _Line, lines: deque[_Line]) -> Element:
    """Return one element, the items that follow it taken off the front if it is a sequence."""
    known = by_tag(line.tag)
    vr = _OF_SEVERAL_VRS.get(line.vr, line.vr)
    if vr not in ALL:
        vr = known.vr if known else "UN"
    if vr == "SQ":
        return Element(tag=line.tag, vr=vr, items=tuple(_items(lines)))
    text = _value(line, vr)
    if not text:
        return Element(tag=line.tag, vr=vr)
    return Element(tag=line.tag, vr=vr, values=(text,) if vr in SINGLE_TEXT else tuple(text.split("\\")))


def _items(lines: deque[_Line]) -> Iterator[Identifier]:
    """Take the items of a sequence off the front, with its delimiter; what is open where the dump ends has ended."""
    while lines and lines[0].tag == _ITEM:
        lines.popleft()
        yield _data_set(lines)
        if lines and lines[0].tag == _ITEM_END:
            lines.popleft()
    if lines and lines[0].tag == _SEQUENCE_END:
        lines.popleft()


def _value(line: _Line, vr: str) -> str:
    """Return the value of an element: in brackets, a UID by its name, or a word up to the next blank."""
    if brackets := _BRACKETS.fullmatch(line.text):
        return brackets[1]
    word = line.text.split("#", 1)[0].strip()
    if word.startswith("(") and vr != "AT":
        return ""  # (no value available)
    if word.startswith("=") and vr == "UI":
        uid = uid_of(word[1:])
        if uid is None:
            raise NotADump(line.number, f"there is no UID named {word[1:]}")
        return uid
    if word.startswith("="):
        raise NotADump(line.number, "a value in a file of its own is no part of a query")
    return word
