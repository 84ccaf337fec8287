"""A point on the monotonic clock, and the error that says which of the four clocks of a peer ran out there.

It knows nothing of sockets; whoever waits asks it how long.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import Literal

from dicomjobs.errors import Timeout

Clock = Literal["connect", "acse", "dimse", "network"]
"""The keys under a peer's `timeouts:`."""


@dataclass(frozen=True, slots=True)
class Term:
    """How long something may take by one clock of a peer, in seconds; `missing` says what did not come when it is over."""

    clock: Clock
    seconds: float
    missing: str
    hint: str = ""

    def from_now(self) -> Deadline:
        """The deadline of what is waited for from now on."""
        return Deadline(monotonic() + self.seconds, self)


@dataclass(slots=True)  # not frozen: one is made for every request, and freezing makes that four times as dear
class Deadline:
    """When to give up: `at` on time.monotonic(), where the term ends."""

    at: float
    term: Term

    @property
    def missing(self) -> str:
        """What did not come, for words."""
        return self.term.missing

    def left(self) -> float:
        """Seconds that are left, never negative."""
        return max(0.0, self.at - monotonic())

    def passed(self) -> Timeout:
        """The error to raise once nothing is left."""
        term = self.term
        words = f"{term.missing} within {term.seconds:g} s (timeouts.{term.clock})"
        return Timeout(words, hint=term.hint, clock=term.clock)

    def earlier(self, other: Deadline | None) -> Deadline:
        """The one of two deadlines that comes first."""
        return self if other is None or self.at <= other.at else other


def deadline_in(seconds: float, clock: Clock, missing: str, *, hint: str = "") -> Deadline:
    """A deadline so many seconds from now."""
    return Term(clock, seconds, missing, hint).from_now()
