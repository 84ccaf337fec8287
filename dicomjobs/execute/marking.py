"""A payload that tells the journal how far it got, each time before the bytes can leave; a crash then hides nothing.

The last one has the digest, so that the next run can tell whether the file is still what was sent.
An instance that is one chunk needs only that one. It knows neither files nor the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dicomjobs.execute.ports import FilePayload, Journal, Phase


@dataclass(slots=True)
class MarkedPayload:
    """The payload of an item; `chunks` raises JournalUnavailable when a mark cannot be made."""

    payload: FilePayload
    journal: Journal
    item: int
    begun: bool = False
    """Whether a byte may have left."""

    @property
    def length(self) -> int:
        """Bytes in all."""
        return self.payload.length

    def chunks(self) -> Iterator[bytes | memoryview]:
        """The bytes, with a mark before the first chunk and one before that which completes them."""
        left = self.payload.length
        for chunk in self.payload.chunks():
            left -= len(chunk)
            if left <= 0:
                self.journal.mark(self.item, Phase.LAST_BYTE, self.payload.source_sha256)
            elif not self.begun:
                self.journal.mark(self.item, Phase.FIRST_BYTE)
            self.begun = True
            yield chunk

    def close(self) -> None:
        """Let go of the source."""
        self.payload.close()
