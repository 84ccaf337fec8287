"""A full disk: everybody who waits is told, nobody hangs, and no answer that came is lost."""

from __future__ import annotations

import itertools
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from dicomjobs.errors import JournalUnavailable
from dicomjobs.execute.ports import ClaimItem, Journal, Phase
from dicomjobs.ledger.ledger import Ledger, open_ledger
from tests.support.ledgers import ARCHIVE, claim, is_sound, known, open_claims, opened, planned, send, settle, uid
from tests.support.peers import skip_or_fail_in_ci

PAGE = 4096


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
    """A disk of so many bytes at a folder; where we may not mount one skip, or fail where CI is set."""
    directory.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", directory], check=False, capture_output=True
    )
    if done.returncode:
        skip_or_fail_in_ci(f"no file system can be mounted here: {done.stderr.decode().strip()}")
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
