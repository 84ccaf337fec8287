"""Room on the state folder's disk: a run that sends begins only where its ledger has some.

A mebibyte is kept for the moment when the disk is full all the same, since the account of that run has to be written somewhere.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from dicomjobs.cli.places import make_private_folder

RESERVE_BYTES = 1 << 20
LEDGER_BYTES = 64 << 20
"""What a ledger grows by in a run of some 100,000 instances."""

MAKE_ROOM = "free some, or name another folder under `state: {directory: …}`"


def keep_reserve(state: Path) -> None:
    """Take the room, unless an earlier run has; raises OSError when there is none, since a run should not begin like that."""
    make_private_folder(state)
    path = state / "reserve"
    with suppress(FileNotFoundError):
        if path.stat().st_size == RESERVE_BYTES:
            return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        written = 0
        while written < RESERVE_BYTES:  # written and not only declared: a hole takes no room
            written += os.pwrite(descriptor, bytes(RESERVE_BYTES - written), written)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        os.close(descriptor)


def demand_room(state: Path) -> None:
    """Raise OSError where a ledger would soon have no room: better nothing is sent than a part of it."""
    if words := lack_of_room(state):
        raise OSError(errno.ENOSPC, f"{words}: {MAKE_ROOM}; nothing was sent")


def lack_of_room(folder: Path) -> str:
    """Say how little room there is for a ledger and the reserve, "" where there is enough; raises OSError."""
    needed = LEDGER_BYTES + (0 if (folder / "reserve").exists() else RESERVE_BYTES)
    if (free := _free_bytes(folder)) >= needed:
        return ""
    return f"only {free >> 20} MiB are free in {folder}; a run that sends needs {needed >> 20} MiB there for its ledger"


def _free_bytes(state: Path) -> int:
    """What we may still write there."""
    disk = os.statvfs(state)
    return disk.f_bavail * disk.f_frsize


def use_reserve_if_full(state: Path) -> None:
    """Give the room back when there is no other; the next run takes it again."""
    with suppress(OSError):
        if _free_bytes(state) < RESERVE_BYTES:
            (state / "reserve").unlink(missing_ok=True)
