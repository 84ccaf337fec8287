"""What execution needs from the outside world, as protocols: associations, files, the journal, time and the stop signal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from dicomjobs.events import EndedBy, MatchesReceived, Outcome, OutputFailed, Proof
from dicomjobs.model.association import Negotiation, Proposal
from dicomjobs.model.data_set_form import DataSetForm, NewVrs
from dicomjobs.model.dimse import OnReport, Payload, PendingResponses, Request, Response
from dicomjobs.model.peer import Peer
from dicomjobs.model.query import Identifier
from dicomjobs.model.resume import DigestPolicy, Resend, Resumption
from dicomjobs.model.sent_files import SentFiles
from dicomjobs.model.stop import StopSignal
from dicomjobs.plan.plan import Instances, JobPlan, PlannedInstance


class Pending(Protocol):
    """A request that was sent and is not yet answered."""

    @property
    def message_id(self) -> int:
        """Message ID (0000,0110)."""


class Association(Protocol):
    """An established association; used by one thread. Every method raises AssociationError, after which only `abort` is allowed."""

    @property
    def negotiation(self) -> Negotiation:
        """What was agreed."""

    def send(self, request: Request, context_id: int, payload: Payload | None) -> Pending:
        """Send a request and all of its payload. NotSendable from the payload aborts the association and is raised again."""

    def answers(self, pending: Pending) -> Iterator[Response]:
        """The checked responses to one request, ending with the first whose status is not Pending."""

    def matches(self, pending: Pending) -> Iterator[PendingResponses | Response]:
        """As `answers` for a C-FIND, but pending responses that are here together come together."""

    def take_reports(self, on_report: OnReport) -> None:
        """From now on N-EVENT-REPORT-RQs may come at any time; they are answered whenever this association is used."""

    def serve(self, seconds: float) -> None:
        """Wait so long for reports and answer them, while no request is open."""

    def cancel(self, pending: Pending) -> None:
        """Send C-CANCEL-RQ for a C-FIND that is being answered (PS3.7 9.3.2.3)."""

    @property
    def fully_sent(self) -> bool:
        """Whether every byte of the last request was handed to the operating system; after an error, its answer may exist."""

    @property
    def ended_by(self) -> EndedBy | None:
        """How the association ended, None while it lives."""

    def release(self) -> None:
        """A-RELEASE; never raises for what the peer does then, `ended_by` says how it ended."""

    def abort(self) -> None:
        """A-ABORT and close; never raises, and does nothing on an association that has ended."""


class FilePayload(Payload, Protocol):
    """A payload made from an instance's file."""

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes in hexadecimal once they were sent, "" when it was not computed."""

    @property
    def source_sha256(self) -> str:
        """The same of the data set as it is in the file, which is another when it was rewritten."""


class Files(Protocol):
    """Instances as payloads; all but `inode` raise NotSendable when the file is not what the plan says."""

    def payload(self, instance: PlannedInstance, digest: DigestPolicy = DigestPolicy.AUTO) -> FilePayload:
        """The data set's bytes unchanged from the file."""

    def rewritten(
        self, instance: PlannedInstance, form: DataSetForm, digest: DigestPolicy = DigestPolicy.AUTO
    ) -> FilePayload:
        """The data set in another form."""

    def inode(self, instance: PlannedInstance) -> int:
        """The number of the file on its file system, 0 when it is not to be had."""

    def sha256(self, instance: PlannedInstance) -> str:
        """SHA-256 of the data set as it is in the file, in hexadecimal; reads all of it."""


class Fate(Enum):
    """What is known of a row when its job is over, as far as its file is concerned."""

    OPEN = 0
    DELIVERED = 1
    FAILED = 2


class Phase(Enum):
    """How far the sending of an instance got, noted before that byte leaves; what a crash leaves behind.

    After a crash an instance with FIRST_BYTE alone cannot be whole at the peer, one with LAST_BYTE (with or without the other) may be.
    """

    FIRST_BYTE = "first_byte"
    LAST_BYTE = "last_byte"


class Verdict(Enum):
    """What the journal says about an instance that is about to be sent; the first two are claimed, the others are not.

    RESOLVE_FIRST: an earlier attempt does not know whether it arrived. COMPARE_FIRST: it was delivered, from a file with another
    size, time of change or inode than this one has. PARKED: it failed for good on enough runs.
    """

    SEND = "send"
    RESOLVE_FIRST = "resolve_first"
    ALREADY_DELIVERED = "already_delivered"
    COMPARE_FIRST = "compare_first"
    PARKED = "parked"
    HELD_BY_OTHER_RUN = "held_by_other_run"


CLAIMED = frozenset({Verdict.SEND, Verdict.RESOLVE_FIRST})
"""Verdicts that come with an open claim, which has to be settled or given back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What the ledger knows of an instance at this peer; `at` in seconds since the epoch.

    `same_file` says that size, time of change and inode (where both are known) are those of the file at hand; `size` is that of the
    file then, `data_set_bytes` without the File Meta (0: not known); `sha256` that of its data set, "" when none was taken.
    `older_copy` says that other content under this UID may have reached the peer before: that it is there proves nothing.
    """

    run_id: str
    outcome: Outcome
    reason: str
    status: int | None
    at: float
    same_file: bool
    size: int
    data_set_bytes: int
    sha256: str
    failed_runs: int
    proof: Proof
    older_copy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimItem:
    """One instance to claim: its row number in the plan, the row, and its file's inode (0: not known)."""

    item: int
    instance: PlannedInstance
    inode: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What became of a claimed instance; `sha256` is that of the data set in its file, `for_good` a failure that counts towards parking."""

    item: int
    outcome: Outcome
    reason: str
    status: int | None
    sha256: str
    for_good: bool = False
    proof: Proof = Proof.STATUS


class Claim(Protocol):
    """Claims on their way to the disk."""

    def verdicts(self) -> Sequence[Verdict]:
        """One verdict per claimed item, in order; blocks until the claims are durable. Raises JournalUnavailable."""

    def earlier(self, index: int) -> Earlier | None:
        """What earlier attempts left of an item, by its place in the claim.

        None for HELD_BY_OTHER_RUN, and for SEND unless earlier runs have failed with it for good.
        """


class Journal(Protocol):
    """The ledger as the sender sees it, for one peer; safe to call from several lanes. Every method raises JournalUnavailable."""

    def claim(self, items: Sequence[ClaimItem]) -> Claim:
        """Begin to claim instances, durably, before any byte of them leaves; returns at once."""

    def mark(self, item: int, phase: Phase, sha256: str = "") -> None:
        """Note how far an instance got, and the SHA-256 of the data set in its file if one was taken; never waits for the disk."""

    def settle(self, settlement: Settlement) -> None:
        """Note what became of a claimed instance; appended at once, committed in groups."""

    def release(self, items: Sequence[int]) -> None:
        """Give claims back of which no byte was sent."""

    def revise(self, rows: Sequence[PlannedInstance], outcome: Outcome, reason: str) -> None:
        """Note that instances which were settled as delivered are not: another outcome stands for them now."""

    def prove(self, rows: Sequence[PlannedInstance], proof: Proof) -> None:
        """Note what the delivery of instances rests on now."""

    def barrier(self) -> None:
        """Return when every settlement and revision so far is durable."""


class Answers(Protocol):
    """The files that the matches of one find job are written into while they come; used by one thread.

    A file that cannot be written is no reason to stop: it is told of at the end. Exactly one of `publish` and `withhold` ends it.
    """

    def take(self, matches: MatchesReceived) -> None:
        """Write matches. Raises ProtocolError for one that cannot be read."""

    def publish(self) -> Iterator[OutputFailed]:
        """Give every file its name; yields those that could not be written."""

    def withhold(self) -> Iterator[OutputFailed]:
        """Keep what came in the run's own files only: an answer cut short is never published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Everything `execute` may touch. `monotonic` and `wall` are in seconds; `wall` since the epoch."""

    instances: Instances
    connect: Callable[[Peer, Proposal], Association]
    listen: Callable[[Peer, OnReport], AbstractContextManager[None]]
    """Listen where the peer's `reports_at` says, if it says so; raises CannotListen. Reports come from threads of its own."""
    files: Files
    put_away: Callable[[SentFiles, PlannedInstance, Fate], str]
    """Do with a file what the job asks; "" when it was done, else why not."""
    journal: Callable[[Peer, Resumption], Journal]
    resend: Resend
    stop: StopSignal
    encode_identifier: Callable[[Identifier, str, str, NewVrs], bytes]
    """(identifier, transfer syntax, character set, what becomes of new VRs) -> encoded data set."""
    decode_identifier: Callable[[bytes, str, str], dict[str, object]]
    """(bytes, transfer syntax, fallback character set) -> DICOM JSON Model; raises ProtocolError."""
    answers: Callable[[JobPlan], Answers]
    """Where the matches of a find job go; called once for each that is run."""
    new_uid: Callable[[], str]
    """A UID that nobody has used (PS3.5 B.2)."""
    chance: Callable[[], float]
    """A number from 0 to 1, another each time."""
    monotonic: Callable[[], float]
    wall: Callable[[], float]
    pause: Callable[[float], None]
    """Wait so many seconds, less when the run is told to stop."""
