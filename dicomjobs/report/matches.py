"""The matches of a query as tables: CSV with a column an attribute, or JSON Lines with an object a match; both stream.

It reads identifiers in the DICOM JSON Model (PS3.18 F.2) and knows nothing of how they came.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from dicomjobs.dicom.attributes import by_keyword, by_tag
from dicomjobs.events import MatchReceived
from dicomjobs.model.query import Identifier
from dicomjobs.report.csv_text import csv_line

_REPRESENTATIONS: Final = ("Alphabetic", "Ideographic", "Phonetic")

Plain = str | int | float | list["Plain"] | dict[str, "Plain"] | None
"""A value as a person expects it: a text or number, a list when there are several, objects for the items of a sequence."""


def default_columns(identifier: Identifier) -> tuple[str, ...]:
    """Return the columns for a query that names none: everything it asked for, in order of tags."""
    return tuple(_keyword(f"{element.tag:08X}") for element in identifier)


def matches_csv(matches: Iterable[MatchReceived], columns: Sequence[str]) -> Iterator[str]:
    """Give lines of CSV with their newlines, the header first; several values are joined by backslashes, sequences are JSON."""
    tags = tuple(map(_tag, columns))
    yield csv_line(columns)
    for match in matches:
        yield csv_line([_cell(_plain(match.identifier.get(tag))) for tag in tags])


def matches_jsonl(matches: Iterable[MatchReceived], columns: Sequence[str]) -> Iterator[str]:
    """Give lines of JSON with their newlines: an object a match, from column to value, null where the match has none."""
    tags = tuple(map(_tag, columns))
    for match in matches:
        row = {column: _plain(match.identifier.get(tag)) for column, tag in zip(columns, tags, strict=True)}
        yield _compact(row) + "\n"


_compact = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def _tag(column: str) -> str:
    """Return the eight digits under which a column stands in an identifier; a column is a keyword, or a tag as `(0010,0010)`."""
    attribute = by_keyword(column)
    return f"{attribute.tag:08X}" if attribute else column.strip("()").replace(",", "").upper()


def _keyword(tag: str) -> str:
    """Return the keyword of a tag's eight digits, the digits themselves when it has none."""
    attribute = by_tag(int(tag, 16)) if _is_tag(tag) else None
    return attribute.keyword if attribute else tag


def _is_tag(text: str) -> bool:
    """Whether a text is eight hexadecimal digits."""
    return len(text) == 8 and not set(text) - set("0123456789ABCDEFabcdef")


def _plain(element: object) -> Plain:
    """Return the value of an element of the DICOM JSON Model, None when it has none."""
    if not isinstance(element, Mapping):
        return None
    if isinstance(binary := element.get("InlineBinary"), str):
        return binary
    values = element.get("Value")
    if not isinstance(values, list | tuple) or not values:
        return None
    plain = [_plain_value(value) for value in values]
    return plain if len(plain) > 1 or element.get("vr") == "SQ" else plain[0]


def _plain_value(value: object) -> Plain:
    """Return one value: a person's name as its component groups, an item of a sequence by keywords."""
    match value:
        case str() | int() | float():
            return value
        case Mapping() if value.keys() & set(_REPRESENTATIONS):
            groups = [str(value.get(representation, "")) for representation in _REPRESENTATIONS]
            return "=".join(groups).rstrip("=")
        case Mapping():
            return {_keyword(str(tag)): _plain(element) for tag, element in value.items()}
        case _:
            return None


def _cell(value: Plain) -> str:
    """Return a value as the text of one field."""
    match value:
        case None:
            return ""
        case str():
            return value
        case list() if not any(isinstance(each, dict) for each in value):
            return "\\".join(map(_cell, value))
        case list() | dict():
            return _compact(value)
        case _:
            return str(value)
