"""SIGINT, SIGTERM and SIGHUP as a state that moves forward: finish what is in flight, then abort, then die."""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from dicomjobs.model.stop import StopState

GRACE = 30.0
"""Seconds the instance in flight has after the first signal, well below the 90 that systemd gives a service."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def say(words: str) -> None:
    """Tell whoever sent a signal that it came; a handler must not print: it may have interrupted one that does."""
    with suppress(OSError):  # nobody reads stderr any more
        os.write(2, f"dicomjobs: {words}\n".encode())


class ProcessStop:
    """The process's StopSignal; its descriptors stay readable once written to."""

    def __init__(self, announce: Callable[[str], None]) -> None:
        """Begin running; `announce` is told in a few words what a signal leads to."""
        self._announce = announce
        self._state = StopState.RUNNING
        self.finish_fd, self._finish = os.pipe()
        self.abort_fd, self._abort = os.pipe()
        self.signal_number = 0
        self._timer: threading.Timer | None = None
        self._closed = False

    @property
    def state(self) -> StopState:
        """The state now."""
        return self._state

    def finish(self) -> None:
        """Let nothing new begin; what is in flight has the grace period."""
        if self._state < StopState.FINISHING and not self._closed:
            self._state = StopState.FINISHING
            os.write(self._finish, b"!")
            self._timer = threading.Timer(GRACE, self.abort)
            self._timer.daemon = True
            self._timer.start()

    def abort(self) -> None:
        """Give up what is in flight."""
        if self._state < StopState.ABORTING and not self._closed:
            self._state = StopState.ABORTING
            os.write(self._finish, b"!")
            os.write(self._abort, b"!")

    def close(self) -> None:
        """Let go of the descriptors once nobody watches them any more; what comes later moves nothing."""
        self._closed = True
        if self._timer:
            self._timer.cancel()
        for descriptor in (self.finish_fd, self._finish, self.abort_fd, self._abort):
            os.close(descriptor)

    def pause(self, seconds: float) -> None:
        """Wait so many seconds, or until nothing new may begin."""
        select.select([self.finish_fd], [], [], max(0.0, seconds))

    @contextmanager
    def announcing(self, announce: Callable[[str], None]) -> Iterator[None]:
        """Let somebody else say what a signal leads to for a while."""
        before, self._announce = self._announce, announce
        try:
            yield
        finally:
            self._announce = before

    def _handle(self, number: int, _: FrameType | None) -> None:
        """Move one state forward; a third signal ends the process at once."""
        self.signal_number = self.signal_number or number
        match self._state:
            case StopState.RUNNING:
                self.finish()
                self._announce(
                    f"{signal.Signals(number).name}: finishing what is in flight, for {GRACE:.0f} s at most; "
                    "a second signal aborts it"
                )
            case StopState.FINISHING:
                self.abort()
                self._announce("aborting what is in flight")
            case StopState.ABORTING:
                os._exit(128 + number)

    @contextmanager
    def watching_signals(self) -> Iterator[None]:
        """Take the signals over while work is being done."""
        before = {number: signal.signal(number, self._handle) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
