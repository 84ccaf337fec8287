"""What a job's matches are written into while they come: kept under way, published whole or not at all.

It remembers, instead of raising, why it could not be written; it knows nothing of what is written.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from dicomjobs.disk.deposit import Part


class Publishable(Protocol):
    """A file or folder beside its place; every method raises OSError."""

    def publish(self) -> None:
        """Give it its name, durably."""

    def discard(self) -> None:
        """Leave nothing behind; does nothing to what has its name."""


PartT = TypeVar("PartT", bound=Publishable)


class UnderWay(Generic[PartT]):
    """A file or folder that gets its name in the end; after a failure all that is written to it is dropped."""

    def __init__(self, path: Path, begin: Callable[[], PartT]) -> None:
        """Begin beside its place."""
        self.path = path
        self.words = ""
        """The operating system's, once something failed."""
        self._part: PartT | None = None
        try:
            self._part = begin()
        except OSError as error:
            self._lost(error)

    def put(self, write: Callable[[PartT], object]) -> None:
        """Write something into it, unless it is lost already."""
        if self._part is not None:
            try:
                write(self._part)
            except OSError as error:
                self._lost(error)

    def publish(self) -> None:
        """Give it its name, unless something failed; `words` tell."""
        self.put(lambda part: part.publish())
        self._part = None

    def discard(self) -> None:
        """Leave nothing behind; does nothing to what has its name."""
        if self._part is not None:
            self._part.discard()
            self._part = None

    def _lost(self, error: OSError) -> None:
        """Note why there will be nothing."""
        self.words = error.strerror or str(error)
        self.discard()


class OutputFile(UnderWay[Part]):
    """One file."""

    def __init__(self, path: Path) -> None:
        """Begin beside the file's place."""
        super().__init__(path, lambda: Part(path))

    def write(self, data: bytes) -> None:
        """Append to the file."""
        self.put(lambda part: part.file.write(data))
