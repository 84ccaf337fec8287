"""What was delivered, verified: the peer is asked for each instance, and again for a while as long as it does not have it yet.

It knows nothing of sending. A proof is told only for what the peer's answers show; whatever cannot be shown keeps its status as
its only proof, and the job says so.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, repeat

from dicomjobs.errors import Timeout
from dicomjobs.events import INSTANCE_REASONS, Cause, InstanceMissing, InstancesProven, Outcome, Proof
from dicomjobs.execute.associating import Emit
from dicomjobs.execute.counting import Counting, Deliveries, deliveries_of, names_no_instances
from dicomjobs.execute.halt import Halted
from dicomjobs.execute.lookup import Lookup
from dicomjobs.execute.ports import Journal, Ports
from dicomjobs.execute.sighting import Presence, Sighting
from dicomjobs.execute.tally import Tally
from dicomjobs.model.stop import StopState
from dicomjobs.plan.plan import JobPlan, PlannedInstance, StoreStep

_BATCH = 10_000
_PAUSES = (1.0, 2.0, 4.0, 8.0)
_LONGEST_PAUSE = 15.0
"""Seconds between one round of questions and the next: most archives have what they were sent at once, some take a minute."""

_SENT_AGAIN = "run again: what is missing is then sent once more"

_OWN_CAUSES = frozenset({Cause.INTERRUPTED, Cause.LOCAL_RESOURCE})
"""Causes that are ours and not the peer's, which have exit codes of their own."""


@dataclass(slots=True)
class Verification:
    """The delivered instances of a job, and what is told of them; `emit` is the lane's."""

    job: JobPlan
    step: StoreStep
    ports: Ports
    journal: Journal
    tally: Tally
    emit: Emit
    _first: int = 0
    _count: int = 0
    _proof: Proof = Proof.STATUS
    _rows: list[PlannedInstance] = field(default_factory=list)
    _unproven: int = 0
    _why: Sighting | None = None

    def prove(self, item: int, row: PlannedInstance, proof: Proof) -> None:
        """Note that an instance was found; items that follow each other are told together."""
        if proof is not self._proof:
            self.flush()
            self._proof = proof
        if item != self._first + self._count:
            self.tell()
            self._first = item
        self._count += 1
        self._rows.append(row)

    def flush(self) -> None:
        """Note in the ledger and tell what was found since the last time; raises JournalUnavailable."""
        if self._rows:
            self.journal.prove(self._rows, self._proof)
            self._rows.clear()
        self.tell()

    def tell(self) -> None:
        """Tell what was found since the last time."""
        if self._count:
            self.emit(InstancesProven(job=self.job.name, first=self._first, count=self._count, proof=self._proof))
            self._first, self._count = self._first + self._count, 0

    def miss(self, item: int, row: PlannedInstance, reason: str, words: str = "", hint: str = "") -> None:
        """Note in the ledger and tell that a delivered instance is missing; raises JournalUnavailable."""
        self.journal.revise([row], Outcome.MISSING, reason)
        self.tally.add_missing(item)
        words = words or INSTANCE_REASONS[reason]
        self.emit(InstanceMissing(job=self.job.name, item=item, reason=reason, words=words, hint=hint))

    def leave(self, count: int, why: Sighting) -> None:
        """Note that of some instances nothing could be found out."""
        self._unproven += count
        self._why = self._why or why

    def verdict(self) -> Halted | None:
        """Return why the job has not got the proof that it asked for, None when it has."""
        self.flush()
        if self._why is None:
            return None
        cause = self._why.cause if self._why.cause in _OWN_CAUSES else Cause.NOT_AS_EXPECTED
        delivered = "instance that was delivered" if self._unproven == 1 else "instances that were delivered"
        words = f"{self._unproven:,} {delivered} could not be verified: {self._why.words}"
        more_time = "give it more time: no answer is waited for longer than `verify_within`"
        hint = self._why.hint or (more_time if self._why.reason == Timeout.reason else "")
        return Halted(reason="not_verified", words=words, cause=cause, hint=hint)


def verify_by_query(verification: Verification, lookup: Lookup) -> Halted | None:
    """Ask for every delivered instance until it is found or the time is over; raises JournalUnavailable."""
    rounds, ports = _Rounds(verification, lookup), verification.ports
    until = ports.monotonic() + verification.step.verify_within
    for pause in chain(_PAUSES, repeat(_LONGEST_PAUSE)):
        is_last = ports.monotonic() >= until or ports.stop.state is not StopState.RUNNING
        if is_last and rounds.silence:
            rounds.leave_the_rest(rounds.silence)  # a peer that let us wait is not asked again when the time is over
            break
        rounds.ask(is_last=is_last)
        if rounds.is_over:
            break
        ports.pause(min(pause, until - ports.monotonic()))
    return verification.verdict()


@dataclass(slots=True)
class _Rounds:
    """Rounds of questions: `waiting` for instances, and by `counting` for those that the peer does not answer for one by one."""

    verification: Verification
    lookup: Lookup
    waiting: Iterable[int] | None = None
    counting: array[int] = field(default_factory=lambda: array("Q"))
    silence: Sighting | None = None
    """That the peer let us wait in vain, in the last round."""
    _expected: Deliveries | None = None

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to ask."""
        return not self.waiting and not self.counting

    def ask(self, *, is_last: bool) -> None:
        """Ask once for everything that is left; after the last time nothing is."""
        items = self.verification.tally.delivered_items() if self.waiting is None else iter(self.waiting)
        waiting, counting, self.silence = array("Q"), iter(self.counting), None
        self.counting = array("Q")
        for batch in self._batches(items):
            sightings = self.lookup.look_up([row for _, row in batch])
            for (item, row), sighting in zip(batch, sightings, strict=True):
                self._judge(item, row, sighting, None if is_last else waiting)
            self.verification.flush()
        self.waiting = waiting
        later = self.counting
        self.counting = array("Q")
        for batch in self._batches(chain(counting, later)):
            self._count(batch, is_last=is_last)
            self.verification.flush()

    def _batches(self, items: Iterator[int]) -> Iterator[list[tuple[int, PlannedInstance]]]:
        """Yield items with their rows, some thousands at a time."""
        instances = self.verification.ports.instances
        while batch := [(item, instances[item]) for item in islice(items, _BATCH)]:
            yield batch

    def _judge(self, item: int, row: PlannedInstance, sighting: Sighting, waiting: array[int] | None) -> None:
        """Take what was found out about one instance; without `waiting` this is the final word."""
        match sighting.presence:
            case Presence.PRESENT:
                self.verification.prove(item, row, Proof.QUERY)
            case _ if names_no_instances(sighting):
                self.counting.append(item)
            case _ if waiting is not None and _may_change(sighting):
                self._put_off(item, waiting, sighting)
            case Presence.ABSENT:
                self.verification.miss(item, row, "not_found", hint=_SENT_AGAIN)
            case Presence.NOT_ANSWERABLE:
                self.verification.leave(1, sighting)

    def _put_off(self, item: int, until_later: array[int], sighting: Sighting) -> None:
        """Leave an instance to the next round."""
        until_later.append(item)
        if sighting.reason == Timeout.reason:
            self.silence = sighting

    def leave_the_rest(self, why: Sighting) -> None:
        """Ask for nothing more: of what is left nothing could be found out."""
        self.verification.leave(sum(1 for _ in chain(self.waiting or (), self.counting)), why)

    def _count(self, batch: Sequence[tuple[int, PlannedInstance]], *, is_last: bool) -> None:
        """Compare how many instances the peer has of each series with how many were delivered."""
        numbers = Counting(self.lookup, self._deliveries())
        for item, row in batch:
            sighting = numbers.sighting(row)
            match sighting.presence:
                case Presence.PRESENT:
                    self.verification.prove(item, row, Proof.COUNT)
                case _ if not is_last and _may_change(sighting):
                    self._put_off(item, self.counting, sighting)
                case Presence.ABSENT:
                    self.verification.miss(item, row, sighting.reason, sighting.words, _SENT_AGAIN)
                case Presence.NOT_ANSWERABLE:
                    self.verification.leave(1, sighting)

    def _deliveries(self) -> Deliveries:
        """Return how many instances of each series and study this run and earlier ones delivered."""
        if self._expected is None:
            verification = self.verification
            expected = verification.tally.expected_items()
            self._expected = deliveries_of(verification.ports.instances[item] for item in expected)
        return self._expected


def _may_change(sighting: Sighting) -> bool:
    """Say whether asking again later can give another answer."""
    return sighting.presence is Presence.ABSENT or sighting.cause is Cause.TRANSIENT
