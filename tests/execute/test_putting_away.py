"""When the files of a job are put away, and which: only what is durably known to be delivered, and each file once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dicomjobs.events import Cause, Event, InstanceFinished, JobFinished, JobOutcome, Outcome, SentFilesKept
from dicomjobs.execute.ports import Fate, Verdict
from dicomjobs.execute.tally import Tally
from dicomjobs.model.sent_files import PutAway, SentFiles
from dicomjobs.model.stop import StopState
from dicomjobs.plan.plan import JobPlan, PlannedInstance, StoreStep
from tests.support.fake_ports import EARLIER, Answer, FakeJournal, Stage
from tests.support.runs import MadeInstances, make_plan, store_job

A_FAILURE, A_WARNING, BUSY = 0xC000, 0xB000, 0xA700


def _job(put_away: PutAway, count: int = 4) -> JobPlan:
    """Return a job that puts its files away."""
    job = store_job(count=count)
    assert isinstance(job.step, StoreStep)
    return replace(job, step=replace(job.step, sent_files=SentFiles(put_away=put_away, directory="/sent")))


def _names(stage: Stage) -> list[tuple[str, Fate]]:
    """Return the bare names of the files that were put away."""
    return [(path.rpartition("/")[2].removesuffix(".dcm"), fate) for path, fate in stage.put_away]


ANSWERS: list[list[Answer]] = [[0, A_FAILURE, BUSY, A_WARNING]]


@pytest.mark.parametrize("put_away", [PutAway.DELETE, PutAway.MOVE])
def test_only_delivered_files_are_deleted_or_moved(put_away: PutAway) -> None:
    """A warning is a delivery; no failure is, whatever its kind. The stage sees to it that the barrier came before."""
    stage = Stage(MadeInstances(4), answers=ANSWERS)

    stage.run(make_plan(_job(put_away)))

    assert [(path, fate) for path, fate in stage.put_away] == [
        (stage.instances[item].path, Fate.DELIVERED) for item in (0, 3)
    ]


def test_what_failed_for_good_is_renamed_and_what_may_succeed_later_is_not() -> None:
    """A peer that is busy today gets the file on the next run."""
    stage = Stage(MadeInstances(4), answers=ANSWERS)

    stage.run(make_plan(_job(PutAway.RENAME)))

    assert [fate for _, fate in stage.put_away] == [Fate.DELIVERED, Fate.FAILED, Fate.DELIVERED]
    assert stage.instances[2].path not in dict(stage.put_away)


def test_files_stay_when_nothing_is_said() -> None:
    """The default."""
    stage = Stage(MadeInstances(4))

    stage.run(make_plan(_job(PutAway.KEEP)))

    assert stage.put_away == []


@pytest.mark.parametrize(("fail_on", "count"), [("claim", 0), ("settle 2", 2), ("barrier", 0)])
def test_nothing_is_put_away_of_which_the_ledger_cannot_say_that_it_was_delivered(fail_on: str, count: int) -> None:
    """The next run would take it for lost."""
    stage = Stage(MadeInstances(4), journal=FakeJournal(fail_on=fail_on))

    stage.run(make_plan(_job(PutAway.DELETE)))

    assert [path for path, _ in stage.put_away] == [stage.instances[item].path for item in range(count)]


def test_what_an_earlier_run_has_delivered_is_put_away_by_this_one() -> None:
    """That run may have died in between."""
    stage = Stage(MadeInstances(2), journal=FakeJournal(found={1: (Verdict.ALREADY_DELIVERED, EARLIER)}))

    stage.run(make_plan(_job(PutAway.DELETE, count=2)))

    assert [path for path, _ in stage.put_away] == [stage.instances[0].path, stage.instances[1].path]


def test_an_interrupted_job_puts_away_what_it_has_delivered() -> None:
    """The rest stays for the next run."""
    stage = Stage(MadeInstances(4))
    sent: list[int] = []

    def stop_at_the_second() -> None:
        sent.append(1)
        if len(sent) == 2:
            stage.stop.state = StopState.FINISHING

    stage.on_send = stop_at_the_second

    stage.run(make_plan(_job(PutAway.DELETE)))

    assert [path for path, _ in stage.put_away] == [stage.instances[0].path, stage.instances[1].path]


def test_a_job_that_is_broken_off_puts_nothing_more_away() -> None:
    """The second signal means at once; the next run finds in the ledger what was delivered."""
    stage = Stage(MadeInstances(2))
    stage.on_send = lambda: setattr(stage.stop, "state", StopState.ABORTING)

    stage.run(make_plan(_job(PutAway.DELETE, count=2)))

    assert stage.put_away == []


class Thrice(MadeInstances):
    """Rows of which three each are of the same file."""

    def __getitem__(self, item: int) -> PlannedInstance:
        """Give a row the path of the first of its three."""
        return replace(super().__getitem__(item), path=f"/in/{item // 3}.dcm")


@pytest.mark.parametrize(("put_away", "expected"), [(PutAway.DELETE, ["1"]), (PutAway.RENAME, ["0", "1"])])
def test_a_file_that_is_sent_several_times_has_to_be_delivered_each_time(
    put_away: PutAway, expected: list[str]
) -> None:
    """And is put away once."""
    stage = Stage(Thrice(9), answers=[[0, A_FAILURE, 0, 0, 0, 0, 0, BUSY, 0]])

    stage.run(make_plan(_job(put_away, count=9)))

    assert [name for name, _ in _names(stage)] == expected


class InTurns(MadeInstances):
    """Rows of which every other one is of the same file."""

    def __getitem__(self, item: int) -> PlannedInstance:
        """Give a row the path of the first of its kind."""
        return replace(super().__getitem__(item), path=f"/in/{item % 2}.dcm")


def test_a_file_that_the_set_names_twice_is_put_away_once_when_it_was_delivered_both_times() -> None:
    """Wherever its rows are."""
    stage = Stage(InTurns(4), answers=[[0, 0, 0, A_FAILURE]])

    stage.run(make_plan(_job(PutAway.DELETE)))

    assert _names(stage) == [("0", Fate.DELIVERED)]


def test_a_file_whose_instance_turns_out_to_be_missing_stays() -> None:
    """Verification is over before anything is put away, and takes back what the status had said."""
    tally = Tally(range(10, 13))
    for item in range(10, 13):
        tally.add(InstanceFinished(job="send_them", item=item, outcome=Outcome.DELIVERED))
    tally.add_missing(11)

    assert [tally.fate(item) for item in range(10, 13)] == [Fate.DELIVERED, Fate.OPEN, Fate.DELIVERED]


def test_what_cannot_be_put_away_is_told_once_a_reason_and_the_job_has_not_succeeded() -> None:
    """How many, one of them by name, and why; jobs that need this one are not run."""
    stage = Stage(MadeInstances(4))
    for item, words in enumerate(["Permission denied", "Read-only file system", "Permission denied"]):
        stage.stuck[stage.instances[item].path] = words

    events: list[Event] = stage.run(make_plan(_job(PutAway.DELETE)))

    assert [event for event in events if isinstance(event, SentFilesKept)] == [
        SentFilesKept(job="send_them", count=2, path=stage.instances[0].path, words="Permission denied"),
        SentFilesKept(job="send_them", count=1, path=stage.instances[1].path, words="Read-only file system"),
    ]
    assert events[-1] == JobFinished(job="send_them", outcome=JobOutcome.SUCCEEDED, cause=Cause.NONE)
