"""What a lane says of its rows: each is settled in the journal first, then told once, or put off to be tried again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from dicomjobs.errors import JournalUnavailable
from dicomjobs.events import Cause, InstanceFinished, Outcome, Proof
from dicomjobs.execute.associating import Associating
from dicomjobs.execute.earlier import last_try
from dicomjobs.execute.feed import Taken
from dicomjobs.execute.halt import HELD, STOPPED_AFTER_FAILURE, Brake, journal_failed, stopped_after
from dicomjobs.execute.later import Later, PutOff
from dicomjobs.execute.outbox import Emitter
from dicomjobs.execute.patience import Patience
from dicomjobs.execute.ports import Journal, Ports, Settlement
from dicomjobs.execute.retry import is_tried_again, judged, next_wait, trouble_of
from dicomjobs.execute.tally import SPOILING, Tally
from dicomjobs.model.job import OnFailure
from dicomjobs.model.resume import OnUnknown, Resend
from dicomjobs.plan.plan import JobPlan, StoreStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What the lanes of one job have in common."""

    job: JobPlan
    step: StoreStep
    ports: Ports
    journal: Journal
    associating: Associating
    patience: Patience
    brake: Brake
    tally: Tally


@dataclass(slots=True)
class LaneAccount:
    """The rows of one lane: those told of, those put off, and those `taken` that are neither, nor in flight."""

    shared: Shared
    emitter: Emitter
    later: Later = field(default_factory=Later)
    taken: Taken = field(default_factory=Taken)
    failed_before: dict[int, int] = field(default_factory=dict)
    """On how many earlier runs a row that is tried now has failed for good, where it has."""

    def settle(self, event: InstanceFinished, *, source_sha256: str = "", by: Proof = Proof.STATUS) -> None:
        """Write what an attempt came to into the journal, then tell it, or put the row off; raises JournalUnavailable.

        `source_sha256` is that of the data set in the file. An outcome that cannot be written is unknown.
        """
        before = self.later.earlier_attempt(event.item)
        if before:
            event = replace(event, attempts=before.last.attempts + event.attempts)
        event = judged(event)
        for_good = event.outcome is Outcome.FAILED and event.cause is Cause.PERMANENT
        if for_good:
            event = last_try(event, self.failed_before.pop(event.item, 0), self.shared.step)
        settlement = Settlement(
            item=event.item,
            outcome=event.outcome,
            reason=event.reason,
            status=event.status,
            sha256=source_sha256,
            for_good=for_good,
            proof=by,
        )
        try:
            self.shared.journal.settle(settlement)
        except JournalUnavailable as error:
            self.tell(_unwritten(event, error))
            raise
        self._note(event)
        if self._is_tried_again(event):
            self._put_off(event, before)
        else:
            self.tell(event)

    def _note(self, event: InstanceFinished) -> None:
        """Note what an answer says about the peer."""
        if trouble := trouble_of(event):
            self.shared.patience.failed(trouble)
        elif event.status is not None:
            self.shared.patience.succeeded()

    def _is_tried_again(self, event: InstanceFinished) -> bool:
        """Tell whether an outcome is not the last word."""
        step, resend = self.shared.step, self.shared.ports.resend
        on_unknown = OnUnknown.SEND if resend in {Resend.ALL, Resend.UNKNOWN} else step.on_unknown
        return is_tried_again(event, step.retry, on_unknown) and self.shared.brake.halted is None

    def _put_off(self, event: InstanceFinished, before: PutOff | None) -> None:
        """Keep a row for another attempt, which an unknown one gets at once: it is only looked up."""
        ports = self.shared.ports
        wait = next_wait(self.shared.step.retry, before.waited if before else 0.0, ports.chance())
        due = ports.monotonic() + (0.0 if event.outcome is Outcome.UNKNOWN else wait)
        self.put_off(event, due=due, waited=wait)

    def put_off_held(self, item: int) -> bool:
        """Put a row off that another run is sending now: it may be delivered soon. False where a job tries everything once."""
        retry, ports, before = self.shared.step.retry, self.shared.ports, self.later.earlier_attempt(item)
        if retry.attempts == 1:
            return False
        wait = next_wait(retry, before.waited if before else 0.0, ports.chance())
        last = before.last if before else HELD.not_sent(self.shared.job.name, item)
        self.put_off(last, due=ports.monotonic() + wait, waited=wait)
        return True

    def put_off(self, last: InstanceFinished, *, due: float, waited: float = 0.0) -> None:
        """Keep a row for later; `last` is what is said of it should there be no later."""
        self.taken.dealt_with(last.item)
        self.later.put_off(last.item, PutOff(last=last, due=due, waited=waited))

    def tell(self, event: InstanceFinished) -> None:
        """Count and emit the last word on a row; the first failure pulls the brake when the job says so."""
        self.taken.dealt_with(event.item)
        self.later.forget(event.item)
        self.shared.tally.add(event)
        self.emitter.emit(event)
        if event.outcome in SPOILING and self.shared.step.on_failure is OnFailure.STOP:
            self.shared.brake.pull(stopped_after(event))

    def tell_what_was_put_off(self) -> None:
        """Tell the last word on every row that nobody will try again."""
        for event in self.later.take_all():
            self.tell(event)

    def leave_taken(self) -> None:
        """Account for the rows that a halted job leaves unsent, without the journal."""
        halted = self.shared.brake.halted or STOPPED_AFTER_FAILURE
        for rows in self.taken.give_up():
            for item in range(rows.first, rows.first + rows.count):
                self.tell(halted.not_sent(self.shared.job.name, item))

    def journal_failed(self, error: JournalUnavailable, in_flight: int | None) -> None:
        """Stop all lanes; the row in flight has an outcome that nobody could note."""
        self.shared.brake.pull(journal_failed(error))
        if in_flight is not None:
            self.tell(
                _unwritten(InstanceFinished(job=self.shared.job.name, item=in_flight, outcome=Outcome.UNKNOWN), error)
            )


def _unwritten(event: InstanceFinished, error: JournalUnavailable) -> InstanceFinished:
    """Return an outcome that the ledger does not have."""
    return replace(
        event, outcome=Outcome.UNKNOWN, reason="journal_failed", words=str(error), cause=Cause.LOCAL_RESOURCE
    )
