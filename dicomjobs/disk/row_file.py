"""The rows of a plan in a JSON Lines file: appended once, then read by number from any thread; memory is eight bytes a row.

It knows nothing of what the rows mean; `plan/row_codec.py` encodes them.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import IO

from dicomjobs.plan.plan import InstancesDigest, PlannedInstance
from dicomjobs.plan.row_codec import StalePlan, decode_row, decode_rows, encode_row

_WRITE_BYTES = 1 << 20
_READ_BYTES = 1 << 18


class RowFile:
    """Rows in one file; fulfils both the planner's RowStore and execution's Instances."""

    def __init__(self, file: IO[bytes], ends: Iterable[int] = (0,)) -> None:
        """Take over a binary file that is empty and opened for writing, too, or the ends of whose lines are given, from 0 on."""
        self._file = file
        self._fd = file.fileno()
        self._ends = array("Q", ends)
        self._sha256 = hashlib.sha256()
        self._pending: list[bytes] = []
        self._pending_bytes = 0

    def append(self, row: PlannedInstance) -> int:
        """Add a row and return its number; raises OSError when the disk refuses."""
        self.append_line(encode_row(row).encode("ascii"))
        return len(self) - 1

    def append_line(self, line: bytes) -> None:
        """Add a row as its line, without the newline; raises OSError when the disk refuses."""
        size = len(line) + 1
        self._ends.append(self._ends[-1] + size)
        self._pending.append(line)
        self._pending_bytes += size
        if self._pending_bytes > _WRITE_BYTES:
            self.flush()

    def flush(self) -> None:
        """Hand all rows to the operating system; raises OSError."""
        if self._pending:
            block = b"\n".join([*self._pending, b""])
            self._file.write(block)
            self._file.flush()
            self._sha256.update(block)
            self._pending.clear()
            self._pending_bytes = 0

    @property
    def digest(self) -> InstancesDigest:
        """Count and SHA-256 of the lines so far; raises OSError."""
        self.flush()
        return InstancesDigest(count=len(self), sha256=self._sha256.hexdigest())

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self._ends) - 1

    def __getitem__(self, item: int) -> PlannedInstance:
        """Read one row."""
        if not 0 <= item < len(self):
            raise IndexError(item)
        return decode_row(self._read(item, item + 1))

    def __iter__(self) -> Iterator[PlannedInstance]:
        """All rows in order."""
        return self.rows(0, len(self))

    def rows(self, first: int, count: int) -> Iterator[PlannedInstance]:
        """`count` rows from number `first` on, read in blocks of about 256 KiB."""
        end = min(first + count, len(self))
        while first < end:
            last = max(bisect_right(self._ends, self._ends[first] + _READ_BYTES, first, end + 1) - 1, first + 1)
            yield from decode_rows(self._read(first, last))
            first = last

    def lines(self, numbers: Iterable[int]) -> Iterator[bytes]:
        """The lines of rows in the order asked for, without their newlines; those that lie next to each other are read at once."""
        begin = end = 0
        for number in numbers:
            if number != end or self._ends[end] - self._ends[begin] > _READ_BYTES:
                yield from self._read(begin, end).splitlines()
                begin = number
            end = number + 1
        yield from self._read(begin, end).splitlines()

    def _read(self, first: int, last: int) -> bytes:
        """Read the bytes of some rows without moving a shared position."""
        self.flush()
        begin, size = self._ends[first], self._ends[last] - self._ends[first]
        found = os.pread(self._fd, size, begin)
        if len(found) != size:
            raise StalePlan("the plan's rows are shorter than they were")
        return found

    def close(self) -> None:
        """Write what is left and close the file, which is closed also when it raises OSError."""
        try:
            self.flush()
        finally:
            self._file.close()


def temporary_rows() -> RowFile:
    """Return rows in an unnamed temporary file, gone with the process."""
    return RowFile(tempfile.TemporaryFile("w+b", prefix="dicomjobs-"))


def create_rows(path: str) -> RowFile:
    """Return rows in a new file, readable by its owner alone; raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    return RowFile(os.fdopen(descriptor, "w+b"))


def open_rows(path: str, expected: InstancesDigest) -> RowFile:
    """Open saved rows; raises StalePlan when they are not those the plan's head names, OSError when there are none."""
    file = Path(path).open("rb")
    rows = RowFile(file, accumulate(map(len, file), initial=0))
    file.seek(0)
    rows._sha256 = hashlib.file_digest(file, "sha256")  # noqa: SLF001 - a constructor of the same class, written as a function
    if rows.digest != expected:
        rows.close()
        raise StalePlan(f"{Path(path).name} is not the one that belongs to this plan")
    return rows
