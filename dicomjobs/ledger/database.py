"""Opening the ledger's SQLite file, and saying in words what SQLite or the disk refuses; it knows nothing of claims."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path

from dicomjobs.errors import JournalUnavailable
from dicomjobs.ledger import schema
from dicomjobs.ledger.migrations import migrate
from dicomjobs.ledger.statements import transaction

DATABASE = "ledger.sqlite3"

_WRONG_VALUES = (TypeError, ValueError, LookupError)
"""What comes of a value that no ledger holds, or of a bug of ours: the file itself tells which."""
_LOW_SPACE_BYTES = 65_536
_CHECKED_BYTES = 2 << 20
_CHECKED_BYTES_AFTER_A_CRASH = 256 << 20


@contextmanager
def in_words(directory: Path) -> Iterator[None]:
    """Turn what SQLite and the operating system raise into JournalUnavailable with a sentence."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise unavailable(error, directory) from error
    except UnicodeDecodeError as error:  # what SQLite says of a damaged file can quote it
        words = f"the ledger in {directory} is damaged: restore it, or move it away and start afresh"
        raise JournalUnavailable(words) from error
    except _WRONG_VALUES as error:
        if found := _damage_of_file(directory / DATABASE):
            raise JournalUnavailable(_damaged(directory / DATABASE, found)) from error
        raise


def damage(connection: sqlite3.Connection) -> str:
    """What SQLite finds wrong in the whole file, "" when it is sound. Raises sqlite3.Error."""
    (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    return "" if verdict == "ok" else " ".join(verdict.split())


def _damage_of_file(path: Path) -> str:
    """As `damage`, for a file that something else has open."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            return damage(connection)
    except sqlite3.Error as error:
        return str(error)


def unavailable(error: sqlite3.Error | OSError, directory: Path) -> JournalUnavailable:
    """What to raise from an error."""
    return JournalUnavailable(_sentence(error, directory))


def _sentence(error: sqlite3.Error | OSError, directory: Path) -> str:
    """What went wrong with the ledger, and what to do."""
    if _is_full(error, directory):
        return f"No space left for the ledger in {directory}: free some and run again ({_words(error, directory)})"
    if isinstance(error, OSError):
        return f"the ledger in {directory} cannot be used: {_words(error, directory)}"
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return f"the ledger in {directory} is damaged ({error}): restore it, or move it away and start afresh"
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return f"another program has kept the ledger in {directory} locked for 5 s ({error})"
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return f"the ledger in {directory} cannot be written: look at its permissions ({error})"
    return f"the ledger in {directory} cannot be used: {error} {name}".rstrip()


def _words(error: sqlite3.Error | OSError, directory: Path) -> str:
    """What SQLite or the system says, without a number, and of which file unless it is the directory itself."""
    if not isinstance(error, OSError):
        return str(error)
    words = error.strerror or str(error)
    return words if error.filename in {None, directory, str(directory)} else f"{error.filename}: {words}"


def _is_full(error: sqlite3.Error | OSError, directory: Path) -> bool:
    """Whether the disk, or our share of it, is full; SQLite reports some of that as an input/output error only."""
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
    name = getattr(error, "sqlite_errorname", "") or ""
    return name == "SQLITE_FULL" or (name.startswith("SQLITE_IOERR") and _free_bytes(directory) < _LOW_SPACE_BYTES)


def _free_bytes(directory: Path) -> int:
    """What we may still write there, in bytes."""
    try:
        disk = os.statvfs(directory)
    except OSError:
        return _LOW_SPACE_BYTES
    return disk.f_bavail * disk.f_frsize


def connect(path: Path, *, crashed: bool) -> sqlite3.Connection:
    """Open or create the file; `crashed` when a run that used it did not end well. Raises sqlite3.Error, OSError, JournalUnavailable."""
    _create_private(path)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        for pragma in schema.PRAGMAS:
            connection.execute(pragma)
        version = _check_format(connection, path)
        _check_pages(connection, path, limit=_CHECKED_BYTES_AFTER_A_CRASH if crashed else _CHECKED_BYTES)
        if version < schema.USER_VERSION:
            migrate(connection, path, version=version)
        _check_columns(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _create_private(path: Path) -> None:
    """Create the file for us alone; SQLite gives its -wal and -shm files the same mode."""
    # Never open one that exists: closing it again would drop the locks that SQLite may hold on it in this process.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _check_format(connection: sqlite3.Connection, path: Path) -> int:
    """Create the tables in a new file; refuse one that is not ours, or from a later version of us. Returns the format."""
    if not _number(connection, "SELECT count(*) FROM sqlite_master") and not _number(connection, "PRAGMA user_version"):
        _create(connection, path)
    if _number(connection, "PRAGMA application_id") != schema.APPLICATION_ID:
        raise JournalUnavailable(f"{path} is an SQLite file of another program, not a ledger of dicomjobs")
    version = _number(connection, "PRAGMA user_version")
    if not 1 <= version <= schema.USER_VERSION:
        words = f"{path} has format {version}, and this version of dicomjobs knows 1 to {schema.USER_VERSION}"
        raise JournalUnavailable(words)
    return version


def _create(connection: sqlite3.Connection, path: Path) -> None:
    """Make a new ledger; the mode is a lasting property of the file."""
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise JournalUnavailable(f"the file system of {path} cannot hold a write-ahead log (journal mode is {mode})")
    with transaction(connection):
        for table in schema.TABLES:
            connection.execute(table)
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {schema.USER_VERSION}")


def _check_pages(connection: sqlite3.Connection, path: Path, *, limit: int) -> None:
    """Read every page of a file up to a size in bytes: about 3 ms a megabyte, too long for a large one at each start."""
    if path.stat().st_size > limit:
        return
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise JournalUnavailable(_damaged(path, " ".join(verdict.split())))


def _check_columns(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file with other tables: damage to their text can leave one that SQLite takes for sound."""
    if connection.execute(schema.COLUMNS).fetchall() != _columns_made():
        raise JournalUnavailable(_damaged(path, "its tables are not those of a ledger"))


@cache
def _columns_made() -> list[tuple[object, ...]]:
    """The columns of a ledger as it is made."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for table in schema.TABLES:
            connection.execute(table)
        return connection.execute(schema.COLUMNS).fetchall()


def _damaged(path: Path, found: str) -> str:
    """The words for a file of which nobody knows any more what it says."""
    return f"{path} is damaged ({found}): restore it, or move it away and start afresh"


def _number(connection: sqlite3.Connection, query: str) -> int:
    """The one number a query answers."""
    (number,) = connection.execute(query).fetchone()
    return int(number)
