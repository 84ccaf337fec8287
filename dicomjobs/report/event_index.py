"""Where in a run's log the final word on each planned instance stands: eight bytes an instance, found in one pass.

It works on any seekable binary file it is given and opens none.
"""

from __future__ import annotations

import re
from array import array
from dataclasses import replace
from typing import BinaryIO

from dicomjobs.events import Event, InstanceFinished, InstanceMissing, InstancesProven, Outcome, Proof
from dicomjobs.report.event_json import decode

_OURS = re.compile(
    rb'\{"at":[0-9.e+-]+,"sequence":\d+,"event":"instance_finished","job":"(?:[^"\\]|\\.)*","item":(\d+),'
)
_NOT_THERE = 0xFFFF_FFFF_FFFF_FFFF
_PROOFS = tuple(Proof)


class EventIndex:
    """Looks up the final word on an item in a log that holds `rows` planned instances."""

    __slots__ = ("_log", "_missing", "_offsets", "_proofs")

    def __init__(self, log: BinaryIO, rows: int) -> None:
        """Read the log once from its beginning; raises ValueError when a line that matters is damaged or names no planned row."""
        self._log = log
        self._offsets = array("Q", [_NOT_THERE]) * rows
        self._missing: dict[int, int] = {}
        self._proofs = bytearray()
        log.seek(0)
        offset = 0
        for line in log:
            if line.endswith(b"\n"):
                if b'"instance_finished"' in line:
                    self._note(line, offset)
                elif b'"instances_proven"' in line or b'"instance_missing"' in line:
                    self._note_verified(line, offset)
            offset += len(line)

    def _note(self, line: bytes, offset: int) -> None:
        """Note where the event of an item stands; a line in another form than ours is read in full."""
        ours = _OURS.match(line)
        item = int(ours[1]) if ours else _item(line)
        if item is not None:
            self._check(item)
            self._offsets[item] = offset

    def _note_verified(self, line: bytes, offset: int) -> None:
        """Note what verification found, and where it stands what it did not find."""
        match _read(line):
            case InstancesProven(first=first, count=count, proof=proof) if count > 0:
                self._check(first + count - 1)
                self._proofs = self._proofs or bytearray(len(self._offsets))
                self._proofs[first : first + count] = bytes((_PROOFS.index(proof),)) * count
            case InstanceMissing(item=item):
                self._check(item)
                self._missing[item] = offset

    def _check(self, item: int) -> None:
        """Refuse a row that the plan does not have."""
        if item >= len(self._offsets):
            raise ValueError(f"row {item} is not one of the plan: the log is that of another plan")

    def finished(self, item: int) -> InstanceFinished | None:
        """Read the final word on one item, None when the log has none; raises ValueError when its line is damaged."""
        event = self._event(self._offsets[item])
        if not isinstance(event, InstanceFinished):
            return None
        missing = self._event(self._missing[item]) if item in self._missing else None
        if isinstance(missing, InstanceMissing):
            event = replace(event, outcome=Outcome.MISSING, reason=missing.reason, words=missing.words)
        if self._proofs and (mark := self._proofs[item]):
            event = replace(event, proof=_PROOFS[mark])
        return event

    def _event(self, offset: int) -> Event | None:
        """Read the event that stands at an offset."""
        if offset == _NOT_THERE:
            return None
        self._log.seek(offset)
        return _read(self._log.readline())


def _read(line: bytes) -> Event:
    """Decode a line."""
    return decode(line.decode("ascii")).event


def _item(line: bytes) -> int | None:
    """Return the item that a line is the final word on, None when it holds another kind of event."""
    event = _read(line)
    return event.item if isinstance(event, InstanceFinished) else None
