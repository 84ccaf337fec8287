"""The directory a ledger lies in: made private, and refused on a network file system; it knows nothing of what is in the files."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dicomjobs.errors import JournalUnavailable

# WAL needs memory that all processes share, and locks that fall when a process dies: neither holds across a network.
_NETWORK_FILE_SYSTEMS = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "9p",
        "afs",
        "ceph",
        "glusterfs",
        "lustre",
        "fuse.sshfs",
        "fuse.glusterfs",
        "fuse.rclone",
    }
)
_OPENING_SECONDS = 30.0


def prepare(directory: Path) -> None:
    """Create the directory (0700) when it is not there; raises OSError, and JournalUnavailable on a network file system."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        words = f"the ledger cannot be kept in {directory}: a file is in the way; name a folder under state: {{directory: …}}"
        raise JournalUnavailable(words) from None
    if kind := network_file_system(directory):
        raise JournalUnavailable(
            f"the ledger cannot be kept in {directory}: this is a network file system ({kind}), where a crash could lose "
            f"what was sent; name a local folder under state: {{directory: …}}"
        )


def network_file_system(directory: Path) -> str:
    """The type of the network file system that a directory is on, "" when it is on none; raises OSError."""
    kind = file_system(_mounts(), directory.stat().st_dev)
    return kind if kind in _NETWORK_FILE_SYSTEMS else ""


def _mounts() -> str:
    """The mounts this process sees, "" on systems that do not list them."""
    try:
        return Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def file_system(mounts: str, device: int) -> str:
    """The type of the file system on a device (`st_dev`), from the text of /proc/self/mountinfo; "" when it is not listed."""
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in mounts.splitlines():
        mount, _, source = line.partition(" - ")
        if mount.split()[2:3] == [wanted]:
            return source.split()[0]
    return ""


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Keep other processes from opening the same ledger meanwhile; raises JournalUnavailable after 30 seconds."""
    descriptor = os.open(directory / "ledger.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        _lock(descriptor, directory)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, directory: Path) -> None:
    """Wait for the lock, whose holders need milliseconds."""
    deadline = time.monotonic() + _OPENING_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                words = f"another process has been opening the ledger in {directory} for {_OPENING_SECONDS:.0f} s"
                raise JournalUnavailable(words) from None
            time.sleep(0.005)
        else:
            return


def boot_id() -> str:
    """Which start of this machine it is, "" where the system does not say; then no mark of an earlier run is taken as complete."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
