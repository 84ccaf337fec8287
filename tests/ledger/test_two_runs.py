"""Two runs at once on one ledger: neither sends what the other is sending, and a dead one holds nothing."""

from __future__ import annotations

from pathlib import Path

from dicomjobs.execute.ports import ClaimItem, Verdict
from dicomjobs.ledger.ledger import PeerIdentity
from tests.support.ledgers import (
    ARCHIVE,
    StartSender,
    claim,
    is_sound,
    kill,
    known,
    open_claims,
    opened,
    planned,
    send,
    settle,
    uid,
)

HELD, SEND = Verdict.HELD_BY_OTHER_RUN, Verdict.SEND


def test_an_instance_that_a_living_run_has_claimed_is_held(directory: Path, start_sender: StartSender) -> None:
    """And only that instance."""
    start_sender("claimed", run_id="other")

    with opened(directory) as ledger:
        assert ledger.recovered == ()
        journal = ledger.journal(ARCHIVE)
        assert claim(journal, 1, 2) == [HELD, SEND]
        send(journal, 2)
    assert known(directory) == {uid(2): ("delivered", "")}
    assert open_claims(directory) == [uid(1)]


def test_what_is_held_at_one_peer_is_free_at_another(directory: Path, start_sender: StartSender) -> None:
    """A claim is for an instance at a peer."""
    start_sender("claimed", run_id="other")

    with opened(directory) as ledger:
        journal = ledger.journal(PeerIdentity(called_ae_title="ELSEWHERE", host="archive.example", port=104))
        assert claim(journal, 1) == [SEND]
        journal.release([1])


def test_an_instance_is_free_as_soon_as_the_other_run_has_settled_it(directory: Path) -> None:
    """The other run need not end."""
    with opened(directory, "one") as one, opened(directory, "two") as two:
        mine, theirs = one.journal(ARCHIVE), two.journal(ARCHIVE)
        claim(mine, 1)
        before = claim(theirs, 1)
        send(mine, 1)
        mine.barrier()
        after = claim(theirs, 1)
        theirs.release([1])

    assert (before, after) == ([HELD], [SEND])


def test_what_a_run_holds_is_free_when_it_is_killed_meanwhile(directory: Path, start_sender: StartSender) -> None:
    """Its marks are read when somebody asks for the instance; what it left unknown is not forgotten."""
    other = start_sender("last_byte", run_id="other")

    with opened(directory) as ledger:
        journal = ledger.journal(ARCHIVE)
        assert claim(journal, 1) == [HELD]
        kill(other)
        assert claim(journal, 1) == [SEND]
        assert known(directory) == {uid(1): ("unknown", "no_answer")}
        send(journal, 1)
    assert known(directory) == {uid(1): ("delivered", "")}


def test_a_held_instance_may_be_given_back_before_its_verdict_is_known(directory: Path) -> None:
    """A lane that is halted releases what it had claimed ahead, without asking."""
    with opened(directory, "one") as one, opened(directory, "two") as two:
        mine, theirs = one.journal(ARCHIVE), two.journal(ARCHIVE)
        claim(mine, 1)
        theirs.claim([ClaimItem(item=1, instance=planned(1)), ClaimItem(item=2, instance=planned(2))])
        theirs.release([1, 2])
        theirs.barrier()

        assert open_claims(directory) == [uid(1)]
        send(mine, 1)
    assert known(directory) == {uid(1): ("delivered", "")}


def test_slots_of_held_instances_are_used_again(directory: Path) -> None:
    """Ten thousand refusals do not make the marks grow."""
    with opened(directory, "one") as one, opened(directory, "two") as two:
        mine, theirs = one.journal(ARCHIVE), two.journal(ARCHIVE)
        claim(mine, *range(500))
        for _ in range(20):
            assert set(claim(theirs, *range(500))) == {HELD}
        size = (directory / "marks-two.log").stat().st_size
        mine.release(range(500))

    assert size == 128 * 1024


def test_two_processes_write_at_the_same_time(directory: Path, start_sender: StartSender) -> None:
    """Neither loses anything, also when one is killed meanwhile."""
    other = start_sender("for_ever", run_id="other", number=1)
    assert other.stdout
    said = [other.stdout.readline() for _ in range(20)]
    with opened(directory) as ledger:
        journal = ledger.journal(ARCHIVE)
        for first in range(100_000, 101_000, 50):
            numbers = range(first, first + 50)
            assert set(claim(journal, *numbers)) == {SEND}
            for number in numbers:
                send(journal, number)
        said += kill(other)

    noted = {uid(int(line.split()[1])) for line in said if line.startswith("noted") and line.endswith("\n")}
    with opened(directory, "after"):
        found = known(directory)
    assert noted
    assert noted | {uid(number) for number in range(100_000, 101_000)} <= found.keys()
    assert is_sound(directory)


def test_two_runs_may_open_a_new_ledger_at_the_same_time(directory: Path, start_sender: StartSender) -> None:
    """One makes the tables, the other waits for it."""
    senders = [start_sender("for_ever", run_id=f"run-{number}", number=number * 100_000) for number in range(3)]
    for sender in senders:
        assert sender.stdout
        assert sender.stdout.readline().startswith("begun")
    for sender in senders:
        kill(sender)

    with opened(directory) as ledger:
        assert {run.run_id for run in ledger.recovered} <= {"run-0", "run-1", "run-2"}
    assert is_sound(directory)


def test_a_run_that_settles_is_not_disturbed_by_one_that_opens(directory: Path) -> None:
    """Opening looks for dead runs only."""
    with opened(directory, "one") as one:
        journal = one.journal(ARCHIVE)
        claim(journal, 1)
        with opened(directory, "two") as two:
            assert two.recovered == ()
        settle(journal, 1)
    assert known(directory) == {uid(1): ("delivered", "")}
