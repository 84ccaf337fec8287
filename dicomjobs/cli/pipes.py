"""Standard streams that nobody reads: closed from the beginning, or left by their reader, as `| head` does.

What is written to them is dropped; it knows nothing of what that is.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_GONE = frozenset({errno.EPIPE, errno.EIO})
"""What writing to a pipe without a reader and to a terminal that was hung up give."""


def open_closed_streams() -> None:
    """Open the null device in place of the standard streams that were closed when the process began (`>&-`).

    Else the next file or socket would get the number of one, and with it what is written there, by us or by a command of ours.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)  # the lowest that is free, which is the stream's own
            os.set_inheritable(descriptor, True)
            stream = os.fdopen(descriptor, mode, encoding="utf-8", errors="backslashreplace", closefd=False)
            setattr(sys, name, stream)


@contextmanager
def unless_unread(stream: TextIO) -> Iterator[None]:
    """Write to a stream and see it written; once nobody reads it any more, it leads nowhere and nothing is raised."""
    try:
        yield
        stream.flush()
    except OSError as error:
        if error.errno not in _GONE:
            raise
        lead_nowhere(stream)


def lead_nowhere(stream: TextIO) -> None:
    """Let a stream's descriptor lead to the null device, so that what Python still holds of it can be flushed."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
