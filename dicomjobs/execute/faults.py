"""From an error or a status to what the report says of it: the cause class that decides the exit code; pure."""

from __future__ import annotations

from dataclasses import dataclass

from dicomjobs.dicom.status import Category, Service, category, hint, remedy, words
from dicomjobs.errors import AssociationError, CannotListen, Interrupted, NoContextAccepted, Remedy
from dicomjobs.events import Cause, InstanceFinished, JobFinished, JobOutcome, Outcome

CAUSE_OF_REMEDY = {
    Remedy.TRY_AGAIN: Cause.TRANSIENT,
    Remedy.GIVE_UP: Cause.PERMANENT,
    Remedy.FIX_CONFIGURATION: Cause.REFUSED_BY_PEER,
}


def cause_of(error: AssociationError) -> Cause:
    """Return the cause class of an association error."""
    match error:
        case Interrupted():
            return Cause.INTERRUPTED
        case CannotListen():
            return Cause.LOCAL_RESOURCE
        case _:
            return CAUSE_OF_REMEDY[error.remedy]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What was measured of an instance that was sent; `bytes` of its data set, `seconds` from its first byte to its answer."""

    transfer_syntax: str
    bytes: int
    sha256: str
    seconds: float
    association: int
    message_id: int


def finished_by_status(job: str, item: int, status: int, sent: Sent) -> InstanceFinished:
    """Return what a C-STORE response status means for its instance (PS3.4 B.2.3, PS3.7 C)."""
    kind = category(status)
    said, tried, cause = "", "", Cause.NONE
    if kind is Category.SUCCESS:
        outcome, reason = Outcome.DELIVERED, ""
    elif kind is Category.WARNING:
        outcome, reason, said = Outcome.DELIVERED_WITH_WARNING, "warning", words(status, "store")
    else:
        outcome, said, tried = Outcome.FAILED, words(status, "store"), hint(status, "store")
        refused = kind in {Category.FAILURE, Category.CANCEL}
        reason = "refused" if refused else "status_not_allowed"
        cause = CAUSE_OF_REMEDY[remedy(status, "store")] if refused else Cause.PERMANENT
    return InstanceFinished(
        job=job,
        item=item,
        outcome=outcome,
        reason=reason,
        words=said,
        hint=tried,
        cause=cause,
        status=status,
        sent_transfer_syntax=sent.transfer_syntax,
        bytes=sent.bytes,
        sha256=sent.sha256,
        attempts=1,
        seconds=sent.seconds,
        association=sent.association,
        message_id=sent.message_id,
    )


def finished_by_error(job: str, item: int, error: AssociationError, *, fully_sent: bool) -> InstanceFinished:
    """Return what a broken association means for the instance in flight: unknown once all of it was sent."""
    if fully_sent:
        outcome, reason, cause = Outcome.UNKNOWN, "no_answer", Cause.UNKNOWN
    elif isinstance(error, Interrupted):
        outcome, reason, cause = Outcome.NOT_SENT, "interrupted", Cause.INTERRUPTED
    else:
        outcome, reason, cause = Outcome.FAILED, "broken_off", Cause.TRANSIENT
    return InstanceFinished(
        job=job, item=item, outcome=outcome, reason=reason, cause=cause, words=error.words, hint=error.hint
    )


def not_established(job: str, item: int, error: AssociationError) -> InstanceFinished:
    """Return what it means for an instance that no association could be had."""
    interrupted = isinstance(error, Interrupted)
    reason = "no_presentation_context" if isinstance(error, NoContextAccepted) else "association_failed"
    return InstanceFinished(
        job=job,
        item=item,
        outcome=Outcome.NOT_SENT if interrupted else Outcome.FAILED,
        reason="interrupted" if interrupted else reason,
        cause=cause_of(error),
        words=error.words,
        hint=error.hint,
    )


def failed_by_error(job: str, error: AssociationError, *, truncated: bool = False) -> JobFinished:
    """Return the end of a job that had no association, or lost the one it had."""
    cause = cause_of(error)
    return JobFinished(
        job=job,
        outcome=JobOutcome.INTERRUPTED if cause is Cause.INTERRUPTED else JobOutcome.FAILED,
        reason=error.reason,
        words=error.words,
        hint=error.hint,
        cause=cause,
        truncated=truncated,
    )


def failed_by_status(job: str, status: int, service: Service, *, truncated: bool = False) -> JobFinished:
    """Return the end of a job whose request was answered with a failure status."""
    return JobFinished(
        job=job,
        outcome=JobOutcome.FAILED,
        reason="refused",
        words=f"the peer answered {status:04X}H: {words(status, service)}",
        hint=hint(status, service),
        cause=CAUSE_OF_REMEDY[remedy(status, service)],
        truncated=truncated,
    )
