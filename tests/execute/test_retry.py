"""Every decision about retrying, as a table or a law; and the same decisions carried out on a scripted stage."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomjobs.errors import AssociationError, AssociationRejected, ConnectionFailed, ConnectionLost
from dicomjobs.events import Cause, Event, InstanceFinished, JobFinished, JobOutcome, Outcome
from dicomjobs.execute.retry import (
    CALM,
    OPENS_AFTER,
    Standing,
    Trouble,
    after_probe,
    after_success,
    after_trouble,
    is_tried_again,
    judged,
    next_wait,
)
from dicomjobs.model.job import OnFailure
from dicomjobs.model.resume import OnUnknown, Retry
from dicomjobs.model.stop import StopState
from dicomjobs.plan.plan import JobPlan, Plan, StoreStep
from tests.support.fake_ports import Answer, Stage
from tests.support.runs import ONCE, MadeInstances, make_plan, store_job

RETRY = Retry(attempts=5, runs=3, first_wait=1.0, longest_wait=300.0, budget=120.0, second_look=5.0)
CHANCE = st.floats(min_value=0, max_value=1)
FULL, BAD, PROCESSING = 0xA700, 0xA900, 0x0110


@given(before=st.floats(min_value=0, max_value=1e4), chance=CHANCE)
def test_a_wait_is_between_the_first_and_three_times_the_one_before(before: float, chance: float) -> None:
    """And never longer than the longest."""
    wait = next_wait(RETRY, before, chance)

    assert RETRY.first_wait <= wait <= min(RETRY.longest_wait, max(RETRY.first_wait, 3 * before))


@given(troubles=st.lists(st.tuples(st.sampled_from(Trouble), CHANCE), max_size=60))
def test_all_waits_together_keep_to_the_budget(troubles: list[tuple[Trouble, float]]) -> None:
    """A peer that keeps failing is given up in the end, and before that it is only asked with C-ECHO."""
    standing, now = CALM, 0.0
    for trouble, chance in troubles:
        standing = after_trouble(standing, trouble, RETRY, now=now, chance=chance)
        now = max(now, standing.until)

        assert standing.spent <= RETRY.budget
        assert (standing.in_a_row >= OPENS_AFTER) == (standing.open or standing.over)


def test_one_failure_costs_nobody_a_wait_and_a_second_in_a_row_does() -> None:
    """A success in between forgives."""
    once = after_trouble(CALM, Trouble.INSTANCE, RETRY, now=10, chance=0)
    twice = after_trouble(once, Trouble.INSTANCE, RETRY, now=10, chance=0)

    assert (once.until, twice.until) == (0, 11)
    assert after_success(twice).in_a_row == 0


def test_a_peer_out_of_resources_gets_time_at_once() -> None:
    """The first refusal of this kind is a word about the peer, not about the instance."""
    assert after_trouble(CALM, Trouble.RESOURCES, RETRY, now=10, chance=0).until == 11


def test_a_probe_that_is_answered_lets_one_instance_pass() -> None:
    """Its failure shuts the peer off again, its success forgives everything."""
    half_open = after_probe(Standing(in_a_row=7, open=True))

    assert not half_open.open
    assert after_trouble(half_open, Trouble.INSTANCE, RETRY, now=0, chance=0).open
    assert after_success(half_open) == CALM


@pytest.mark.parametrize(
    ("outcome", "cause", "attempts", "on_unknown", "expected"),
    [
        (Outcome.FAILED, Cause.TRANSIENT, 4, OnUnknown.QUERY, True),
        (Outcome.FAILED, Cause.TRANSIENT, 5, OnUnknown.QUERY, False),
        (Outcome.FAILED, Cause.PERMANENT, 1, OnUnknown.QUERY, False),
        (Outcome.FAILED, Cause.REFUSED_BY_PEER, 1, OnUnknown.QUERY, False),
        (Outcome.FAILED, Cause.LOCAL_RESOURCE, 1, OnUnknown.QUERY, False),
        (Outcome.UNKNOWN, Cause.UNKNOWN, 5, OnUnknown.QUERY, True),
        (Outcome.UNKNOWN, Cause.UNKNOWN, 4, OnUnknown.SEND, True),
        (Outcome.UNKNOWN, Cause.UNKNOWN, 5, OnUnknown.SEND, False),
        (Outcome.UNKNOWN, Cause.UNKNOWN, 1, OnUnknown.STOP, False),
        (Outcome.UNKNOWN, Cause.LOCAL_RESOURCE, 1, OnUnknown.QUERY, False),
        (Outcome.NOT_SENT, Cause.INTERRUPTED, 0, OnUnknown.QUERY, False),
        (Outcome.DELIVERED, Cause.NONE, 1, OnUnknown.QUERY, False),
    ],
)
def test_what_is_tried_again(
    outcome: Outcome, cause: Cause, attempts: int, on_unknown: OnUnknown, expected: bool
) -> None:
    """What failed for good never is; what is unknown is looked up, however often it was tried."""
    event = InstanceFinished(job="j", item=0, outcome=outcome, cause=cause, attempts=attempts)

    assert is_tried_again(event, RETRY, on_unknown) is expected


def test_a_processing_failure_that_stays_is_one_for_good() -> None:
    """Twice it may pass, the third time it does not."""
    event = InstanceFinished(
        job="j", item=0, outcome=Outcome.FAILED, cause=Cause.TRANSIENT, status=PROCESSING, attempts=2
    )

    assert judged(event).cause is Cause.TRANSIENT
    assert judged(replace(event, attempts=3)).cause is Cause.PERMANENT


def plan(count: int, retry: Retry = RETRY, **changes: Any) -> Plan:
    """Return a plan that sends so many instances."""
    job: JobPlan = store_job(count=count)
    assert isinstance(job.step, StoreStep)
    return make_plan(replace(job, step=replace(job.step, retry=retry, **changes)))


def outcomes(events: list[Event]) -> list[tuple[str, int]]:
    """Return the outcome and the attempts of each instance, and make sure that there is one last word on each."""
    told = sorted((each for each in events if isinstance(each, InstanceFinished)), key=lambda each: each.item)
    assert [each.item for each in told] == list(range(len(told)))
    return [(each.outcome.value, each.attempts) for each in told]


def test_a_failure_that_passes_is_tried_again_after_the_rest() -> None:
    """The other instances do not wait for it; it waits its first wait, and its last word counts both attempts."""
    stage = Stage(MadeInstances(3), answers=[[PROCESSING]])

    events = stage.run(plan(3))

    assert outcomes(events) == [("delivered", 2), ("delivered", 1), ("delivered", 1)]
    assert stage.pauses == [1.0]
    sent = [entry for entry in stage.journal.log if entry.startswith(("claim", "settle"))]
    assert sent == [
        "claim 0-2",
        "settle 0 failed",
        "settle 1 delivered",
        "settle 2 delivered",
        "claim 0-0",
        "settle 0 delivered",
    ]


def test_attempts_are_an_end() -> None:
    """What still fails then is left to the next run."""
    stage = Stage(MadeInstances(1), answers=[[0x0213] * 9])

    events = stage.run(plan(1, replace(RETRY, attempts=3)))

    assert outcomes(events) == [("failed", 3)]
    assert isinstance(events[-1], JobFinished)
    assert events[-1].outcome is JobOutcome.FAILED


def test_what_failed_for_good_is_not_tried_again_in_the_run() -> None:
    """Not even when the rest goes well."""
    stage = Stage(MadeInstances(2), answers=[[BAD]])

    assert outcomes(stage.run(plan(2))) == [("failed", 1), ("delivered", 1)]
    assert stage.pauses == []


def test_a_processing_failure_ends_after_three_attempts() -> None:
    """And then counts towards parking."""
    stage = Stage(MadeInstances(1), answers=[[PROCESSING] * 9])
    events = stage.run(plan(1))

    assert outcomes(events) == [("failed", 3)]
    assert [each.cause for each in events if isinstance(each, InstanceFinished)] == [Cause.PERMANENT]


def test_a_full_peer_is_paused_probed_and_given_up_in_good_order() -> None:
    """A million refusals are not tried five times each: after a few, only C-ECHO goes out, and the rest is left for the next run."""
    stage = Stage(MadeInstances(1000), answers=[[FULL] * 50, [0]] * 500, chance=1.0)

    events = stage.run(plan(1000))

    found = outcomes(events)
    assert {outcome for outcome, _ in found} == {"failed", "not_sent"}
    assert sum(attempts for _, attempts in found) < 20
    assert sum(stage.pauses) <= RETRY.budget
    causes = {each.cause for each in events if isinstance(each, InstanceFinished)}
    assert causes == {Cause.TRANSIENT}


def test_a_peer_that_comes_back_gets_everything() -> None:
    """Shut off after five failures in a row, opened again by an echo."""
    stage = Stage(MadeInstances(8), answers=[[FULL] * OPENS_AFTER])

    events = stage.run(plan(8))

    assert {outcome for outcome, _ in outcomes(events)} == {"delivered"}
    assert any(association.sent == 1 for association in stage.associations[1:])


def test_a_peer_that_is_down_for_a_moment_is_waited_for() -> None:
    """The second refusal in a row costs a wait; everything arrives, on the first attempt of each."""
    stage = Stage(MadeInstances(2), refusals=[ConnectionFailed("nobody listens")] * 3)

    assert outcomes(stage.run(plan(2))) == [("delivered", 1)] * 2
    assert len(stage.pauses) == 2


def test_a_peer_that_stays_down_is_given_up_when_the_budget_of_waits_is_used() -> None:
    """With the words of the last refusal."""
    stage = Stage(MadeInstances(2), refusals=[ConnectionFailed("nobody listens")] * 1000, chance=0.5)

    events = stage.run(plan(2))

    assert outcomes(events) == [("failed", 0)] * 2
    assert {each.words for each in events if isinstance(each, InstanceFinished)} == {"nobody listens"}
    assert sum(stage.pauses) <= RETRY.budget


def test_a_peer_that_refuses_us_is_not_asked_twice() -> None:
    """An unknown AE title stays unknown."""
    refusal = AssociationRejected("calling AE title not recognised", hint="", result=1, source=1, diagnostic=3)
    stage = Stage(MadeInstances(2), refusals=[refusal])

    assert outcomes(stage.run(plan(2))) == [("failed", 0)] * 2
    assert stage.attempts == 1


@pytest.mark.parametrize("retry", [ONCE, replace(RETRY, attempts=1, budget=0.0)], ids=["once", "no budget"])
def test_a_job_that_tries_everything_once_never_waits(retry: Retry) -> None:
    """Every instance is offered, however many are refused."""
    stage = Stage(MadeInstances(20), answers=[[FULL] * 20])

    assert outcomes(stage.run(plan(20, retry))) == [("failed", 1)] * 20
    assert stage.pauses == []


def test_a_broken_association_costs_an_attempt_and_nothing_else() -> None:
    """An instance that was cut off is sent again on a new association."""
    lost: list[Answer] = [0, ConnectionLost("the peer closed the connection")]
    stage = Stage(MadeInstances(4), answers=[lost])

    events = stage.run(plan(4, on_unknown=OnUnknown.SEND))

    assert outcomes(events) == [("delivered", 1), ("delivered", 2), ("delivered", 1), ("delivered", 1)]


def test_a_signal_ends_a_wait_and_what_was_put_off_keeps_its_outcome() -> None:
    """The failed one stays failed, nothing is tried again."""
    stage = Stage(MadeInstances(2), answers=[[PROCESSING]])

    def interrupt() -> None:
        stage.stop.state = StopState.FINISHING

    stage.on_pause = interrupt
    events = stage.run(plan(2))

    assert outcomes(events) == [("failed", 1), ("delivered", 1)]
    assert stage.pauses == [1.0]


def test_a_signal_ends_the_wait_for_a_peer() -> None:
    """What was not sent says that it was interrupted."""
    errors: list[AssociationError | None] = [ConnectionFailed("nobody listens")] * 1000
    stage = Stage(MadeInstances(2), refusals=errors)

    def interrupt() -> None:
        stage.stop.state = StopState.FINISHING

    stage.on_pause = interrupt
    events = stage.run(plan(2))

    assert outcomes(events) == [("not_sent", 0)] * 2
    assert len(stage.pauses) == 1


def test_on_failure_stop_waits_for_the_last_word_before_anything_else_is_sent() -> None:
    """A failure that passes does not stop the job, and the order of the plan is kept."""
    stage = Stage(MadeInstances(3), answers=[[0, PROCESSING]])

    events = stage.run(plan(3, on_failure=OnFailure.STOP))

    assert outcomes(events) == [("delivered", 1), ("delivered", 2), ("delivered", 1)]
    assert [entry for entry in stage.journal.log if entry.startswith("settle")] == [
        "settle 0 delivered",
        "settle 1 failed",
        "settle 1 delivered",
        "settle 2 delivered",
    ]


def test_a_failure_that_outlives_the_budget_stops_the_job_too() -> None:
    """The last word on it is had before anything else begins."""
    stage = Stage(MadeInstances(3), answers=[[FULL] * 50])

    events = stage.run(plan(3, replace(RETRY, budget=5.0), on_failure=OnFailure.STOP))

    outcomes = {each.item: each.outcome for each in events if isinstance(each, InstanceFinished)}
    assert outcomes == {0: Outcome.FAILED, 1: Outcome.NOT_SENT, 2: Outcome.NOT_SENT}


def test_on_failure_stop_stops_at_what_stays_failed() -> None:
    """The rest is left."""
    stage = Stage(MadeInstances(3), answers=[[0, 0x0213, 0x0213]])

    events = stage.run(plan(3, replace(RETRY, attempts=2), on_failure=OnFailure.STOP))

    assert outcomes(events) == [("delivered", 1), ("failed", 2), ("not_sent", 0)]
