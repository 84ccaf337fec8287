"""Marks come before the bytes they are about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from dicomjobs.errors import JournalUnavailable
from dicomjobs.execute.marking import MarkedPayload
from tests.support.fake_ports import FakeJournal


@dataclass(slots=True)
class Chunked:
    """A payload of certain chunks."""

    parts: tuple[bytes, ...]
    closed: int = 0
    sha256: str = ""
    source_sha256: str = ""

    @property
    def length(self) -> int:
        """Bytes in all."""
        return sum(map(len, self.parts))

    def chunks(self) -> Iterator[bytes]:
        """The chunks."""
        yield from self.parts

    def close(self) -> None:
        """Count."""
        self.closed += 1


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((b"ab",), ["last_byte 7", "ab"]),
        ((b"ab", b"cd"), ["first_byte 7", "ab", "last_byte 7", "cd"]),
        ((b"ab", b"cd", b"ef"), ["first_byte 7", "ab", "cd", "last_byte 7", "ef"]),
    ],
)
def test_a_mark_is_made_before_the_chunk_it_is_about(parts: tuple[bytes, ...], expected: list[str]) -> None:
    """One chunk needs one mark."""
    journal = FakeJournal()

    for chunk in MarkedPayload(Chunked(parts), journal, 7).chunks():
        journal.log.append(bytes(chunk).decode())

    assert journal.log == expected


def test_a_chunk_that_cannot_be_marked_does_not_leave() -> None:
    """The disk is full."""
    chunks = MarkedPayload(Chunked((b"ab", b"cd")), FakeJournal(fail_on="last_byte"), 7).chunks()

    assert next(chunks) == b"ab"
    with pytest.raises(JournalUnavailable):
        next(chunks)


def test_closing_closes_the_source() -> None:
    """Once."""
    source = Chunked((b"ab",))
    MarkedPayload(source, FakeJournal(), 7).close()

    assert source.closed == 1
