"""A store step: what is told of each instance, in what order the journal hears of it, and what a failure does to the rest."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from dicomjobs.errors import (
    AssociationAborted,
    AssociationError,
    AssociationRejected,
    ConnectionFailed,
    ConnectionLost,
    NotSendable,
    ProtocolError,
)
from dicomjobs.events import (
    AssociationEnded,
    AssociationEstablished,
    Cause,
    EndedBy,
    Event,
    InstanceFinished,
    JobFinished,
    JobOutcome,
    JobStarted,
    Outcome,
)
from dicomjobs.execute.ports import Verdict
from dicomjobs.model.association import AcceptedContext, Proposal
from dicomjobs.model.job import EmptyPolicy, EndWith, OnFailure
from dicomjobs.model.resume import OnUnknown, Retry
from dicomjobs.model.stop import StopState
from dicomjobs.plan.plan import Excluded, JobPlan, Plan, PlannedInstance, StoreStep
from tests.support.fake_ports import EARLIER, Answer, FakeFiles, FakeJournal, Stage
from tests.support.runs import CT, EXPLICIT, MadeInstances, make_plan, store_job

BIG = "1.2.840.10008.1.2.2"
JPEG = "1.2.840.10008.1.2.4.70"


def _changed(job: JobPlan, **changes: Any) -> JobPlan:
    """Return a store job with another step."""
    assert isinstance(job.step, StoreStep)
    return replace(job, step=replace(job.step, **changes))


def _finished(events: list[Event]) -> list[InstanceFinished]:
    """Return the final words on instances."""
    return [event for event in events if isinstance(event, InstanceFinished)]


def _summary(events: list[Event]) -> list[tuple[int, str, str]]:
    """Return item, outcome and reason as text, in item order."""
    return sorted((each.item, each.outcome.value, each.reason) for each in _finished(events))


def _last(events: list[Event]) -> JobFinished:
    """Return the end of the job."""
    assert isinstance(events[-1], JobFinished)
    return events[-1]


def test_a_clean_job_is_told_from_start_to_release() -> None:
    """Association, one final word an instance, end, in this order; the last answer is waited for before the release."""
    stage = Stage(MadeInstances(2))

    events = stage.run(make_plan(store_job(count=2)))

    assert [type(event) for event in events] == [
        JobStarted,
        AssociationEstablished,
        InstanceFinished,
        InstanceFinished,
        AssociationEnded,
        JobFinished,
    ]
    assert events[2] == InstanceFinished(
        job="send_them",
        item=0,
        outcome=Outcome.DELIVERED,
        status=0,
        sent_transfer_syntax=EXPLICIT,
        bytes=2,
        sha256="d1",
        attempts=1,
        seconds=0.0,
        association=1,
        message_id=1,
    )
    assert events[-1] == JobFinished(job="send_them", outcome=JobOutcome.SUCCEEDED)


def test_the_journal_hears_of_an_instance_before_its_first_byte_and_of_its_outcome_before_the_report() -> None:
    """Claim, first byte, last byte, settlement; the barrier comes last."""
    stage = Stage(MadeInstances(2))
    stage.run(make_plan(store_job(count=2)))

    assert stage.journal.log == [
        "claim 0-1",
        "first_byte 0",
        "last_byte 0",
        "settle 0 delivered",
        "first_byte 1",
        "last_byte 1",
        "settle 1 delivered",
        "barrier",
    ]


def test_claims_run_a_batch_ahead() -> None:
    """While one batch is sent, the next is being made durable, and they grow: the disk is waited for once."""
    stage = Stage(MadeInstances(100))
    stage.run(make_plan(store_job(count=100)))

    claims = [entry for entry in stage.journal.log if entry.startswith("claim")]

    assert claims == ["claim 0-7", "claim 8-15", "claim 16-47", "claim 48-99"]
    assert stage.journal.log.index("claim 8-15") < stage.journal.log.index("first_byte 0")
    assert stage.journal.log.index("claim 16-47") < stage.journal.log.index("first_byte 8")


def test_lanes_claim_ahead_across_studies() -> None:
    """Or the disk would be waited for at the beginning of each study."""
    plan, stage = _studies(200, of=2, parallel=2)
    events = stage.run(plan)

    assert [each[1] for each in _summary(events)] == ["delivered"] * 400
    assert sum(entry.startswith("claim") for entry in stage.journal.log) < 50


@pytest.mark.parametrize(
    ("status", "outcome", "reason", "cause"),
    [
        (0x0000, Outcome.DELIVERED, "", Cause.NONE),
        (0xB000, Outcome.DELIVERED_WITH_WARNING, "warning", Cause.NONE),
        (0xA700, Outcome.FAILED, "refused", Cause.TRANSIENT),
        (0xA900, Outcome.FAILED, "refused", Cause.PERMANENT),
        (0xC000, Outcome.FAILED, "refused", Cause.PERMANENT),
        (0x0124, Outcome.FAILED, "refused", Cause.REFUSED_BY_PEER),
        (0x1234, Outcome.FAILED, "status_not_allowed", Cause.PERMANENT),
    ],
)
def test_a_status_decides_the_outcome(status: int, outcome: Outcome, reason: str, cause: Cause) -> None:
    """And with it the cause, from which the exit code is made."""
    stage = Stage(MadeInstances(1), answers=[[status]])

    (finished,) = _finished(stage.run(make_plan(store_job(count=1))))

    assert (finished.outcome, finished.reason, finished.cause, finished.status) == (outcome, reason, cause, status)


def test_one_refused_instance_does_not_stop_the_rest() -> None:
    """The job has failed all the same."""
    stage = Stage(MadeInstances(3), answers=[[0, 0xA900, 0]])

    events = stage.run(make_plan(store_job(count=3)))

    assert _summary(events) == [(0, "delivered", ""), (1, "failed", "refused"), (2, "delivered", "")]
    assert _last(events).outcome is JobOutcome.FAILED


def test_on_failure_stop_leaves_the_rest_unsent_and_releases() -> None:
    """The claims of the rest are given back."""
    stage = Stage(MadeInstances(4), answers=[[0, 0xA900]])

    events = stage.run(make_plan(_changed(store_job(count=4), on_failure=OnFailure.STOP)))

    assert [each[1:] for each in _summary(events)] == [
        ("delivered", ""),
        ("failed", "refused"),
        ("not_sent", "stopped_after_failure"),
        ("not_sent", "stopped_after_failure"),
    ]
    assert stage.associations[0].ended_by is EndedBy.RELEASE
    assert "release 2" in stage.journal.log
    assert "release 3" in stage.journal.log


def test_on_failure_stop_heeds_what_the_plan_already_knows_to_fail() -> None:
    """Nothing is sent then, as storescu does when a file is missing."""

    class OneMissing(MadeInstances):
        def __getitem__(self, item: int) -> PlannedInstance:
            row = super().__getitem__(item)
            return replace(row, excluded=Excluded.FAILED, reason="no_such_file") if item == 2 else row

    job = store_job(count=3)
    assert isinstance(job.step, StoreStep)
    association = replace(job.step.associations[0], count=2)
    stage = Stage(OneMissing(3))

    events = stage.run(make_plan(_changed(job, associations=(association,), on_failure=OnFailure.STOP)))

    assert stage.attempts == 0
    assert [each[1:] for each in _summary(events)] == [
        ("not_sent", "stopped_after_failure"),
        ("not_sent", "stopped_after_failure"),
        ("failed", "no_such_file"),
    ]


def test_a_file_that_cannot_be_sent_fails_alone() -> None:
    """Its payload was never opened, and no byte of it left."""
    refused = {"/data/in/000001.dcm": NotSendable("changed_since_plan", "the file changed")}
    stage = Stage(MadeInstances(3), files=FakeFiles(refused=refused))

    events = stage.run(make_plan(store_job(count=3)))

    assert _summary(events)[1] == (1, "failed", "changed_since_plan")
    assert stage.associations[0].sent == 2
    assert "first_byte 1" not in stage.journal.log


def test_a_file_that_fails_while_it_is_sent_costs_the_association_and_nothing_else() -> None:
    """The next instance goes on a new one."""
    broken = {"/data/in/000001.dcm": NotSendable("changed_while_sending", "the file became shorter")}
    stage = Stage(MadeInstances(3), files=FakeFiles(broken=broken))

    events = stage.run(make_plan(store_job(count=3)))

    assert [each[1] for each in _summary(events)] == ["delivered", "failed", "delivered"]
    assert (
        next(event.cause for event in events if isinstance(event, InstanceFinished) and event.item == 1)
        is Cause.TRANSIENT
    )
    assert [each.ended_by for each in stage.associations] == [EndedBy.ABORT, EndedBy.RELEASE]


def test_an_answer_that_never_comes_leaves_the_instance_unknown() -> None:
    """It may have arrived; the next instances go on a new association."""
    stage = Stage(MadeInstances(3), answers=[[0, ConnectionLost("the peer closed the connection")]])

    events = stage.run(make_plan(store_job(count=3)))

    assert _summary(events) == [(0, "delivered", ""), (1, "unknown", "no_answer"), (2, "delivered", "")]
    assert "settle 1 unknown" in stage.journal.log
    assert len(stage.associations) == 2


def test_an_answer_to_another_request_is_never_success() -> None:
    """A protocol error is an unknown outcome."""
    stage = Stage(MadeInstances(1), answers=[[ProtocolError("an answer to message ID 7")]])

    (finished,) = _finished(stage.run(make_plan(store_job(count=1))))

    assert (finished.outcome, finished.cause, finished.words) == (
        Outcome.UNKNOWN,
        Cause.UNKNOWN,
        "an answer to message ID 7",
    )


def test_five_associations_broken_in_a_row_end_the_attempts() -> None:
    """What is left fails as transient, with the words of the last break."""
    aborted = AssociationAborted("aborted by the peer", source=0, diagnostic=0)
    stage = Stage(MadeInstances(7), answers=[[aborted]] * 7)

    events = stage.run(make_plan(store_job(count=7)))

    assert [each[1] for each in _summary(events)] == ["unknown"] * 5 + ["failed"] * 2
    assert len(stage.associations) == 5
    assert {each.cause for each in _finished(events)[5:]} == {Cause.TRANSIENT}


def test_an_answered_instance_forgives_earlier_breaks() -> None:
    """Only breaks in a row count."""
    lost = ConnectionLost("gone")
    stage = Stage(MadeInstances(8), answers=[[0, lost], [0, lost], [0, lost], []])

    events = stage.run(make_plan(store_job(count=8)))

    assert Counter(each[1] for each in _summary(events)) == {"delivered": 5, "unknown": 3}


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (ConnectionFailed("nobody listens"), Cause.TRANSIENT),
        (AssociationRejected("not known", hint="", result=1, source=1, diagnostic=3), Cause.REFUSED_BY_PEER),
        (AssociationRejected("busy", hint="", result=2, source=3, diagnostic=1), Cause.TRANSIENT),
    ],
)
def test_without_an_association_every_instance_fails_with_the_reason(error: AssociationError, cause: Cause) -> None:
    """And its claim is given back, by the lane that gave up and by the one that accounts for what is left."""
    stage = Stage(MadeInstances(2), refusals=[error])

    events = stage.run(make_plan(store_job(count=2)))

    assert _summary(events) == [(0, "failed", "association_failed"), (1, "failed", "association_failed")]
    assert {each.cause for each in _finished(events)} == {cause}
    assert Counter(stage.journal.log) == {"claim 0-1": 2, "release 0": 2, "release 1": 2, "barrier": 1}


def test_without_an_association_what_the_ledger_knows_is_true_all_the_same() -> None:
    """What was delivered before is not called failed, and what is unknown stays so."""
    stage = Stage(MadeInstances(3), refusals=[ConnectionFailed("nobody listens")])
    unknown = replace(EARLIER, outcome=Outcome.UNKNOWN)
    stage.journal.found = {1: (Verdict.ALREADY_DELIVERED, EARLIER), 2: (Verdict.RESOLVE_FIRST, unknown)}

    events = stage.run(make_plan(store_job(count=3)))

    assert _summary(events) == [
        (0, "failed", "association_failed"),
        (1, "skipped", "already_delivered"),
        (2, "unknown", "still_unknown"),
    ]


def test_an_instance_no_accepted_context_fits_fails_with_what_was_accepted() -> None:
    """The others are sent."""
    stage = Stage(
        MadeInstances(1), accept=lambda _: (AcceptedContext(context_id=1, abstract_syntax=CT, transfer_syntax=JPEG),)
    )

    (finished,) = _finished(stage.run(make_plan(store_job(count=1))))

    assert (finished.outcome, finished.reason) == (Outcome.FAILED, "no_presentation_context")
    assert "accepted only JPEGLosslessSV1" in finished.words


def test_a_native_file_is_converted_to_what_was_accepted() -> None:
    """And the report says in which transfer syntax it went."""

    def big_only(proposal: Proposal) -> tuple[AcceptedContext, ...]:
        return (AcceptedContext(context_id=proposal.contexts[0].context_id, abstract_syntax=CT, transfer_syntax=BIG),)

    stage = Stage(MadeInstances(1), accept=big_only)

    (finished,) = _finished(stage.run(make_plan(store_job(count=1))))

    assert (finished.outcome, finished.sent_transfer_syntax) == (Outcome.DELIVERED, BIG)
    assert stage.files.conversions == [BIG]


def test_a_signal_lets_the_instance_in_flight_finish_and_leaves_the_rest() -> None:
    """Released, not aborted; every instance has an outcome."""
    stage = Stage(MadeInstances(4))

    def interrupt() -> None:
        stage.stop.state = StopState.FINISHING

    stage.on_send = interrupt

    events = stage.run(make_plan(store_job(count=4)))

    assert [each[1:] for each in _summary(events)] == [("delivered", "")] + [("not_sent", "interrupted")] * 3
    assert stage.associations[0].ended_by is EndedBy.RELEASE
    assert _last(events).outcome is JobOutcome.INTERRUPTED


@pytest.mark.parametrize("call", ["claim", "first_byte 2", "last_byte 2", "settle 2", "barrier", "release"])
def test_a_ledger_that_cannot_be_written_stops_the_job_and_hides_nothing(call: str) -> None:
    """Every row has exactly one outcome, none is called delivered that is not in the journal, and nothing stays open."""
    answers: list[list[Answer]] = [[0, 0, 0xA900 if call == "release" else 0]]
    stage = Stage(MadeInstances(5), answers=answers, journal=FakeJournal(fail_on=call))
    on_failure = OnFailure.STOP if call == "release" else OnFailure.CONTINUE

    events = stage.run(make_plan(_changed(store_job(count=5), on_failure=on_failure)))
    settled = {entry for entry in stage.journal.log if entry.startswith("settle")}

    assert [each[0] for each in _summary(events)] == [0, 1, 2, 3, 4]
    for item, outcome, _ in _summary(events):
        assert outcome != "delivered" or f"settle {item} delivered" in settled
    assert _last(events).outcome is not JobOutcome.SUCCEEDED
    assert [payload.closed for payload in stage.files.opened] == [1] * len(stage.files.opened)
    assert all(each.ended_by is not None for each in stage.associations)


PATIENT = Retry(attempts=5, runs=3, first_wait=1.0, longest_wait=300.0, budget=120.0, second_look=5.0)


@pytest.mark.parametrize(("attempts", "waits"), [(5, 120), (1, 0)])
def test_an_instance_that_another_run_holds_is_left_to_it(attempts: int, waits: int) -> None:
    """It is not ours to call delivered; the other is waited for as long as the job's budget has it."""
    stage = Stage(MadeInstances(2), journal=FakeJournal(found={0: (Verdict.HELD_BY_OTHER_RUN, None)}))

    events = stage.run(make_plan(_changed(store_job(count=2), retry=replace(PATIENT, attempts=attempts))))

    assert _summary(events) == [(0, "not_sent", "held_by_other_run"), (1, "delivered", "")]
    assert waits / 2 <= sum(stage.pauses) <= waits


def test_an_instance_that_another_run_holds_is_soon_delivered() -> None:
    """By that run, or by this one when the other let go of it."""
    stage = Stage(MadeInstances(3))
    stage.journal.found = {0: (Verdict.HELD_BY_OTHER_RUN, None), 1: (Verdict.HELD_BY_OTHER_RUN, None)}
    let_go = {0: (Verdict.ALREADY_DELIVERED, EARLIER), 1: (Verdict.SEND, None)}
    stage.on_pause = lambda: stage.journal.found.update(let_go)

    events = stage.run(make_plan(_changed(store_job(count=3), retry=PATIENT)))

    assert _summary(events) == [(0, "skipped", "already_delivered"), (1, "delivered", ""), (2, "delivered", "")]
    assert len(stage.pauses) == 1


def test_an_instance_whose_holder_died_is_what_it_left() -> None:
    """Not held any more: unknown, when it was sent without an answer."""
    stage = Stage(MadeInstances(1))
    stage.journal.found = {0: (Verdict.HELD_BY_OTHER_RUN, None)}
    left = {0: (Verdict.RESOLVE_FIRST, replace(EARLIER, outcome=Outcome.UNKNOWN))}
    stage.on_pause = lambda: stage.journal.found.update(left)

    events = stage.run(make_plan(_changed(store_job(count=1), retry=PATIENT, on_unknown=OnUnknown.STOP)))

    assert _summary(events) == [(0, "unknown", "still_unknown")]


def test_an_instance_that_is_held_is_no_failure_to_settle_first() -> None:
    """`on_failure: stop` goes on with the others meanwhile."""
    stage = Stage(MadeInstances(3), journal=FakeJournal(found={0: (Verdict.HELD_BY_OTHER_RUN, None)}))

    events = stage.run(make_plan(_changed(store_job(count=3), retry=PATIENT, on_failure=OnFailure.STOP)))

    assert [each.item for each in _finished(events)] == [1, 2, 0]
    assert _summary(events)[0] == (0, "not_sent", "held_by_other_run")


def test_end_with_abort_aborts() -> None:
    """As asked."""
    stage = Stage(MadeInstances(1))
    stage.run(make_plan(_changed(store_job(count=1), end_with=EndWith.ABORT)))

    assert stage.associations[0].ended_by is EndedBy.ABORT


@pytest.mark.parametrize(
    ("policy", "outcome"), [(EmptyPolicy.OK, JobOutcome.SUCCEEDED), (EmptyPolicy.FAIL, JobOutcome.FAILED)]
)
def test_an_empty_set_is_as_good_as_the_job_says(policy: EmptyPolicy, outcome: JobOutcome) -> None:
    """No association is asked for."""
    stage = Stage(MadeInstances(0))

    events = stage.run(make_plan(_changed(store_job(count=0), if_empty=policy)))

    assert (_last(events).outcome, stage.attempts) == (outcome, 0)


def _studies(count: int, *, of: int, parallel: int) -> tuple[Plan, Stage]:
    """Return a plan of studies, each of so many instances, for a peer that takes several associations."""
    rows = MadeInstances(count * of, studies=count)
    job = store_job(count=count * of)
    assert isinstance(job.step, StoreStep)
    association = replace(job.step.associations[0], studies=count)
    job = _changed(job, associations=(association,))
    return make_plan(replace(job, peer=replace(job.peer, max_associations=parallel))), Stage(rows)


def test_several_associations_share_the_studies_and_none_splits_one() -> None:
    """Each study's instances carry the number of one association only."""
    plan, stage = _studies(3, of=2, parallel=3)

    events = stage.run(plan)
    study_of = {item: stage.instances[item].study_instance_uid for item in range(6)}
    used: dict[str, set[int]] = {}
    for each in _finished(events):
        used.setdefault(study_of[each.item], set()).add(each.association)

    assert [each[1] for each in _summary(events)] == ["delivered"] * 6
    assert all(len(numbers) == 1 for numbers in used.values())


def test_a_lane_that_gets_no_association_leaves_its_studies_to_the_others() -> None:
    """A peer that allows only one association still gets everything."""
    plan, stage = _studies(3, of=2, parallel=2)
    busy = AssociationRejected("local limit exceeded", hint="", result=2, source=3, diagnostic=2)
    stage.refusals = [None, busy]

    events = stage.run(plan)

    assert [each[1] for each in _summary(events)] == ["delivered"] * 6


def test_when_no_lane_gets_an_association_every_instance_still_has_an_outcome() -> None:
    """Exactly one each."""
    plan, stage = _studies(3, of=2, parallel=3)
    stage.refusals = [ConnectionFailed("nobody listens")] * 3

    events = stage.run(plan)

    assert [each[0] for each in _summary(events)] == [0, 1, 2, 3, 4, 5]
    assert {each[1] for each in _summary(events)} == {"failed"}
