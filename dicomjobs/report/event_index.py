"""Where in a run's log the final word on each planned instance stands: eight bytes an instance, found in one pass.

It works on any seekable binary file it is given and opens none.
"""

from __future__ import annotations

import re
from array import array
from typing import BinaryIO

from dicomjobs.events import InstanceFinished
from dicomjobs.report.event_json import decode

_OURS = re.compile(
    rb'\{"at":[0-9.e+-]+,"sequence":\d+,"event":"instance_finished","job":"(?:[^"\\]|\\.)*","item":(\d+),'
)
_NOT_THERE = 0xFFFF_FFFF_FFFF_FFFF


class EventIndex:
    """Looks up the InstanceFinished of an item in a log that holds `rows` planned instances."""

    __slots__ = ("_log", "_offsets")

    def __init__(self, log: BinaryIO, rows: int) -> None:
        """Read the log once from its beginning; raises ValueError when a line that matters is damaged or names no planned row."""
        self._log = log
        self._offsets = array("Q", [_NOT_THERE]) * rows
        log.seek(0)
        offset = 0
        for line in log:
            if b'"instance_finished"' in line and line.endswith(b"\n"):
                self._note(line, offset)
            offset += len(line)

    def _note(self, line: bytes, offset: int) -> None:
        """Note where the event of an item stands; a line in another form than ours is read in full."""
        ours = _OURS.match(line)
        item = int(ours[1]) if ours else _item(line)
        if item is None:
            return
        if item >= len(self._offsets):
            raise ValueError(f"row {item} is not one of the plan: the log is that of another plan")
        self._offsets[item] = offset

    def finished(self, item: int) -> InstanceFinished | None:
        """Read the final word on one item, None when the log has none; raises ValueError when its line is damaged."""
        offset = self._offsets[item]
        if offset == _NOT_THERE:
            return None
        self._log.seek(offset)
        return _read(self._log.readline())


def _read(line: bytes) -> InstanceFinished | None:
    """Decode a line, None when it holds another kind of event."""
    event = decode(line.decode("ascii")).event
    return event if isinstance(event, InstanceFinished) else None


def _item(line: bytes) -> int | None:
    """Return the item that a line is about."""
    event = _read(line)
    return event.item if event else None
