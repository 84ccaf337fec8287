"""What the next run finds after a kill -9 at every step between a claim and its durable answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dicomjobs.events import Outcome
from dicomjobs.execute.ports import Verdict
from dicomjobs.ledger.recovery import RecoveredRun
from tests.support.ledgers import (
    ARCHIVE,
    StartSender,
    ask,
    claim,
    is_sound,
    kill,
    known,
    open_claims,
    opened,
    send,
    settle,
    uid,
)

Kill = Callable[..., None]

FOUND: dict[str, tuple[RecoveredRun, ...]] = {
    "nothing": (),
    "claimed": (RecoveredRun(run_id="killed", not_begun=1),),
    "first_byte": (RecoveredRun(run_id="killed", broken_off=1),),
    "last_byte": (RecoveredRun(run_id="killed", unanswered=1),),
    "settled": (RecoveredRun(run_id="killed", answered=1),),
    "committed": (),
    "released": (),
    "sent_again": (RecoveredRun(run_id="killed", broken_off=1),),
    "claimed_again": (RecoveredRun(run_id="killed", not_begun=1),),
}

KNOWN: dict[str, dict[str, tuple[str, str]]] = {
    "nothing": {},
    "claimed": {},
    "first_byte": {uid(1): ("failed", "broken_off")},
    "last_byte": {uid(1): ("unknown", "no_answer")},
    "settled": {uid(1): ("delivered", "")},
    "committed": {uid(1): ("delivered", "")},
    "released": {},
    "sent_again": {uid(1): ("failed", "broken_off")},
    "claimed_again": {uid(1): ("delivered", "")},
}


@pytest.mark.parametrize("step", FOUND)
def test_the_next_run_knows_how_far_a_killed_one_got(directory: Path, killed_at: Kill, step: str) -> None:
    """Each crash point leaves exactly what can be known of it."""
    killed_at(step)

    with opened(directory) as ledger:
        assert ledger.recovered == FOUND[step]
    assert known(directory) == KNOWN[step]
    assert open_claims(directory) == []
    assert is_sound(directory)


def test_an_answer_that_was_only_marked_is_not_yet_in_the_database(directory: Path, killed_at: Kill) -> None:
    """The step `settled` dies before the commit, or it would prove nothing."""
    killed_at("settled")

    assert known(directory) == {}
    assert open_claims(directory) == [uid(1)]


@pytest.mark.parametrize("step", ["claimed", "first_byte", "settled"])
def test_an_instance_can_be_claimed_after_any_crash(directory: Path, killed_at: Kill, step: str) -> None:
    """A dead run holds nothing."""
    killed_at(step)

    with opened(directory) as ledger:
        journal = ledger.journal(ARCHIVE)
        assert claim(journal, 1) == [Verdict.SEND]
        send(journal, 1)
    assert known(directory) == {uid(1): ("delivered", "")}


def test_what_a_killed_run_left_unknown_stays_so_when_the_next_dies_before_it_sends(
    directory: Path, killed_at: Kill
) -> None:
    """A claim alone must not make anybody forget that an answer is missing."""
    killed_at("last_byte", run_id="first")
    killed_at("claimed", run_id="second")

    with opened(directory):
        assert known(directory) == {uid(1): ("unknown", "no_answer")}


def test_the_run_of_an_outcome_is_the_one_that_sent(directory: Path, killed_at: Kill) -> None:
    """Not the one that found it."""
    killed_at("settled", run_id="sender")

    with opened(directory, "finder"):
        rows = ask(directory, "SELECT run_id, attempts FROM instance JOIN run ON run.id = instance.run")
    assert rows == [("sender", 1)]


def test_several_dead_runs_are_found_at_once(directory: Path, start_sender: StartSender) -> None:
    """Each by its own marks."""
    runs = [start_sender("last_byte", run_id=f"run-{number}", number=number) for number in (1, 2)]
    for run in runs:
        kill(run)

    with opened(directory) as ledger:
        assert {run.run_id for run in ledger.recovered} == {"run-1", "run-2"}
    assert known(directory) == {uid(1): ("unknown", "no_answer"), uid(2): ("unknown", "no_answer")}


def test_a_ledger_closed_with_open_claims_is_as_one_that_was_killed(directory: Path) -> None:
    """A lane that died of a bug leaves claims; closing must not hide them."""
    with opened(directory, "careless") as ledger:
        journal = ledger.journal(ARCHIVE)
        claim(journal, 1, 2)
        settle(journal, 2, Outcome.FAILED, reason="refused")

    with opened(directory) as ledger:
        assert ledger.recovered == (RecoveredRun(run_id="careless", not_begun=1),)
    assert known(directory) == {uid(2): ("failed", "refused")}


def test_nothing_is_left_over_after_recovery(directory: Path, killed_at: Kill) -> None:
    """The marks of dead runs go once they are in the database."""
    killed_at("last_byte")

    with opened(directory):
        pass
    assert sorted(path.name for path in directory.iterdir()) == ["ledger.lock", "ledger.sqlite3"]


@pytest.mark.parametrize("told_before_the_kill", [1, 50, 333])
def test_no_answer_is_forgotten_and_none_invented_when_a_busy_run_is_killed(
    directory: Path, start_sender: StartSender, told_before_the_kill: int
) -> None:
    """Every instance whose answer was noted is delivered; of those begun after, one at most is anything else than untouched."""
    sender = start_sender("for_ever")
    assert sender.stdout
    lines = [sender.stdout.readline() for _ in range(told_before_the_kill)]
    lines += kill(sender)
    told = [line.split() for line in lines if line.endswith("\n")]
    noted = {uid(int(number)) for word, number in told if word == "noted"}
    begun = {uid(int(number)) for word, number in told if word == "begun"}

    with opened(directory):
        found = known(directory)

    delivered = {instance for instance, (outcome, _) in found.items() if outcome == "delivered"}
    assert noted <= delivered
    assert found.keys() <= begun
    assert len(found.keys() - noted) <= 1
    assert is_sound(directory)
