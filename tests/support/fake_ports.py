"""Ports that do what a script says, so that tests of execution compare exact events; real peers are met in tests/peers.

`tests/execute/test_contract.py` runs the same calls on the fake association and on a real one, so that the fake cannot drift.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

from dicomjobs.errors import AssociationError, JournalUnavailable, NotSendable, ProtocolError
from dicomjobs.events import EndedBy, Event, MatchesReceived, Outcome, OutputFailed, Proof
from dicomjobs.execute.executor import execute
from dicomjobs.execute.ports import Association, ClaimItem, Earlier, Fate, Pending, Phase, Ports, Settlement, Verdict
from dicomjobs.model.association import AcceptedContext, Negotiation, Proposal
from dicomjobs.model.data_set_form import DataSetForm, NewVrs
from dicomjobs.model.dimse import FindRequest, OnReport, Payload, PendingResponses, Request, Response
from dicomjobs.model.peer import Peer
from dicomjobs.model.query import Identifier
from dicomjobs.model.resume import SEND_ALL, DigestPolicy, Resend, Resumption
from dicomjobs.model.sent_files import SentFiles
from dicomjobs.model.stop import StopState
from dicomjobs.plan.plan import Instances, Plan, PlannedInstance

Answer = int | AssociationError
"""A status, or the error that comes instead of a response."""


EARLIER = Earlier(
    run_id="20260101T000000Z-x-0000",
    outcome=Outcome.DELIVERED,
    reason="",
    status=0,
    at=0.0,
    same_file=True,
    size=302,
    sha256="d1",
    data_set_bytes=2,
    failed_runs=0,
    proof=Proof.STATUS,
    older_copy=False,
)
"""What a ledger knows of an instance that was delivered from the file at hand."""


@dataclass(slots=True)
class FakeStop:
    """A stop signal that tests move by hand."""

    state: StopState = StopState.RUNNING
    finish_fd: int = -1
    abort_fd: int = -1


@dataclass(frozen=True, slots=True)
class FakePending:
    """A request that was sent."""

    message_id: int


@dataclass(slots=True)
class FakeAssociation:
    """Answers each C-STORE with the next of `answers`, 0000H once there are none; a C-FIND with all of them in turn."""

    negotiation: Negotiation
    answers_to_give: Iterator[Answer]
    on_send: Callable[[], None] = lambda: None
    fully_sent: bool = False
    ended_by: EndedBy | None = None
    sent: int = 0
    request: Request | None = None
    cancelled: bool = False
    calls: list[str] = field(default_factory=list)

    def send(self, request: Request, context_id: int, payload: Payload | None) -> FakePending:
        """Take a request; an error scripted with `before` breaks it off half-way."""
        self.sent += 1
        self.fully_sent = False
        self.on_send()
        try:
            if payload is not None:
                data = b"".join(payload.chunks())
                assert len(data) == payload.length
        except BaseException:
            self.abort()
            raise
        finally:
            if payload is not None:
                payload.close()
        self.request = request
        self.calls.append(f"send on {context_id}")
        self.fully_sent = True
        return FakePending(self.sent)

    def answers(self, pending: Pending) -> Iterator[Response]:
        """Give what was scripted."""
        while True:
            answer = next(self.answers_to_give, 0)
            if isinstance(answer, AssociationError):
                self.ended_by = EndedBy.LOST
                raise answer
            match = answer in {0xFF00, 0xFF01} and isinstance(self.request, FindRequest)
            yield Response(
                message_id=pending.message_id, status=answer, error_comment="", data=b"match" if match else None
            )
            if not match:
                return

    def matches(self, pending: Pending) -> Iterator[PendingResponses | Response]:
        """Give what was scripted, each match by itself."""
        for response in self.answers(pending):
            yield response if response.data is None else PendingResponses(response.status, (response.data,))

    def take_reports(self, on_report: OnReport) -> None:
        """Take none."""

    def serve(self, seconds: float) -> None:
        """Hear of none."""

    def cancel(self, pending: Pending) -> None:
        """Note that the request was cancelled."""
        self.calls.append(f"cancel {pending.message_id}")
        self.cancelled = True

    def release(self) -> None:
        """End in peace."""
        self.ended_by = self.ended_by or EndedBy.RELEASE

    def abort(self) -> None:
        """End at once."""
        self.ended_by = self.ended_by or EndedBy.ABORT


@dataclass(slots=True)
class FakePayload:
    """Two bytes from nowhere, in two chunks."""

    data: bytes = b"ab"
    broken: NotSendable | None = None
    closed: int = 0

    @property
    def length(self) -> int:
        """Bytes in all."""
        return len(self.data)

    @property
    def sha256(self) -> str:
        """A digest of sorts."""
        return "d1"

    @property
    def source_sha256(self) -> str:
        """The same: nothing is converted."""
        return "d1"

    def chunks(self) -> Iterator[bytes]:
        """The bytes, or the scripted failure."""
        if self.broken:
            raise self.broken
        yield self.data[:1]
        yield self.data[1:]

    def close(self) -> None:
        """Count how often."""
        self.closed += 1


@dataclass(slots=True)
class FakeFiles:
    """Every file is there, but for those that `refused` names by path; `broken` ones fail while they are being sent."""

    refused: dict[str, NotSendable] = field(default_factory=dict)
    broken: dict[str, NotSendable] = field(default_factory=dict)
    contents: dict[str, str] = field(default_factory=dict)
    opened: list[FakePayload] = field(default_factory=list)
    conversions: list[str] = field(default_factory=list)

    def payload(self, instance: PlannedInstance, digest: DigestPolicy = DigestPolicy.AUTO) -> FakePayload:
        """Open a file."""
        if instance.path in self.refused:
            raise self.refused[instance.path]
        self.opened.append(FakePayload(broken=self.broken.get(instance.path)))
        return self.opened[-1]

    def rewritten(
        self, instance: PlannedInstance, form: DataSetForm, digest: DigestPolicy = DigestPolicy.AUTO
    ) -> FakePayload:
        """Open a file in another form."""
        self.conversions.append(form.transfer_syntax)
        return self.payload(instance, digest)

    @staticmethod
    def inode(_: PlannedInstance) -> int:
        """No file has a number."""
        return 0

    def sha256(self, instance: PlannedInstance) -> str:
        """What `contents` says, unless the file is refused."""
        if instance.path in self.refused:
            raise self.refused[instance.path]
        return self.contents.get(instance.path, "d1")


@dataclass(frozen=True, slots=True)
class FakeClaim:
    """Verdicts that were decided at once."""

    decided: tuple[Verdict, ...]
    known: tuple[Earlier | None, ...]

    def verdicts(self) -> Sequence[Verdict]:
        """One a claimed item."""
        return self.decided

    def earlier(self, index: int) -> Earlier | None:
        """What is known of an item."""
        return self.known[index]


@dataclass(slots=True)
class FakeJournal:
    """Keeps what it is told in order; `fail_on` names a call after which the disk is full."""

    fail_on: str = ""
    found: dict[int, tuple[Verdict, Earlier | None]] = field(default_factory=dict)
    """What is not simply to be sent, by item."""
    log: list[str] = field(default_factory=list)

    def _note(self, what: str) -> None:
        """Write a line of the log, or fail."""
        if self.fail_on and what.startswith(self.fail_on):
            raise JournalUnavailable("No space left on device")
        self.log.append(what)

    def claim(self, items: Sequence[ClaimItem]) -> FakeClaim:
        """Claim items at once."""
        self._note(f"claim {items[0].item}-{items[-1].item}")
        found = [self.found.get(each.item, (Verdict.SEND, None)) for each in items]
        return FakeClaim(tuple(verdict for verdict, _ in found), tuple(earlier for _, earlier in found))

    def mark(self, item: int, phase: Phase, sha256: str = "") -> None:
        """Note a phase."""
        self._note(f"{phase.value} {item}")

    def settle(self, settlement: Settlement) -> None:
        """Note an outcome."""
        self._note(f"settle {settlement.item} {settlement.outcome.value}")

    def release(self, items: Sequence[int]) -> None:
        """Note claims given back."""
        self._note(f"release {','.join(map(str, items))}")

    def revise(self, rows: Sequence[PlannedInstance], outcome: Outcome, reason: str) -> None:
        """Note another outcome."""
        self._note(f"revise {','.join(row.sop_instance_uid for row in rows)} {outcome.value} {reason}")

    def prove(self, rows: Sequence[PlannedInstance], proof: Proof) -> None:
        """Note another proof."""
        self._note(f"prove {','.join(row.sop_instance_uid for row in rows)} {proof.value}")

    def barrier(self) -> None:
        """Note the barrier."""
        self._note("barrier")


@dataclass(slots=True)
class FakeAnswers:
    """Keeps matches in memory; `ended` says how, and `lost` are told in the end."""

    taken: list[MatchesReceived] = field(default_factory=list)
    ended: str = ""
    damaged: bool = False
    lost: tuple[OutputFailed, ...] = ()

    def take(self, matches: MatchesReceived) -> None:
        """Keep matches, unless they are damaged."""
        if self.damaged:
            raise ProtocolError("the identifier is damaged")
        self.taken.append(matches)

    def publish(self) -> Iterator[OutputFailed]:
        """Note it."""
        self.ended = "published"
        return iter(self.lost)

    def withhold(self) -> Iterator[OutputFailed]:
        """Note it."""
        self.ended = "withheld"
        return iter(())


@dataclass(slots=True)
class Stage:
    """A whole outside world: what each association accepts and answers is scripted, what happened can be read."""

    instances: Instances
    answers: list[list[Answer]] = field(default_factory=list)
    """For each association in turn what it answers; further ones answer 0000H to everything."""
    refusals: list[AssociationError | None] = field(default_factory=list)
    """For each attempt to connect in turn the error it meets, None for success; further ones succeed."""
    accept: Callable[[Proposal], tuple[AcceptedContext, ...]] | None = None
    stop: FakeStop = field(default_factory=FakeStop)
    files: FakeFiles = field(default_factory=FakeFiles)
    journal: FakeJournal = field(default_factory=FakeJournal)
    associations: list[FakeAssociation] = field(default_factory=list)
    matches: FakeAnswers = field(default_factory=FakeAnswers)
    put_away: list[tuple[str, Fate]] = field(default_factory=list)
    stuck: dict[str, str] = field(default_factory=dict)
    """Files that cannot be put away, and why."""
    on_send: Callable[[], None] = lambda: None
    attempts: int = 0
    resend: Resend = Resend.NOTHING
    resumption: Resumption = SEND_ALL
    now: float = 0.0
    """The monotonic clock, which only waits move."""
    chance: float = 0.0
    pauses: list[float] = field(default_factory=list)
    on_pause: Callable[[], None] = lambda: None
    _clock: Iterator[int] = field(default_factory=itertools.count)

    def connect(self, _: Peer, proposal: Proposal) -> Association:
        """Accept the first transfer syntax of every context, unless the script says otherwise."""
        attempt, self.attempts = self.attempts, self.attempts + 1
        refusal = self.refusals[attempt] if attempt < len(self.refusals) else None
        if refusal:
            raise refusal
        accepted = self.accept(proposal) if self.accept else first_syntaxes(proposal)
        negotiation = Negotiation(
            accepted=accepted,
            rejected=(),
            peer_max_pdu_length=16384,
            peer_implementation_class_uid="1.2",
            peer_implementation_version="",
            tls=None,
        )
        script = self.answers[len(self.associations)] if len(self.associations) < len(self.answers) else []
        self.associations.append(FakeAssociation(negotiation, iter(script), self.on_send))
        return self.associations[-1]

    def _pause(self, seconds: float) -> None:
        """Let time pass at once."""
        self.pauses.append(seconds)
        self.now += seconds
        self.on_pause()

    def _journal(self, _: Peer, resumption: Resumption) -> FakeJournal:
        """The one journal, whatever the peer; what the job asked of it is kept."""
        self.resumption = resumption
        return self.journal

    def _put_away(self, _: SentFiles, instance: PlannedInstance, fate: Fate) -> str:
        """Note what becomes of which file, which happens once all settlements are durable; fail as the script says."""
        assert self.journal.log[-1:] in ([], ["barrier"])
        self.put_away.append((instance.path, fate))
        return self.stuck.get(instance.path, "")

    def ports(self) -> Ports:
        """Return the ports of this stage; the clock gives 0, 1, 2 and so on."""
        return Ports(
            instances=self.instances,
            connect=self.connect,
            files=self.files,
            put_away=self._put_away,
            journal=self._journal,
            resend=self.resend,
            stop=self.stop,
            encode_identifier=_encode,
            decode_identifier=_decode,
            answers=lambda _: self.matches,
            chance=lambda: self.chance,
            monotonic=lambda: self.now,
            wall=lambda: float(next(self._clock)),
            pause=self._pause,
            listen=lambda _peer, _on_report: nullcontext(),
            new_uid=lambda: "2.25.1",
        )

    def run(self, plan: Plan) -> list[Event]:
        """Execute a plan and return its events in order."""
        return [stamped.event for batch in execute(plan, self.ports()) for stamped in batch]


def first_syntaxes(proposal: Proposal) -> tuple[AcceptedContext, ...]:
    """Accept every context with its first transfer syntax."""
    return tuple(
        AcceptedContext(
            context_id=context.context_id,
            abstract_syntax=context.abstract_syntax,
            transfer_syntax=context.transfer_syntaxes[0],
        )
        for context in proposal.contexts
    )


def _encode(_: Identifier, __: str, character_set: str, ___: NewVrs) -> bytes:
    """An identifier that cannot be encoded in a character set called `none`."""
    if character_set == "none":
        raise ValueError("the value cannot be encoded")
    return b"ab"


def _decode(data: bytes, _: str, __: str) -> dict[str, object]:
    """An identifier of one element."""
    return {"00100020": {"vr": "LO", "Value": [data.decode()]}}
