"""The matches of a job as tables that are written while they come; tables with the same columns share the reading.

It knows nothing of jobs or of which tables there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from dicomjobs.answers.private_values import PrivateVrs
from dicomjobs.answers.rows import PlainRows, Row, RowReader, compact
from dicomjobs.events import MatchesReceived
from dicomjobs.plan.plan import FindStep
from dicomjobs.report.csv_text import csv_line
from dicomjobs.report.matches import JsonLines, csv_text


class Written(Protocol):
    """Where a table is written to."""

    def write(self, data: bytes) -> None:
        """Append bytes; never raises."""


@dataclass(frozen=True, slots=True)
class RowIds:
    """For which rows of a table a query was asked: an extra column `row.COLUMN`, empty names without a table."""

    step: FindStep

    @property
    def headings(self) -> tuple[str, ...]:
        """The heading of the column."""
        return (f"row.{self.step.row_id}",) if self.step.row_id else ()

    def fields(self, query: int) -> tuple[str, ...]:
        """Return the field of a query's matches; several rows stand with backslashes between them."""
        return ("\\".join(self._ids(query)),) if self.step.row_id else ()

    def member(self, query: int) -> str:
        """Return what stands first in an object: the row's name, a list where there are several."""
        if not self.step.row_id:
            return ""
        ids = self._ids(query)
        return f"{compact(self.headings[0])}:{compact(ids[0] if len(ids) == 1 else ids)},"

    def _ids(self, query: int) -> list[str]:
        """Return what the rows of a query are called, each once."""
        return list(dict.fromkeys(self.step.rows[row].id for row in self.step.queries[query].rows))


class Tables:
    """The tables of one job that have the same columns."""

    def __init__(self, headings: tuple[str, ...], rows: RowIds, private: PrivateVrs) -> None:
        """Begin without any; `rows` says for which rows of a table matches are."""
        self.headings = headings
        self._rows = rows
        self._private = private
        self._readers: dict[tuple[str, str], RowReader] = {}
        self._csv: list[Written] = []
        self._jsonl: list[Written] = []
        columns = self._reader("1.2.840.10008.1.2.1", "").columns
        self._called = [column.heading for column in columns]
        self._json_lines = JsonLines(columns)

    def add_csv(self, file: Written) -> None:
        """Write rows as CSV into a file from now on; its heading at once."""
        file.write(csv_line([*self._rows.headings, *self._called]).encode())
        self._csv.append(file)

    def add_jsonl(self, file: Written) -> None:
        """Write rows as JSON Lines into a file from now on."""
        self._jsonl.append(file)

    def take(self, matches: MatchesReceived) -> None:
        """Write matches; raises ProtocolError for one that cannot be read, and then those before it are written."""
        rows: list[PlainRows | Row] = []
        try:
            rows.extend(self._reader(matches.transfer_syntax, matches.character_set).read(matches.identifiers))
        finally:
            self._write(rows, matches.query)

    def _write(self, rows: Sequence[PlainRows | Row], query: int) -> None:
        """Write rows, the matches of a query, into every table."""
        if self._csv:
            text = "".join(csv_text(rows, self._rows.fields(query))).encode()
            for file in self._csv:
                file.write(text)
        if self._jsonl:
            text = "".join(self._json_lines.text(rows, self._rows.member(query))).encode("ascii")
            for file in self._jsonl:
                file.write(text)

    def _reader(self, transfer_syntax: str, character_set: str) -> RowReader:
        """Return the reader for what is encoded so."""
        key = (transfer_syntax, character_set)
        if key not in self._readers:
            self._readers[key] = RowReader(self.headings, transfer_syntax, character_set, self._private)
        return self._readers[key]
