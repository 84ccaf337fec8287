"""What the events of one job add up to: a byte an instance, and a bounded number of groups of failures; it knows no plan.

Every part is made so that two tallies of parts of a log merge into the tally of the whole log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from dicomjobs.events import (
    DELIVERED,
    AssociationEnded,
    AssociationEstablished,
    Cause,
    InstanceFinished,
    InstanceMissing,
    InstancesProven,
    JobFinished,
    JobOutcome,
    Outcome,
    OutputFailed,
    Proof,
    QueryFinished,
    SentFilesKept,
)
from dicomjobs.model.association import AcceptedRoles, EndedBy, ExtendedNegotiation, TlsSession
from dicomjobs.model.peer import Allowance
from dicomjobs.report.proofs import Proofs

EXAMPLES: Final = 5
"""How many instances a group of failures names."""
GROUPS: Final = 50
"""How many groups of failures a job keeps apart."""
ASSOCIATIONS: Final = 1000
"""How many associations of a job are listed."""
WORDS: Final = 300
"""How many characters of a sentence tell two groups apart."""

_MARKS: Final[Mapping[str, int]] = {each.value: mark for mark, each in enumerate(Outcome, start=1)}
_OUTCOMES: Final = {**dict(enumerate(Outcome, start=1)), len(Outcome) + 1: Outcome.SKIPPED}
_ALREADY_DELIVERED: Final = len(Outcome) + 1
"""The mark of an instance that was skipped because the peer has it."""
_UNHEARD: Final = 0
_OPTIONAL_KEYS_UNSUPPORTED: Final = 0xFF01
_DELIVERED: Final = Outcome.DELIVERED
_STATUS: Final = Proof.STATUS
_ONLY_DELIVERED: Final = bytes(
    0xFF if mark == _ALREADY_DELIVERED or _OUTCOMES.get(mark) in DELIVERED else 0 for mark in range(256)
)
_WARNED: Final = Outcome.DELIVERED_WITH_WARNING
_SKIPPED: Final = Outcome.SKIPPED


class LogContradiction(ValueError):
    """The log does not belong to the plan, or says twice what can only happen once."""


@dataclass(frozen=True, slots=True, order=True)
class GroupKey:
    """What the failures of a group have in common; `status` is -1 when there is none, so that keys have an order."""

    reason: str
    status: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Failures of one kind: how many, the lowest item numbers of them, and the hint that came with the lowest."""

    count: int
    items: tuple[int, ...]
    hint: str

    def __add__(self, other: Group) -> Group:
        """Put two groups of the same kind together."""
        hint = self.hint if self.items < other.items else other.hint
        return Group(
            count=self.count + other.count, items=tuple(sorted(self.items + other.items))[:EXAMPLES], hint=hint
        )


@dataclass(slots=True)
class Groups:
    """Failures grouped by kind; the first GROUPS kinds in their own order are kept apart, whatever came first, others are summed."""

    kept: dict[GroupKey, Group] = field(default_factory=dict)
    rest: int = 0

    def add(self, key: GroupKey, group: Group) -> None:
        """Add a failure, or a whole group of them."""
        if known := self.kept.get(key):
            self.kept[key] = known + group
            return
        self.kept[key] = group
        if len(self.kept) > GROUPS:
            self.rest += self.kept.pop(max(self.kept)).count

    def merge(self, other: Groups) -> None:
        """Take in the groups of another part of the log."""
        self.rest += other.rest
        for key, group in other.kept.items():
            self.add(key, group)


@dataclass(frozen=True, slots=True, kw_only=True)
class Established:
    """What was agreed for one association: numbers of contexts, the peer's maximum PDU length in bytes."""

    proposed: int
    accepted: int
    refused: int
    max_pdu: int
    tls: TlsSession | None
    roles: tuple[AcceptedRoles, ...]
    extended_negotiation: tuple[ExtendedNegotiation, ...]
    weakened_by: tuple[Allowance, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How one association ended, or was never had."""

    proposed: int
    refused: int
    ended_by: EndedBy


@dataclass(slots=True)
class JobTally:
    """The sums of one job, whose rows are `first` and those that follow; `outcomes` holds a mark for each of them."""

    first: int
    outcomes: bytearray
    proofs: Proofs
    bytes: int = 0
    matches: int = 0
    keys_unsupported: int = 0
    """Matches with status FF01H (PS3.4 C.4.1.1.4)."""
    queries: int = 0
    windows: list[QueryFinished] = field(default_factory=list)
    """The queries of a job that is split, one by one; there are as many as its matches need."""
    started: float | None = None
    status: int | None = None
    finished: JobFinished | None = None
    lost_outputs: tuple[OutputFailed, ...] = ()
    kept_files: tuple[SentFilesKept, ...] = ()
    skipped: Counter[str] = field(default_factory=Counter)
    """How many instances were skipped for which reason, but for those that were delivered before."""
    faults: set[tuple[Outcome, Cause]] = field(default_factory=set)
    groups: Groups = field(default_factory=Groups)
    established: dict[int, Established] = field(default_factory=dict)
    ended: dict[int, Ended] = field(default_factory=dict)
    last_association: int = 0

    def add_instance(self, event: InstanceFinished) -> None:
        """Add the final word on one row; raises LogContradiction for a row that is not of this job, or a second word."""
        row = event.item - self.first
        if not 0 <= row < len(self.outcomes):
            raise self._not_ours(event.item, event.job)
        if self.outcomes[row]:
            raise LogContradiction(f'the log says twice what became of row {event.item} of job "{event.job}"')
        self.outcomes[row] = _MARKS[event.outcome._value_]
        self.bytes += event.bytes
        if event.proof is not _STATUS:
            self.proofs.add(row, 1, event.proof)
        if event.outcome is _SKIPPED:
            self._add_skipped(row, event.reason)
        elif event.outcome is not _DELIVERED and event.outcome is not _WARNED:
            self._add_fault(event, event.outcome, -1 if event.status is None else event.status)

    def _add_skipped(self, row: int, reason: str) -> None:
        """Count a row by the reason for which it was skipped, and keep in mind when the peer has it."""
        if reason == "already_delivered":
            self.outcomes[row] = _ALREADY_DELIVERED
        else:
            self.skipped[reason] += 1

    def add_proven(self, event: InstancesProven) -> None:
        """Add what verification found; raises LogContradiction for rows that are not of this job."""
        row = event.first - self.first
        if not 0 <= row <= row + event.count <= len(self.outcomes):
            raise self._not_ours(event.first, event.job)
        self.proofs.add(row, event.count, event.proof)

    def add_missing(self, event: InstanceMissing) -> None:
        """Add what verification did not find; raises LogContradiction for a row that is not of this job."""
        row = event.item - self.first
        if not 0 <= row < len(self.outcomes):
            raise self._not_ours(event.item, event.job)
        self.proofs.add_missing(row)
        self._add_fault(event, Outcome.MISSING, -1)

    @staticmethod
    def _not_ours(item: int, job: str) -> LogContradiction:
        """Return the error for a row of another job or plan."""
        return LogContradiction(f'row {item} is not one of job "{job}": the log is that of another plan')

    def _add_fault(self, event: InstanceFinished | InstanceMissing, outcome: Outcome, status: int) -> None:
        """Add an instance that is not where it should be to those of its kind; status -1 when there is none."""
        self.faults.add((outcome, event.cause))
        key = GroupKey(event.reason, status, event.words[:WORDS])
        self.groups.add(key, Group(count=1, items=(event.item,), hint=event.hint))

    def add_matches(self, count: int, status: int) -> None:
        """Add matches that came together with a status."""
        self.matches += count
        if status == _OPTIONAL_KEYS_UNSUPPORTED:
            self.keys_unsupported += count

    def add_established(self, event: AssociationEstablished) -> None:
        """Note an association that was accepted."""
        self.last_association = max(self.last_association, event.number)
        if event.number <= ASSOCIATIONS:
            self.established[event.number] = Established(
                proposed=len(event.proposed),
                accepted=len(event.accepted),
                refused=len(event.rejected),
                max_pdu=event.max_pdu_length,
                tls=event.tls,
                roles=event.roles,
                extended_negotiation=event.extended_negotiation,
                weakened_by=event.weakened_by,
            )

    def add_ended(self, event: AssociationEnded) -> None:
        """Note the end of an association."""
        self.last_association = max(self.last_association, event.number)
        if event.number <= ASSOCIATIONS:
            self.ended[event.number] = Ended(proposed=event.proposed, refused=event.refused, ended_by=event.ended_by)

    def counts(self) -> Counter[Outcome]:
        """How many instances had which outcome: by their own last words, unless verification did not find them."""
        counts = Counter({outcome: self.outcomes.count(_MARKS[outcome.value]) for outcome in Outcome})
        counts[Outcome.SKIPPED] += self.outcomes.count(_ALREADY_DELIVERED)
        for row in self.proofs.missing():
            if mark := self.outcomes[row]:
                counts[_OUTCOMES[mark]] -= 1
                counts[Outcome.MISSING] += 1
        return counts

    def skipped_counts(self) -> Counter[str]:
        """How many instances were skipped for which reason; what was delivered before and is missing now is not among them."""
        missing = sum(self.outcomes[row] == _ALREADY_DELIVERED for row in self.proofs.missing())
        already = self.outcomes.count(_ALREADY_DELIVERED) - missing
        return self.skipped + Counter({"already_delivered": already})

    def proof_counts(self) -> Counter[Proof]:
        """How many of the instances that were delivered, now or before, rest on which proof."""
        return self.proofs.count(self.outcomes.translate(_ONLY_DELIVERED))

    @property
    def unheard(self) -> int:
        """How many planned instances have no last word."""
        return self.outcomes.count(_UNHEARD)

    @property
    def unheard_outcome(self) -> Outcome:
        """What is known of those: that they were not sent as long as the job had not begun, or says that it never did."""
        never_begun = self.started is None or (self.finished and self.finished.outcome is JobOutcome.NOT_RUN)
        return Outcome.NOT_SENT if never_begun else Outcome.UNKNOWN

    def outcome_of(self, item: int) -> Outcome:
        """Return what is known of a row."""
        return _OUTCOMES.get(self.outcomes[item - self.first], self.unheard_outcome)

    def unheard_items(self) -> Iterator[int]:
        """Give the numbers of the rows that have no last word."""
        row = self.outcomes.find(_UNHEARD)
        while row >= 0:
            yield self.first + row
            row = self.outcomes.find(_UNHEARD, row + 1)


def merge_tallies(one: JobTally, other: JobTally) -> JobTally:
    """Return the tally of both parts of a log, `other` being the later; raises LogContradiction when both tell of one row."""
    groups = Groups()
    groups.merge(one.groups)
    groups.merge(other.groups)
    return JobTally(
        first=one.first,
        outcomes=_merge_outcomes(one, other),
        proofs=one.proofs.merged_with(other.proofs),
        bytes=one.bytes + other.bytes,
        matches=one.matches + other.matches,
        keys_unsupported=one.keys_unsupported + other.keys_unsupported,
        skipped=one.skipped + other.skipped,
        queries=one.queries + other.queries,
        windows=one.windows + other.windows,
        started=one.started if other.started is None else other.started,
        status=one.status if other.status is None else other.status,
        finished=other.finished or one.finished,
        lost_outputs=one.lost_outputs + other.lost_outputs,
        kept_files=one.kept_files + other.kept_files,
        faults=one.faults | other.faults,
        groups=groups,
        established=one.established | other.established,
        ended=one.ended | other.ended,
        last_association=max(one.last_association, other.last_association),
    )


def _merge_outcomes(one: JobTally, other: JobTally) -> bytearray:
    """Lay the marks of two parts over each other; a row without a mark is 0 in either."""
    heard = len(one.outcomes) - one.unheard + len(other.outcomes) - other.unheard
    length = len(one.outcomes)
    laid = int.from_bytes(one.outcomes, "big") | int.from_bytes(other.outcomes, "big")
    outcomes = bytearray(laid.to_bytes(length, "big"))
    if length - outcomes.count(_UNHEARD) != heard:
        raise LogContradiction("two parts of the log tell of the same row")
    return outcomes
