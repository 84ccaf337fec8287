"""The tables of `for_each:`, read from CSV files; what their cells are for is not known here."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dicomjobs.config.codes import MOST_DIAGNOSTICS, error
from dicomjobs.config.cursor import Cursor, Findings
from dicomjobs.config.places import Places, Pointer
from dicomjobs.config.resolve import section
from dicomjobs.diagnostics import Diagnostic, Diagnostics, Location

NO_TABLES: Mapping[Pointer, Table] = MappingProxyType({})

LARGEST_TABLE = 64 * 1024 * 1024
"""Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: the line on which it ends, from 1, and its cells by column."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table as it was read: its name for diagnostics, its absolute path and the SHA-256 of its bytes."""

    name: str
    path: str
    sha256: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def at(self, row: Row) -> Location:
        """Return the place of a row."""
        return Location(file=self.name, line=row.line, column=1)


def read_tables(document: dict[str, Any], *, places: Places) -> tuple[Mapping[Pointer, Table], Diagnostics]:
    """Read the table of every job that has one, by the place of its `for_each:`; one that cannot be read is not among them."""
    root = Cursor(value=document, pointer=(), findings=Findings(places=places))
    tables: dict[Pointer, Table] = {}
    diagnostics: list[Diagnostic] = []
    for _, job in section(root, "jobs"):
        at = job.get("for_each")
        if at is not None and not at.unresolved and not at["csv"].unresolved:
            table = _read(at, diagnostics)
            if table is not None:
                tables[at.pointer] = table
    return tables, tuple(diagnostics)


def _read(at: Cursor, diagnostics: list[Diagnostic]) -> Table | None:
    """Read one table, None when that cannot be done."""
    file, place = at["csv"], at.findings.location(at["csv"].pointer)
    path, encoding, delimiter = file.path(), at["encoding"].text(), at["delimiter"].text()
    name = os.path.normpath(Path(place.file).parent / file.text()) if place else path
    try:
        content = _content(path)
        text = content.decode(codecs.lookup(encoding).name)
    except OSError as problem:
        diagnostics.append(error("DJ573", f"cannot read the table {name}: {problem.strerror or problem}", at=place))
        return None
    except (LookupError, ValueError) as problem:
        words = f"the table {name} is not {encoding}: {_reason(problem)}"
        diagnostics.append(error("DJ573", words, at=place, hint="say what it is with `encoding:`, for example latin-1"))
        return None
    found = list(_problems(text, name, delimiter))
    diagnostics.extend(found[:MOST_DIAGNOSTICS])
    if found:
        return None
    columns, *rows = list(_records(text, delimiter))
    made = (Row(line=line, cells=dict(zip(columns[1], cells, strict=True))) for line, cells in rows)
    digest = hashlib.sha256(content).hexdigest()
    return Table(name=name, path=path, sha256=digest, columns=tuple(columns[1]), rows=tuple(made))


def _content(path: str) -> bytes:
    """Return a regular file's bytes; raises OSError."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:  # noqa: PTH123  a descriptor
        content = file.read(LARGEST_TABLE + 1)
    if len(content) > LARGEST_TABLE:
        raise OSError("it is larger than 64 MiB")
    return content


def _reason(problem: Exception) -> str:
    """Return why bytes are no text."""
    return problem.reason if isinstance(problem, UnicodeDecodeError) else str(problem)


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines of the file that are not empty, each with its number; raises csv.Error."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter, strict=True)
    for record in reader:
        if record:
            yield reader.line_num, record


def _problems(text: str, name: str, delimiter: str) -> Iterator[Diagnostic]:
    """Yield why a file is no table."""
    columns: list[str] = []
    line = 1
    try:
        for line, cells in _records(text, delimiter):
            place = Location(file=name, line=line, column=1)
            if not columns:
                columns = cells
                twice = next((each for each in cells if cells.count(each) > 1), None)
                if twice is not None:
                    yield error("DJ573", f"the column `{twice}` is there twice", at=place)
            elif len(cells) != len(columns):
                words = f"{len(cells)} cells where there are {len(columns)} columns"
                hint = "quote cells with a delimiter in them, or say what it is with `delimiter:`"
                yield error("DJ573", words, at=place, hint=hint)
    except csv.Error as problem:
        yield error("DJ573", f"this is no CSV: {problem}", at=Location(file=name, line=line, column=1))
    if not columns:
        yield error("DJ573", f"the table {name} has no line with the names of its columns", at=None)
