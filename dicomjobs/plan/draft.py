"""The rows of a store job while it is being planned: met one by one, and not in order yet; it decides nothing about them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from dicomjobs.plan.inventory import SurveyedFile
from dicomjobs.plan.plan import Excluded, PlannedInstance
from dicomjobs.plan.row_codec import decode_row, encode_fate, encode_found

UNSENT = 0xFFFF_FFFF
"""The need of a row that is not sent."""
WITHDRAWN = 0xFFFF_FFFE
"""The need of a row that is in no plan: another one has taken its place."""


class RowStore(Protocol):
    """Lines of ASCII, a row each, that can be added to and read back by number; a temporary file or the plan's own."""

    def append_line(self, line: bytes) -> None:
        """Add a line, given without its newline."""

    def lines(self, numbers: Iterable[int]) -> Iterator[bytes]:
        """Read lines back in the order asked for, without their newlines; neighbours cost least."""

    def __len__(self) -> int:
        """How many lines there are."""

    def close(self) -> None:
        """Let go of the lines."""


@dataclass(slots=True)
class Draft:
    """The rows of a job before they are put in order: on disk but for twenty bytes each.

    The line of a row that will be sent lacks its end, the context ID, until all needs are known.
    """

    rows: RowStore
    need: array[int] = field(default_factory=lambda: array("I"))
    study: array[int] = field(default_factory=lambda: array("I"))
    size: array[int] = field(default_factory=lambda: array("Q"))
    needs_of_study: list[frozenset[int]] = field(default_factory=list)
    _studies: dict[int, int] = field(default_factory=dict)
    _interned: dict[frozenset[int], frozenset[int]] = field(default_factory=dict)

    def add(self, file: SurveyedFile, need: int) -> None:
        """Add a file that will be sent on the context of this number."""
        self.rows.append_line(encode_found(file).encode("ascii"))
        number = self._studies.setdefault(hash(file.study_instance_uid), len(self._studies))
        if number == len(self.needs_of_study):
            self.needs_of_study.append(frozenset())
        needs = self.needs_of_study[number]
        if need not in needs:
            wider = needs | {need}
            self.needs_of_study[number] = self._interned.setdefault(wider, wider)
        self.need.append(need)
        self.study.append(number)
        self.size.append(file.size - file.offset)

    def withdraw(self, number: int, count: int) -> None:
        """Take back rows that were to be sent, from this number on; what their study needs is proposed all the same."""
        self.need[number : number + count] = array("I", [WITHDRAWN] * count)

    def add_left_out(self, file: SurveyedFile | PlannedInstance, excluded: Excluded, reason: str, words: str) -> None:
        """Add a file that will not be sent."""
        self.rows.append_line((encode_found(file) + encode_fate(0, excluded, reason, words)).encode("ascii"))
        self.need.append(UNSENT)
        self.study.append(0)
        self.size.append(0)

    def row(self, number: int) -> PlannedInstance:
        """Read back a row, its context ID not known yet."""
        (line,) = self.rows.lines((number,))
        return decode_row(line if self.need[number] == UNSENT else line + encode_fate(0).encode("ascii"))
