"""One run a job file at a time: a lock that falls with its process, and says who holds it; it knows nothing of what a run does.

The file is never deleted: another run may have it open already, and would then hold a lock that nobody else can see.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from dicomjobs.cli.places import STATE_IS_NAMED, make_private_folder, saying

_LOOKS_EVERY = 0.1


class Locked(Exception):
    """Another run holds the lock; the message says which."""


@contextmanager
def run_lock(
    state: Path, job_file: str, *, run_id: str, wait: float, tell: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Hold the lock of a job file, waiting so many seconds for it, and telling that; raises Locked, OSError."""
    path = lock_path(state, job_file)
    with saying(STATE_IS_NAMED):
        make_private_folder(path.parent)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        _take(descriptor, job_file, wait, tell)
        _sign(descriptor, job_file, run_id)
        yield
    finally:
        os.close(descriptor)


def lock_path(state: Path, job_file: str) -> Path:
    """Return where the lock of a job file is: the same for every spelling of its path."""
    real = os.path.realpath(job_file)
    tidy = re.sub(r"[^A-Za-z0-9_.-]+", "_", Path(real).stem)[:40]
    return state / "locks" / f"{tidy}-{hashlib.sha256(os.fsencode(real)).hexdigest()[:12]}.lock"


def _take(descriptor: int, job_file: str, wait: float, tell: Callable[[str], None] | None) -> None:
    """Take the lock, or wait for it; that somebody waits is told once."""
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            left = deadline - time.monotonic()
            if left <= 0:
                raise Locked(f"{_holder(descriptor, job_file)}; --wait 10m waits for it to end") from None
            if tell:
                tell(f"{_holder(descriptor, job_file)}; waiting for it to end, {wait:.0f} s at most")
                tell = None
            time.sleep(min(left, _LOOKS_EVERY))
        else:
            return


def _sign(descriptor: int, job_file: str, run_id: str) -> None:
    """Write down who holds the lock, for people to read: the lock itself is the kernel's."""
    holder = {
        "pid": os.getpid(),
        "host": os.uname().nodename,
        "since": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
        "job_file": job_file,
        "run_id": run_id,
    }
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(holder).encode(), 0)


def _holder(descriptor: int, job_file: str) -> str:
    """Return a sentence about who holds the lock, as far as it can be read."""
    try:
        holder = json.loads(os.pread(descriptor, 4096, 0))
        who = f"process {holder['pid']} on {holder['host']}, since {holder['since']}, run {holder['run_id']}"
    except (ValueError, TypeError, KeyError):  # it is being written at this moment
        who = "who holds the lock"
    return f"another run of {job_file} is at work ({who})"
