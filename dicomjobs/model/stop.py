"""How a running program is told to stop: a state that only moves forward, and file descriptors that wake a waiting selector."""

from __future__ import annotations

from enum import IntEnum
from typing import Protocol


class StopState(IntEnum):
    """RUNNING takes new work; FINISHING ends the instance in flight and releases; ABORTING gives up at once."""

    RUNNING = 0
    FINISHING = 1
    ABORTING = 2


class StopSignal(Protocol):
    """What a waiting association watches besides its socket."""

    @property
    def state(self) -> StopState:
        """The state now."""

    @property
    def finish_fd(self) -> int:
        """A descriptor that becomes and stays readable when the state reaches FINISHING."""

    @property
    def abort_fd(self) -> int:
        """A descriptor that becomes and stays readable when the state reaches ABORTING."""
