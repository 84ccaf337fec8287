"""What a run notes about its open claims without waiting for the disk, so that a kill -9 cannot forget it; it knows no SQL.

A file of fixed slots, one an open claim, each overwritten in place. The page cache outlives the process, and the blocks are there
before the first claim, so that an answer can be noted even when the disk is full. After a loss of power the file proves only what it
says, not what it lacks. The run holds a lock on it, which falls with the process: the file is also how others see that a run lives.
"""

from __future__ import annotations

import fcntl
import os
import struct
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from os import pwrite
from pathlib import Path
from zlib import crc32

# CRC-32 of what follows it · progress · for good · proof · serial · seconds since the epoch · status or -1 · SHA-256 · outcome · reason.
# A power of two, aligned: a write never crosses a page, and a kill cuts a write only between pages.
_SLOT = struct.Struct("<IBBBxQdi32s24s44s")
_CHECKED = struct.Struct("<BBBxQdi32s24s44s")
_BEGUN = struct.Struct("<BBBxQ")
_NOT_SETTLED = bytes(_CHECKED.size - _BEGUN.size)
_CRC = struct.Struct("<I")
_SLOT_BYTES = _SLOT.size
_EMPTY = bytes(_SLOT_BYTES)
_SLOTS_AT_ONCE = 1024
_PROOFS = ("", "status", "count", "query", "commitment")
_PROOF_NUMBERS = {proof: number for number, proof in enumerate(_PROOFS)}


SettledRow = tuple[int, str, str, int | None, str, bool, str, float]
"""Serial, outcome, reason, status, SHA-256, for good, proof, seconds since the epoch: one row of SETTLE_CLAIMS."""


class Progress(IntEnum):
    """How far a claim got, as its slot says."""

    FIRST_BYTE = 1
    LAST_BYTE = 2
    SETTLED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A slot as it was read back; what is behind the digest means something once it is SETTLED, `settled_at` in seconds since the epoch."""

    progress: Progress
    sha256: str
    settled_at: float
    status: int | None
    outcome: str
    reason: str
    for_good: bool
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """All marks of a run, by serial; `whole` is false when some could not be read, so that a missing one means nothing."""

    by_serial: Mapping[int, Mark]
    whole: bool


class MarkFile:
    """The marks of a living run; safe to call from several threads. Every method raises OSError."""

    def __init__(self, path: Path) -> None:
        """Create the file and hold its lock; FileExistsError means that a run of this name is alive."""
        self._path = path
        self._free: list[int] = []
        self._slots = 0
        self._growing = threading.Lock()
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            self._grow()
        except OSError:
            self.remove()
            raise

    def _grow(self) -> None:
        """Add slots by writing them empty, which takes their blocks on any file system."""
        with self._growing:
            first, self._slots = self._slots, self._slots + _SLOTS_AT_ONCE
            _write_all(self._descriptor, _EMPTY * _SLOTS_AT_ONCE, first * _SLOT_BYTES)
            self._free.extend(range(self._slots - 1, first - 1, -1))

    def take(self) -> int:
        """A free slot, which still says what its last claim left there: a serial that is no longer open."""
        while True:
            try:
                return self._free.pop()
            except IndexError:
                self._grow()

    def give_back(self, slots: Iterable[int]) -> None:
        """Slots whose claims are no longer open in the database."""
        self._free.extend(slots)

    def note(self, slot: int, serial: int, progress: Progress, sha256: str = "") -> None:
        """Note how far a claim got, and the digest of what was sent of it, "" when none was taken."""
        if sha256:
            self._put(slot, _CHECKED.pack(progress, 0, 0, serial, 0.0, 0, bytes.fromhex(sha256), b"", b""))
        else:
            self._put(slot, _BEGUN.pack(progress, 0, 0, serial) + _NOT_SETTLED)

    def note_settled(self, slot: int, row: SettledRow) -> None:
        """Note what became of a claim."""
        serial, outcome, reason, status, sha256, for_good, proof, at = row
        code = -1 if status is None else status
        said = (bytes.fromhex(sha256), outcome.encode(), reason.encode())
        self._put(slot, _CHECKED.pack(Progress.SETTLED, for_good, _PROOF_NUMBERS[proof], serial, at, code, *said))

    def _put(self, slot: int, checked: bytes) -> None:
        """Overwrite a slot; this is in the way of every instance, twice at least."""
        data = _CRC.pack(crc32(checked)) + checked
        if pwrite(self._descriptor, data, slot * _SLOT_BYTES) != _SLOT_BYTES:
            _write_all(self._descriptor, data, slot * _SLOT_BYTES)

    def is_there(self) -> bool:
        """Whether the file can still be found by its name; files that were deleted can be written to without an error."""
        try:
            return self._path.stat().st_ino == os.fstat(self._descriptor).st_ino
        except FileNotFoundError:
            return False

    def close(self) -> None:
        """Let the lock fall and leave the file for the next run to read."""
        # A lane that comes late must find no descriptor, and never the file that has got its number since.
        descriptor, self._descriptor = self._descriptor, -1
        os.close(descriptor)

    def remove(self) -> None:
        """Delete the file, then let the lock fall."""
        self._path.unlink(missing_ok=True)
        self.close()


def _write_all(descriptor: int, data: bytes, offset: int) -> None:
    """Write all of it; a short write is what comes before "no space left", which the next one then says."""
    written = pwrite(descriptor, data, offset)
    while written < len(data):
        written += pwrite(descriptor, data[written:], offset + written)


def mark_path(directory: Path, run_id: str) -> Path:
    """Where a run keeps its marks."""
    return directory / f"marks-{run_id}.log"


def mark_paths(directory: Path) -> list[Path]:
    """The marks of all runs, living and dead."""
    return sorted(directory.glob("marks-*.log"))


def is_held(path: Path) -> bool:
    """Whether the run that made this file is alive; one without a file is dead."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        # Shared, so that two who ask at the same time do not take each other for the run.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def read_marks(path: Path) -> Marks:
    """What a dead run left; a file that is gone, cut or damaged gives what can be read of it."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Marks(by_serial={}, whole=False)
    marks: dict[int, Mark] = {}
    whole = len(content) % _SLOT_BYTES == 0
    for offset in range(0, len(content) - _SLOT_BYTES + 1, _SLOT_BYTES):
        slot = content[offset : offset + _SLOT_BYTES]
        if slot == _EMPTY:
            continue
        if crc32(slot[_CRC.size :]) != _CRC.unpack_from(slot)[0]:
            whole = False
            continue
        serial, mark = _read_slot(slot)
        marks[serial] = mark
    return Marks(by_serial=marks, whole=whole)


def _read_slot(slot: bytes) -> tuple[int, Mark]:
    """The serial and the mark of a slot whose checksum is right."""
    _, progress, for_good, proof, serial, at, status, digest, outcome, reason = _SLOT.unpack(slot)
    mark = Mark(
        progress=Progress(progress),
        settled_at=at,
        status=None if status < 0 else status,
        sha256=digest.hex() if any(digest) else "",
        outcome=outcome.rstrip(b"\0").decode(),
        reason=reason.rstrip(b"\0").decode(),
        for_good=bool(for_good),
        proof=_PROOFS[proof],
    )
    return serial, mark
