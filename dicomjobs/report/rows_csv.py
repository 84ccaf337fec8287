"""rows.csv: one line for each row of the table that a query was asked for, with what became of it; it opens no file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from dicomjobs.events import QueryFinished
from dicomjobs.plan.plan import FindStep
from dicomjobs.report.csv_text import csv_line

COLUMNS: Final = ("line", "id", "matches", "outcome", "reason", "words")


@dataclass(slots=True)
class _Sum:
    """What became of one query, asked once or more, whole or in windows."""

    matches: int = 0
    reason: str = ""
    words: str = ""


def render_table_rows(step: FindStep, finished: Iterable[QueryFinished]) -> Iterator[str]:
    """Give the lines with their newlines, the header first; rows that asked the same tell the same."""
    sums: dict[int, _Sum] = {}
    for each in finished:
        if each.reason != "cut":
            found = sums.setdefault(each.query, _Sum())
            found.matches += each.matches
            if each.reason and not found.reason:
                found.reason, found.words = each.reason, each.words
    by_row = _sums_by_row(step, sums)
    yield csv_line(COLUMNS)
    for place, row in enumerate(step.rows):
        yield csv_line([str(row.line), row.id, *_fields(by_row.get(place))])


def _sums_by_row(step: FindStep, sums: Mapping[int, _Sum]) -> dict[int, _Sum]:
    """Add up the queries of each row: there is one for each query file. A row of which one was not asked is not there."""
    by_row: dict[int, _Sum] = {}
    unasked: set[int] = set()
    for place, query in enumerate(step.queries):
        found = sums.get(place)
        for row in query.rows:
            if found is None:
                unasked.add(row)
                continue
            total = by_row.setdefault(row, _Sum())
            total.matches += found.matches
            total.reason, total.words = total.reason or found.reason, total.words or found.words
    return {row: total for row, total in by_row.items() if row not in unasked or total.reason}


def _fields(found: _Sum | None) -> tuple[str, str, str, str]:
    """Return the fields that tell what became of a row."""
    if found is None:
        return "0", "not_asked", "", ""
    outcome = "failed" if found.reason else "matched" if found.matches else "no_match"
    return str(found.matches), outcome, found.reason, found.words
