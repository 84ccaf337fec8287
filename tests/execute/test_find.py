"""A find step: matches told one by one, cancelled when there are enough, and never complete when it was cut short."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dicomjobs.errors import ConnectionLost, Interrupted
from dicomjobs.events import (
    Cause,
    EndedBy,
    Event,
    JobFinished,
    JobOutcome,
    MatchesReceived,
    OutputFailed,
    QueryFinished,
)
from dicomjobs.execute import asking
from dicomjobs.model.association import AcceptedContext
from dicomjobs.model.job import EmptyPolicy, Need
from dicomjobs.model.stop import StopState
from dicomjobs.plan.plan import FindStep, JobPlan, PlannedQuery
from tests.support.fake_ports import Answer, Stage
from tests.support.runs import PATIENTS, MadeInstances, find_job, make_plan

STUDY_ROOT = "1.2.840.10008.5.1.4.1.2.2.1"
EXPLICIT = "1.2.840.10008.1.2.1"
MATCH = 0xFF00
CANCELLED = 0xFE00


def _job(**changes: Any) -> JobPlan:
    """Return a find job."""
    job = find_job()
    assert isinstance(job.step, FindStep)
    return replace(job, step=replace(job.step, **changes))


def _stage(*answers: Answer) -> Stage:
    """Return a stage whose peer takes study root queries and answers so."""
    accepted = (AcceptedContext(context_id=1, abstract_syntax=STUDY_ROOT, transfer_syntax=EXPLICIT),)
    return Stage(MadeInstances(0), answers=[list(answers)], accept=lambda _: accepted)


def _run(stage: Stage, job: JobPlan | None = None) -> tuple[list[MatchesReceived], JobFinished]:
    """Run a job; returns its matches and its end."""
    events: list[Event] = stage.run(make_plan(job or _job()))
    assert isinstance(events[-1], JobFinished)
    return [event for event in events if isinstance(event, MatchesReceived)], events[-1]


def test_each_match_is_told_with_its_number_status_and_identifier() -> None:
    """FF01 is kept: the peer did not support an optional key."""
    matches, end = _run(_stage(MATCH, 0xFF01, 0))

    assert [(each.first, each.status) for each in matches] == [(1, 0xFF00), (2, 0xFF01)]
    assert matches[0].identifiers == (b"match",)
    assert (end.outcome, end.truncated) == (JobOutcome.SUCCEEDED, False)


@pytest.mark.parametrize(
    ("status", "cause"), [(0xA700, Cause.TRANSIENT), (0xA900, Cause.PERMANENT), (0x0122, Cause.PERMANENT)]
)
def test_a_failure_status_is_the_end_of_the_job_in_words(status: int, cause: Cause) -> None:
    """What came before is known to be incomplete."""
    matches, end = _run(_stage(MATCH, status))

    assert len(matches) == 1
    assert (end.outcome, end.reason, end.cause, end.truncated) == (JobOutcome.FAILED, "refused", cause, True)
    assert f"{status:04X}H" in end.words


def test_an_association_that_breaks_after_matches_leaves_them_incomplete() -> None:
    """Never published as the whole answer."""
    _, end = _run(_stage(MATCH, ConnectionLost("gone")))

    assert (end.outcome, end.reason, end.truncated) == (JobOutcome.FAILED, "connection_lost", True)


def test_more_than_max_matches_is_cancelled_and_truncated() -> None:
    """The one too many is not told."""
    stage = _stage(MATCH, MATCH, MATCH, CANCELLED)

    matches, end = _run(stage, _job(max_matches=2))

    assert len(matches) == 2
    assert (end.outcome, end.cause, end.truncated) == (JobOutcome.FAILED, Cause.TRUNCATED, True)
    assert stage.associations[0].cancelled


def test_exactly_max_matches_is_a_complete_answer() -> None:
    """Nothing was cut off."""
    matches, end = _run(_stage(MATCH, MATCH, 0), _job(max_matches=2))

    assert (len(matches), end.outcome) == (2, JobOutcome.SUCCEEDED)


def test_cancel_after_is_what_the_job_wanted() -> None:
    """Status FE00 is then a success."""
    matches, end = _run(_stage(MATCH, MATCH, CANCELLED), _job(cancel_after=2))

    assert (len(matches), end.outcome) == (2, JobOutcome.SUCCEEDED)


def test_a_cancel_nobody_asked_for_is_a_failure() -> None:
    """The peer ended the query by itself."""
    _, end = _run(_stage(MATCH, CANCELLED))

    assert (end.outcome, end.truncated) == (JobOutcome.FAILED, True)


def test_a_peer_that_goes_on_after_a_cancel_is_aborted() -> None:
    """After the grace period."""
    stage = _stage(*[MATCH] * 50)
    clock = iter(range(1000))
    ports = replace(stage.ports(), monotonic=lambda: float(next(clock)))

    from dicomjobs.execute.executor import execute

    events = [each.event for batch in execute(make_plan(_job(max_matches=1)), ports) for each in batch]

    assert isinstance(events[-1], JobFinished)
    assert events[-1].truncated
    assert stage.associations[0].ended_by is not None
    assert stage.associations[0].ended_by.value == "abort"
    assert asking.CANCEL_GRACE == 5.0


@pytest.mark.parametrize(
    ("policy", "outcome"), [(EmptyPolicy.OK, JobOutcome.SUCCEEDED), (EmptyPolicy.FAIL, JobOutcome.FAILED)]
)
def test_no_match_is_as_good_as_the_job_says(policy: EmptyPolicy, outcome: JobOutcome) -> None:
    """By default it is fine."""
    _, end = _run(_stage(0), _job(if_no_match=policy))

    assert end.outcome is outcome


def test_a_signal_between_matches_cancels_the_query() -> None:
    """And the end says that it was interrupted."""
    stage = _stage(MATCH, MATCH, CANCELLED)

    def interrupt() -> None:
        stage.stop.state = StopState.FINISHING

    stage.on_send = interrupt

    _, end = _run(stage)

    assert stage.associations[0].cancelled
    assert (end.outcome, end.cause, end.truncated) == (JobOutcome.INTERRUPTED, Cause.INTERRUPTED, True)


def test_a_signal_while_nothing_comes_cancels_the_query_too() -> None:
    """The wait itself is interrupted."""
    stage = _stage(MATCH, Interrupted("told to stop"), CANCELLED)

    _, end = _run(stage)

    assert stage.associations[0].cancelled
    assert end.outcome is JobOutcome.INTERRUPTED


def test_a_value_the_peers_character_set_cannot_hold_is_said_before_anything_is_asked() -> None:
    """With the key that decides it."""
    job = _job()

    stage = _stage(0)
    _, end = _run(stage, replace(job, peer=replace(job.peer, character_set="none")))

    assert (end.reason, end.hint, stage.associations[0].sent) == (
        "not_encodable",
        "the peer's character_set is none",
        0,
    )


def test_a_profile_without_the_information_model_cannot_ask() -> None:
    """No context, no request."""
    stage = Stage(MadeInstances(0))

    _, end = _run(stage)

    assert end.reason == "no_context_accepted"
    assert "StudyRootQueryRetrieveInformationModelFind" in end.words


def _two_queries(**changes: Any) -> JobPlan:
    """Return a job with two query files."""
    queries = tuple(PlannedQuery(label=label, identifier=PATIENTS) for label in ("a.dcm", "b.dcm"))
    return _job(queries=queries, **changes)


def _stage_of(*answers: list[Answer]) -> Stage:
    """Return a stage whose peer answers each request of one association in turn."""
    return _stage(*(answer for each in answers for answer in each))


def test_each_query_is_asked_as_often_as_the_job_says_on_one_association() -> None:
    """Matches are counted over all of them, and responses with the final ones, as findscu numbers its files."""
    stage = _stage_of([MATCH, 0], [MATCH, 0], [0], [MATCH, 0])

    matches, end = _run(stage, _two_queries(repeat=2))

    assert [(each.first, each.response, each.query) for each in matches] == [(1, 1, 0), (2, 3, 0), (3, 6, 1)]
    assert (len(stage.associations), stage.associations[0].sent, end.outcome) == (1, 4, JobOutcome.SUCCEEDED)


def test_a_query_that_fails_does_not_keep_the_next_from_being_asked() -> None:
    """The job has failed all the same."""
    matches, end = _run(_stage_of([0xA900], [MATCH, 0]), _two_queries())

    assert len(matches) == 1
    assert (end.outcome, end.reason, end.truncated) == (JobOutcome.FAILED, "refused", True)


def test_too_many_matches_end_all_queries() -> None:
    """Those of the next one would not be kept either."""
    stage = _stage_of([MATCH, MATCH, CANCELLED], [MATCH, 0])

    matches, end = _run(stage, _two_queries(max_matches=1))

    assert (len(matches), end.cause, stage.associations[0].sent) == (1, Cause.TRUNCATED, 1)


def test_a_job_is_cancelled_once_and_its_next_query_is_asked() -> None:
    """As findscu does."""
    stage = _stage_of([MATCH, CANCELLED], [MATCH, MATCH, 0])

    matches, end = _run(stage, _two_queries(cancel_after=1))

    assert (len(matches), end.outcome, stage.associations[0].sent) == (3, JobOutcome.SUCCEEDED, 2)


def test_a_signal_between_two_queries_ends_the_job_as_interrupted() -> None:
    """What was not asked is not complete."""
    stage = _stage_of([0], [0])

    def interrupt() -> None:
        stage.stop.state = StopState.FINISHING

    stage.on_send = interrupt

    _, end = _run(stage, _two_queries())

    assert (stage.associations[0].sent, end.outcome, end.truncated) == (1, JobOutcome.INTERRUPTED, True)


def test_what_comes_after_enough_is_not_kept() -> None:
    """A peer that does not stop at once changes nothing in what the job wanted."""
    after, _ = _run(_stage(MATCH, MATCH, MATCH, CANCELLED), _job(cancel_after=1))
    most, _ = _run(_stage(MATCH, MATCH, MATCH, CANCELLED), _job(max_matches=1))

    assert (len(after), len(most)) == (1, 1)


def test_matches_are_published_when_the_answer_is_whole_and_withheld_when_it_is_not() -> None:
    """Half an answer is never taken for a whole one."""
    whole, cut = _stage(MATCH, 0), _stage(MATCH, ConnectionLost("gone"))
    _run(whole)
    _run(cut)

    assert (whole.matches.ended, cut.matches.ended) == ("published", "withheld")
    assert len(cut.matches.taken) == 1


def test_a_match_that_cannot_be_read_breaks_the_query_off() -> None:
    """Nothing a peer says after it can be trusted."""
    stage = _stage(MATCH, 0)
    stage.matches.damaged = True

    matches, end = _run(stage)

    assert (matches, end.outcome, end.reason, end.truncated) == ([], JobOutcome.FAILED, "protocol_error", True)
    assert stage.matches.ended == "withheld"


def test_a_job_whose_output_is_lost_is_not_what_another_needs() -> None:
    """The one that needs it is not run."""
    stage = _stage(MATCH, 0)
    stage.matches.lost = (OutputFailed(job="find_them", path="/data/x.csv", words="No space left on device"),)
    later = replace(_job(), name="later", needs=(Need(job="find_them", even_if_failed=False),))

    events = stage.run(make_plan(_job(), later))

    assert [event.outcome for event in events if isinstance(event, JobFinished)] == [
        JobOutcome.SUCCEEDED,
        JobOutcome.NOT_RUN,
    ]


def test_the_end_of_each_query_is_told() -> None:
    """How many matches it had, and in words why they are not all."""
    events = _stage_of([MATCH, 0], [0xA900]).run(make_plan(_two_queries()))

    ends = [event for event in events if isinstance(event, QueryFinished)]
    assert [(end.query, end.matches, end.status, end.reason) for end in ends] == [
        (0, 1, 0, ""),
        (1, 0, 0xA900, "refused"),
    ]
    assert "A900H" in ends[1].words


def test_a_second_signal_ends_a_flood_of_matches_at_once() -> None:
    """There is no grace for a peer then."""
    stage = _stage(*[MATCH] * 50)

    def abort() -> None:
        stage.stop.state = StopState.ABORTING

    stage.on_send = abort

    matches, end = _run(stage)

    assert (len(matches), end.outcome) == (1, JobOutcome.INTERRUPTED)
    assert stage.associations[0].ended_by is EndedBy.ABORT
