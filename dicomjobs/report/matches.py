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
_FIRST, _LAST, _NUMBER = "\x01", "\x02", "\x03"
"""Stand for the brackets around several values, and before a number, until it is known what is empty."""


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
        """Prepare for columns; the object of a plain row is made in one step from a pattern."""
        self._headings = [column.heading for column in columns]
        keys = [quoted(column.heading).replace("%", "%%") for column in columns]
        texts = [
            f"{key}:{_NUMBER}%s" if column.vr in NUMBER_STRINGS else f'{key}:"%s"'
            for key, column in zip(keys, columns, strict=True)
        ]
        self._pattern = "\n{" + ",".join(texts) + "}"

    def text(self, rows: Iterable[PlainRows | Row], before: str) -> Iterator[str]:
        """Give lines; `before` is what stands first in every object, with a comma behind it unless it is empty."""
        for row in rows:
            if isinstance(row, Row):
                yield "{" + before + compact(dict(zip(self._headings, row.values, strict=True)))[1:] + "\n"
            else:
                lines = self._plain(row.text)
                yield lines.replace("\n{", "\n{" + before)[1:] + "\n" if before else lines[1:] + "\n"

    def _plain(self, text: str) -> str:
        """Return the objects of plain rows, each after a newline: all of them are made in one step."""
        rows = text.count(ROW_END)
        flat = text.replace(ROW_END, FIELD_END)
        if "\\" in text or not text.isascii():
            flat = "".join(_with_care(flat))
        lines = (self._pattern * rows) % tuple(flat[:-1].split(FIELD_END))
        lines = (
            lines.replace(':""', ":null")
            .replace(_NUMBER + ",", "null,")
            .replace(_NUMBER + "}", "null}")
            .replace(_NUMBER, "")
        )
        if _FIRST in lines:
            lines = lines.replace('""', "null").replace(f'"{_FIRST}', "[").replace(f'{_LAST}"', "]")
        return lines


def _with_care(flat: str) -> Iterator[str]:
    """Give fields, each with its end, as they are but for those with several values or characters that JSON in ASCII escapes."""
    done = 0
    for found in _CARE.finditer(flat):
        if found.start() >= done:
            begin, end = flat.rfind(FIELD_END, done, found.start()) + 1 or done, flat.index(FIELD_END, found.end())
            yield flat[done:begin]
            yield _inside(flat[begin:end])
            done = end
    yield flat[done:]


def _inside(text: str) -> str:
    """Return one or more values, none of which holds quotation marks or backslashes, for a place between quotation marks."""
    if "\\" not in text:
        return quoted(text)[1:-1]
    return _FIRST + ",".join(map(quoted, text.split("\\"))) + _LAST
