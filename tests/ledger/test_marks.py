"""The file of marks: what is noted is what is read, and what cannot be read is never taken for an absence."""

from __future__ import annotations

import fcntl
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from dicomjobs.ledger.marks import Mark, MarkFile, Progress, is_held, mark_path, mark_paths, read_marks

SETTLED = Mark(
    progress=Progress.SETTLED,
    settled_at=1.8e9,
    status=0xA700,
    sha256="0f" * 32,
    outcome="failed",
    reason="refused",
    for_good=True,
    proof="query",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a run keeps its marks."""
    return mark_path(tmp_path, "run")


def note_settled(marks: MarkFile, slot: int, serial: int, mark: Mark = SETTLED) -> None:
    """Note what a mark says."""
    said = mark.outcome, mark.reason, mark.status, mark.sha256, mark.for_good, mark.proof, mark.settled_at
    marks.note_settled(slot, (serial, *said))


def test_marks_read_back_as_they_were_noted(path: Path) -> None:
    """The last one of a claim counts."""
    marks = MarkFile(path)
    slots = [marks.take() for _ in range(3)]
    for serial, slot in enumerate(slots):
        marks.note(slot, serial, Progress.FIRST_BYTE)
    marks.note(slots[1], 1, Progress.LAST_BYTE)
    note_settled(marks, slots[2], 2)
    marks.close()

    found = read_marks(path)
    assert found.whole
    assert {serial: mark.progress for serial, mark in found.by_serial.items()} == {
        0: Progress.FIRST_BYTE,
        1: Progress.LAST_BYTE,
        2: Progress.SETTLED,
    }
    assert found.by_serial[2] == SETTLED


def test_a_settlement_without_status_and_digest_reads_back_so(path: Path) -> None:
    """Status 0 is Success and must not be what "none" becomes."""
    marks = MarkFile(path)
    for serial, status in enumerate([None, 0]):
        plain = replace(SETTLED, status=status, sha256="", outcome="unknown", reason="", for_good=False, proof="")
        note_settled(marks, marks.take(), serial, plain)
    marks.close()

    found = read_marks(path).by_serial
    assert [(found[serial].status, found[serial].sha256) for serial in (0, 1)] == [(None, ""), (0, "")]


def test_a_slot_that_is_used_again_says_only_what_its_new_claim_came_to(path: Path) -> None:
    """The serial before is gone with its committed claim."""
    marks = MarkFile(path)
    slot = marks.take()
    note_settled(marks, slot, 1)
    marks.give_back([slot])
    marks.note(marks.take(), 2, Progress.FIRST_BYTE)
    marks.close()

    assert list(read_marks(path).by_serial) == [2]


def test_the_file_grows_with_the_claims_that_are_open_at_once(path: Path) -> None:
    """Slots are never shared, however many are taken."""
    marks = MarkFile(path)
    slots = [marks.take() for _ in range(3000)]
    for serial, slot in enumerate(slots):
        marks.note(slot, serial, Progress.FIRST_BYTE)
    marks.close()

    assert len(set(slots)) == 3000
    assert len(read_marks(path).by_serial) == 3000


def test_threads_never_get_the_same_slot(path: Path) -> None:
    """Also while the file grows."""
    marks = MarkFile(path)
    taken: list[list[int]] = [[], [], [], []]

    def take(mine: list[int]) -> None:
        mine.extend(marks.take() for _ in range(2000))

    threads = [threading.Thread(target=take, args=(mine,)) for mine in taken]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    marks.close()

    assert len({slot for mine in taken for slot in mine}) == 8000


@pytest.mark.parametrize("position", [0, 3, 4, 8, 16, 30, 60, 127])
def test_a_damaged_mark_makes_the_file_incomplete(path: Path, position: int) -> None:
    """Whichever byte of it was turned round; the others are still read."""
    marks = MarkFile(path)
    for serial in (1, 2):
        note_settled(marks, marks.take(), serial)
    marks.close()
    content = bytearray(path.read_bytes())
    content[position] ^= 0x40
    path.write_bytes(content)

    found = read_marks(path)
    assert not found.whole
    assert list(found.by_serial) == [2]


def test_a_file_that_is_gone_or_cut_is_incomplete(path: Path) -> None:
    """As a loss of power may leave it."""
    marks = MarkFile(path)
    note_settled(marks, marks.take(), 1)
    marks.close()
    path.write_bytes(path.read_bytes()[:200])
    cut = read_marks(path)
    path.unlink()

    assert (cut.whole, list(cut.by_serial)) == (False, [1])
    assert not read_marks(path).whole


def test_a_run_lives_as_long_as_it_holds_its_marks(path: Path) -> None:
    """Asking does not disturb it, nor those who ask as well."""
    before = is_held(path)
    marks = MarkFile(path)
    during = [is_held(path), is_held(path)]
    marks.close()

    assert (before, during, is_held(path)) == (False, [True, True], False)


def test_somebody_who_asks_is_not_taken_for_the_run(path: Path) -> None:
    """Two may look at a dead run's marks at the same time."""
    MarkFile(path).close()
    with path.open("rb") as asking:
        fcntl.flock(asking, fcntl.LOCK_SH)

        assert not is_held(path)


def test_removed_marks_are_gone(path: Path) -> None:
    """Which is how a run says that it ended well."""
    marks = MarkFile(path)
    present = mark_paths(path.parent)
    marks.remove()

    assert (present, mark_paths(path.parent)) == ([path], [])


def test_marks_are_never_laid_over_those_of_another(path: Path) -> None:
    """Not even a dead run's, which somebody has still to read."""
    MarkFile(path).close()

    with pytest.raises(FileExistsError):
        MarkFile(path)
