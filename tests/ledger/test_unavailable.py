"""A ledger that cannot be used says why in a sentence, to everybody who waits for it, and forgets no answer."""

from __future__ import annotations

import itertools
import os
import resource
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from dicomjobs.errors import JournalUnavailable
from dicomjobs.execute.ports import ClaimItem, Journal, Phase
from dicomjobs.ledger.batch import PendingClaims
from dicomjobs.ledger.ledger import Ledger, open_ledger
from tests.support.ledgers import ARCHIVE, ask, claim, is_sound, known, open_claims, opened, planned, send, settle, uid

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


def change(file: Path, statement: str) -> None:
    """Execute a statement behind the ledger's back."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(statement)


def test_a_database_of_another_program_is_refused(written: Path) -> None:
    """Nothing is written into it."""
    change(written, "PRAGMA application_id = 1")

    with pytest.raises(JournalUnavailable, match="of another program"):
        open_ledger(str(written.parent), run_id="run")


@pytest.mark.parametrize("version", [0, 2, 99])
def test_another_format_is_refused_with_its_number(written: Path, version: int) -> None:
    """An older program must not write into a newer one's tables."""
    change(written, f"PRAGMA user_version = {version}")

    with pytest.raises(JournalUnavailable, match=f"format {version}.* knows 1 only"):
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


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file is in the way, which not even root can get past."""
    (tmp_path / "state").write_text("not a folder")

    with pytest.raises(JournalUnavailable, match=r"cannot be used: .*state"):
        open_ledger(str(tmp_path / "state"), run_id="run")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_named(directory: Path) -> None:
    """Opening a ledger writes."""
    directory.mkdir(mode=0o500)

    with pytest.raises(JournalUnavailable, match="Permission denied"):
        open_ledger(str(directory), run_id="run")


def test_a_second_living_run_of_the_same_id_is_refused(directory: Path) -> None:
    """Their marks would be in one file."""
    with opened(directory, "same"), pytest.raises(JournalUnavailable, match="run same is at work"):
        open_ledger(str(directory), run_id="same")


def allow_no_more_pages(ledger: Ledger) -> None:
    """From now on the database is as full as a disk can be."""
    connection = ledger._writer._connection
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")


def test_a_full_disk_is_said_to_everybody_who_waits_and_to_every_later_call(directory: Path) -> None:
    """Claims, settlements, barriers and closing all raise; none hangs."""
    ledger = open_ledger(str(directory), run_id="run")
    journal = ledger.journal(ARCHIVE)
    claim(journal, 0)
    allow_no_more_pages(ledger)
    pending = [journal.claim([ClaimItem(item=n, instance=planned(n)) for n in range(k, k + 90)]) for k in (1, 91, 181)]

    for each in pending:
        with pytest.raises(JournalUnavailable, match="No space left for the ledger"):
            each.verdicts()
    calls: tuple[Callable[[], None], ...] = (
        lambda: journal.mark(0, Phase.FIRST_BYTE),
        lambda: settle(journal, 0),
        journal.barrier,
        ledger.close,
    )
    for call in calls:
        with pytest.raises(JournalUnavailable, match="No space left for the ledger"):
            call()


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


def test_no_lane_hangs_when_the_disk_is_full(directory: Path) -> None:
    """Four of them, in the middle of their work."""
    ledger = open_ledger(str(directory), run_id="run")
    failures: list[str] = []

    def lane(first: int) -> None:
        try:
            for start in range(first, first + 10_000, 32):
                numbers = range(start, start + 32)
                claim(journal, *numbers)
                for number in numbers:
                    send(journal, number)
        except JournalUnavailable as error:
            failures.append(str(error))

    journal = ledger.journal(ARCHIVE)
    claim(journal, 999_999)
    allow_no_more_pages(ledger)
    lanes = [Thread(target=lane, args=(number * 10_000,)) for number in range(4)]
    for thread in lanes:
        thread.start()
    for thread in lanes:
        thread.join()
    with pytest.raises(JournalUnavailable):
        ledger.close()

    assert len(failures) == 4


def test_an_answer_is_kept_although_the_disk_is_full(directory: Path) -> None:
    """It came, and the database has no room for it: the marks have, and the next run finds it there."""
    ledger = open_ledger(str(directory), run_id="full")
    journal = ledger.journal(ARCHIVE)
    claim(journal, 1)
    journal.mark(1, Phase.LAST_BYTE)
    allow_no_more_pages(ledger)
    with pytest.raises(JournalUnavailable):
        claim(journal, *range(2, 200))
    with pytest.raises(JournalUnavailable):
        settle(journal, 1)
    with pytest.raises(JournalUnavailable):
        ledger.close()
    assert open_claims(directory) == [uid(1)]

    with opened(directory) as ledger:
        assert [run.answered for run in ledger.recovered] == [1]
    assert known(directory) == {uid(1): ("delivered", "")}


@contextmanager
def small_disk(directory: Path, size: str) -> Iterator[None]:
    """A disk of so many bytes at a folder; skips where we may not mount one."""
    directory.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", directory], check=False, capture_output=True
    )
    if done.returncode:
        pytest.skip("mounting needs root")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", directory], check=True)


@pytest.mark.parametrize("size", ["4k", "48k", "132k", "200k", "260k"])
def test_a_disk_too_small_for_a_ledger_says_so(directory: Path, size: str) -> None:
    """Wherever in opening the space ends, also before the first claim."""
    with small_disk(directory, size):
        with pytest.raises(JournalUnavailable, match="No space left"), opened(directory) as ledger:
            claim(ledger.journal(ARCHIVE), *range(2000))
        assert not any(path.name.endswith(".log") for path in directory.iterdir()) or open_claims(directory) == []


def test_a_disk_that_fills_up_keeps_every_answer_that_came(directory: Path) -> None:
    """What was settled before or after the disk was full is known to the next run, once there is room."""
    answered = 0
    with small_disk(directory, "700k"):
        ledger = open_ledger(str(directory), run_id="full")
        journal = ledger.journal(ARCHIVE)
        try:
            for first in range(0, 100_000, 16):
                claim(journal, *range(first, first + 16))
                for number in range(first, first + 16):
                    journal.mark(number, Phase.LAST_BYTE)
                    answered = number + 1
                    settle(journal, number)
        except JournalUnavailable as error:
            assert "No space left" in str(error)  # noqa: PT017  # anywhere in the loop may be where the space ends
        with pytest.raises(JournalUnavailable):
            ledger.close()
        subprocess.run(["mount", "-o", "remount,size=8m", directory], check=True)

        with opened(directory):
            found = known(directory)
        assert is_sound(directory)
    assert answered > 0
    assert found == {uid(number): ("delivered", "") for number in range(answered)}


def claim_for_ever(journal: Journal) -> None:
    """Claim until something is raised."""
    for first in itertools.count(step=100):
        claim(journal, *range(first, first + 100))


def test_a_limit_on_file_size_is_a_failure_in_words(directory: Path) -> None:
    """A quota or `ulimit -f` in place of a full disk: the same, not a signal that kills."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ledger = open_ledger(str(directory), run_id="run")
    journal = ledger.journal(ARCHIVE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (256 * 1024, hard))
    try:
        with pytest.raises(JournalUnavailable, match=r"ledger in .* cannot be used|No space left"):
            claim_for_ever(journal)
        with pytest.raises(JournalUnavailable):
            ledger.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    with opened(directory, "after"):
        assert open_claims(directory) == []
    assert is_sound(directory)


def test_a_bug_in_the_writer_is_raised_where_it_is_waited_for(directory: Path) -> None:
    """A row that SQLite cannot take is ours to mend, and no reason to hang."""
    ledger = open_ledger(str(directory), run_id="run")
    journal = ledger.journal(ARCHIVE)
    ledger._writer._peers = {("ARCHIVE", "archive.example", 104): object()}  # type: ignore[dict-item]  # the bug

    with pytest.raises(JournalUnavailable):
        claim(journal, 1)
    with pytest.raises(JournalUnavailable):
        ledger.close()
    assert ask(directory, "SELECT count(*) FROM claim") == [(0,)]
