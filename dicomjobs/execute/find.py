"""A find step carried out: its queries asked in turn, their matches told and written while they come, and a verdict on the whole.

How one query is asked is in `asking.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from dicomjobs.dicom.status import Category, category
from dicomjobs.errors import AssociationError
from dicomjobs.events import Cause, JobFinished, JobOutcome, MatchesReceived, QueryFinished
from dicomjobs.execute.asking import Answered, Asking
from dicomjobs.execute.associating import Associating
from dicomjobs.execute.faults import failed_by_error, failed_by_status
from dicomjobs.execute.outbox import Emitter
from dicomjobs.execute.ports import Answers, Ports
from dicomjobs.model.dimse import PendingResponses
from dicomjobs.model.job import EmptyPolicy
from dicomjobs.model.stop import StopState
from dicomjobs.plan.plan import FindStep, JobPlan, PlannedQuery

_ENDS_ALL = frozenset({"interrupted", "max_matches"})
"""Reasons for a C-CANCEL-RQ after which no further query is asked."""


def run_find(job: JobPlan, step: FindStep, ports: Ports, emitter: Emitter) -> JobFinished:
    """Ask the peer and return how it went; an answer cut short is truncated, never a success, and never published."""
    answers = ports.answers(job)
    finished = _asked(job, step, ports, emitter, answers)
    lost = answers.publish() if finished.outcome is JobOutcome.SUCCEEDED else answers.withhold()
    for output in lost:
        emitter.emit(output)
    return finished


def _asked(job: JobPlan, step: FindStep, ports: Ports, emitter: Emitter, answers: Answers) -> JobFinished:
    """Ask every query on one association."""
    associating = Associating(job=job.name, peer=job.peer, ports=ports, end_with=step.end_with)
    try:
        association = associating.establish(step.proposal, emitter.emit)
    except AssociationError as error:
        return failed_by_error(job.name, error)
    asking = Asking(step, ports, association.wire, job.peer.character_set, step.cancel_after)
    find = _Find(job, step, emitter, answers, asking)
    try:
        if not find.ask_all():
            associating.broken(association, None, emitter.emit)
            return find.verdict()
    except AssociationError as error:
        associating.broken(association, error, emitter.emit)
        return failed_by_error(job.name, error, truncated=True)
    except ValueError as error:  # a value that the peer's character set cannot hold
        associating.end(association, emitter.emit)
        return _not_encodable(job, error)
    associating.end(association, emitter.emit)
    return find.verdict()


@dataclass(slots=True)
class _Find:
    """What came back so far of all queries of a step; `failed` is the verdict on the first that did not succeed."""

    job: JobPlan
    step: FindStep
    emitter: Emitter
    answers: Answers
    asking: Asking
    kept: int = 0
    failed: JobFinished | None = None

    def ask_all(self) -> bool:
        """Ask one query after the other; False when the peer went on answering long after it was asked to stop."""
        for place, query in enumerate(self.step.queries):
            for _ in range(self.step.repeat):
                if self.asking.ports.stop.state is not StopState.RUNNING:
                    self.failed = self.failed or _interrupted(self.job.name)
                    return True
                answered = self._ask(place, query)
                if answered.status is None:
                    return False
                if answered.cancelled_by in _ENDS_ALL:
                    return True
        return True

    def _ask(self, place: int, query: PlannedQuery) -> Answered:
        """Ask one query, tell its matches and its end, and judge it."""
        before = self.kept
        try:
            answered = self.asking.ask(query.identifier, lambda matches: self._take(place, matches))
        except AssociationError as error:
            self._tell_end(place, before, None, failed_by_error(self.job.name, error))
            raise
        failed = self._judged(answered)
        self.failed = self.failed or failed
        self._tell_end(place, before, answered.status, failed)
        return answered

    def _tell_end(self, place: int, before: int, status: int | None, failed: JobFinished | None) -> None:
        """Tell how a query ended that began with `before` matches."""
        reason, words = (failed.reason, failed.words) if failed else ("", "")
        matches = self.kept - before
        self.emitter.emit(
            QueryFinished(
                job=self.job.name, query=place, window="", matches=matches, status=status, reason=reason, words=words
            )
        )

    def _take(self, place: int, matches: PendingResponses) -> None:
        """Write and tell matches."""
        event = MatchesReceived(
            job=self.job.name,
            query=place,
            first=self.kept + 1,
            response=self.asking.responses + 1,
            status=matches.status,
            transfer_syntax=self.asking.transfer_syntax,
            character_set=self.asking.character_set,
            identifiers=matches.identifiers,
        )
        self.answers.take(event)
        self.emitter.emit(event)
        self.kept += len(matches.identifiers)

    def verdict(self) -> JobFinished:
        """Return what became of the job: that of the first query that did not succeed, else what the matches make of it."""
        if self.failed:
            return self.failed
        if not self.kept and self.step.if_no_match is EmptyPolicy.FAIL:
            return _no_match(self.job.name)
        return JobFinished(job=self.job.name, outcome=JobOutcome.SUCCEEDED)

    def _judged(self, answered: Answered) -> JobFinished | None:
        """Return how a query failed, by how it ended, None when it did not."""
        name = self.job.name
        if answered.cancelled_by == "interrupted":
            return _interrupted(name)
        if answered.cancelled_by == "max_matches":
            words = f"there are more matches than max_matches: {self.step.max_matches}; the query was cancelled"
            hint = "narrow the keys, or raise max_matches"
            return _incomplete(name, JobOutcome.FAILED, "truncated", words, Cause.TRUNCATED, hint=hint)
        final = Category.NOT_ALLOWED if answered.status is None else category(answered.status)
        enough = answered.cancelled_by == "cancel_after" and final is not Category.FAILURE
        if not enough and final not in {Category.SUCCESS, Category.WARNING}:
            return failed_by_status(name, answered.status or 0, "find", truncated=True)
        return None


def _interrupted(job: str) -> JobFinished:
    """Return the end of a query that a signal stopped."""
    words = "the query was cancelled because the run was interrupted"
    return _incomplete(job, JobOutcome.INTERRUPTED, "interrupted", words, Cause.INTERRUPTED)


def _incomplete(job: str, outcome: JobOutcome, reason: str, words: str, cause: Cause, *, hint: str = "") -> JobFinished:
    """Return the end of a query of whose answers some are missing."""
    return JobFinished(job=job, outcome=outcome, reason=reason, words=words, hint=hint, cause=cause, truncated=True)


def _no_match(job: str) -> JobFinished:
    """Return the end of a query that should have matched something."""
    words = "the query matched nothing (if_no_match: fail)"
    return JobFinished(job=job, outcome=JobOutcome.FAILED, reason="no_match", words=words, cause=Cause.PERMANENT)


def _not_encodable(job: JobPlan, error: ValueError) -> JobFinished:
    """Return the end of a query that could not be put into the peer's character set."""
    return JobFinished(
        job=job.name,
        outcome=JobOutcome.FAILED,
        reason="not_encodable",
        words=str(error),
        hint=f"the peer's character_set is {job.peer.character_set}",
        cause=Cause.PERMANENT,
    )
