"""A ledger that cannot be used says why in a sentence, to everybody who waits for it, and forgets no answer."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest

from dicomjobs.errors import JournalUnavailable
from dicomjobs.execute.ports import ClaimItem
from dicomjobs.ledger import schema
from dicomjobs.ledger.batch import PendingClaims
from dicomjobs.ledger.ledger import open_ledger
from tests.support.ledgers import ARCHIVE, SPARING, ask, claim, opened, planned, send
from tests.support.unprivileged import folder_for_anybody, without_root

PAGE = 4096


@pytest.fixture
def written(directory: Path) -> Path:
    """A ledger with a thousand instances, closed; its SQLite file."""
    with opened(directory) as ledger:
        journal = ledger.journal(ARCHIVE)
        claim(journal, *range(1000))
        for number in range(1000):
            send(journal, number)
    return directory / "ledger.sqlite3"


def test_a_damaged_schema_that_sqlite_quotes_is_damage(directory: Path) -> None:
    """Its words then hold bytes that are no UTF-8, which Python meets with an error of another kind."""
    with opened(directory):
        pass
    file = directory / "ledger.sqlite3"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file.write_bytes(file.read_bytes().replace(b"CREATE TABLE peer", b"CREATE \xfeABLE peer"))

    with pytest.raises(JournalUnavailable, match="is damaged"), opened(directory):
        pass


def change(file: Path, *statements: str) -> None:
    """Execute statements behind the ledger's back."""
    with closing(sqlite3.connect(file)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_a_damaged_schema_that_sqlite_takes_for_sound_is_damage(written: Path) -> None:
    """One letter of it, and the numbers of runs are no longer given out."""
    wrong = "UPDATE sqlite_master SET sql = replace(sql, 'INTEGER PRIMARY', 'INTEGER PRIMARX') WHERE name = 'run'"
    change(written, "PRAGMA writable_schema = ON", wrong)

    with pytest.raises(JournalUnavailable, match=r"is damaged \(its tables are not those of a ledger\)"):
        open_ledger(str(written.parent), run_id="run")


def test_statistics_that_somebody_let_sqlite_take_are_no_damage(written: Path) -> None:
    """ANALYZE adds a table of SQLite's own."""
    change(written, "ANALYZE")

    with opened(written.parent) as ledger:
        claim(ledger.journal(ARCHIVE), 2000)


def test_a_value_that_no_ledger_holds_is_damage_and_not_a_bug(written: Path) -> None:
    """It is met when an instance is claimed that it belongs to."""
    change(written, "PRAGMA ignore_check_constraints = ON", "UPDATE instance SET outcome = 'devoured'")

    with pytest.raises(JournalUnavailable, match="CHECK constraint failed"), opened(written.parent) as ledger:
        claim(ledger.journal(ARCHIVE, SPARING), 1)


def test_a_database_of_another_program_is_refused(written: Path) -> None:
    """Nothing is written into it."""
    change(written, "PRAGMA application_id = 1")

    with pytest.raises(JournalUnavailable, match="of another program"):
        open_ledger(str(written.parent), run_id="run")


@pytest.mark.parametrize("version", [0, schema.USER_VERSION + 1, 99])
def test_another_format_is_refused_with_its_number(written: Path, version: int) -> None:
    """An older program must not write into a newer one's tables, and one that has no number is none of ours."""
    change(written, f"PRAGMA user_version = {version}")

    with pytest.raises(JournalUnavailable, match=f"format {version}.* knows 1 to {schema.USER_VERSION}"):
        open_ledger(str(written.parent), run_id="run")


def test_a_file_that_is_no_database_is_refused_as_damaged(written: Path) -> None:
    """Also one that was cut to nothing useful."""
    written.write_bytes(b"This is a text. " * 512)

    with pytest.raises(JournalUnavailable, match="is damaged"):
        open_ledger(str(written.parent), run_id="run")


def test_a_broken_page_is_found_when_the_ledger_is_opened(written: Path) -> None:
    """Every page but the first is overwritten in turn, none of them free; each time the ledger is refused."""
    change(written, "VACUUM")
    sound = written.read_bytes()
    for start in range(PAGE, len(sound), PAGE):
        written.write_bytes(sound[:start] + b"\xff" * 100 + sound[start + 100 :])

        with pytest.raises(JournalUnavailable, match="damaged") as refusal:
            open_ledger(str(written.parent), run_id="run")
        assert "\n" not in str(refusal.value)


def test_a_ledger_cut_short_is_refused(written: Path) -> None:
    """As a full disk or a copy broken off leaves it."""
    os.truncate(written, written.stat().st_size // 2)

    with pytest.raises(JournalUnavailable, match="damaged"):
        open_ledger(str(written.parent), run_id="run")


def test_flipped_bits_never_end_in_another_exception(written: Path) -> None:
    """Wherever a byte is turned round, the ledger works or says that it does not."""
    sound = written.read_bytes()
    for position in range(0, len(sound), 4099):
        written.write_bytes(sound[:position] + bytes([sound[position] ^ 0xFF]) + sound[position + 1 :])
        try:
            with opened(written.parent) as ledger:
                journal = ledger.journal(ARCHIVE)
                claim(journal, 1)
                send(journal, 1)
        except JournalUnavailable as error:
            assert str(written.parent) in str(error)  # noqa: PT017  # both ends are right, and only one raises


@pytest.mark.parametrize("below", ["", "/deeper"])
def test_a_file_in_the_way_of_the_folder_is_said_in_a_sentence(tmp_path: Path, below: str) -> None:
    """Without a number of the system's, the path once; not even root can get past it."""
    (tmp_path / "state").write_text("not a folder")

    with pytest.raises(JournalUnavailable) as refusal:
        open_ledger(f"{tmp_path}/state{below}", run_id="run")

    words = f"the ledger cannot be kept in {tmp_path}/state{below}: a file is in the way"
    assert str(refusal.value) == f"{words}; name a folder under state: {{directory: …}}"


@pytest.mark.parametrize("mode", [0, 0o500])
def test_a_folder_without_permission_is_named(mode: int) -> None:
    """Opening a ledger writes."""
    with folder_for_anybody() as folder:
        (folder / "state").mkdir(mode=mode)

        with without_root(), pytest.raises(JournalUnavailable, match=rf"{folder}/state\S*: Permission denied$"):
            open_ledger(str(folder / "state"), run_id="run")


def test_a_second_living_run_of_the_same_id_is_refused(directory: Path) -> None:
    """Their marks would be in one file."""
    with opened(directory, "same"), pytest.raises(JournalUnavailable, match="run same is at work"):
        open_ledger(str(directory), run_id="same")


def test_claims_that_came_while_the_writer_failed_fail_as_well(directory: Path) -> None:
    """They were queued behind a batch that another program kept from being written."""
    ledger = open_ledger(str(directory), run_id="run")
    journal = ledger.journal(ARCHIVE)
    claim(journal, 1)
    ledger._writer._connection.execute("PRAGMA busy_timeout = 500")
    with closing(sqlite3.connect(directory / "ledger.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        stuck = journal.claim([ClaimItem(item=2, instance=planned(2))])
        while ledger._writer._batch.claims:
            Event().wait(0.001)
        behind = journal.claim([ClaimItem(item=3, instance=planned(3))])
        for pending in (stuck, behind):
            assert isinstance(pending, PendingClaims)
            assert pending._answered.wait(30)
            with pytest.raises(JournalUnavailable, match="another program has kept the ledger"):
                pending.verdicts()
    with pytest.raises(JournalUnavailable):
        ledger.close()


def test_a_bug_in_the_writer_is_raised_as_what_it_is_where_it_is_waited_for(directory: Path) -> None:
    """It is ours to mend, so it is neither dressed up as a ledger's failure nor a reason to hang."""
    ledger = open_ledger(str(directory), run_id="run")
    journal = ledger.journal(ARCHIVE)
    ledger._writer._peers = None  # type: ignore[assignment]  # the bug

    for call in (lambda: claim(journal, 1), journal.barrier, ledger.close):
        with pytest.raises(TypeError):
            call()
    assert ask(directory, "SELECT count(*) FROM claim") == [(0,)]


@pytest.mark.parametrize("how", ["deleted", "moved", "replaced"])
def test_a_folder_that_vanishes_while_it_is_in_use_is_noticed(directory: Path, how: str) -> None:
    """SQLite goes on writing into files that nobody will find; no report may call that durable."""
    ledger = open_ledger(str(directory), run_id="run")
    journal = ledger.journal(ARCHIVE)
    claim(journal, 1)
    send(journal, 1)
    journal.barrier()
    directory.rename(directory.with_name("elsewhere"))
    if how == "deleted":
        shutil.rmtree(directory.with_name("elsewhere"))
    elif how == "replaced":
        shutil.copytree(directory.with_name("elsewhere"), directory)

    with pytest.raises(JournalUnavailable, match="was taken away while it was in use"):
        journal.barrier()
    ledger.close()
