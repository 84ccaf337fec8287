"""Which rows a lane sends next: whole studies, so that one study never travels on two associations at once."""

from __future__ import annotations

import threading
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
        if rows.count:
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
