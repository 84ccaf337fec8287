"""Why a job's lanes must take no more work: a signal, an earlier failure, or a ledger that cannot be written."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dicomjobs.errors import JournalUnavailable
from dicomjobs.events import INSTANCE_REASONS, Cause, InstanceFinished, Outcome
from dicomjobs.model.stop import StopSignal, StopState


@dataclass(frozen=True, slots=True, kw_only=True)
class Halted:
    """The reason instances are left unsent, as an instance reason with its words and cause."""

    reason: str
    words: str
    cause: Cause
    hint: str = ""

    def not_sent(self, job: str, item: int) -> InstanceFinished:
        """Return the event for one instance that is left."""
        return InstanceFinished(
            job=job, item=item, outcome=Outcome.NOT_SENT, reason=self.reason, words=self.words, cause=self.cause
        )


def halted_for(reason: str, cause: Cause, words: str = "") -> Halted:
    """Return a reason with its standard words, unless better ones are given."""
    return Halted(reason=reason, words=words or INSTANCE_REASONS[reason], cause=cause)


INTERRUPTED = halted_for("interrupted", Cause.INTERRUPTED)
STOPPED_AFTER_FAILURE = halted_for("stopped_after_failure", Cause.PERMANENT)
HELD = halted_for("held_by_other_run", Cause.TRANSIENT)
PEER_UNAVAILABLE = halted_for("peer_unavailable", Cause.TRANSIENT)
NEEDED_JOB_FAILED = halted_for("needed_job_failed", Cause.NEEDED_JOB_FAILED)


def journal_failed(error: JournalUnavailable) -> Halted:
    """Return why nothing more may be sent when the ledger cannot be written."""
    return halted_for("journal_failed", Cause.LOCAL_RESOURCE, str(error))


def stopped_after(failure: InstanceFinished) -> Halted:
    """Return why a failure stops the rest; after one that passes, the rest is left for another run, as it is itself."""
    return (
        replace(STOPPED_AFTER_FAILURE, cause=Cause.TRANSIENT)
        if failure.cause is Cause.TRANSIENT
        else STOPPED_AFTER_FAILURE
    )


class Brake:
    """Shared by the lanes of a job; once pulled it stays so, and the first reason is kept."""

    def __init__(self, stop: StopSignal) -> None:
        """Begin with nothing but the signal to watch."""
        self._stop = stop
        self._halted: Halted | None = None

    def pull(self, halted: Halted) -> None:
        """Let no lane begin another instance."""
        if self._halted is None:
            self._halted = halted

    @property
    def halted(self) -> Halted | None:
        """Why nothing more may begin, None while all is well."""
        if self._halted is None and self._stop.state is not StopState.RUNNING:
            return INTERRUPTED
        return self._halted
