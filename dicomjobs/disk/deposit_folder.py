"""Files that appear in a folder together: written in a hidden folder beside their places, and moved there once all are whole.

It knows nothing of what is in them. A crash may leave the hidden folder behind, never a torn file under a real name.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from pathlib import Path

from dicomjobs.disk.deposit import make_names_durable


class PartFolder:
    """Files on their way into a folder; it ends in exactly one of `publish` and `discard`."""

    def __init__(self, folder: Path, *, belongs: re.Pattern[str]) -> None:
        """Begin; files there whose names are like `belongs` are those that the new ones replace. Raises OSError."""
        self._folder = folder
        self._belongs = belongs
        self._part = folder / f".{secrets.token_hex(4)}.part"
        self._part.mkdir(mode=0o700)
        self._names: set[str] = set()

    def write(self, name: str, data: bytes) -> None:
        """Write a file, readable by its owner alone; the name is ours, never a peer's. Raises OSError."""
        descriptor = os.open(
            self._part / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        self._names.add(name)

    def publish(self) -> None:
        """Make all files durable, move them into the folder and take away those they replace; raises OSError."""
        try:
            os.sync()  # one for all: a thousand answers would be a thousand waits
            for name in sorted(self._names):
                (self._part / name).replace(self._folder / name)
            for old in self._folder.iterdir():
                if self._belongs.fullmatch(old.name) and old.name not in self._names:
                    old.unlink()
        finally:
            self.discard()
        make_names_durable(self._folder)

    def discard(self) -> None:
        """Take away what has not been moved; never raises."""
        shutil.rmtree(self._part, ignore_errors=True)
