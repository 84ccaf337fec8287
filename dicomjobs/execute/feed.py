"""Which rows a lane sends next: whole studies, so that one study never travels on two associations at once."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from dicomjobs.plan.plan import Instances, PlannedAssociation


@dataclass(frozen=True, slots=True)
class RowRange:
    """Rows `first` to `first + count - 1`."""

    first: int
    count: int


def study_ranges(instances: Instances, association: PlannedAssociation) -> Iterator[RowRange]:
    """Yield one range a study; the rows of a study lie next to each other."""
    first, study = association.first, None
    for item, row in enumerate(instances.rows(association.first, association.count), association.first):
        if study is not None and row.study_instance_uid != study:
            yield RowRange(first, item - first)
            first = item
        study = row.study_instance_uid
    if association.count:
        yield RowRange(first, association.first + association.count - first)


class Taken:
    """The rows a lane has taken and not yet dealt with; it deals with them in the order in which it took them."""

    def __init__(self) -> None:
        """None so far."""
        self._first = self._end = 0
        self._others: deque[RowRange] = deque()

    def add(self, rows: RowRange) -> None:
        """Take rows, behind what was taken before."""
        self._others.append(rows)
        self._go_on()

    def dealt_with(self, item: int) -> None:
        """Let go of a row; nothing happens when that was done before."""
        if self._first <= item < self._end:
            self._first = item + 1
            self._go_on()

    def holds(self, item: int) -> bool:
        """Tell whether a row was taken and is not dealt with."""
        return self._first <= item < self._end or any(0 <= item - rows.first < rows.count for rows in self._others)

    def give_up(self) -> list[RowRange]:
        """Return what is left, and let go of it."""
        left = [RowRange(self._first, self._end - self._first), *self._others]
        self._first = self._end = 0
        self._others.clear()
        return [rows for rows in left if rows.count]

    def _go_on(self) -> None:
        """Have the next rows before us where the ones before are dealt with."""
        while self._first == self._end and self._others:
            rows = self._others.popleft()
            self._first, self._end = rows.first, rows.first + rows.count


class StudyFeed:
    """The ranges still to be sent, shared by the lanes of one planned association."""

    def __init__(self, ranges: Iterator[RowRange], *, lanes: int) -> None:
        """Begin with all ranges and all lanes at work."""
        self._ranges = ranges
        self._returned: list[RowRange] = []
        self._lanes = lanes
        self._lock = threading.Lock()

    def take(self) -> RowRange | None:
        """Return the next range, None when there is none left."""
        with self._lock:
            return self._returned.pop() if self._returned else next(self._ranges, None)

    def give_back(self, rows: RowRange) -> None:
        """Return what a lane could not send."""
        with self._lock:
            self._returned.append(rows)

    def has_others(self) -> bool:
        """Tell whether other lanes are at work."""
        with self._lock:
            return self._lanes > 1

    def leave(self) -> bool:
        """Note that a lane can send no more; true for the last one, which has to account for what is left."""
        with self._lock:
            self._lanes -= 1
            return self._lanes == 0
