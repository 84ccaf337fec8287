"""The rows a lane has put off: to be tried again or looked up once their time has come; it decides nothing and sends nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from dicomjobs.events import InstanceFinished, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class PutOff:
    """A row that was put off: what its last attempt came to, when it is due (monotonic seconds) and how long it then had to wait."""

    last: InstanceFinished
    due: float
    waited: float

    @property
    def was_tried(self) -> bool:
        """Whether anything is known of it by an attempt, ours or an earlier run's; one that another run holds was only waited for."""
        return self.last.outcome is not Outcome.NOT_SENT


@dataclass(slots=True)
class Later:
    """What one lane has put off, by item. Items that are being tried again stay known until they are told of."""

    _waiting: dict[int, PutOff] = field(default_factory=dict)
    _again: dict[int, PutOff] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return bool(self._waiting)

    @property
    def has_failures(self) -> bool:
        """Whether anything waits that was tried."""
        return any(each.was_tried for each in self._waiting.values())

    def put_off(self, item: int, put_off: PutOff) -> None:
        """Keep a row for later."""
        self._again.pop(item, None)
        self._waiting[item] = put_off

    def seconds_left(self, now: float) -> float:
        """Return how long until the first row is due."""
        return min(each.due for each in self._waiting.values()) - now

    def take_due(self, now: float, most: int) -> list[int]:
        """Return rows that are due, in the order of the plan; from now on they are being tried again."""
        due = sorted(item for item, each in self._waiting.items() if each.due <= now)[:most]
        for item in due:
            self._again[item] = self._waiting.pop(item)
        return due

    def earlier_attempt(self, item: int) -> PutOff | None:
        """Return what was put off of a row that is being tried again, None for one that is tried for the first time."""
        return self._again.get(item) if self._again else None

    def forget(self, item: int) -> None:
        """Let go of a row that is told of."""
        if self._again:
            self._again.pop(item, None)

    def take_all(self) -> list[InstanceFinished]:
        """Return the last word on every row that is left, and let go of them."""
        left = sorted((*self._waiting.items(), *self._again.items()))
        self._waiting, self._again = {}, {}
        return [each.last for _, each in left]
