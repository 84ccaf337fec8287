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
class Deadline:
    """When to give up: `at` on time.monotonic(), set by `seconds` of a clock; `missing` says what did not come."""

    at: float
    clock: Clock
    seconds: float
    missing: str
    hint: str = ""

    def left(self) -> float:
        """Seconds that are left, never negative."""
        return max(0.0, self.at - monotonic())

    def passed(self) -> Timeout:
        """The error to raise once nothing is left."""
        words = f"{self.missing} within {self.seconds:g} s (timeouts.{self.clock})"
        return Timeout(words, hint=self.hint, clock=self.clock)

    def earlier(self, other: Deadline | None) -> Deadline:
        """The one of two deadlines that comes first."""
        return self if other is None or self.at <= other.at else other


def deadline_in(seconds: float, clock: Clock, missing: str, *, hint: str = "") -> Deadline:
    """A deadline so many seconds from now."""
    return Deadline(monotonic() + seconds, clock, seconds, missing, hint)
