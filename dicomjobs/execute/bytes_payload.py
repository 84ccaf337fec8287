"""An identifier, or any other data set that is in memory, as the payload of a request; it knows nothing of what is in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BytesPayload:
    """Bytes that leave as one chunk."""

    data: bytes

    @property
    def length(self) -> int:
        """Bytes in all."""
        return len(self.data)

    def chunks(self) -> Iterator[bytes]:
        """The bytes at once."""
        yield self.data

    def close(self) -> None:
        """Do nothing: there is no source to let go of."""
