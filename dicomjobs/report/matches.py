"""The matches of a query as lines: CSV with a column an attribute, or JSON Lines with an object a match.

It takes rows as `answers/rows.py` reads them and knows nothing of how they came.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from json.encoder import encode_basestring_ascii as quoted
from typing import Final

from dicomjobs.answers.columns import Column
from dicomjobs.answers.rows import FIELD_END, NUMBER_STRINGS, ROW_END, PlainRows, Row, compact
from dicomjobs.report.csv_text import csv_line

_FORMULA: Final = tuple("=+-@ ")
_FORMULA_STARTS: Final = tuple(end + start for end in (FIELD_END, ROW_END) for start in _FORMULA)
"""How a field of CSV begins that has to be quoted, which one with a comma has to be as well."""
_CARE: Final = re.compile(r"[\\\x80-\U0010ffff]")
"""What JSON in ASCII escapes, and what stands between several values."""


def csv_text(rows: Iterable[PlainRows | Row], before: Sequence[str]) -> Iterator[str]:
    """Give lines of CSV, after the fields `before`; several values are joined by backslashes, sequences are JSON."""
    first = csv_line(before)[:-1] + "," if before else ""
    for row in rows:
        if isinstance(row, Row):
            yield first + csv_line(row.texts)
        elif row.text.startswith(_FORMULA) or any(start in row.text for start in _FORMULA_STARTS):
            for each in row.text[:-1].split(ROW_END):
                yield first + csv_line(each.split(FIELD_END))
        elif "," in row.text:
            for each in row.text[:-1].split(ROW_END):
                plain = "," not in each
                yield first + (each.replace(FIELD_END, ",") + "\n" if plain else csv_line(each.split(FIELD_END)))
        else:
            text = row.text.replace(FIELD_END, ",")
            yield first + text[:-1].replace(ROW_END, "\n" + first) + "\n" if first else text.replace(ROW_END, "\n")


class JsonLines:
    """Writes rows with the same columns as JSON objects: from column to value, null where a match has none."""

    def __init__(self, columns: Sequence[Column]) -> None:
        """Prepare for columns: `parts` are what stands before each field of a row, with room for the field."""
        self._headings = [column.heading for column in columns]
        self._numbers = [place for place, column in enumerate(columns) if column.vr in NUMBER_STRINGS]
        self._parts: list[str] = []
        before = "{"
        for place, heading in enumerate(self._headings):
            quote = "" if place in self._numbers else '"'
            self._parts += (f"{before}{quoted(heading)}:{quote}", "")
            before = f"{quote},"
        self._end = before[:-1] + "}\n"

    def text(self, rows: Iterable[PlainRows | Row], before: str) -> Iterator[str]:
        """Give lines; `before` is what stands first in every object, with a comma behind it unless it is empty."""
        for row in rows:
            if isinstance(row, Row):
                yield "{" + before + compact(dict(zip(self._headings, row.values, strict=True)))[1:] + "\n"
            else:
                lines = self._plain(row.text)
                yield "{" + before + lines[1:-1].replace("\n{", "\n{" + before) + "\n" if before else lines

    def _plain(self, text: str) -> str:
        """Return the lines of plain rows: what stands before the fields and the fields are put together in one step."""
        flat = text.replace(ROW_END, FIELD_END)
        fields = flat[:-1].split(FIELD_END)
        for place in self._numbers:
            numbers = fields[place :: len(self._headings)]
            if "" in numbers:
                fields[place :: len(self._headings)] = [number or "null" for number in numbers]
        first, *others = self._parts
        parts = [*[self._end + first, *others] * text.count(ROW_END), self._end]
        parts[0] = first
        parts[1::2] = fields
        if "\\" in text or not text.isascii():
            _take_care(parts, flat)
        return "".join(parts).replace(':""', ":null")


def _take_care(parts: list[str], flat: str) -> None:
    """Escape what JSON in ASCII has to, and write several values as a list; the field of number n is the part 2n + 1."""
    number, last, done = 0, 0, -1
    for found in _CARE.finditer(flat):
        number += flat.count(FIELD_END, last, found.start())
        last = found.start()
        if number == done:
            continue
        done, place = number, 2 * number + 1
        if "\\" in parts[place]:  # a list stands without quotation marks around it
            parts[place - 1] = parts[place - 1][:-1]
            parts[place + 1] = parts[place + 1][1:]
            parts[place] = compact([part or None for part in parts[place].split("\\")])
        else:
            parts[place] = quoted(parts[place])[1:-1]
