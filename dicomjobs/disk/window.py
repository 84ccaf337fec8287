"""A window that moves forward over a data set: over a file, or over what a deflated file inflates to, in flat memory.

It knows nothing of elements; `elements.py` walks them through it.
"""

from __future__ import annotations

import os
import sys
import zlib

_STEP = 8 * 1024
_INFLATE_STEP = 64 * 1024


class Damaged(Exception):
    """The bytes are not what they should be; the message says how, without repeating any of them."""


class Window:
    """Some bytes of a file: `data` begins at `base`; `size` is that of the whole. Positions and sizes are in bytes.

    At most `budget` bytes are read through it; then it raises Damaged, so that a hostile header costs little.
    """

    __slots__ = ("_budget", "_fd", "base", "data", "size")

    def __init__(self, fd: int, size: int, data: bytes = b"", base: int = 0, budget: int = sys.maxsize) -> None:
        """Begin with bytes that were read already; a negative `fd` says that there are no others."""
        self._fd = fd
        self.size = size
        self.data = data
        self.base = base
        self._budget = budget

    def move(self, position: int, count: int = 0) -> None:
        """Let the window begin at `position` and hold at least `count` bytes, fewer only at the end; may raise OSError."""
        if self._fd < 0:
            self.data = self.data[position - self.base :] if position >= self.base else b""
        else:
            step = max(count, _STEP)
            self._spend(step)
            self.data = os.pread(self._fd, min(step, max(self.size - position, 0)), position)
        self.base = position

    def value(self, position: int, length: int) -> bytes:
        """Return `length` bytes from `position` on; raises Damaged when the file ends before, and may raise OSError."""
        begin = position - self.base
        found = self.data[begin : begin + length] if begin >= 0 else b""
        if len(found) < length:
            self.move(position, length)
            found = self.data[:length]
        if len(found) < length:
            raise Damaged("the file ends in the middle of a value")
        return found

    def _spend(self, count: int) -> None:
        """Count bytes against the budget."""
        self._budget -= count
        if self._budget < 0:
            raise Damaged("the header is larger than any header should be")


class InflatedWindow(Window):
    """The same over a deflated data set (PS3.5 A.5), whose `size` is known only when its end was met.

    What lies behind the window is dropped, so a bomb costs time in proportion to its file, and no memory.
    """

    __slots__ = ("_inflater", "_source")

    def __init__(self, source: Window, budget: int = sys.maxsize) -> None:
        """Begin where the source's window begins."""
        super().__init__(-1, sys.maxsize, b"", 0, budget)
        self._source = source
        self._inflater = zlib.decompressobj(-15)

    def move(self, position: int, count: int = 0) -> None:
        """Inflate until the window holds what is asked for."""
        wanted = max(count, _STEP)
        if position < self.base:
            raise Damaged("the deflated data set cannot be read backwards")
        while self.base + len(self.data) < position + wanted and self.size == sys.maxsize:
            behind = min(position - self.base, len(self.data))
            self.data = self.data[behind:] + self._inflate()
            self.base += behind
        skip = min(position - self.base, len(self.data))
        self.data = self.data[skip:]
        self.base += skip

    def _inflate(self) -> bytes:
        """Return the next bytes, none only at the end of the stream."""
        found = b""
        while not found and self.size == sys.maxsize:
            compressed = self._inflater.unconsumed_tail or self._next_compressed()
            try:
                found = self._inflater.decompress(compressed, _INFLATE_STEP)
            except zlib.error as error:
                raise Damaged("the deflated data set cannot be inflated") from error
            self._spend(len(found))
            if self._inflater.eof:
                self.size = self.base + len(self.data) + len(found)
            elif not found and not compressed:
                raise Damaged("the deflated data set is cut off")
        return found

    def _next_compressed(self) -> bytes:
        """Return the bytes of the source's window and move it on, none at its end."""
        source = self._source
        if not source.data:
            source.move(source.base)
        taken = source.data
        source.data, source.base = b"", source.base + len(taken)
        return taken
