"""Work without the rights of root, where tests run as root too: the kernel then refuses what it refuses everybody."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65_534


@contextmanager
def folder_for_anybody() -> Iterator[Path]:
    """A folder that every user can enter, as pytest's own cannot be by others; it is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="dicomjobs-test-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        for path in (folder, *folder.rglob("*")):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o700)
        shutil.rmtree(folder)


@contextmanager
def without_root() -> Iterator[None]:
    """Nobody's rights inside the block for a process of root's (the effective ids, by which files are opened); nothing for others.

    What is imported inside may not be found: Python itself may lie where only root may look.
    """
    if os.geteuid() != 0:
        yield
        return
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)
