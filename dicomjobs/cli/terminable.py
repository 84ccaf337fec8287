"""SIGTERM and SIGHUP as an exception, like the one Python makes of SIGINT, so that nothing half-made is left behind.

It knows nothing of work that must not be interrupted; `stop.py` takes the signals over for that.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class Terminated(KeyboardInterrupt):
    """The process was asked to end by a signal other than SIGINT."""

    def __init__(self, number: int) -> None:
        """Keep the signal's number."""
        super().__init__()
        self.number = number


@contextmanager
def terminable() -> Iterator[None]:
    """Raise Terminated where the program is when one of the signals comes; outside the main thread nothing can be promised."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _raise) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _raise(number: int, _: FrameType | None) -> NoReturn:
    """Raise the exception for a signal."""
    raise Terminated(number)
