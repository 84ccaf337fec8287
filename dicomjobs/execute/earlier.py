"""What becomes of a row that earlier runs have dealt with, so that it is not simply sent; it knows neither ledger nor wire.

The same SOP Instance UID is taken for the same content when the file is the one that was sent (size, time of change, inode).
Else the data sets' SHA-256 decide, where one was taken when it was sent, or their lengths: another length is other content.
With the same length and no digest nobody can tell: the instance is not sent again, and called not compared, never delivered.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from dicomjobs.errors import NotSendable
from dicomjobs.events import INSTANCE_REASONS, Cause, InstanceFinished, Outcome
from dicomjobs.execute.halt import HELD
from dicomjobs.execute.ports import Earlier, Files, Verdict
from dicomjobs.model.resume import AlreadyDelivered, DigestPolicy
from dicomjobs.plan.plan import PlannedInstance, StoreStep

_CONFLICT_HINT = "give it a SOP Instance UID of its own; `--resend all` replaces what the peer has"
_NOT_COMPARED_HINT = "`--resend all` sends it, `digest: always` lets later runs compare"
_PARKED_HINT = "`--resend failed` tries it again"
_UNKNOWN_HINT = "look it up at the peer; `--resend unknown` sends it again"


def spared(
    job: str, item: int, row: PlannedInstance, verdict: Verdict | None, earlier: Earlier | None, files: Files
) -> InstanceFinished | None:
    """Return the event of a row that the ledger keeps from being sent, whatever else happens; None when it does not."""
    if verdict is Verdict.HELD_BY_OTHER_RUN:
        return HELD.not_sent(job, item)
    match verdict, earlier:
        case Verdict.ALREADY_DELIVERED, Earlier():
            return already_delivered(job, item, earlier)
        case Verdict.COMPARE_FIRST, Earlier():
            return compared(job, item, row, earlier, files)
        case Verdict.PARKED, Earlier():
            return parked(job, item, earlier)
        case Verdict.RESOLVE_FIRST, Earlier():
            return still_unknown(job, item, earlier)
    return None


def already_delivered(job: str, item: int, earlier: Earlier) -> InstanceFinished:
    """Return the event of an instance that the peer has acknowledged before."""
    return InstanceFinished(
        job=job,
        item=item,
        outcome=Outcome.SKIPPED,
        reason="already_delivered",
        proof=earlier.proof,
        delivered_in_run=earlier.run_id,
    )


def compared(job: str, item: int, row: PlannedInstance, earlier: Earlier, files: Files) -> InstanceFinished:
    """Tell whether a file holds what was delivered under its UID from another file."""
    try:
        same = _same_content(row, earlier, files)
    except NotSendable as error:
        return not_sendable(job, item, error)
    if same:
        return already_delivered(job, item, earlier) if earlier.sha256 else _not_compared(job, item, earlier)
    return InstanceFinished(
        job=job,
        item=item,
        outcome=Outcome.FAILED,
        reason="uid_conflict",
        words="the peer has other content under this SOP Instance UID",
        hint=_CONFLICT_HINT,
        cause=Cause.PERMANENT,
        delivered_in_run=earlier.run_id,
    )


def _not_compared(job: str, item: int, earlier: Earlier) -> InstanceFinished:
    """Return the event of an instance that was delivered from another file, of which only the length is known."""
    return InstanceFinished(
        job=job,
        item=item,
        outcome=Outcome.SKIPPED,
        reason="not_compared",
        words="delivered from a file with another time; the length is the same, and no SHA-256 was taken then",
        hint=_NOT_COMPARED_HINT,
        delivered_in_run=earlier.run_id,
    )


def _same_content(row: PlannedInstance, earlier: Earlier, files: Files) -> bool:
    """Compare what is known; raises NotSendable when the file cannot be read, or differs because it is not whole."""
    same_length = (
        earlier.data_set_bytes == row.size - row.offset if earlier.data_set_bytes else earlier.size == row.size
    )
    if not same_length:
        files.payload(row, DigestPolicy.NEVER).close()
        return False
    return not earlier.sha256 or files.sha256(row) == earlier.sha256


def parked(job: str, item: int, earlier: Earlier) -> InstanceFinished:
    """Return the event of an instance that failed for good on too many runs."""
    status = "" if earlier.status is None else f" {earlier.status:04X}H"
    words = f"it failed for good on {earlier.failed_runs} runs: {earlier.reason}{status}"
    return InstanceFinished(
        job=job, item=item, outcome=Outcome.SKIPPED, reason="parked", words=words, hint=_PARKED_HINT
    )


def last_try(event: InstanceFinished, failed_before: int, step: StoreStep) -> InstanceFinished:
    """Say of an instance that failed for good that it is parked now, if it is, having failed on so many runs before this one."""
    runs = step.retry.runs
    if not runs or failed_before + 1 < runs or step.already_delivered is AlreadyDelivered.SEND:
        return event
    words, number = event.words or INSTANCE_REASONS[event.reason], failed_before + 1
    after = f"{number} failed run{'s' if number > 1 else ''}"
    return replace(event, words=f"{words}; parked after {after}: {_PARKED_HINT}")


def still_unknown(job: str, item: int, earlier: Earlier) -> InstanceFinished:
    """Return the event of an instance that is left as an earlier attempt left it."""
    when = datetime.fromtimestamp(earlier.at, UTC)
    return InstanceFinished(
        job=job,
        item=item,
        outcome=Outcome.UNKNOWN,
        reason="still_unknown",
        words=f"sent on {when:%Y-%m-%d} without a trustworthy answer",
        hint=_UNKNOWN_HINT,
        cause=Cause.UNKNOWN,
    )


_CAUSES = {"unreadable": Cause.LOCAL_RESOURCE, "changed_while_sending": Cause.TRANSIENT}
"""What lies behind the reasons for which a file cannot be sent, where it is not the file itself."""


def not_sendable(job: str, item: int, error: NotSendable) -> InstanceFinished:
    """Return the event of an instance of which no byte could be sent."""
    cause = _CAUSES.get(error.reason, Cause.PERMANENT)
    return InstanceFinished(
        job=job, item=item, outcome=Outcome.FAILED, reason=error.reason, words=error.words, cause=cause
    )
