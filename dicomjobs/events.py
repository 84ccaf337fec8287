"""What happens during a run, as a closed union of immutable events; the report is a fold over them and nothing else.

No event carries wall time of its own: `Stamped` wraps it. `event_json.py` writes and reads them as JSON Lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from dicomjobs.model.association import (
    AcceptedContext,
    AcceptedRoles,
    ExtendedNegotiation,
    ProposedContext,
    RejectedContext,
    TlsSession,
)
from dicomjobs.model.association import EndedBy as EndedBy  # noqa: PLC0414 - the alias is how a name is exported again
from dicomjobs.model.peer import Allowance


class Outcome(Enum):
    """What became of an instance; DELIVERED only after a checked response with status Success."""

    DELIVERED = "delivered"
    DELIVERED_WITH_WARNING = "delivered_with_warning"
    FAILED = "failed"
    UNKNOWN = "unknown"
    MISSING = "missing"
    NOT_SENT = "not_sent"
    SKIPPED = "skipped"


DELIVERED = frozenset({Outcome.DELIVERED, Outcome.DELIVERED_WITH_WARNING})
"""Outcomes that say that the peer has the instance."""


class Proof(Enum):
    """What a delivered outcome rests on.

    The C-STORE response; how many instances of its series or study the peer says it has; the peer's answer to a query for it;
    or its storage commitment (PS3.4 J).
    """

    STATUS = "status"
    COUNT = "count"
    QUERY = "query"
    COMMITMENT = "commitment"


class JobOutcome(Enum):
    """What became of a job; SUCCEEDED means that nothing planned failed, is unknown or was not sent."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    NOT_RUN = "not_run"


class Cause(Enum):
    """The class of a fault, which decides the exit code (README, "Exit codes"): who or what has to change before it can succeed."""

    NONE = "none"
    PERMANENT = "permanent"
    TRANSIENT = "transient"
    REFUSED_BY_PEER = "refused_by_peer"
    LOCAL_RESOURCE = "local_resource"
    UNKNOWN = "unknown"
    TRUNCATED = "truncated"
    NOT_AS_EXPECTED = "not_as_expected"
    INTERRUPTED = "interrupted"
    NEEDED_JOB_FAILED = "needed_job_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """The first event of a run; `plan_sha256` is that of plan.json's bytes."""

    run_id: str
    version: str
    plan_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStarted:
    """A job begins; `instances` and `bytes` are what it plans to send, 0 for other kinds."""

    job: str
    instances: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociationEstablished:
    """An association was accepted; `number` counts the associations of a job from 1 in the order they were requested.

    `roles` and `extended_negotiation` are the peer's answers, `weakened_by` is what its `allow:` had to permit.
    """

    job: str
    number: int
    proposed: tuple[ProposedContext, ...]
    accepted: tuple[AcceptedContext, ...]
    rejected: tuple[RejectedContext, ...]
    max_pdu_length: int
    tls: TlsSession | None
    roles: tuple[AcceptedRoles, ...] = ()
    extended_negotiation: tuple[ExtendedNegotiation, ...] = ()
    weakened_by: tuple[Allowance, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociationEnded:
    """An association ended, or could not be established; `reason` is that of an AssociationError, "" after a clean end.

    `proposed` is 0 when nobody was there to propose anything to; `refused` counts the contexts of a peer that accepted none of them.
    """

    job: str
    number: int
    proposed: int
    ended_by: EndedBy
    reason: str
    words: str
    hint: str
    refused: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceFinished:
    """The final word on one row of the plan, exactly one per row; `cause` is NONE when nothing has to change.

    `association` and `message_id` are 0, `status` is None and `sent_transfer_syntax` is "" for an instance that was never sent.
    `proof` means something for a delivered one; `delivered_in_run` is the id of the earlier run that delivered it, "" when none did.
    """

    job: str
    item: int
    outcome: Outcome
    reason: str = ""
    words: str = ""
    hint: str = ""
    cause: Cause = Cause.NONE
    status: int | None = None
    sent_transfer_syntax: str = ""
    bytes: int = 0
    sha256: str = ""
    attempts: int = 0
    seconds: float = 0.0
    association: int = 0
    message_id: int = 0
    proof: Proof = Proof.STATUS
    delivered_in_run: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstancesProven:
    """Verification found delivered instances at the peer: rows `first` to `first + count - 1`."""

    job: str
    first: int
    count: int
    proof: Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceMissing:
    """Verification did not find a delivered instance at the peer: its outcome is `missing` from now on."""

    job: str
    item: int
    reason: str
    words: str
    hint: str = ""
    cause: Cause = Cause.NOT_AS_EXPECTED


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoFinished:
    """The answer to a C-ECHO; status None when none came. `seconds` is the round trip."""

    job: str
    status: int | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchesReceived:
    """Pending C-FIND responses that came together, their identifiers byte for byte in the order they came.

    `query` is the place in the plan of the query that they answer, `first` the number of the first among the job's matches
    and `response` among all its C-FIND responses, final ones included; all three count from 0, 1 and 1.
    `character_set` is for text in identifiers that declare none.
    """

    job: str
    query: int
    first: int
    response: int
    status: int
    transfer_syntax: str
    character_set: str
    identifiers: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryFinished:
    """One C-FIND is over: its place in the plan from 0, how many matches of it were kept, and its final status, None without one.

    `window` is the range that a split query was narrowed to, "" for a whole one. `reason` and `words` say why its matches are
    not all there are; they are empty when the peer answered to the end.
    """

    job: str
    query: int
    window: str
    matches: int
    status: int | None
    reason: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFinished:
    """A job is over; `reason`, `words` and `hint` say why when it did not succeed.

    `truncated` is true when a query's answers are known to be incomplete. `seconds` is from its start.
    """

    job: str
    outcome: JobOutcome
    reason: str = ""
    words: str = ""
    hint: str = ""
    cause: Cause = Cause.NONE
    truncated: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFailed:
    """An output that a job asked for could not be written; `words` are the operating system's."""

    job: str
    path: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFilesKept:
    """Sent files that could not be put away as the job asks, all for the same reason; `words` say it, `path` is one of them."""

    job: str
    count: int
    path: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """The last event; `interrupted_by` is the signal's number when one ended the run, else 0."""

    interrupted_by: int


Event = (
    RunStarted
    | JobStarted
    | AssociationEstablished
    | AssociationEnded
    | InstanceFinished
    | InstancesProven
    | InstanceMissing
    | EchoFinished
    | MatchesReceived
    | QueryFinished
    | JobFinished
    | OutputFailed
    | SentFilesKept
    | RunFinished
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """An event with the time it was observed (seconds since the epoch) and its place in the run's one order, from 0."""

    at: float
    sequence: int
    event: Event


INSTANCE_REASONS: Mapping[str, str] = {
    "not_dicom": "not a DICOM file",
    "unreadable": "cannot be read",
    "not_a_regular_file": "not a regular file",
    "no_such_file": "does not exist",
    "incomplete_header": "the header is cut off or lacks the UIDs that are needed",
    "media_storage_directory": "a DICOMDIR, not an instance",
    "filtered_out": "does not meet the conditions of `where`",
    "too_young": "changed more recently than minimum_age",
    "symlink_outside": "a symbolic link that leads out of the folder",
    "leaves_its_folder": "a DICOMDIR names something that is no file in its folder",
    "symlink_broken": "a symbolic link to a file of its folder that is not there",
    "symlink_skipped": "a symbolic link, and links are not followed",
    "put_away": "an earlier run is done with it and has renamed its file",
    "duplicate": "the same instance is already in this send set",
    "uid_conflict": "the same SOP Instance UID stands for other content, in this send set or at the peer",
    "already_delivered": "an earlier run has delivered it",
    "not_compared": "delivered before from a file that has changed since, and nothing tells whether its content has",
    "parked": "it failed for good on as many runs as retry.runs allows",
    "peer_unavailable": "the peer failed again and again until the time for waiting was used up that the job's retry: {budget: …} gives",
    "not_arrived": "sent without an answer, and the peer does not have it",
    "still_unknown": "an earlier attempt does not know whether it arrived",
    "no_presentation_context": "no presentation context fits",
    "too_many_contexts": "more presentation contexts are needed than one association has",
    "not_convertible": "cannot be converted to a transfer syntax that was accepted",
    "changed_since_plan": "the file changed since the plan was made",
    "changed_while_sending": "the file changed while it was being sent",
    "truncated_file": "the file is shorter than its elements say",
    "refused": "the peer answered with a failure status",
    "status_not_allowed": "the peer answered with a status the standard does not allow",
    "no_answer": "sent, but no trustworthy answer came",
    "not_found": "delivered, but verification did not find it at the peer",
    "fewer_than_sent": "delivered, but the peer counts fewer instances than it was sent",
    "not_committed": "delivered, but the peer does not commit itself to keep it",
    "association_failed": "no association could be had",
    "broken_off": "the association ended while the instance was being sent",
    "held_by_other_run": "another run is sending this instance now",
    "stopped_after_failure": "an earlier failure stopped the job (on_failure: stop)",
    "interrupted": "the run was interrupted first",
    "needed_job_failed": "a job that this one needs did not succeed",
    "journal_failed": "the ledger could not be written",
}
"""Every reason an InstanceFinished can have, with the words for it when nothing more precise is known."""
