"""The weaker proof of peers that name no instances: how many they say they have of a series or study, against how many were delivered.

It knows nothing of why somebody wants to know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from dicomjobs.events import Cause
from dicomjobs.execute.lookup import Lookup
from dicomjobs.execute.sighting import PRESENT, Presence, Sighting
from dicomjobs.plan.plan import PlannedInstance

Deliveries = Counter[tuple[str, str]]
"""How many instances of a series were delivered, by its study and itself; of a whole study, by "" as its series."""


def names_no_instances(sighting: Sighting) -> bool:
    """Say whether a peer answered that it does not answer for single instances; it may say how many it has."""
    return sighting.reason == "refused" and sighting.cause is not Cause.TRANSIENT


def deliveries_of(rows: Iterable[PlannedInstance]) -> Deliveries:
    """Count delivered instances, each of them once."""
    found, seen = Deliveries(), set[int]()
    for row in rows:
        if (known := hash(row.sop_instance_uid)) not in seen:
            seen.add(known)
            found[row.study_instance_uid, row.series_instance_uid] += 1
            found[row.study_instance_uid, ""] += 1
    return found


@dataclass(slots=True)
class Counting:
    """Asks for numbers, once for each series, and holds them against what was delivered."""

    lookup: Lookup
    delivered: Deliveries
    _seen: dict[tuple[str, str], Sighting] = field(default_factory=dict)

    def sighting(self, row: PlannedInstance) -> Sighting:
        """Say of a delivered instance whether its series is there in full: PRESENT by number alone, or ABSENT with the difference."""
        series = row.study_instance_uid, row.series_instance_uid
        if series not in self._seen:
            self._seen[series] = self._ask(*series)
        return self._seen[series]

    def _ask(self, study_instance_uid: str, series_instance_uid: str) -> Sighting:
        """Ask how many instances the peer has of a series, of its study where it does not say that of series."""
        in_series = self.lookup.count(study_instance_uid, series_instance_uid)
        if not isinstance(in_series, Sighting):
            return _compared(in_series, self.delivered[study_instance_uid, series_instance_uid], "series")
        if in_series.reason != "refused":
            return in_series
        in_study = self.lookup.count(study_instance_uid, "")
        if isinstance(in_study, Sighting):
            return in_study
        return _compared(in_study, self.delivered[study_instance_uid, ""], "study")


def _compared(there: int, delivered: int, noun: str) -> Sighting:
    """Return what it means that so many are there, and so many were delivered."""
    if there >= delivered:
        return PRESENT
    words = f"the peer says that it has {there:,} instances of its {noun}, and {delivered:,} were delivered"
    return Sighting(presence=Presence.ABSENT, reason="fewer_than_sent", words=words)
