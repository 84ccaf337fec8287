"""The matches of a job as tables that are written while they come; tables with the same columns share the reading.

It knows nothing of jobs or of which tables there are.
"""

from __future__ import annotations

from collections.abc import Sequence

from dicomjobs.answers.rows import PlainRows, Row, RowReader
from dicomjobs.cli.output_file import OutputFile
from dicomjobs.events import MatchesReceived
from dicomjobs.report.csv_text import csv_line
from dicomjobs.report.matches import JsonLines, csv_text


class Tables:
    """The tables of one job that have the same columns."""

    def __init__(self, headings: tuple[str, ...]) -> None:
        """Begin without any."""
        self.headings = headings
        self._readers: dict[tuple[str, str], RowReader] = {}
        self._csv: list[OutputFile] = []
        self._jsonl: list[OutputFile] = []
        self._json_lines = JsonLines(self._reader("1.2.840.10008.1.2.1", "").columns)

    def add_csv(self, file: OutputFile) -> None:
        """Write rows as CSV into a file from now on; its heading at once."""
        file.write(csv_line(self.headings).encode())
        self._csv.append(file)

    def add_jsonl(self, file: OutputFile) -> None:
        """Write rows as JSON Lines into a file from now on."""
        self._jsonl.append(file)

    def take(self, matches: MatchesReceived) -> None:
        """Write matches; raises ProtocolError for one that cannot be read, and then those before it are written."""
        rows: list[PlainRows | Row] = []
        try:
            rows.extend(self._reader(matches.transfer_syntax, matches.character_set).read(matches.identifiers))
        finally:
            self._write(rows)

    def _write(self, rows: Sequence[PlainRows | Row]) -> None:
        """Write rows into every table."""
        if self._csv:
            text = "".join(csv_text(rows, ())).encode()
            for file in self._csv:
                file.write(text)
        if self._jsonl:
            text = "".join(self._json_lines.text(rows, "")).encode("ascii")
            for file in self._jsonl:
                file.write(text)

    def _reader(self, transfer_syntax: str, character_set: str) -> RowReader:
        """Return the reader for what is encoded so."""
        key = (transfer_syntax, character_set)
        if key not in self._readers:
            self._readers[key] = RowReader(self.headings, transfer_syntax, character_set)
        return self._readers[key]
