"""The SQLite file itself: how it is opened, how rows go in, and how each refusal reads."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest

from dicomjobs.ledger import database, schema
from dicomjobs.ledger.database import connect, unavailable
from dicomjobs.ledger.statements import execute_rows, transaction


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("busy_timeout", 5000),
        ("trusted_schema", 0),
        ("cell_size_check", 1),
        ("application_id", schema.APPLICATION_ID),
        ("user_version", schema.USER_VERSION),
    ],
)
def test_a_ledger_is_opened_for_durability_first(tmp_path: Path, pragma: str, value: object) -> None:
    """Also the second time, when the file is there already."""
    for _ in range(2):
        with closing(connect(tmp_path / "ledger.sqlite3", crashed=False)) as connection:
            assert connection.execute(f"PRAGMA {pragma}").fetchone() == (value,)


@pytest.mark.parametrize("count", [0, 1, 2, 63, 64, 65, 127, 200])
def test_any_number_of_rows_goes_through_one_statement(count: int) -> None:
    """In order, none twice, with what follows the rows behind each."""
    with closing(sqlite3.connect(":memory:")) as connection:
        rows = [(number, f"row {number}") for number in range(count)]
        statement = "WITH given (number, words) AS (VALUES {rows}) SELECT number, words, ? FROM given"

        assert execute_rows(connection, statement, rows, "end") == [(*row, "end") for row in rows]


def test_rows_of_any_number_need_few_statements() -> None:
    """Each is prepared once and found again, or preparing would cost more than writing."""
    seen: set[str] = set()
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t (a)")
        for count in range(1, 600):
            connection.set_trace_callback(seen.add)
            execute_rows(connection, "INSERT INTO t VALUES {rows}", [(1,)] * count)

    assert len(seen) == 9


def test_an_sqlite_that_takes_few_values_gets_few_at_once() -> None:
    """Those from before 3.32 take 999."""
    rows = [(number, number) for number in range(1500)]
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 999)
        connection.execute("CREATE TABLE t (a, b, c)")
        execute_rows(connection, "WITH r AS (VALUES {rows}) INSERT INTO t SELECT *, ? FROM r", rows, "x")

        assert connection.execute("SELECT a, b FROM t WHERE c = 'x' ORDER BY a").fetchall() == rows


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """And the next one finds the connection ready."""
    with closing(connect(tmp_path / "ledger.sqlite3", crashed=False)) as connection:
        with suppress(ZeroDivisionError), transaction(connection):
            connection.execute(schema.ADD_PEER, ("A", "h", 1))
            _ = 1 / 0
        with transaction(connection):
            connection.execute(schema.ADD_PEER, ("B", "h", 1))

        assert connection.execute("SELECT called_ae_title FROM peer").fetchall() == [("B",)]


def test_an_open_claim_needs_its_run_and_peer(tmp_path: Path) -> None:
    """The tables themselves refuse a row that nobody could account for."""
    with closing(connect(tmp_path / "ledger.sqlite3", crashed=False)) as connection:
        row = (1, "1.2", "1.2", "1.2", "1.2", 10, 10, 0, 10, 1.0)
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            execute_rows(connection, schema.ADD_CLAIMS, [row], 1, 1)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SQLITE_FULL", "No space left"),
        ("SQLITE_CORRUPT_INDEX", "is damaged"),
        ("SQLITE_NOTADB", "is damaged"),
        ("SQLITE_BUSY_SNAPSHOT", "another program has kept"),
        ("SQLITE_READONLY_DBMOVED", "look at its permissions"),
        ("SQLITE_CANTOPEN", "look at its permissions"),
        ("SQLITE_IOERR_WRITE", "cannot be used: what SQLite says SQLITE_IOERR_WRITE"),
    ],
)
def test_what_sqlite_refuses_is_a_sentence_that_names_the_folder(tmp_path: Path, name: str, words: str) -> None:
    """By its extended result code, of which only the beginning counts."""
    error = sqlite3.OperationalError("what SQLite says")
    error.sqlite_errorname = name

    sentence = str(unavailable(error, tmp_path))
    assert words in sentence
    assert str(tmp_path) in sentence


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "No space left"),
        (errno.EDQUOT, "No space left"),
        (errno.EFBIG, "No space left"),
        (errno.EACCES, "Permission denied"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_what_the_system_refuses_is_a_sentence_that_names_the_folder(tmp_path: Path, number: int, words: str) -> None:
    """A quota and a limit on file size are full disks to us."""
    sentence = str(unavailable(OSError(number, os.strerror(number)), tmp_path))

    assert words in sentence
    assert str(tmp_path) in sentence
    assert "[Errno" not in sentence


def test_a_path_is_said_once_and_a_file_in_the_folder_with_its_name(tmp_path: Path) -> None:
    """The system's error names the path as well."""
    of_the_folder = OSError(errno.EACCES, "Permission denied", str(tmp_path))
    of_a_file = OSError(errno.EACCES, "Permission denied", str(tmp_path / "ledger.lock"))
    sentence = f"the ledger in {tmp_path} cannot be used:"

    assert str(unavailable(of_the_folder, tmp_path)) == f"{sentence} Permission denied"
    assert str(unavailable(of_a_file, tmp_path)) == f"{sentence} {tmp_path}/ledger.lock: Permission denied"


@pytest.mark.parametrize(("free", "words"), [(0, "No space left"), (1 << 30, "cannot be used")])
def test_an_input_output_error_on_a_full_disk_is_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, words: str
) -> None:
    """SQLite says no more when the file that its connections share cannot grow."""
    monkeypatch.setattr(database, "_free_bytes", lambda _: free)
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = "SQLITE_IOERR_SHMSIZE"

    assert words in str(unavailable(error, tmp_path))
