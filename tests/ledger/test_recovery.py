"""Marks become settlements, and when they cannot be trusted, everything open becomes unknown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dicomjobs.events import Outcome
from dicomjobs.execute.ports import ClaimItem, Phase
from dicomjobs.ledger.ledger import open_ledger
from dicomjobs.ledger.marks import mark_path
from dicomjobs.ledger.recovery import RecoveredRun
from tests.support.ledgers import (
    ARCHIVE,
    StartSender,
    ask,
    claim,
    die,
    kill,
    known,
    open_claims,
    opened,
    planned,
    send,
    settle,
    uid,
)

Kill = Callable[..., None]
UNKNOWN = {uid(1): ("unknown", "no_answer")}


def reboot(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on it is another start of this machine."""
    monkeypatch.setattr("dicomjobs.ledger.recovery.boot_id", lambda: "another-boot")


@pytest.mark.parametrize("step", ["claimed", "first_byte", "last_byte"])
def test_after_a_reboot_a_missing_mark_proves_nothing(
    directory: Path, killed_at: Kill, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Marks are not synced: bytes may have left that no mark tells of any more."""
    killed_at(step)
    reboot(monkeypatch)

    with opened(directory) as ledger:
        assert ledger.recovered == (RecoveredRun(run_id="killed", unanswered=1),)
    assert known(directory) == UNKNOWN


def test_after_a_reboot_an_answer_that_was_noted_still_counts(
    directory: Path, killed_at: Kill, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a sound mark says is true, however it survived."""
    killed_at("settled")
    reboot(monkeypatch)

    with opened(directory):
        assert known(directory) == {uid(1): ("delivered", "")}


def test_where_a_boot_cannot_be_told_every_open_claim_is_unknown(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two empty names of a boot are not the same boot."""
    for module in ("recovery", "writer"):
        monkeypatch.setattr(f"dicomjobs.ledger.{module}.boot_id", lambda: "")
    with opened(directory, "careless") as ledger:
        claim(ledger.journal(ARCHIVE), 1)

    with opened(directory):
        assert known(directory) == UNKNOWN


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:100])])
def test_marks_that_were_lost_leave_the_instance_unknown(
    directory: Path, killed_at: Kill, harm: Callable[[Path], None]
) -> None:
    """Never "not begun"."""
    killed_at("claimed")
    harm(mark_path(directory, "killed"))

    with opened(directory):
        assert known(directory) == UNKNOWN
        assert open_claims(directory) == []


def test_a_run_that_is_alive_is_left_alone(directory: Path, start_sender: StartSender) -> None:
    """Until it is killed."""
    sender = start_sender("last_byte", run_id="alive")
    with opened(directory, "first") as ledger:
        assert ledger.recovered == ()
        assert open_claims(directory) == [uid(1)]
    kill(sender)

    with opened(directory, "second") as ledger:
        assert ledger.recovered == (RecoveredRun(run_id="alive", unanswered=1),)


def test_recovery_happens_once(directory: Path, killed_at: Kill) -> None:
    """A third run finds nothing left to recover, and the outcome of the second."""
    killed_at("last_byte")
    with opened(directory, "second"):
        pass

    with opened(directory, "third") as ledger:
        assert ledger.recovered == ()
    assert known(directory) == UNKNOWN


def test_answers_to_the_same_instance_count_in_the_order_they_came(directory: Path) -> None:
    """Not in the order of the claims: of two in one run, the last answer is what is known."""
    ledger = open_ledger(str(directory), run_id="killed")
    journal = ledger.journal(ARCHIVE)
    journal.claim([ClaimItem(item=item, instance=planned(1)) for item in (10, 11)]).verdicts()
    settle(journal, 11, Outcome.FAILED, reason="refused")
    settle(journal, 10)
    die(ledger)

    with opened(directory) as ledger:
        assert ledger.recovered == (RecoveredRun(run_id="killed", answered=2),)
    assert known(directory) == {uid(1): ("delivered", "")}


def test_marks_left_after_their_claims_were_settled_are_swept_away(directory: Path, killed_at: Kill) -> None:
    """As when a recovery was killed after its commit."""
    killed_at("last_byte")
    marks = mark_path(directory, "killed")
    content = marks.read_bytes()
    with opened(directory, "second") as ledger:
        journal = ledger.journal(ARCHIVE)
        claim(journal, 1)
        send(journal, 1)
    marks.write_bytes(content)

    with opened(directory, "third") as ledger:
        assert ledger.recovered == ()
    assert not marks.exists()
    assert known(directory) == {uid(1): ("delivered", "")}


def test_what_was_sent_without_an_answer_is_known_by_its_digest(directory: Path) -> None:
    """So that the next run can tell whether the file is still what was sent."""
    ledger = open_ledger(str(directory), run_id="killed")
    journal = ledger.journal(ARCHIVE)
    claim(journal, 1, 2)
    journal.mark(1, Phase.LAST_BYTE, "ab" * 32)
    journal.mark(2, Phase.LAST_BYTE)
    die(ledger)
    with opened(directory):
        pass
    rows = ask(directory, "SELECT outcome, sha256 FROM instance ORDER BY size")

    assert rows == [("unknown", "ab" * 32), ("unknown", "")]
