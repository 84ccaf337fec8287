"""Waiting for one file descriptor, a wake from another thread, or a deadline, whichever comes first.

It knows no stream: it is used while connecting, in the TLS handshake and by the stream alike.
"""

from __future__ import annotations

import select

from dicomjobs.errors import Interrupted
from dicomjobs.wire.deadline import Deadline

READ = select.POLLIN
WRITE = select.POLLOUT
_LONGEST = 2**31 - 1
"""Milliseconds that poll takes, 24 days; a later deadline passes then."""
NEVER = -1
"""A wake that does not come."""


class Waiter:
    """Waits for a descriptor; poll objects are kept, since a store waits for the same thing thousands of times."""

    def __init__(self, fd: int) -> None:
        """`fd` has to stay open as long as the waiter is used."""
        self._fd = fd
        self._pollers: dict[tuple[int, int], select.poll] = {}
        self._peek = self._poller(READ, NEVER)

    def wait(self, events: int, deadline: Deadline, wake_fd: int) -> int:
        """What the descriptor is ready for; it is looked at before the wake, and both before the clock.

        Raises Interrupted when `wake_fd` is readable, Timeout at the deadline.
        """
        poller = self._pollers.get((events, wake_fd)) or self._poller(events, wake_fd)
        ready = poller.poll(min(deadline.left() * 1000, _LONGEST))
        for fd, flags in ready:
            if fd == self._fd:
                return flags
        if ready:
            raise Interrupted(f"we were told to stop; until then, {deadline.missing}")
        raise deadline.passed()

    def is_readable(self) -> bool:
        """Whether a read would give something now, were it only the end of the stream."""
        return bool(self._peek.poll(0))

    def _poller(self, events: int, wake_fd: int) -> select.poll:
        """A new poll object for these events and a wake."""
        poller = self._pollers[events, wake_fd] = select.poll()
        poller.register(self._fd, events)
        if wake_fd != NEVER:
            poller.register(wake_fd, READ)
        return poller
