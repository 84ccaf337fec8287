"""What verification made of the delivered instances of a job: a byte an instance, and none at all where nothing was verified.

It knows no outcomes; what a missing one does to the counts is in `tally.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from dicomjobs.events import Proof

_MISSING: Final = 0xFF
_MARKS: Final[Mapping[Proof, int]] = {Proof.STATUS: 0, Proof.COUNT: 1, Proof.QUERY: 2, Proof.COMMITMENT: 3}
"""By how much they prove."""


@dataclass(slots=True)
class Proofs:
    """Marks of the rows of one job; the stronger of two marks stands, and missing is stronger than any proof."""

    rows: int
    marks: bytearray = field(default_factory=bytearray)

    def add(self, first: int, count: int, proof: Proof) -> None:
        """Note what some rows in a row were proven by."""
        if proof is not Proof.STATUS:
            self._raise_to(first, bytes((_MARKS[proof],)) * count)

    def add_missing(self, row: int) -> None:
        """Note that a row was not found."""
        self._raise_to(row, bytes((_MISSING,)))

    def _raise_to(self, first: int, marks: bytes) -> None:
        """Lay marks over those that are there."""
        if not self.marks:
            self.marks = bytearray(self.rows)
        there = self.marks[first : first + len(marks)]
        self.marks[first : first + len(marks)] = bytes(map(max, there, marks)) if any(there) else marks

    def merged_with(self, other: Proofs) -> Proofs:
        """Return the marks of both parts of a log."""
        merged = Proofs(self.rows, bytearray(self.marks))
        if other.marks:
            merged._raise_to(0, bytes(other.marks))
        return merged

    def missing(self) -> Iterator[int]:
        """Give the rows that were not found."""
        row = self.marks.find(_MISSING)
        while row >= 0:
            yield row
            row = self.marks.find(_MISSING, row + 1)

    def count(self, among: bytearray) -> Counter[Proof]:
        """How many rows are proven by what, of those where `among` has FFH and not 00H; a missing one is not among them."""
        if not self.marks:
            return Counter({Proof.STATUS: among.count(0xFF)})
        kept = int.from_bytes(self.marks, "big") & int.from_bytes(among, "big")
        marks = kept.to_bytes(self.rows, "big")
        counts = Counter({proof: marks.count(mark) for proof, mark in _MARKS.items() if mark})
        counts[Proof.STATUS] = among.count(0xFF) - counts.total() - marks.count(_MISSING)
        return counts
