"""How much the log, a report and what is printed may tell of the files and instances they are about, as `reports: phi` says.

Names of patients are in none of them; paths and UIDs can lead to one. It knows no form of text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dicomjobs.events import INSTANCE_REASONS, Event, InstanceFinished, MatchesReceived, SentFilesKept
from dicomjobs.model.phi import Phi
from dicomjobs.plan.plan import Instances, InstancesDigest, PlannedInstance

_NAMES_A_FILE = frozenset({"duplicate", "uid_conflict"})
"""Reasons whose words name another file."""


def telling(instances: Instances, phi: Phi) -> Instances:
    """Return rows that say no more than they may; a row that may not say its path is named by UID or number instead."""
    return instances if phi is Phi.PATHS else _Veiled(instances, phi)


def told_words(reason: str, words: str, phi: Phi) -> str:
    """Return the words for what became of an instance, without the name of another file where that may not be told."""
    return INSTANCE_REASONS[reason] if reason in _NAMES_A_FILE and phi is not Phi.PATHS else words


def printable(event: Event, phi: Phi) -> Event:
    """Return an event as it may be printed: answers of a peer never may, for they are all about patients."""
    match event:
        case MatchesReceived():
            return replace(event, identifiers=())
        case InstanceFinished(reason=reason, words=words):
            return replace(event, words=told_words(reason, words, phi)) if reason in _NAMES_A_FILE else event
        case SentFilesKept() if phi is not Phi.PATHS:
            return replace(event, path="", words="")
        case _:
            return event


def recordable(event: Event, phi: Phi) -> Event:
    """Return an event as the log may hold it: what a peer answered is what a query was for, names of other files are not."""
    return event if phi is Phi.PATHS or isinstance(event, MatchesReceived) else printable(event, phi)


@dataclass(frozen=True, slots=True)
class _Veiled:
    """The rows of a plan with their paths, and where that is wanted their UIDs, left out."""

    instances: Instances
    phi: Phi

    @property
    def digest(self) -> InstancesDigest:
        """Count and SHA-256 of the rows as they are saved."""
        return self.instances.digest

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.instances)

    def __iter__(self) -> Iterator[PlannedInstance]:
        """All rows in order."""
        return self.rows(0, len(self))

    def __getitem__(self, item: int) -> PlannedInstance:
        """The row of one item."""
        return self._veiled(item, self.instances[item])

    def rows(self, first: int, count: int) -> Iterator[PlannedInstance]:
        """`count` rows in order, from item `first` on."""
        return (self._veiled(item, row) for item, row in enumerate(self.instances.rows(first, count), first))

    def _veiled(self, item: int, row: PlannedInstance) -> PlannedInstance:
        """Return a row without what it may not say."""
        words = told_words(row.reason, row.words, self.phi) if row.reason else row.words
        if self.phi is Phi.UIDS:
            return replace(row, path=f"instance {row.sop_instance_uid or item}", words=words)
        return replace(
            row, path=f"row {item}", words=words, study_instance_uid="", series_instance_uid="", sop_instance_uid=""
        )
