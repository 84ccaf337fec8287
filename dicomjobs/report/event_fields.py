"""The fields of a logged event made into the event again, each kind by a function of its own; it knows nothing of lines."""

from __future__ import annotations

from binascii import Error, a2b_base64
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from dicomjobs.events import (
    AssociationEnded,
    AssociationEstablished,
    Cause,
    EchoFinished,
    Event,
    InstanceFinished,
    InstanceMissing,
    InstancesProven,
    JobFinished,
    JobOutcome,
    JobStarted,
    MatchesReceived,
    Outcome,
    OutputFailed,
    Proof,
    QueryFinished,
    RunFinished,
    RunStarted,
    SentFilesKept,
)
from dicomjobs.model.association import (
    AcceptedContext,
    AcceptedRoles,
    EndedBy,
    ExtendedNegotiation,
    ProposedContext,
    RejectedContext,
    TlsSession,
)
from dicomjobs.model.peer import Allowance
from dicomjobs.report.record import Record

FORMAT_VERSION: Final = 1
"""The version of the form in which events are written."""

_OUTCOMES = {each.value: each for each in Outcome}
_JOB_OUTCOMES = {each.value: each for each in JobOutcome}
_PROOFS = {each.value: each for each in Proof}
_CAUSES = {each.value: each for each in Cause}
_ENDINGS = {each.value: each for each in EndedBy}


def _decode_run_started(record: Record) -> RunStarted:
    """Read the first event; the version of the form stands in it."""
    if (version := record.whole("dicomjobs_events")) != FORMAT_VERSION:
        raise ValueError(f"the events have format version {version}, and this dicomjobs reads version {FORMAT_VERSION}")
    return RunStarted(
        run_id=record.text("run_id"), version=record.text("version"), plan_sha256=record.text("plan_sha256")
    )


def _decode_job_started(record: Record) -> JobStarted:
    """Read the start of a job."""
    return JobStarted(job=record.text("job"), instances=record.whole("instances"), bytes=record.whole("bytes"))


def _decode_association_established(record: Record) -> AssociationEstablished:
    """Read what was agreed with a peer."""
    return AssociationEstablished(
        job=record.text("job"),
        number=record.whole("number"),
        proposed=tuple(map(_decode_proposed, record.records("proposed"))),
        accepted=tuple(map(_decode_accepted, record.records("accepted"))),
        rejected=tuple(map(_decode_rejected, record.records("rejected"))),
        max_pdu_length=record.whole("max_pdu_length"),
        tls=_decode_tls(record.record_or_none("tls")),
        roles=tuple(map(_decode_roles, record.records("roles"))),
        extended_negotiation=tuple(map(_decode_extended, record.records("extended_negotiation"))),
        weakened_by=tuple(map(Allowance, record.texts("weakened_by"))),
    )


def _decode_proposed(record: Record) -> ProposedContext:
    """Read a presentation context as it was proposed."""
    return ProposedContext(
        context_id=record.whole("id"),
        abstract_syntax=record.text("abstract_syntax"),
        transfer_syntaxes=record.texts("transfer_syntaxes"),
    )


def _decode_accepted(record: Record) -> AcceptedContext:
    """Read a presentation context that was accepted."""
    return AcceptedContext(
        context_id=record.whole("id"),
        abstract_syntax=record.text("abstract_syntax"),
        transfer_syntax=record.text("transfer_syntax"),
    )


def _decode_rejected(record: Record) -> RejectedContext:
    """Read a presentation context that was not accepted."""
    return RejectedContext(
        context_id=record.whole("id"), abstract_syntax=record.text("abstract_syntax"), result=record.whole("result")
    )


def _decode_tls(record: Record | None) -> TlsSession | None:
    """Read what the TLS handshake agreed on."""
    if record is None:
        return None
    return TlsSession(
        version=record.text("version"),
        cipher=record.text("cipher"),
        peer_certificate_sha256=record.text("peer_certificate_sha256"),
        peer_certificate_expires=record.text("peer_certificate_expires"),
    )


def _decode_roles(record: Record) -> AcceptedRoles:
    """Read the answer to a role selection."""
    return AcceptedRoles(sop_class_uid=record.text("sop_class"), scu=record.flag("scu"), scp=record.flag("scp"))


def _decode_extended(record: Record) -> ExtendedNegotiation:
    """Read the answer to an extended negotiation."""
    return ExtendedNegotiation(sop_class_uid=record.text("sop_class"), information=record.text("information"))


def _decode_association_ended(record: Record) -> AssociationEnded:
    """Read how an association ended."""
    return AssociationEnded(
        job=record.text("job"),
        number=record.whole("number"),
        proposed=record.whole("proposed"),
        ended_by=record.one_of("ended_by", _ENDINGS),
        reason=record.text("reason", ""),
        words=record.text("words", ""),
        hint=record.text("hint", ""),
        refused=record.whole("refused", 0),
    )


def _decode_instance_finished(record: Record) -> InstanceFinished:
    """Read what became of an instance."""
    return InstanceFinished(
        job=record.text("job"),
        item=record.whole("item"),
        outcome=record.one_of("outcome", _OUTCOMES),
        reason=record.text("reason", ""),
        words=record.text("words", ""),
        hint=record.text("hint", ""),
        cause=record.one_of("cause", _CAUSES, "none"),
        status=record.whole_or_none("status"),
        sent_transfer_syntax=record.text("sent_transfer_syntax"),
        bytes=record.whole("bytes"),
        sha256=record.text("sha256"),
        attempts=record.whole("attempts"),
        seconds=record.number("seconds"),
        association=record.whole("association"),
        message_id=record.whole("message_id"),
        proof=record.one_of("proof", _PROOFS, "status"),
        delivered_in_run=record.text("delivered_in_run", ""),
    )


def _decode_instances_proven(record: Record) -> InstancesProven:
    """Read what verification found."""
    return InstancesProven(
        job=record.text("job"),
        first=record.whole("first"),
        count=record.whole("count"),
        proof=record.one_of("proof", _PROOFS),
    )


def _decode_instance_missing(record: Record) -> InstanceMissing:
    """Read what verification did not find."""
    return InstanceMissing(
        job=record.text("job"),
        item=record.whole("item"),
        reason=record.text("reason", ""),
        words=record.text("words", ""),
        hint=record.text("hint", ""),
        cause=record.one_of("cause", _CAUSES),
    )


def _decode_echo_finished(record: Record) -> EchoFinished:
    """Read the answer to a C-ECHO."""
    return EchoFinished(job=record.text("job"), status=record.whole_or_none("status"), seconds=record.number("seconds"))


def _decode_matches_received(record: Record) -> MatchesReceived:
    """Read matches, their identifiers cut out of what they were written together in."""
    return MatchesReceived(
        job=record.text("job"),
        query=record.whole("query"),
        first=record.whole("first"),
        response=record.whole("response"),
        status=record.whole("status"),
        transfer_syntax=record.text("transfer_syntax"),
        character_set=record.text("character_set"),
        identifiers=tuple(_cut(_bytes(record.text("identifiers")), record.wholes("lengths"))),
    )


def _bytes(text: str) -> bytes:
    """Return what base64 stands for; raises ValueError."""
    try:
        return a2b_base64(text, strict_mode=True) if text else b""
    except Error as error:
        raise ValueError("the identifiers are not base64") from error


def _cut(together: bytes, lengths: tuple[int, ...]) -> Iterator[bytes]:
    """Cut bytes into pieces of so many bytes each; raises ValueError unless these are all there are."""
    if sum(lengths) != len(together) or min(lengths, default=0) < 0:
        raise ValueError("the identifiers do not have the lengths that are said")
    at = 0
    for length in lengths:
        yield together[at : at + length]
        at += length


def _decode_query_finished(record: Record) -> QueryFinished:
    """Read how a query ended."""
    return QueryFinished(
        job=record.text("job"),
        query=record.whole("query"),
        window=record.text("window"),
        matches=record.whole("matches"),
        status=record.whole_or_none("status"),
        reason=record.text("reason", ""),
        words=record.text("words", ""),
    )


def _decode_job_finished(record: Record) -> JobFinished:
    """Read how a job ended."""
    return JobFinished(
        job=record.text("job"),
        outcome=record.one_of("outcome", _JOB_OUTCOMES),
        reason=record.text("reason", ""),
        words=record.text("words", ""),
        hint=record.text("hint", ""),
        cause=record.one_of("cause", _CAUSES, "none"),
        truncated=record.flag("truncated"),
        seconds=record.number("seconds"),
    )


def _decode_output_failed(record: Record) -> OutputFailed:
    """Read which output could not be written."""
    return OutputFailed(job=record.text("job"), path=record.text("path"), words=record.text("words"))


def _decode_sent_files_kept(record: Record) -> SentFilesKept:
    """Read which sent files could not be put away."""
    return SentFilesKept(
        job=record.text("job"), count=record.whole("count"), path=record.text("path"), words=record.text("words")
    )


def _decode_run_finished(record: Record) -> RunFinished:
    """Read the last event."""
    return RunFinished(interrupted_by=record.whole("interrupted_by"))


DECODERS: Final[Mapping[str, Callable[[Record], Event]]] = {
    "run_started": _decode_run_started,
    "job_started": _decode_job_started,
    "association_established": _decode_association_established,
    "association_ended": _decode_association_ended,
    "instance_finished": _decode_instance_finished,
    "instances_proven": _decode_instances_proven,
    "instance_missing": _decode_instance_missing,
    "echo_finished": _decode_echo_finished,
    "matches_received": _decode_matches_received,
    "query_finished": _decode_query_finished,
    "job_finished": _decode_job_finished,
    "output_failed": _decode_output_failed,
    "sent_files_kept": _decode_sent_files_kept,
    "run_finished": _decode_run_finished,
}
"""By the name that stands in the line."""
