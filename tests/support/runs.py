"""Runs without a network: plans of any size, and the events of runs that went well or badly, told by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from dicomjobs.events import (
    AssociationEnded,
    AssociationEstablished,
    Cause,
    EchoFinished,
    Event,
    InstanceFinished,
    JobFinished,
    JobOutcome,
    JobStarted,
    MatchesReceived,
    Outcome,
    RunFinished,
    RunStarted,
    Stamped,
)
from dicomjobs.model.association import (
    AcceptedContext,
    AcceptedRoles,
    EndedBy,
    ExtendedNegotiation,
    Proposal,
    ProposedContext,
    RejectedContext,
    TlsSession,
)
from dicomjobs.model.data_set_form import NewVrs
from dicomjobs.model.job import Duplicates, EmptyPolicy, EndWith, OnFailure, Padding, Verify
from dicomjobs.model.peer import AddressFamily, Allowance, MaximumPdu, Peer, Timeouts
from dicomjobs.model.phi import Phi
from dicomjobs.model.query import Element
from dicomjobs.model.resume import AlreadyDelivered, DigestPolicy, OnUnknown, Retry
from dicomjobs.model.send_set import Order
from dicomjobs.model.sent_files import PutAway, SentFiles
from dicomjobs.plan.plan import (
    EchoStep,
    FindStep,
    Instances,
    InstancesDigest,
    JobPlan,
    Plan,
    PlannedAssociation,
    PlannedInstance,
    PlannedQuery,
    Step,
    StoreStep,
)
from dicomjobs.plan.rewriting import Rewriting
from dicomjobs.plan.route import NativeRoute
from dicomjobs.report.fold import Fold
from dicomjobs.report.report import Report

BEGAN = 1795300245.125
"""2026-11-21 22:30:45 UTC, in seconds since the epoch."""
RUN_ID = "20261121T223045Z-send_them-3f9a"
CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
EXPLICIT = "1.2.840.10008.1.2.1"
HOSTILE = "\x1b[31mred\r\nnext\u202egnp.exe\x00\udc80\ufffe<&>"
"""What a peer or a file name can hold: an escape sequence, line ends, a bidirectional override, NUL, a lone surrogate, no XML."""


@dataclass(frozen=True, slots=True)
class MadeInstances:
    """The rows of a plan, made when they are asked for."""

    count: int
    folder: str = "/data/in"
    studies: int = 1

    @property
    def digest(self) -> InstancesDigest:
        """Count, and no digest worth the name."""
        return InstancesDigest(count=self.count, sha256="0" * 64)

    def __len__(self) -> int:
        """How many rows there are."""
        return self.count

    def __iter__(self) -> Iterator[PlannedInstance]:
        """All rows in order."""
        return self.rows(0, self.count)

    def __getitem__(self, item: int) -> PlannedInstance:
        """The row of one item."""
        return PlannedInstance(
            path=f"{self.folder}/{item:06}.dcm",
            size=1000,
            mtime_ns=0,
            offset=132,
            sop_class_uid=CT,
            sop_instance_uid=f"1.2.3.{item}",
            study_instance_uid=f"1.2.3.{item * self.studies // self.count}" if self.studies > 1 else "1.2.3",
            series_instance_uid="1.2.3.4",
            transfer_syntax=EXPLICIT,
            context_id=1,
        )

    def rows(self, first: int, count: int) -> Iterator[PlannedInstance]:
        """`count` rows from item `first` on, as far as there are any."""
        return map(self.__getitem__, range(first, min(first + count, self.count)))


ONCE = Retry(attempts=1, runs=3, first_wait=1.0, longest_wait=300.0, budget=120.0, second_look=5.0)
"""Everything is tried once."""


def make_peer(name: str = "archive") -> Peer:
    """Return a peer that nobody will connect to."""
    return Peer(
        name=name,
        host="pacs.example",
        port=11112,
        called_ae_title="ARCHIVE",
        calling_ae_title="RESEARCH",
        address_family=AddressFamily.AUTO,
        timeouts=Timeouts(connect=10, acse=30, dimse=120, network=60),
        max_pdu=MaximumPdu(receive=131072, send=131072),
        max_associations=1,
        character_set="ISO_IR 192",
        tls=None,
        user_identity=None,
        allow=frozenset(),
        embedded_directory=None,
        reports_at=None,
        queries_at=None,
    )


PROPOSAL = Proposal(
    contexts=(
        ProposedContext(context_id=1, abstract_syntax=CT, transfer_syntaxes=(EXPLICIT,)),
        ProposedContext(context_id=3, abstract_syntax=MR, transfer_syntaxes=(EXPLICIT, "1.2.840.10008.1.2")),
    )
)


def echo_job(name: str = "check") -> JobPlan:
    """Return a planned echo."""
    return _job(name, EchoStep(proposal=PROPOSAL))


PATIENTS = (Element(tag=0x00100010, vr="PN"), Element(tag=0x00100020, vr="LO"))
"""The identifier of a query for patients."""


def find_job(name: str = "find_them") -> JobPlan:
    """Return a planned query for patients."""
    step = FindStep(
        proposal=PROPOSAL,
        sop_class_uid="1.2.840.10008.5.1.4.1.2.2.1",
        queries=(PlannedQuery(label="", identifier=PATIENTS),),
        repeat=1,
        new_vrs=NewVrs.KEEP,
        outputs=(),
        cancel_after=0,
        max_matches=0,
        write_at_most=0,
        padding=Padding.KEEP,
        split=None,
        row_id="",
        rows=(),
        if_no_match=EmptyPolicy.OK,
        end_with=EndWith.RELEASE,
    )
    return _job(name, step)


def store_job(name: str = "send_them", *, first: int = 0, count: int = 3) -> JobPlan:
    """Return a planned store of `count` instances of 1000 bytes, whose rows begin at `first`."""
    association = PlannedAssociation(
        number=1, proposal=PROPOSAL, first=first, count=count, bytes=count * 1000, studies=1
    )
    step = StoreStep(
        associations=(association,) if count else (),
        first=first,
        count=count,
        bytes=count * 1000,
        natives=NativeRoute.OWN_SYNTAX,
        order=Order.BY_STUDY,
        repeat=1,
        sent_files=SentFiles(put_away=PutAway.KEEP, directory=""),
        rewriting=Rewriting(compression_level=6, new_vrs=NewVrs.KEEP, inventor=None),
        on_failure=OnFailure.CONTINUE,
        duplicates=Duplicates.SKIP,
        already_delivered=AlreadyDelivered.SKIP,
        on_unknown=OnUnknown.STOP,
        retry=ONCE,
        digest=DigestPolicy.AUTO,
        verify=Verify.STATUS,
        verify_within=60.0,
        if_empty=EmptyPolicy.OK,
        end_with=EndWith.RELEASE,
    )
    return _job(name, step)


def _job(name: str, step: Step) -> JobPlan:
    """Return a job that needs no other."""
    return JobPlan(name=name, needs=(), peer=make_peer(), step=step)


def make_plan(*jobs: JobPlan) -> Plan:
    """Return a plan of these jobs."""
    rows = sum(job.step.count for job in jobs if isinstance(job.step, StoreStep))
    return Plan(
        format_version=1,
        job_file="night.yaml",
        inputs=(),
        reports_directory=None,
        phi=Phi.PATHS,
        state_directory=None,
        instances=InstancesDigest(count=rows, sha256="0" * 64),
        jobs=jobs,
    )


STARTED = RunStarted(run_id=RUN_ID, version="0.1.0", plan_sha256="ab" * 32)
ENDED = RunFinished(interrupted_by=0)


def delivered(item: int, job: str = "send_them") -> InstanceFinished:
    """Return the event of an instance that arrived."""
    return InstanceFinished(
        job=job,
        item=item,
        outcome=Outcome.DELIVERED,
        status=0,
        sent_transfer_syntax=EXPLICIT,
        bytes=868,
        sha256="cd" * 32,
        attempts=1,
        seconds=0.000125,
        association=1,
        message_id=item % 65535 + 1,
    )


def refused(item: int, job: str = "send_them", status: int = 0xA700) -> InstanceFinished:
    """Return the event of an instance for which the peer had no room."""
    return replace(
        delivered(item, job),
        outcome=Outcome.FAILED,
        status=status,
        reason="refused",
        words="refused: out of resources",
        hint="make room there, then run again",
        cause=Cause.TRANSIENT,
    )


def no_answer(item: int, job: str = "send_them") -> InstanceFinished:
    """Return the event of an instance of which nobody knows."""
    return replace(
        delivered(item, job),
        outcome=Outcome.UNKNOWN,
        status=None,
        reason="no_answer",
        words="no answer within 120 s (timeouts: dimse)",
        cause=Cause.UNKNOWN,
    )


def excluded(item: int, job: str = "send_them", outcome: Outcome = Outcome.SKIPPED) -> InstanceFinished:
    """Return the event of a file that was no instance."""
    cause = Cause.PERMANENT if outcome is Outcome.FAILED else Cause.NONE
    return InstanceFinished(
        job=job, item=item, outcome=outcome, reason="not_dicom", words="not a DICOM file", cause=cause
    )


def not_sent(item: int, job: str = "send_them", *, reason: str, cause: Cause, words: str = "") -> InstanceFinished:
    """Return the event of an instance whose turn never came."""
    return InstanceFinished(job=job, item=item, outcome=Outcome.NOT_SENT, reason=reason, words=words, cause=cause)


ROLES = AcceptedRoles(sop_class_uid=CT, scu=True, scp=False)
EXTENDED = ExtendedNegotiation(sop_class_uid=CT, information="020003000000")


def established(job: str, number: int = 1, *, refuse_mr: bool = False, tls: TlsSession | None = None) -> Event:
    """Return the event of an association that was accepted, with all contexts or without that for MR.

    With TLS, the peer also answers to roles and extended negotiation.
    """
    accepted = (
        AcceptedContext(context_id=1, abstract_syntax=CT, transfer_syntax=EXPLICIT),
        AcceptedContext(context_id=3, abstract_syntax=MR, transfer_syntax=EXPLICIT),
    )
    rejected = (RejectedContext(context_id=3, abstract_syntax=MR, result=3),)
    return AssociationEstablished(
        job=job,
        number=number,
        proposed=PROPOSAL.contexts,
        accepted=accepted[:1] if refuse_mr else accepted,
        rejected=rejected if refuse_mr else (),
        max_pdu_length=16384,
        tls=tls,
        roles=(ROLES,) if tls else (),
        extended_negotiation=(EXTENDED,) if tls else (),
        weakened_by=(Allowance.RETIRED_TLS,) if tls else (),
    )


def ended(job: str, number: int = 1, ended_by: EndedBy = EndedBy.RELEASE, words: str = "") -> Event:
    """Return the event of an association's end."""
    reason = "" if ended_by is EndedBy.RELEASE else "association_rejected"
    return AssociationEnded(job=job, number=number, proposed=2, ended_by=ended_by, reason=reason, words=words, hint="")


def echo_events(job: str = "check") -> list[Event]:
    """Return an echo that was answered."""
    return [
        JobStarted(job=job, instances=0, bytes=0),
        established(job),
        EchoFinished(job=job, status=0, seconds=0.001),
        ended(job),
        JobFinished(job=job, outcome=JobOutcome.SUCCEEDED, seconds=0.012),
    ]


JANE = b"\x10\0\x10\0PN\x08\0Doe^Jane"
"""An answer in Explicit VR Little Endian."""


def matches_received(job: str = "find_them", first: int = 1, *identifiers: bytes) -> MatchesReceived:
    """Return the event of matches that came together, one by default."""
    return MatchesReceived(
        job=job,
        query=0,
        first=first,
        response=first,
        status=0xFF00,
        transfer_syntax=EXPLICIT,
        character_set="ISO_IR 192",
        identifiers=identifiers or (JANE,),
    )


def find_events(job: str = "find_them", matches: int = 2) -> list[Event]:
    """Return a query that was answered."""
    return [
        JobStarted(job=job, instances=0, bytes=0),
        established(job),
        *[matches_received(job, first=n + 1) for n in range(matches)],
        ended(job),
        JobFinished(job=job, outcome=JobOutcome.SUCCEEDED, seconds=1.24),
    ]


def store_events(
    finished: Iterable[Event], job: str = "send_them", outcome: JobOutcome = JobOutcome.SUCCEEDED, seconds: float = 0.5
) -> list[Event]:
    """Return a store around the final words on its instances."""
    words = list(finished)
    return [
        JobStarted(job=job, instances=len(words), bytes=len(words) * 1000),
        established(job),
        *words,
        ended(job),
        JobFinished(job=job, outcome=outcome, seconds=seconds),
    ]


def stamp(events: Iterable[Event]) -> tuple[Stamped, ...]:
    """Give events their times, an eighth of a second apart."""
    return tuple(Stamped(at=BEGAN + n / 8, sequence=n, event=event) for n, event in enumerate(events))


def whole_run(*jobs: Iterable[Event], last: RunFinished = ENDED) -> tuple[Stamped, ...]:
    """Return the log of a run from its first event to its last."""
    return stamp([STARTED, *(event for job in jobs for event in job), last])


def fold(plan: Plan, log: Iterable[Stamped]) -> Fold:
    """Return the sums of a log."""
    sums = Fold(plan)
    sums.add(log)
    return sums


def report_of(plan: Plan, log: Iterable[Stamped], instances: Instances | None = None) -> Report:
    """Return the report of a log, its examples named by made-up paths unless rows are given."""
    return fold(plan, log).report(instances or MadeInstances(plan.instances.count))


def parsed(text: str) -> object:
    """Return what a JSON text says."""
    return json.loads(text)
