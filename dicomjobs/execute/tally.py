"""What happened to a job so far, counted across its lanes; it decides whether the job succeeded."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator

from dicomjobs.events import DELIVERED, Cause, InstanceFinished, JobOutcome, Outcome, Proof
from dicomjobs.execute.ports import Fate
from dicomjobs.model.job import Verify

SPOILING = frozenset({Outcome.FAILED, Outcome.UNKNOWN, Outcome.MISSING, Outcome.NOT_SENT})
"""Outcomes with which a job has not succeeded."""

ENOUGH = {
    Verify.STATUS: frozenset(Proof),
    Verify.QUERY: frozenset({Proof.COUNT, Proof.QUERY, Proof.COMMITMENT}),
    Verify.COMMITMENT: frozenset({Proof.COMMITMENT}),
}
"""The proofs of an earlier run that are as good as what a job asks for."""

_NOW, _EARLIER, _FOR_GOOD, _EARLIER_UNPROVEN, _NOT_COMPARED = 1, 2, 3, 4, 5
_FATES = {
    _NOW: Fate.DELIVERED,
    _EARLIER: Fate.DELIVERED,
    _EARLIER_UNPROVEN: Fate.DELIVERED,
    _FOR_GOOD: Fate.FAILED,
}


class Tally:
    """Counts of outcomes; safe to add to from several lanes."""

    def __init__(self, rows: range = range(0), *, enough: frozenset[Proof] = frozenset(Proof)) -> None:
        """Begin with nothing counted; which of `rows` were delivered is kept, for whoever wants to verify them or put them away.

        What an earlier run delivered is verified too unless it had one of the proofs that are `enough`.
        """
        self._rows = rows
        self._enough = enough
        self._marks = bytearray(len(rows))
        self._outcomes: Counter[Outcome] = Counter()
        self._interrupted = False
        self._lock = threading.Lock()

    def add(self, event: InstanceFinished) -> None:
        """Count one finished instance."""
        with self._lock:
            self._outcomes[event.outcome] += 1
            if self._rows:
                self._mark(event)
            self._interrupted = self._interrupted or event.cause is Cause.INTERRUPTED

    def _mark(self, event: InstanceFinished) -> None:
        """Keep that a row was delivered, now or by an earlier run, or has failed for good."""
        if event.outcome in DELIVERED:
            self._marks[event.item - self._rows.start] = _NOW
        elif event.reason == "already_delivered":
            proven = event.proof in self._enough
            self._marks[event.item - self._rows.start] = _EARLIER if proven else _EARLIER_UNPROVEN
        elif event.reason == "not_compared":  # expected at the peer, but its file is nobody's to put away
            self._marks[event.item - self._rows.start] = _NOT_COMPARED
        elif event.outcome is Outcome.FAILED and event.cause is Cause.PERMANENT:
            self._marks[event.item - self._rows.start] = _FOR_GOOD

    def add_missing(self, item: int) -> None:
        """Count an instance as missing that was counted as delivered; items are those of `rows`."""
        with self._lock:
            self._marks[item - self._rows.start] = 0
            self._outcomes[Outcome.MISSING] += 1

    def delivered_items(self) -> Iterator[int]:
        """Give the items of `rows` whose delivery is to be verified: those delivered now, and those never proven since."""
        wanted = {_NOW, _EARLIER_UNPROVEN}
        return (item for item, mark in zip(self._rows, self._marks, strict=True) if mark in wanted)

    def expected_items(self) -> Iterator[int]:
        """Give the items of `rows` that the peer must have: those delivered now, and those that an earlier run had."""
        wanted = {_NOW, _EARLIER, _EARLIER_UNPROVEN, _NOT_COMPARED}
        return (item for item, mark in zip(self._rows, self._marks, strict=True) if mark in wanted)

    def fate(self, item: int) -> Fate:
        """Say what became of one of `rows`."""
        return _FATES.get(self._marks[item - self._rows.start], Fate.OPEN)

    @property
    def spoiled(self) -> bool:
        """Whether any instance so far keeps the job from succeeding."""
        return any(self._outcomes[each] for each in SPOILING)

    @property
    def job_outcome(self) -> JobOutcome:
        """What this makes of the job."""
        if self._interrupted:
            return JobOutcome.INTERRUPTED
        return JobOutcome.FAILED if self.spoiled else JobOutcome.SUCCEEDED
