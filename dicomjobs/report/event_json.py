"""Events as lines of JSON and back, written by hand because a run may have a million of them; it opens no file.

`encode` and `decode` are exact inverses. The first event of a log carries `dicomjobs_events`, the version of this form.
"""

from __future__ import annotations

import json
from binascii import b2a_base64
from collections.abc import Iterable, Iterator
from json.encoder import encode_basestring_ascii as quoted
from typing import NoReturn, assert_never

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
    JobStarted,
    MatchesReceived,
    OutputFailed,
    Proof,
    QueryFinished,
    RunFinished,
    RunStarted,
    SentFilesKept,
    Stamped,
)
from dicomjobs.report.event_fields import DECODERS, FORMAT_VERSION
from dicomjobs.report.record import Record


def encode(stamped: Stamped) -> str:
    """Return one stamped event as one JSON object without a newline; ASCII only, whatever a peer or a file name holds."""
    return f'{{"at":{stamped.at!r},"sequence":{stamped.sequence},"event":{_encode_event(stamped.event)}}}'


def _encode_event(event: Event) -> str:
    """Write the event's name and fields; the most frequent kind comes first."""
    match event:
        case InstanceFinished():
            return _encode_instance_finished(event)
        case InstancesProven(job=job, first=first, count=count, proof=proof):
            head = f'"instances_proven","job":{quoted(job)},"first":{first},"count":{count}'
            return f'{head},"proof":"{proof.value}"'
        case InstanceMissing(job=job, item=item, cause=cause):
            head = f'"instance_missing","job":{quoted(job)},"item":{item}'
            return f"{head}{_encode_words(event)}{_encode_cause(cause)}"
        case MatchesReceived():
            return _encode_matches_received(event)
        case QueryFinished(job=job, query=query, window=window, matches=matches, status=status):
            head = f'"query_finished","job":{quoted(job)},"query":{query},"window":{quoted(window)},"matches":{matches}'
            return f'{head},"status":{_number(status)}{_encode_words(event)}'
        case RunStarted(run_id=run_id, version=version, plan_sha256=plan):
            head = f'"run_started","dicomjobs_events":{FORMAT_VERSION},"run_id":{quoted(run_id)}'
            return f'{head},"version":{quoted(version)},"plan_sha256":{quoted(plan)}'
        case JobStarted(job=job, instances=instances, bytes=size):
            return f'"job_started","job":{quoted(job)},"instances":{instances},"bytes":{size}'
        case AssociationEstablished():
            return _encode_association_established(event)
        case AssociationEnded(job=job, number=number, proposed=proposed, refused=refused, ended_by=ended_by):
            head = f'"association_ended","job":{quoted(job)},"number":{number},"proposed":{proposed}'
            head += f',"refused":{refused}' if refused else ""
            return f'{head},"ended_by":"{ended_by.value}"{_encode_words(event)}'
        case EchoFinished(job=job, status=status, seconds=seconds):
            return f'"echo_finished","job":{quoted(job)},"status":{_number(status)},"seconds":{seconds!r}'
        case JobFinished():
            return _encode_job_finished(event)
        case OutputFailed(job=job, path=path, words=words):
            return f'"output_failed","job":{quoted(job)},"path":{quoted(path)},"words":{quoted(words)}'
        case SentFilesKept(job=job, count=count, path=path, words=words):
            head = f'"sent_files_kept","job":{quoted(job)},"count":{count}'
            return f'{head},"path":{quoted(path)},"words":{quoted(words)}'
        case RunFinished(interrupted_by=interrupted_by):
            return f'"run_finished","interrupted_by":{interrupted_by}'
        case _:
            assert_never(event)


def _encode_instance_finished(event: InstanceFinished) -> str:
    """Write what became of an instance; why is left out when there is nothing to say."""
    return (
        f'"instance_finished","job":{quoted(event.job)},"item":{event.item},"outcome":"{event.outcome._value_}"'
        f"{_encode_words(event)}"
        f'{"" if event.cause is _NO_CAUSE else _encode_cause(event.cause)},"status":{_number(event.status)},'
        f'"sent_transfer_syntax":{quoted(event.sent_transfer_syntax)},"bytes":{event.bytes},"sha256":{quoted(event.sha256)},'
        f'"attempts":{event.attempts},"seconds":{event.seconds!r},"association":{event.association},'
        f'"message_id":{event.message_id}'
        f"{'' if event.proof is _BY_STATUS and not event.delivered_in_run else _encode_proof(event)}"
    )


def _encode_matches_received(event: MatchesReceived) -> str:
    """Write matches with their identifiers as one text: base64 of all of them costs little more than of one."""
    lengths = ",".join([str(len(identifier)) for identifier in event.identifiers])
    together = b2a_base64(b"".join(event.identifiers), newline=False).decode("ascii")
    return (
        f'"matches_received","job":{quoted(event.job)},"query":{event.query},"first":{event.first},'
        f'"response":{event.response},"status":{event.status},"transfer_syntax":{quoted(event.transfer_syntax)},'
        f'"character_set":{quoted(event.character_set)},"lengths":[{lengths}],"identifiers":"{together}"'
    )


_NO_CAUSE = Cause.NONE
_BY_STATUS = Proof.STATUS


def _encode_proof(event: InstanceFinished) -> str:
    """Write what a delivery rests on and in which run it happened, where that is not this run and its own response."""
    proof = "" if event.proof is _BY_STATUS else f',"proof":"{event.proof.value}"'
    return f'{proof},"delivered_in_run":{quoted(event.delivered_in_run)}' if event.delivered_in_run else proof


def _encode_cause(cause: Cause) -> str:
    """Write the class of a fault."""
    return f',"cause":"{cause.value}"'


def _encode_words(event: InstanceFinished | InstanceMissing | AssociationEnded | QueryFinished | JobFinished) -> str:
    """Write reason, words and hint, those that are not empty."""
    text = ""
    if event.reason:
        text = f',"reason":{quoted(event.reason)}'
    if event.words:
        text += f',"words":{quoted(event.words)}'
    if not isinstance(event, QueryFinished) and event.hint:
        text += f',"hint":{quoted(event.hint)}'
    return text


def _encode_job_finished(event: JobFinished) -> str:
    """Write how a job ended."""
    cause = "" if event.cause is _NO_CAUSE else _encode_cause(event.cause)
    truncated = "true" if event.truncated else "false"
    head = f'"job_finished","job":{quoted(event.job)},"outcome":"{event.outcome.value}"{_encode_words(event)}{cause}'
    return f'{head},"truncated":{truncated},"seconds":{event.seconds!r}'


def _encode_association_established(event: AssociationEstablished) -> str:
    """Write what was proposed and what came of it, the contexts as objects."""
    fields = {
        "proposed": [
            {"id": c.context_id, "abstract_syntax": c.abstract_syntax, "transfer_syntaxes": c.transfer_syntaxes}
            for c in event.proposed
        ],
        "accepted": [
            {"id": c.context_id, "abstract_syntax": c.abstract_syntax, "transfer_syntax": c.transfer_syntax}
            for c in event.accepted
        ],
        "rejected": [
            {"id": c.context_id, "abstract_syntax": c.abstract_syntax, "result": c.result} for c in event.rejected
        ],
        "max_pdu_length": event.max_pdu_length,
        "tls": event.tls
        and {
            "version": event.tls.version,
            "cipher": event.tls.cipher,
            "peer_certificate_sha256": event.tls.peer_certificate_sha256,
            "peer_certificate_expires": event.tls.peer_certificate_expires,
        },
        "roles": [{"sop_class": r.sop_class_uid, "scu": r.scu, "scp": r.scp} for r in event.roles],
        "extended_negotiation": [
            {"sop_class": e.sop_class_uid, "information": e.information} for e in event.extended_negotiation
        ],
        "weakened_by": [weakness.value for weakness in event.weakened_by],
    }
    return f'"association_established","job":{quoted(event.job)},"number":{event.number},{_compact(fields)[1:-1]}'


def _number(value: int | None) -> str:
    """Write a number, or null."""
    return "null" if value is None else str(value)


_compact = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def _refuse_constant(name: str) -> NoReturn:
    """Refuse what Python reads and JSON does not know."""
    raise ValueError(f"{name} is not JSON")


_parse = json.JSONDecoder(parse_constant=_refuse_constant).decode


def decode(line: str) -> Stamped:
    """Return the stamped event of one line; raises ValueError with a sentence when it is none of this version."""
    try:
        fields = _parse(line)
    except (ValueError, RecursionError) as error:
        raise ValueError("this is not one line of JSON") from error
    record = Record(fields)
    at, sequence, name = record.number("at"), record.whole("sequence"), record.text("event")
    if name not in DECODERS:
        raise ValueError(f"there is no event of the name {quoted(name[:40])}")
    event = DECODERS[name](record)
    record.finish()
    return Stamped(at=at, sequence=sequence, event=event)


def decode_log(lines: Iterable[bytes]) -> Iterator[Stamped]:
    """Give the events of a log, line by line (an open binary file will do), without a last line that a crash has torn.

    Raises ValueError that names the line when any other line is damaged.
    """
    for number, line in enumerate(lines, start=1):
        try:
            stamped = decode(line.decode("ascii"))
        except ValueError as error:
            if not line.endswith(b"\n"):
                return
            raise ValueError(f"line {number} of the event log cannot be read: {error}") from error
        yield stamped
