"""Streams whose reader goes away, as `| head` does: what is still written to them is dropped; it knows nothing of what that is."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_GONE = frozenset({errno.EPIPE, errno.EIO})
"""What writing to a pipe without a reader and to a terminal that was hung up give."""


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
