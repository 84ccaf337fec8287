"""Jobs in order: needs, signals between jobs, echo, and bugs that must not be swallowed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dicomjobs.errors import ConnectionFailed, Timeout
from dicomjobs.events import Cause, EchoFinished, Event, InstanceFinished, JobFinished, JobOutcome, Outcome
from dicomjobs.execute.executor import execute
from dicomjobs.model.job import Need
from dicomjobs.model.stop import StopState
from tests.support.fake_ports import FakeJournal, Stage
from tests.support.runs import MadeInstances, echo_job, make_plan, store_job


def _ends(events: list[Event]) -> list[tuple[str, JobOutcome]]:
    """Return how each job ended, in order."""
    return [(event.job, event.outcome) for event in events if isinstance(event, JobFinished)]


def test_an_echo_tells_its_status_and_succeeds() -> None:
    """0000H."""
    events = Stage(MadeInstances(0)).run(make_plan(echo_job()))

    assert EchoFinished(job="check", status=0, seconds=0.0) in events
    assert _ends(events) == [("check", JobOutcome.SUCCEEDED)]


def test_an_echo_that_is_refused_or_times_out_fails_with_the_words_of_it() -> None:
    """And the clock that ran out."""
    timeout = Timeout("no answer to the C-ECHO-RQ within 2 s (timeouts.dimse)", clock="dimse")

    refused = Stage(MadeInstances(0), answers=[[0x0122]]).run(make_plan(echo_job()))[-1]
    silent = Stage(MadeInstances(0), answers=[[timeout]]).run(make_plan(echo_job()))[-1]

    assert isinstance(refused, JobFinished)
    assert (refused.outcome, refused.reason) == (JobOutcome.FAILED, "refused")
    assert isinstance(silent, JobFinished)
    assert (silent.reason, silent.words, silent.cause) == ("timeout", str(timeout), Cause.TRANSIENT)


def test_a_job_whose_need_failed_is_told_of_with_every_instance() -> None:
    """Nothing planned is forgotten."""
    store = replace(store_job(count=2), needs=(Need(job="check", even_if_failed=False),))
    stage = Stage(MadeInstances(2), refusals=[ConnectionFailed("nobody listens")])

    events = stage.run(make_plan(echo_job(), store))
    instances = [event for event in events if isinstance(event, InstanceFinished)]

    assert _ends(events) == [("check", JobOutcome.FAILED), ("send_them", JobOutcome.NOT_RUN)]
    assert [(each.item, each.outcome, each.reason) for each in instances] == [
        (0, Outcome.NOT_SENT, "needed_job_failed"),
        (1, Outcome.NOT_SENT, "needed_job_failed"),
    ]
    assert instances[0].words == "the job check, which this one needs, did not succeed"


def test_even_if_failed_runs_all_the_same() -> None:
    """That is what it is for."""
    store = replace(store_job(count=1), needs=(Need(job="check", even_if_failed=True),))
    stage = Stage(MadeInstances(1), refusals=[ConnectionFailed("nobody listens")])

    assert _ends(stage.run(make_plan(echo_job(), store)))[1] == ("send_them", JobOutcome.SUCCEEDED)


def test_after_a_signal_no_further_job_begins() -> None:
    """Each is told of."""
    stage = Stage(MadeInstances(1))

    def interrupt() -> None:
        stage.stop.state = StopState.FINISHING

    stage.on_send = interrupt

    events = stage.run(make_plan(echo_job(), store_job(count=1)))

    assert _ends(events) == [("check", JobOutcome.SUCCEEDED), ("send_them", JobOutcome.NOT_RUN)]


def test_events_are_numbered_in_one_order() -> None:
    """From the number asked for."""
    stage = Stage(MadeInstances(3))

    stamped = [each for batch in execute(make_plan(store_job()), stage.ports(), first_sequence=7) for each in batch]

    assert [each.sequence for each in stamped] == list(range(7, 7 + len(stamped)))


def test_a_bug_in_a_lane_is_raised_in_the_callers_thread() -> None:
    """It must not look like an answer of the peer."""

    class Broken(FakeJournal):
        def settle(self, _: object) -> None:
            raise ZeroDivisionError

    stage = Stage(MadeInstances(3), journal=Broken())

    with pytest.raises(ZeroDivisionError):
        stage.run(make_plan(store_job()))

    assert stage.associations[0].ended_by is not None


def test_closing_the_events_early_ends_the_lanes() -> None:
    """Once they have been told to stop."""
    stage = Stage(MadeInstances(20000))
    batches = execute(make_plan(store_job(count=20000)), stage.ports())
    next(batches)
    next(batches)
    stage.stop.state = StopState.ABORTING

    batches.close()

    assert stage.associations[0].ended_by is not None
