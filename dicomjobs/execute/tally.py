"""What happened to a job so far, counted across its lanes; it decides whether the job succeeded."""

from __future__ import annotations

import threading
from collections import Counter

from dicomjobs.events import Cause, InstanceFinished, JobOutcome, Outcome

SPOILING = frozenset({Outcome.FAILED, Outcome.UNKNOWN, Outcome.MISSING, Outcome.NOT_SENT})
"""Outcomes with which a job has not succeeded."""


class Tally:
    """Counts of outcomes; safe to add to from several lanes."""

    def __init__(self) -> None:
        """Begin with nothing counted."""
        self._outcomes: Counter[Outcome] = Counter()
        self._interrupted = False
        self._lock = threading.Lock()

    def add(self, event: InstanceFinished) -> None:
        """Count one finished instance."""
        with self._lock:
            self._outcomes[event.outcome] += 1
            self._interrupted = self._interrupted or event.cause is Cause.INTERRUPTED

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
