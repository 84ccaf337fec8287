"""A store step carried out: planned associations one after another, each by as many lanes as the peer allows."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from dicomjobs.errors import JournalUnavailable
from dicomjobs.events import Cause, InstanceFinished, JobFinished, JobOutcome, Outcome
from dicomjobs.execute.associating import Associating
from dicomjobs.execute.feed import RowRange, StudyFeed, study_ranges
from dicomjobs.execute.halt import STOPPED_AFTER_FAILURE, Brake, Halted, journal_failed
from dicomjobs.execute.lane_account import Shared
from dicomjobs.execute.outbox import Batch, Emitter, Lane, run_lanes
from dicomjobs.execute.patience import Patience
from dicomjobs.execute.ports import Journal, Ports
from dicomjobs.execute.putting_away import put_away
from dicomjobs.execute.store_lane import StoreLane
from dicomjobs.execute.tally import ENOUGH, Tally
from dicomjobs.model.job import Duplicates, EmptyPolicy, OnFailure, Verify
from dicomjobs.model.resume import Resumption
from dicomjobs.model.send_set import Order
from dicomjobs.model.sent_files import PutAway
from dicomjobs.plan.plan import Excluded, JobPlan, PlannedAssociation, PlannedInstance, StoreStep

_OUTCOME_OF_EXCLUDED = {Excluded.SKIPPED: Outcome.SKIPPED, Excluded.FAILED: Outcome.FAILED}

LOCAL_REASONS = frozenset({"unreadable"})
"""Instance reasons that a local resource is the cause of."""


def store_batches(job: JobPlan, step: StoreStep, ports: Ports) -> Iterator[Batch]:
    """Send a step's instances and yield the events, the JobFinished last."""
    keeps_rows = step.verify is not Verify.STATUS or step.sent_files.put_away is not PutAway.KEEP
    rows = range(step.first, step.first + step.count) if keeps_rows else range(0)
    tally = Tally(rows, enough=ENOUGH[step.verify])
    yield from run_lanes([lambda emitter: _tell_excluded(job, step, ports, tally, emitter)], wall=ports.wall)
    failure: Halted | None = None
    if tally.spoiled and step.on_failure is OnFailure.STOP:
        yield from _leave_all(job, step, ports, STOPPED_AFTER_FAILURE, tally)
    elif step.associations:
        failure = yield from _send_all(job, step, ports, tally)
    if step.sent_files.put_away is not PutAway.KEEP and failure is None:
        yield from run_lanes([lambda emitter: put_away(job, step, ports, tally, emitter.emit)], wall=ports.wall)
    yield [(ports.wall(), _finished(job, step, tally, failure))]


def _send_all(job: JobPlan, step: StoreStep, ports: Ports, tally: Tally) -> Generator[Batch, None, Halted | None]:
    """Send on one planned association after another; returns why the ledger put an end to it, None when it did not."""
    try:
        journal = ports.journal(job.peer, _resumption(step, ports))
    except JournalUnavailable as error:
        failure = journal_failed(error)
        yield from _leave_all(job, step, ports, failure, tally)
        return failure
    shared = _shared(job, step, ports, tally, journal)
    for association in step.associations:
        yield from run_lanes(_lanes(shared, association), wall=ports.wall)
    return _settled(journal) or (yield from _verify(shared))


def _verify(shared: Shared) -> Generator[Batch, None, Halted | None]:
    """Verify what was delivered, as the job asks; returns why the job has not got its proof, None when it has."""
    if shared.step.verify is Verify.STATUS:
        return None
    from dicomjobs.execute.proving import proven

    verdicts: list[Halted | None] = []
    yield from run_lanes([lambda emitter: verdicts.append(proven(shared, emitter))], wall=shared.ports.wall)
    return verdicts[0] or _settled(shared.journal)


def _resumption(step: StoreStep, ports: Ports) -> Resumption:
    """Return how a job takes what earlier runs left."""
    return Resumption(
        already_delivered=step.already_delivered,
        on_unknown=step.on_unknown,
        runs=step.retry.runs,
        resend=ports.resend,
        twice_in_one_run=step.duplicates is Duplicates.SEND or step.repeat > 1,
    )


def _shared(job: JobPlan, step: StoreStep, ports: Ports, tally: Tally, journal: Journal) -> Shared:
    """Return what the lanes of a job have in common."""
    return Shared(
        job=job,
        step=step,
        ports=ports,
        journal=journal,
        associating=Associating(job=job.name, peer=job.peer, ports=ports, end_with=step.end_with),
        patience=Patience(step.retry, ports),
        brake=Brake(ports.stop),
        tally=tally,
    )


def _lanes(shared: Shared, association: PlannedAssociation) -> list[Lane]:
    """Return the lanes for one planned association, one when there is nothing to do side by side."""
    lanes = shared.job.peer.max_associations if shared.step.order is Order.BY_STUDY else 1
    count = max(1, min(lanes, association.studies))
    whole = iter([RowRange(association.first, association.count)])
    ranges = whole if count == 1 else study_ranges(shared.ports.instances, association)
    feed = StudyFeed(ranges, lanes=count)
    return [StoreLane(shared, association.proposal, feed).run for _ in range(count)]


def _settled(journal: Journal) -> Halted | None:
    """Wait until every settlement is durable; a report may not state an outcome before."""
    try:
        journal.barrier()
    except JournalUnavailable as error:
        return journal_failed(error)
    return None


def _finished(job: JobPlan, step: StoreStep, tally: Tally, failure: Halted | None) -> JobFinished:
    """Return how the job ended."""
    if failure:
        return JobFinished(
            job=job.name,
            outcome=JobOutcome.INTERRUPTED if failure.cause is Cause.INTERRUPTED else JobOutcome.FAILED,
            reason=failure.reason,
            words=failure.words,
            hint=failure.hint,
            cause=failure.cause,
        )
    if not step.associations and step.if_empty is EmptyPolicy.FAIL:
        return JobFinished(
            job=job.name,
            outcome=JobOutcome.FAILED,
            reason="nothing_to_send",
            words="the send set holds nothing to send (if_empty: fail)",
            cause=Cause.PERMANENT,
        )
    return JobFinished(job=job.name, outcome=tally.job_outcome)


def _tell_excluded(job: JobPlan, step: StoreStep, ports: Ports, tally: Tally, emitter: Emitter) -> None:
    """Tell what the plan had already decided about the rows that are not sent."""
    rows = ports.instances.rows(step.first_excluded, step.excluded)
    for item, row in enumerate(rows, step.first_excluded):
        event = _excluded(job.name, item, row)
        tally.add(event)
        emitter.emit(event)


def _excluded(job: str, item: int, row: PlannedInstance) -> InstanceFinished:
    """Return the event of a row that the plan excludes."""
    outcome = _OUTCOME_OF_EXCLUDED[row.excluded]
    cause = Cause.NONE
    if outcome is Outcome.FAILED:
        cause = Cause.LOCAL_RESOURCE if row.reason in LOCAL_REASONS else Cause.PERMANENT
    return InstanceFinished(job=job, item=item, outcome=outcome, reason=row.reason, words=row.words, cause=cause)


def _leave_all(job: JobPlan, step: StoreStep, ports: Ports, halted: Halted, tally: Tally) -> Iterator[Batch]:
    """Account for all rows that would have been sent."""

    def leave(emitter: Emitter) -> None:
        for association in step.associations:
            for item in range(association.first, association.first + association.count):
                event = halted.not_sent(job.name, item)
                tally.add(event)
                emitter.emit(event)

    yield from run_lanes([leave], wall=ports.wall)


def leave_unsent(job: JobPlan, step: StoreStep, ports: Ports, halted: Halted) -> Iterator[Batch]:
    """Account for every row of a step that is not run at all."""
    tally = Tally()
    yield from run_lanes([lambda emitter: _tell_excluded(job, step, ports, tally, emitter)], wall=ports.wall)
    yield from _leave_all(job, step, ports, halted, tally)
