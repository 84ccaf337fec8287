"""Files that appear whole or not at all: written beside their place, made durable, then moved there in one step.

It knows nothing of what is in them. A crash may leave a hidden `.part` file behind, never a torn one under the real name.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def write_atomically(path: Path, chunks: Iterable[bytes | memoryview], *, mode: int = 0o600) -> None:
    """Write a file so that `path` has its old content or all of the new, also after a power loss; raises OSError.

    When the chunks raise, `path` stays as it was.
    """
    with replacing(path, mode=mode) as file:
        for chunk in chunks:
            file.write(chunk)


class Part:
    """A file that is being written beside its place; it ends in exactly one of `publish` and `discard`."""

    def __init__(self, path: Path, *, mode: int = 0o600) -> None:
        """Create the part; raises OSError."""
        self._path = path
        self._part = path.with_name(f".{path.name[:50]}.{secrets.token_hex(4)}.part")
        self.file: IO[bytes] = os.fdopen(os.open(self._part, _FLAGS, mode), "wb")

    def publish(self) -> None:
        """Make the file durable and give it its name; raises OSError, and the part is gone."""
        try:
            with self.file:
                self.file.flush()
                os.fsync(self.file.fileno())
            self._part.replace(self._path)
        except BaseException:  # also when the run is interrupted: the part must not stay
            self.discard()
            raise
        make_names_durable(self._path.parent)

    def discard(self) -> None:
        """Take the part away; never raises."""
        with suppress(OSError):
            self.file.close()
        with suppress(OSError):
            self._part.unlink()


@contextmanager
def replacing(path: Path, *, mode: int = 0o600) -> Iterator[IO[bytes]]:
    """Yield a binary file that becomes `path` when the block ends, and goes away when it raises; raises OSError.

    On return the file and its name are durable.
    """
    part = Part(path, mode=mode)
    try:
        yield part.file
    except BaseException:
        part.discard()
        raise
    part.publish()


def make_names_durable(folder: Path) -> None:
    """Return when the names in a folder, as they are now, would survive a power loss; raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
