"""From a table to the rows that a query is asked for: each checked, and its cells laid into the keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dicomjobs.config.codes import MOST_DIAGNOSTICS, error
from dicomjobs.config.cursor import Cursor
from dicomjobs.config.places import Pointer
from dicomjobs.config.row_keys import bad_cells, columns_of, filled
from dicomjobs.config.suggest import did_you_mean
from dicomjobs.config.tables import Table
from dicomjobs.diagnostics import Diagnostic
from dicomjobs.model.job import ForEach, TableRow
from dicomjobs.model.query import Query


def build_for_each(job: Cursor, query: Query, tables: Mapping[Pointer, Table]) -> ForEach | None:
    """Return the rows that a job's query is asked for, None for a job without a table, or with one that is wrong."""
    at = job.get("for_each")
    wanted = columns_of(query.identifier)
    if at is None:
        if wanted:
            words = f"the query `{query.name}` is filled with the column `{wanted[0]}`, and the job has no table"
            job["find"]["query"].error("DJ572", words, hint="give the job a table: for_each: {csv: …, id: …}")
        return None
    table = tables.get(at.pointer)
    if table is None or at.unresolved:
        return None
    if not wanted:
        words = f"no key of the query `{query.name}` is filled with a column, so every row would ask the same"
        at.error("DJ572", words, hint="write for example PatientID: ${row.PatientID}")
    missing = [column for column in (at["id"].text(), *wanted) if column not in table.columns]
    for column in missing[:1]:
        words = f"the table {table.name} has no column `{column}`"
        at["csv"].error("DJ574", words, hint=did_you_mean(column, table.columns))
    if missing or not wanted:
        return None
    at.findings.diagnostics.extend(list(_problems(table, query))[:MOST_DIAGNOSTICS])
    return ForEach(
        csv=table.path,
        id=at["id"].text(),
        delimiter=at["delimiter"].text(),
        encoding=at["encoding"].text(),
        rows=tuple(
            TableRow(line=row.line, id=row.cells[at["id"].text()], identifier=filled(query.identifier, row.cells))
            for row in table.rows
        ),
    )


def _problems(table: Table, query: Query) -> Iterator[Diagnostic]:
    """Yield the cells that cannot stand in the query."""
    for row in table.rows:
        for bad in bad_cells(query.identifier, row.cells, strict=query.strict):
            yield error("DJ575", bad.words, at=table.at(row), hint=bad.hint)
