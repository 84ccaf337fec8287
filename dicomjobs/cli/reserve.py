"""A mebibyte of the state folder's disk, kept for the moment when it is full: the account of that run has to be written somewhere."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from dicomjobs.cli.places import make_private_folder

RESERVE_BYTES = 1 << 20


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


def use_reserve_if_full(state: Path) -> None:
    """Give the room back when there is no other; the next run takes it again."""
    with suppress(OSError):
        disk = os.statvfs(state)
        if disk.f_bavail * disk.f_frsize < RESERVE_BYTES:
            (state / "reserve").unlink(missing_ok=True)
