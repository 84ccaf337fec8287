"""Statements of schema.py carried out for many rows at once, and transactions; it knows nothing of what they mean."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import chain
from typing import Any

_ROWS_AT_ONCE = 256


def execute_rows(
    connection: sqlite3.Connection, statement: str, rows: Sequence[tuple[object, ...]], *rest: object
) -> list[tuple[Any, ...]]:
    """Execute a statement of schema.py for all rows, `rest` after them; gives what it selects."""
    if not rows:
        return []
    answers: list[tuple[Any, ...]] = []
    columns = len(rows[0])
    # An SQLite from before 3.32 takes 999 values at once.
    room = (connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER) - len(rest)) // columns
    for some in _pieces(rows, most=min(_ROWS_AT_ONCE, room)):
        parameters = (*chain.from_iterable(some), *rest)
        answers += connection.execute(_for_rows(statement, len(some), columns), parameters).fetchall()
    return answers


@cache
def _for_rows(statement: str, rows: int, columns: int) -> str:
    """The statement with a placeholder for every value; the same object each time, which SQLite's statement cache finds fastest."""
    return statement.replace("{rows}", ",".join(["(" + ",".join("?" * columns) + ")"] * rows))


def _pieces(rows: Sequence[tuple[object, ...]], *, most: int) -> Iterator[Sequence[tuple[object, ...]]]:
    """Cut into pieces of 256, 128, … 1 rows: nine statements to prepare, and not one for every number of rows."""
    start = 0
    while left := len(rows) - start:
        size = 1 << (min(most, left).bit_length() - 1)
        yield rows[start : start + size]
        start += size


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, durable when it returns."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
