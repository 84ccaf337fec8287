"""One file of a job's matches under way: written in pieces, published whole or not at all.

It remembers, instead of raising, why it could not be written; it knows nothing of what is written.
"""

from __future__ import annotations

from pathlib import Path

from dicomjobs.disk.deposit import Part


class OutputFile:
    """A file that gets its name in the end; after a failure all that is written to it is dropped."""

    def __init__(self, path: Path) -> None:
        """Begin beside the file's place."""
        self.path = path
        self.words = ""
        """The operating system's, once something failed."""
        self._part: Part | None = None
        try:
            self._part = Part(path)
        except OSError as error:
            self._lost(error)

    def write(self, data: bytes) -> None:
        """Append to the file."""
        if self._part is not None:
            try:
                self._part.file.write(data)
            except OSError as error:
                self._lost(error)

    def publish(self) -> None:
        """Give the file its name, durably, unless something failed; `words` tell."""
        if self._part is not None:
            try:
                self._part.publish()
            except OSError as error:
                self._lost(error)
            self._part = None

    def discard(self) -> None:
        """Leave nothing behind; does nothing to a file that has its name."""
        if self._part is not None:
            self._part.discard()
            self._part = None

    def _lost(self, error: OSError) -> None:
        """Note why there will be no file."""
        self.words = error.strerror or str(error)
        self.discard()
