"""A ledger of an earlier format is brought up to date with everything in it, and kept as it was beside it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from stat import S_IMODE

import pytest

from dicomjobs.errors import JournalUnavailable
from dicomjobs.ledger import schema
from dicomjobs.ledger.ledger import open_ledger
from tests.support.ledgers import ARCHIVE, ask, claim, is_sound, known, opened, send, uid

FORMAT_1 = """
    CREATE TABLE peer (id INTEGER PRIMARY KEY, called_ae_title TEXT NOT NULL, host TEXT NOT NULL, port INTEGER NOT NULL,
        UNIQUE (called_ae_title, host, port));
    CREATE TABLE run (id INTEGER PRIMARY KEY, run_id TEXT NOT NULL UNIQUE, boot_id TEXT NOT NULL, started_at REAL NOT NULL);
    CREATE TABLE claim (run INTEGER NOT NULL REFERENCES run (id), serial INTEGER NOT NULL,
        peer INTEGER NOT NULL REFERENCES peer (id), sop_instance_uid TEXT NOT NULL, study_instance_uid TEXT NOT NULL,
        series_instance_uid TEXT NOT NULL, sop_class_uid TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
        claimed_at REAL NOT NULL, PRIMARY KEY (run, serial)) WITHOUT ROWID;
    CREATE INDEX claim_of_instance ON claim (peer, sop_instance_uid);
    CREATE TABLE instance (peer INTEGER NOT NULL REFERENCES peer (id), sop_instance_uid TEXT NOT NULL,
        study_instance_uid TEXT NOT NULL, series_instance_uid TEXT NOT NULL, sop_class_uid TEXT NOT NULL,
        size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, outcome TEXT NOT NULL
            CHECK (outcome IN ('delivered', 'delivered_with_warning', 'failed', 'unknown', 'missing')),
        reason TEXT NOT NULL, status INTEGER, sha256 TEXT NOT NULL, attempts INTEGER NOT NULL, failed_runs INTEGER NOT NULL,
        run INTEGER NOT NULL REFERENCES run (id), claimed_at REAL NOT NULL, settled_at REAL NOT NULL,
        PRIMARY KEY (peer, sop_instance_uid)) WITHOUT ROWID;
    INSERT INTO peer VALUES (1, 'ARCHIVE', 'archive.example', 104);
    INSERT INTO run VALUES (1, 'old', '', 1.0);
    INSERT INTO claim VALUES (1, 1, 1, '1.2.3.4.2', '1', '1', '1', 10, 10, 1.0);
    INSERT INTO instance VALUES (1, '1.2.3.4.1', '1', '1', '1', 10, 10, 'delivered', '', 0, '', 1, 0, 1, 1.0, 2.0);
"""


@pytest.fixture
def old(directory: Path) -> Path:
    """A ledger as the first format had it, with an instance delivered and another claimed by a run that died."""
    directory.mkdir(mode=0o700)
    with closing(sqlite3.connect(directory / "ledger.sqlite3")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(FORMAT_1)
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 1")
    return directory


def test_everything_an_old_ledger_knows_is_kept(old: Path) -> None:
    """What was delivered stays so, what was open is settled, and new instances go in."""
    with opened(old) as ledger:
        journal = ledger.journal(ARCHIVE)
        claim(journal, 3)
        send(journal, 3)

    assert ask(old, "PRAGMA user_version") == [(schema.USER_VERSION,)]
    assert known(old) == {uid(1): ("delivered", ""), uid(2): ("unknown", "no_answer"), uid(3): ("delivered", "")}
    assert ask(old, "SELECT proof FROM instance ORDER BY sop_instance_uid") == [("status",), ("",), ("status",)]
    assert is_sound(old)


def test_what_an_old_ledger_tried_twice_may_be_an_older_copy(old: Path) -> None:
    """It did not note whether the content was the same."""
    with closing(sqlite3.connect(old / "ledger.sqlite3")) as connection:
        for number, attempts in ((7, 1), (8, 2)):
            connection.execute(
                "INSERT INTO instance VALUES (1, ?, '1', '1', '1', 10, 10, 'unknown', 'no_answer', 0, '', ?, 0, 1, 1.0, 2.0)",
                (uid(number), attempts),
            )
        connection.commit()
    with opened(old):
        pass

    rows = ask(old, "SELECT sop_instance_uid FROM instance WHERE older_copy")
    assert rows == [(uid(8),)]


def test_the_tables_are_those_of_a_new_ledger(old: Path, tmp_path: Path) -> None:
    """Column for column, but for their order, and index for index."""
    with opened(old), opened(tmp_path / "new"):
        for table in ("peer", "run", "claim", "instance"):
            columns = f"SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_info('{table}')"

            assert set(ask(old, columns)) == set(ask(tmp_path / "new", columns))

        indexes = "SELECT name FROM sqlite_master WHERE type = 'index'"
        assert ask(old, indexes) == ask(tmp_path / "new", indexes)


def test_the_old_ledger_is_kept_beside_the_new_one(old: Path) -> None:
    """For its owner alone, in its own format."""
    with opened(old):
        pass
    backup = old / "ledger.format-1.sqlite3"

    assert S_IMODE(backup.stat().st_mode) == 0o600
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM instance").fetchone() == (1,)


def test_a_migration_that_cannot_be_done_changes_nothing(old: Path) -> None:
    """All or nothing: a column that is there already stops it."""
    with closing(sqlite3.connect(old / "ledger.sqlite3")) as connection:
        connection.execute("ALTER TABLE instance ADD COLUMN proof TEXT NOT NULL DEFAULT ''")

    with pytest.raises(JournalUnavailable):
        open_ledger(str(old), run_id="run")

    assert ask(old, "PRAGMA user_version") == [(1,)]
    assert "inode" not in {name for (name,) in ask(old, "SELECT name FROM pragma_table_info('claim')")}
