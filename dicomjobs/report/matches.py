"""The matches of a query as lines: CSV with a column an attribute, or JSON Lines with an object a match.

It takes rows as `answers/rows.py` reads them and knows nothing of how they came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from json.encoder import encode_basestring_ascii as quoted
from typing import Final

from dicomjobs.answers.columns import Column
from dicomjobs.answers.rows import FIELD_END, NUMBER_STRINGS, ROW_END, PlainRows, Row, compact
from dicomjobs.report.csv_text import csv_line

_RISKY: Final = (",", *(end + start for end in (FIELD_END, ROW_END) for start in "=+-@ "))
"""What a field of CSV has to be quoted for, when it holds or begins with it."""
_FORMULA: Final = tuple("=+-@ ")
_FIRST, _LAST = "\x01", "\x02"
"""Stand for the brackets around several values until the quotation marks are there."""


def csv_text(rows: Iterable[PlainRows | Row], before: Sequence[str]) -> Iterator[str]:
    """Give lines of CSV, after the fields `before`; several values are joined by backslashes, sequences are JSON."""
    first = csv_line(before)[:-1] + "," if before else ""
    for row in rows:
        if isinstance(row, Row):
            yield first + csv_line(row.texts)
        elif row.text.startswith(_FORMULA) or any(risky in row.text for risky in _RISKY):
            for each in row.text[:-1].split(ROW_END):
                yield first + csv_line(each.split(FIELD_END))
        else:
            text = row.text.replace(FIELD_END, ",")
            yield first + text[:-1].replace(ROW_END, "\n" + first) + "\n" if first else text.replace(ROW_END, "\n")


class JsonLines:
    """Writes rows with the same columns as JSON objects: from column to value, null where a match has none."""

    def __init__(self, columns: Sequence[Column]) -> None:
        """Prepare for columns; the object of a plain row is made in one step from a pattern."""
        self._headings = [column.heading for column in columns]
        numbers = [column.vr in NUMBER_STRINGS for column in columns]
        keys = [quoted(column.heading).replace("%", "%%") for column in columns]
        texts = [f"{key}:%s" if number else f'{key}:"%s"' for key, number in zip(keys, numbers, strict=True)]
        self._pattern = "{" + ",".join(texts) + "}"
        self._numbers = [place for place, number in enumerate(numbers) if number]

    def text(self, rows: Iterable[PlainRows | Row], before: str) -> Iterator[str]:
        """Give lines; `before` is what stands first in every object, with a comma behind it unless it is empty."""
        for row in rows:
            if isinstance(row, Row):
                yield "{" + before + compact(dict(zip(self._headings, row.values, strict=True)))[1:] + "\n"
            else:
                lines = self._plain(row.text)
                yield lines.replace("\n{", "\n{" + before)[1:] + "\n" if before else lines[1:] + "\n"

    def _plain(self, text: str) -> str:
        """Return the objects of plain rows, each after a newline."""
        pattern, numbers = self._pattern, self._numbers
        objects = [""]
        for row in text[:-1].split(ROW_END):
            texts = row.split(FIELD_END)
            for place in numbers:
                texts[place] = texts[place] or "null"
            if "\\" in row or not row.isascii():
                texts = [each if each.isascii() and "\\" not in each else _inside(each) for each in texts]
            objects.append(pattern % tuple(texts))
        lines = "\n".join(objects).replace(':""', ":null")
        if "\\" in text:
            lines = lines.replace('""', "null").replace(f'"{_FIRST}', "[").replace(f'{_LAST}"', "]")
        return lines


def _inside(text: str) -> str:
    """Return one or more values, none of which holds quotation marks or backslashes, for a place between quotation marks."""
    if "\\" not in text:
        return quoted(text)[1:-1]
    return _FIRST + ",".join(map(quoted, text.split("\\"))) + _LAST
