"""A find step carried out: C-FIND after C-FIND, matches told one by one, cancelled when there are enough (PS3.4 C.4.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dicomjobs.dicom.status import Category, category
from dicomjobs.dicom.uids import name_of
from dicomjobs.errors import AssociationError, Interrupted, NoContextAccepted
from dicomjobs.events import Cause, JobFinished, JobOutcome, MatchReceived
from dicomjobs.execute.associating import Associating
from dicomjobs.execute.bytes_payload import BytesPayload
from dicomjobs.execute.faults import failed_by_error, failed_by_status
from dicomjobs.execute.outbox import Emitter
from dicomjobs.execute.ports import Association, Pending, Ports
from dicomjobs.model.association import AcceptedContext
from dicomjobs.model.dimse import FindRequest, Response
from dicomjobs.model.job import EmptyPolicy
from dicomjobs.model.query import Identifier
from dicomjobs.model.stop import StopState
from dicomjobs.plan.plan import FindStep, JobPlan

CANCEL_GRACE = 5.0
"""Seconds in which a peer may end its answers after a C-CANCEL-RQ, before the association is aborted."""

_ENDS_ALL = frozenset({"interrupted", "max_matches"})
"""Reasons for a C-CANCEL-RQ after which no further query is asked."""


def run_find(job: JobPlan, step: FindStep, ports: Ports, emitter: Emitter) -> JobFinished:
    """Ask the peer and return how it went; an answer cut short is truncated, never a success."""
    associating = Associating(job=job.name, peer=job.peer, ports=ports, end_with=step.end_with)
    try:
        association = associating.establish(step.proposal, emitter.emit)
    except AssociationError as error:
        return failed_by_error(job.name, error)
    asking = _Asking(job, step, ports, association.wire, emitter)
    try:
        if not asking.ask_all():
            associating.broken(association, None, emitter.emit)
            return asking.verdict()
    except AssociationError as error:
        associating.broken(association, error, emitter.emit)
        return failed_by_error(job.name, error, truncated=True)
    except ValueError as error:  # a value that the peer's character set cannot hold
        associating.end(association, emitter.emit)
        return _not_encodable(job, error)
    associating.end(association, emitter.emit)
    return asking.verdict()


@dataclass(slots=True)
class _Asking:
    """The queries of a step on their association, and what came back so far; `cancelled_at` is on the monotonic clock.

    `matches` counts those of all queries; `status`, `cancelled_by` and `cancelled_at` are of the query that is being asked.
    `failed` is the verdict on the first query that did not succeed.
    """

    job: JobPlan
    step: FindStep
    ports: Ports
    wire: Association
    emitter: Emitter
    matches: int = 0
    status: int | None = None
    cancelled_by: str = ""
    cancelled_at: float = 0.0
    failed: JobFinished | None = None

    def ask_all(self) -> bool:
        """Ask one query after the other; False when the peer went on answering long after it was asked to stop."""
        for query in self.step.queries:
            for _ in range(self.step.repeat):
                if self.ports.stop.state is not StopState.RUNNING:
                    self.cancelled_by = "interrupted"
                if self.cancelled_by in _ENDS_ALL:
                    return True
                for _ in self._ask(query.identifier):
                    if self._grace_is_over():
                        return False
                self.failed = self.failed or self._judged()
        return True

    def _ask(self, keys: Identifier) -> Iterator[None]:
        """Send one request and follow its answers to the last one, pausing after each."""
        self.status, self.cancelled_by = None, ""
        context = _context(self.wire.negotiation.accepted, self.step.sop_class_uid)
        character_set = self.job.peer.character_set
        identifier = self.ports.encode_identifier(keys, context.transfer_syntax, character_set)
        request = FindRequest(sop_class_uid=self.step.sop_class_uid)
        pending = self.wire.send(request, context.context_id, BytesPayload(identifier))
        for response in self._responses(pending):
            self.status = response.status
            if response.data is not None and category(response.status) is Category.PENDING:
                self._take(response, context.transfer_syntax)
                why = self._reason_to_cancel()
                if why and not self.cancelled_by:
                    self._cancel(why, pending)
            yield

    def _responses(self, pending: Pending) -> Iterator[Response]:
        """Yield every response; when a wait is interrupted by a signal, cancel and go on to the final response."""
        try:
            yield from self.wire.answers(pending)
        except Interrupted:
            if self.cancelled_by or self.ports.stop.state is StopState.ABORTING:
                raise
            self._cancel("interrupted", pending)
            yield from self.wire.answers(pending)

    def _take(self, response: Response, transfer_syntax: str) -> None:
        """Count a match and tell it, unless it is beyond what the job wanted."""
        self.matches += 1
        if self.cancelled_by or (self.step.max_matches and self.matches > self.step.max_matches):
            return
        character_set = self.job.peer.character_set
        identifier = self.ports.decode_identifier(response.data or b"", transfer_syntax, character_set)
        self.emitter.emit(
            MatchReceived(job=self.job.name, number=self.matches, status=response.status, identifier=identifier)
        )

    def _reason_to_cancel(self) -> str:
        """Return why the query should end now, "" when it should go on."""
        if self.ports.stop.state is not StopState.RUNNING:
            return "interrupted"
        if self.step.max_matches and self.matches > self.step.max_matches:
            return "max_matches"
        return "cancel_after" if self.matches == self.step.cancel_after else ""

    def _cancel(self, why: str, pending: Pending) -> None:
        """Send C-CANCEL-RQ and note why and when."""
        self.cancelled_by, self.cancelled_at = why, self.ports.monotonic()
        self.wire.cancel(pending)

    def _grace_is_over(self) -> bool:
        """Tell whether a peer goes on answering long after it was asked to stop."""
        return bool(self.cancelled_by) and self.ports.monotonic() - self.cancelled_at > CANCEL_GRACE

    def verdict(self) -> JobFinished:
        """Return what became of the job: that of the first query that did not succeed, else what the matches make of it."""
        if failed := self.failed or self._judged():
            return failed
        if not self.matches and self.step.if_no_match is EmptyPolicy.FAIL:
            return _no_match(self.job.name)
        return JobFinished(job=self.job.name, outcome=JobOutcome.SUCCEEDED)

    def _judged(self) -> JobFinished | None:
        """Return how the query that was asked last failed, by what its final status says, None when it did not."""
        final = category(self.status) if self.status is not None else Category.NOT_ALLOWED
        name = self.job.name
        if self.cancelled_by == "interrupted":
            words = "the query was cancelled because the run was interrupted"
            return _incomplete(name, JobOutcome.INTERRUPTED, "interrupted", words, Cause.INTERRUPTED)
        if self.cancelled_by == "max_matches":
            words = f"there are more matches than max_matches: {self.step.max_matches}; the query was cancelled"
            hint = "narrow the keys, or raise max_matches"
            return _incomplete(name, JobOutcome.FAILED, "truncated", words, Cause.TRUNCATED, hint=hint)
        enough = self.cancelled_by == "cancel_after" and final is not Category.FAILURE
        if not enough and final not in {Category.SUCCESS, Category.WARNING}:
            return failed_by_status(name, self.status or 0, "find", truncated=True)
        return None


def _context(accepted: tuple[AcceptedContext, ...], sop_class_uid: str) -> AcceptedContext:
    """Return the accepted context of the information model; raises NoContextAccepted when the profile had none for it."""
    for context in accepted:
        if context.abstract_syntax == sop_class_uid:
            return context
    raise NoContextAccepted(f"the peer accepted no presentation context for {name_of(sop_class_uid)}")


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
