"""Answers as rows of a table, whatever they are encoded in: the text of each column, and the value that JSON has for it.

Plain answers are skimmed and never taken apart element by element; what is said of them is the same as for all others.
It knows nothing of CSV or of lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from dicomjobs.answers.columns import Column, column_of, heading_of
from dicomjobs.answers.json_model import decode_identifier
from dicomjobs.answers.private_values import NOTHING_PRIVATE, PrivateVrs, with_private_values
from dicomjobs.answers.skim import SHAPES, Skimmer
from dicomjobs.dicom.character_sets import DEFAULT, CharacterSet, character_set_of
from dicomjobs.dicom.value_representations import PLAIN_TEXT

SPECIFIC_CHARACTER_SET: Final = 0x00080005
NUMBER_STRINGS: Final = frozenset({"DS", "IS"})

_REPRESENTATIONS: Final = ("Alphabetic", "Ideographic", "Phonetic")
FIELD_END: Final = "\x1f"
ROW_END: Final = "\x1e"
_PADDED: Final = ((b" \x1f", b"\x1f"), (b"\0\x1f", b"\x1f"), (b" \x1e", b"\x1e"), (b"\0\x1e", b"\x1e"))
"""The padding that makes a value even, and what stays of it."""
_ODD: Final = (
    *('"', "==", " ="),
    *(f" {end}" for end in (FIELD_END, "\\")),
    *(f"{end} " for end in (FIELD_END, "\\")),
    *(f"={end}" for end in (FIELD_END, "\\")),
)
"""What needs the rules of its VR: more padding, empty component groups of a name; and quotation marks. All else is printable."""
_NUMBERS: Final = re.compile(rb"(?:(?:0|[1-9][0-9]{0,14})? ?(?:\x1f|\Z))*")
_FEW: Final = 4
"""Rows that are not halved any more."""

Plain = str | int | float | list["Plain"] | dict[str, "Plain"] | None
"""A value as a person expects it: a text or number, a list when there are several, objects for the items of a sequence."""


@dataclass(frozen=True, slots=True)
class PlainRows:
    """Rows of which nothing needs care: after every field but a row's last stands FIELD_END, after every row ROW_END.

    All else is printable and no quotation mark; a backslash stands between values, numbers are written as JSON writes them.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """Any other row: the text of each column, and the value that JSON has for it."""

    texts: list[str]
    values: list[Plain]


class RowReader:
    """Reads the answers of one transfer syntax as rows with the same columns."""

    def __init__(
        self, headings: Sequence[str], transfer_syntax: str, fallback: str, private: PrivateVrs = NOTHING_PRIVATE
    ) -> None:
        """Prepare for columns by their headings; `fallback` is the character set of answers that declare none.

        `private` are the VRs of private attributes where none is written.
        """
        self._private = private
        self.columns: tuple[Column, ...] = tuple(map(column_of, headings))
        self._transfer_syntax = transfer_syntax
        self._fallback = fallback
        tags = [column.tag for column in self.columns]
        self._numbers = [place for place, column in enumerate(self.columns) if column.vr in NUMBER_STRINGS]
        self._default_repertoire = [place for place, column in enumerate(self.columns) if column.vr in PLAIN_TEXT]
        flat = not any(column.around for column in self.columns) and len(set(tags)) == len(tags)
        self._adds_declared = SPECIFIC_CHARACTER_SET not in tags
        skimmed = [*tags, SPECIFIC_CHARACTER_SET] if self._adds_declared else tags
        self._declared_at = skimmed.index(SPECIFIC_CHARACTER_SET)
        self._skimmer = Skimmer(skimmed, transfer_syntax) if flat and transfer_syntax in SHAPES else None

    def read(self, answers: Sequence[bytes]) -> Iterator[PlainRows | Row]:
        """Give answers as rows, in order; raises ProtocolError for one that cannot be read, after those before it."""
        if self._skimmer is None:
            yield from map(self._row, answers)
            return
        values = [self._skimmer.values(answer) for answer in answers]
        if None not in values:
            yield from self._plain_or_not(answers, cast("list[Sequence[bytes]]", values))
            return
        at = 0
        while at < len(answers):
            end = at
            while end < len(answers) and values[end] is not None:
                end += 1
            yield from self._plain_or_not(answers[at:end], cast("list[Sequence[bytes]]", values[at:end]))
            if end < len(answers):
                yield self._row(answers[end])
            at = end + 1

    def _row(self, answer: bytes) -> Row:
        """Take an answer apart."""
        identifier = decode_identifier(answer, self._transfer_syntax, self._fallback)
        if self._private:
            identifier = with_private_values(identifier, self._private, character_set_of(self._fallback))
        values = [plain(column.element(identifier)) for column in self.columns]
        return Row([text_of(value) for value in values], values)

    def _plain_or_not(self, answers: Sequence[bytes], values: list[Sequence[bytes]]) -> Iterator[PlainRows | Row]:
        """Give answers whose values were cut out; when one among them needs care, the others are found by halving."""
        text = self._plain_text(values) if values else ""
        if text:
            yield PlainRows(text)
        elif len(values) <= _FEW:
            yield from map(self._row, answers)
        else:
            half = len(values) // 2
            yield from self._plain_or_not(answers[:half], values[:half])
            yield from self._plain_or_not(answers[half:], values[half:])

    def _plain_text(self, values: list[Sequence[bytes]]) -> str:
        """Return the text of PlainRows, "" when a row among them needs care."""
        declared = {row[self._declared_at] for row in values}
        if self._numbers and not all(map(_NUMBERS.fullmatch, self._columns_of(values, self._numbers))):
            return ""
        if self._adds_declared:
            values = [row[:-1] for row in values]
        raw = b"\x1e".join([b"\x1f".join(row) for row in values]) + b"\x1e"
        for padded, bare in _PADDED:
            raw = raw.replace(padded, bare)
        if raw.isascii():
            text = raw.decode("ascii")
        elif len(declared) > 1 or not all(map(bytes.isascii, self._columns_of(values, self._default_repertoire))):
            return ""
        else:
            text = self._character_set(declared.pop()).decode(raw, b"")
        flat = FIELD_END + text.replace(ROW_END, FIELD_END)
        if any(odd in flat for odd in _ODD) or text.count(ROW_END) != len(values):
            return ""
        whole = flat.count(FIELD_END) == len(values) * len(self.columns) + 1
        return text if whole and flat.replace(FIELD_END, "").isprintable() else ""

    @staticmethod
    def _columns_of(values: list[Sequence[bytes]], places: list[int]) -> Iterator[bytes]:
        """Give the values of some columns, all rows of a column together."""
        return (b"\x1f".join([row[place] for row in values]) for place in places)

    def _character_set(self, declared: bytes) -> CharacterSet:
        """Return the character set of answers that declare this much."""
        name = declared.decode("latin-1").strip(" \0")
        known = None if name in {"", "ISO_IR 6"} else character_set_of(name)
        return known or character_set_of(self._fallback) or DEFAULT


def plain(element: object) -> Plain:
    """Return the value of an element of the DICOM JSON Model, None when it has none."""
    if not isinstance(element, Mapping):
        return None
    if isinstance(binary := element.get("InlineBinary"), str):
        return binary
    values = element.get("Value")
    if not isinstance(values, list | tuple) or not values:
        return None
    found = [_plain_value(value) for value in values]
    return found if len(found) > 1 or element.get("vr") == "SQ" else found[0]


def _plain_value(value: object) -> Plain:
    """Return one value: a person's name as its component groups, an item of a sequence by keywords."""
    match value:
        case str() | int() | float():
            return value
        case Mapping() if value.keys() & set(_REPRESENTATIONS):
            groups = [str(value.get(representation, "")) for representation in _REPRESENTATIONS]
            return "=".join(groups).rstrip("=")
        case Mapping():
            return {heading_of(int(tag, 16)): plain(element) for tag, element in value.items()}
        case _:
            return None


def text_of(value: Plain) -> str:
    """Return a value as text: several with backslashes between them, items of sequences as JSON."""
    match value:
        case None:
            return ""
        case str():
            return value
        case list() if not any(isinstance(each, dict) for each in value):
            return "\\".join(map(text_of, value))
        case list() | dict():
            return compact(value)
        case _:
            return str(value)


compact = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
