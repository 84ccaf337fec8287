"""Answers for a person or a pipe: printed while they come, or kept for one table on the terminal; nothing is written to disk."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dicomjobs.answers.columns import default_columns
from dicomjobs.answers.json_model import decode_identifier
from dicomjobs.answers.private_values import private_vrs
from dicomjobs.answers.rows import FIELD_END, ROW_END, PlainRows, Row, RowReader, compact
from dicomjobs.cli.answer_tables import RowIds, Tables
from dicomjobs.cli.event_lines import events_named
from dicomjobs.cli.pipes import unless_unread
from dicomjobs.dicom.escape import one_line
from dicomjobs.events import MatchesReceived, OutputFailed
from dicomjobs.plan.plan import FindStep, Plan
from dicomjobs.report.csv_text import csv_line
from dicomjobs.report.matches import JsonLines, csv_text

if TYPE_CHECKING:  # rich takes its time, and is imported where a table is printed
    from rich.table import Table

MOST_ROWS = 1000
"""Rows of a table on a terminal; whoever wants more of them wants a file."""

_WIDTH_OF_A_FILE = 200
"""Columns of a table that goes to no terminal."""

_NEVER_FOLDED = 14
"""Characters of a value that stay on one line: dates, names and numbers are read at a glance."""

_GAP = 2
"""Characters between two columns."""

_SHORT = {
    "AccessionNumber": "Accession",
    "StudyDescription": "Description",
    "SeriesDescription": "Description",
    "ModalitiesInStudy": "Modalities",
    "NumberOfPatientRelatedStudies": "Studies",
    "NumberOfSeriesRelatedInstances": "Instances",
    "NumberOfStudyRelatedInstances": "Instances",
    "NumberOfStudyRelatedSeries": "Series",
    "PatientBirthDate": "BirthDate",
    "ScheduledProcedureStepStartDate": "StartDate",
    "ScheduledProcedureStepStartTime": "StartTime",
    "ScheduledStationAETitle": "StationAETitle",
}
"""Headings that are longer than what stands below them."""

Written = Callable[[MatchesReceived], str]


class PrintedAnswers:
    """Prints matches as they come."""

    def __init__(self, written: Written, head: str) -> None:
        """Print the head at once; `written` makes text of matches."""
        self._written = written
        self._print(head)

    def take(self, matches: MatchesReceived) -> None:
        """Print matches; raises ProtocolError for one that cannot be read."""
        self._print(self._written(matches))

    def publish(self) -> Iterator[OutputFailed]:
        """Do nothing: what was printed is printed."""
        return iter(())

    def withhold(self) -> Iterator[OutputFailed]:
        """Do nothing: that the answer was cut short is told beside it."""
        return iter(())

    @staticmethod
    def _print(text: str) -> None:
        """Print text, if anybody reads it."""
        with unless_unread(sys.stdout):
            sys.stdout.write(text)
            sys.stdout.flush()


class TableAnswers:
    """Keeps the first rows for a table."""

    def __init__(self, headings: Sequence[str]) -> None:
        """Begin without rows."""
        self._headings = headings
        self._rows: list[list[str]] = []
        self._count = 0

    def take(self, matches: MatchesReceived) -> None:
        """Keep rows while there is room; raises ProtocolError for one that cannot be read."""
        self._count += len(matches.identifiers)
        if len(self._rows) < MOST_ROWS:
            for rows in _reader(self._headings, matches).read(matches.identifiers):
                self._rows += [rows.texts] if isinstance(rows, Row) else _texts(rows)

    def publish(self) -> Iterator[OutputFailed]:
        """Do nothing: the table is printed by `show`."""
        return iter(())

    def withhold(self) -> Iterator[OutputFailed]:
        """Do nothing: the table is printed by `show`."""
        return iter(())

    def show(self) -> None:
        """Print the table, if there is anything in it."""
        from rich.console import Console

        with unless_unread(sys.stdout):
            console = Console() if sys.stdout.isatty() else Console(width=_WIDTH_OF_A_FILE)
            if self._rows:
                console.print(_table(self._headings, self._rows[:MOST_ROWS], width=console.width))
            if self._count > MOST_ROWS:
                console.print(f"{self._count - MOST_ROWS:,} more; --format csv shows them all", highlight=False)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, width: int) -> Table:
    """Return the table of some rows for a screen of so many characters, without columns in which none of them has anything.

    Short values stay on one line where there is room for that; UIDs take what room is left.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    columns = [(_named(heading), texts) for heading, *texts in zip(headings, *rows, strict=True) if any(texts)]
    needs = [max(map(len, (name, *texts))) for name, texts in columns]
    fits = sum(min(need, _NEVER_FOLDED) + _GAP for need in needs) <= width + _GAP
    table = Table(show_edge=False, pad_edge=False, box=SIMPLE_HEAD, padding=(0, _GAP - 1, 0, 0))
    for (name, _), need in zip(columns, needs, strict=True):
        table.add_column(name, overflow="fold", min_width=min(need, _NEVER_FOLDED) if fits else None)
    for row in zip(*(texts for _, texts in columns), strict=True):
        table.add_row(*(Text(one_line(text)) for text in row))
    return table


def _named(heading: str) -> str:
    """Return what a column is called on the screen."""
    name = heading.rpartition(".")[2]
    return _SHORT.get(name, name)


def _texts(rows: PlainRows) -> list[list[str]]:
    """Return the texts of plain rows."""
    return [row.split(FIELD_END) for row in rows.text[:-1].split(ROW_END)]


def _reader(headings: Sequence[str], matches: MatchesReceived) -> RowReader:
    """Return the reader for matches."""
    return RowReader(headings, matches.transfer_syntax, matches.character_set)


def printed_csv(headings: Sequence[str]) -> PrintedAnswers:
    """Return what prints a CSV table."""

    def written(matches: MatchesReceived) -> str:
        """Return lines of CSV."""
        return "".join(csv_text(_reader(headings, matches).read(matches.identifiers), ()))

    return PrintedAnswers(written, csv_line(headings))


def printed_jsonl(headings: Sequence[str]) -> PrintedAnswers:
    """Return what prints an object a match with the columns of a table."""

    def written(matches: MatchesReceived) -> str:
        """Return lines of JSON."""
        reader = _reader(headings, matches)
        return "".join(JsonLines(reader.columns).text(reader.read(matches.identifiers), ""))

    return PrintedAnswers(written, "")


def printed_json() -> PrintedAnswers:
    """Return what prints matches in the DICOM JSON Model, one a line."""

    def written(matches: MatchesReceived) -> str:
        """Return lines of JSON."""
        found = (
            decode_identifier(each, matches.transfer_syntax, matches.character_set) for each in matches.identifiers
        )
        return "".join(compact(each) + "\n" for each in found)

    return PrintedAnswers(written, "")


class _Screen:
    """Standard output as a place for a table."""

    def write(self, data: bytes) -> None:
        """Print bytes, if anybody reads them."""
        with unless_unread(sys.stdout):
            sys.stdout.write(data.decode())


def print_matches(plan: Plan, directory: Path) -> None:
    """Print the matches of a run's queries, made again from its events: tables on a terminal, else CSV, a blank line between two."""
    finds = [(job.name, job.step) for job in plan.jobs if isinstance(job.step, FindStep)]
    for place, (name, step) in enumerate(finds):
        headings = default_columns(step.asked)
        on_screen = TableAnswers(headings)
        tables = Tables(headings, RowIds(step), private_vrs(step.asked))
        if not sys.stdout.isatty():
            print("\n" if place else "", end="")
            tables.add_csv(_Screen())
        answers = on_screen if sys.stdout.isatty() else tables
        for event in events_named(directory, "matches_received"):
            if isinstance(event, MatchesReceived) and event.job == name:
                answers.take(event)
        on_screen.show()
