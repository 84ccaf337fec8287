"""What the main thread does with each batch of events besides showing it: append it to the log on disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from dicomjobs.execute.executor import StampedBatch
from dicomjobs.report.event_json import encode

Sink = Callable[[StampedBatch], None]


class EventLog:
    """events.jsonl: one event a line, handed to the operating system batch by batch, durable once closed."""

    def __init__(self, path: Path) -> None:
        """Create the file, readable by its owner alone; raises OSError."""
        self._path = path
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._file: BinaryIO = os.fdopen(descriptor, "w+b", buffering=0)

    def write(self, batch: StampedBatch) -> None:
        """Append a batch, whole; raises OSError, which names the log, when the disk refuses."""
        left = memoryview("".join(encode(stamped) + "\n" for stamped in batch).encode("ascii"))
        try:
            while left:  # a disk that is nearly full takes a part without complaint
                left = left[self._file.write(left) :]
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self._path)) from error

    def close(self) -> None:
        """Make the log durable and close it; raises OSError."""
        os.fsync(self._file.fileno())
        self._file.close()
