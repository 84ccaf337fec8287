"""A request that is open, and whether a message is the answer to it and to nothing else (PS3.7 9.1, 9.3).

Pure; how messages come is in `messages.py`. False success begins where this is not checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from dicomjobs.errors import ProtocolError
from dicomjobs.model.association import AcceptedContext
from dicomjobs.model.dimse import EventReport, Response
from dicomjobs.wire.command_set import ANSWER, C_FIND_RQ, Command, name_of
from dicomjobs.wire.deadline import Deadline, Term
from dicomjobs.wire.messages import Message
from dicomjobs.wire.upper_layer import MatchForm

_PENDING = (0xFF00, 0xFF01)


@dataclass(slots=True)
class Exchange:
    """A request that was sent, and what its answers have to be like; `deadline` is that of the next answer."""

    message_id: int
    field: int
    context_id: int
    sop_class_uid: str
    sop_instance_uid: str
    deadline: Deadline
    expected: bytes = b""
    """The P-DATA-TF that says it was stored, for as long as the answer may be that; nearly every one is."""
    form: MatchForm | None = None
    """What the last match looked like, once one has come."""
    cancelled: bool = False
    answered: bool = False

    @property
    def name(self) -> str:
        """The request in words, such as C-STORE-RQ."""
        return name_of(self.field)


@lru_cache(maxsize=64)
def answer_term(field: int, seconds: float, peer: str) -> Term:
    """How long an answer may take, in seconds of the dimse timeout; the same for every request of a kind."""
    return Term("dimse", seconds, f"no answer to the {name_of(field)} came from {peer}")


def stored(exchange: Exchange) -> Response:
    """The response to a store whose answer was the expected one, byte for byte; what `match_answer` makes of it too."""
    exchange.answered = True
    return Response(message_id=exchange.message_id, status=0x0000, error_comment="", data=None)


def match_answer(exchange: Exchange, message: Message, peer: str) -> Response:
    """The message as a response to the open request; notes in the exchange when it is the last. Raises ProtocolError."""
    command = message.command
    status = command.status
    if status is None:
        raise _mismatched(exchange, peer, "without a status")
    if wrong := _mismatch(exchange, message) or _bad_data(exchange, command, status):
        raise _mismatched(exchange, peer, wrong)
    exchange.answered = status not in _PENDING
    return Response(
        message_id=exchange.message_id, status=status, error_comment=command.error_comment, data=message.data
    )


def _mismatched(exchange: Exchange, peer: str, wrong: str) -> ProtocolError:
    """The error for a message that is not the answer; the same words for the same mistake, by which a report groups."""
    return ProtocolError(f"{peer} answered the {exchange.name} {wrong}")


def _mismatch(exchange: Exchange, message: Message) -> str:
    """In what a message belongs to something else, "" when it does not."""
    command = message.command
    if command.field != exchange.field | ANSWER:
        return f"with a {name_of(command.field)}"
    if command.answers_to != exchange.message_id:
        return "with an answer to another message ID"
    if message.context_id != exchange.context_id:
        return "on another presentation context"
    if command.sop_class_uid not in ("", exchange.sop_class_uid):
        return "for another SOP class"
    if command.sop_instance_uid not in ("", exchange.sop_instance_uid):
        return "for another SOP instance"
    return ""


def _bad_data(exchange: Exchange, command: Command, status: int) -> str:
    """What is wrong with status and data set, "" when nothing is: only a pending C-FIND response has a data set (PS3.7 9.1.2.1)."""
    pending = status in _PENDING
    if pending and exchange.field != C_FIND_RQ:
        return f"with status {status:04X}H (pending), which only a query may have"
    if command.has_data is not pending:
        return f"with status {status:04X}H {'and' if command.has_data else 'but without'} a data set"
    return ""


def event_report(message: Message, accepted: Sequence[AcceptedContext], peer: str) -> EventReport:
    """The report in an N-EVENT-REPORT-RQ (PS3.7 10.3.1.1); raises ProtocolError for one that cannot be answered."""
    command = message.command
    context = next((each for each in accepted if each.context_id == message.context_id), None)
    if context is None or command.message_id is None or command.event_type is None:
        raise ProtocolError(f"{peer} sent an N-EVENT-REPORT-RQ without a message ID, event type or accepted context")
    return EventReport(
        sop_class_uid=command.sop_class_uid,
        sop_instance_uid=command.sop_instance_uid,
        event_type=command.event_type,
        transfer_syntax=context.transfer_syntax,
        data=message.data or b"",
    )
