"""The report of a run as a value, key for key what report.json says; it knows neither events nor any form of text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from dicomjobs.events import JobOutcome
from dicomjobs.model.association import AcceptedRoles, EndedBy, ExtendedNegotiation, TlsSession
from dicomjobs.model.peer import Allowance
from dicomjobs.report.coverage import Coverage

FORMAT_VERSION = 1


class JobKind(Enum):
    """What a job does; the values are the keys of the YAML."""

    ECHO = "echo"
    FIND = "find"
    STORE = "store"


class RunOutcome(Enum):
    """What became of a run; INCOMPLETE when its log ends without a last word, as after a crash or a power cut."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many planned instances had each outcome (they add up to `planned`), and how many matches a query had."""

    planned: int = 0
    delivered: int = 0
    delivered_with_warning: int = 0
    failed: int = 0
    unknown: int = 0
    missing: int = 0
    not_sent: int = 0
    skipped: int = 0
    matches: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofCounts:
    """How many delivered instances rest on which proof; they add up to those delivered now and those skipped as delivered before."""

    status: int = 0
    count: int = 0
    query: int = 0
    commitment: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociationReport:
    """One association: presentation contexts proposed, accepted and refused, and the peer's maximum PDU length in bytes.

    `roles` and `extended_negotiation` are the peer's answers to what was asked for, `weakened_by` is what its `allow:` had to permit.
    `max_pdu` is None when it was never established, `ended_by` None when its end was not recorded.
    """

    proposed: int
    accepted: int
    refused: int
    max_pdu: int | None
    tls: TlsSession | None
    ended_by: EndedBy | None
    roles: tuple[AcceptedRoles, ...] = ()
    extended_negotiation: tuple[ExtendedNegotiation, ...] = ()
    weakened_by: tuple[Allowance, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Everything that went wrong in the same way: same reason, same DIMSE status, same words.

    `hint` says what to try (the key `try` of report.json); `examples` are paths, at most five, in the order of the plan.
    """

    reason: str
    count: int
    status: int | None
    words: str
    hint: str
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobReport:
    """What became of one job; `bytes` counts data set bytes that were sent, `seconds` runs from its start to its end.

    `truncated` is true when a query's answers are known to be incomplete.
    `associations_left_out` counts those beyond the ones listed, `queries` C-FIND requests; a split query has its coverage.
    `skipped` counts the skipped instances by reason; those that are parked have failed for good on `parked_after` runs at least.
    `keys_unsupported` counts matches of which the peer said that it does not support all optional keys.
    """

    name: str
    kind: JobKind
    peer: str
    outcome: JobOutcome
    counts: Counts
    proofs: ProofCounts
    bytes: int
    seconds: float
    associations: tuple[AssociationReport, ...]
    failures: tuple[Failure, ...]
    truncated: bool
    skipped: Mapping[str, int] = field(default_factory=dict)
    parked_after: int = 0
    associations_left_out: int = 0
    queries: int = 0
    keys_unsupported: int = 0
    coverage: Coverage | None = None

    @property
    def parked(self) -> int:
        """How many instances were not tried because they had failed for good too often."""
        return self.skipped.get("parked", 0)

    @property
    def not_compared(self) -> int:
        """How many instances were delivered before from files of which nobody can tell whether they still hold the same."""
        return self.skipped.get("not_compared", 0)

    @property
    def passed_over(self) -> int:
        """How many instances were skipped although the peer may not have them as they are."""
        return self.parked + self.not_compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of a run; `started` and `finished` in seconds since the epoch, None when the log holds no event."""

    run_id: str
    version: str
    outcome: RunOutcome
    exit_code: int
    started: float | None
    finished: float | None
    seconds: float
    jobs: tuple[JobReport, ...]
