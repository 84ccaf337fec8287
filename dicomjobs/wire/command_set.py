"""DIMSE command sets: Implicit VR Little Endian elements of group 0000 (PS3.7 6.3, E).

It knows elements and bytes; what an answer has to say is in `matching.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from struct import Struct
from typing import assert_never

from dicomjobs.errors import MalformedPdu
from dicomjobs.model.dimse import ActionRequest, EchoRequest, FindRequest, Request, StoreRequest

C_STORE_RQ, C_FIND_RQ, C_ECHO_RQ, C_CANCEL_RQ = 0x0001, 0x0020, 0x0030, 0x0FFF
N_EVENT_REPORT_RQ, N_ACTION_RQ = 0x0100, 0x0130
"""Values of Command Field (0000,0100); an answer has the request's with the highest bit set (PS3.7 E.1)."""
ANSWER = 0x8000

_NO_DATA_SET = 0x0101
_DATA_SET = 0x0001

_HEADER = Struct("<HHI")
_SHORT_ELEMENT = Struct("<HHIH")
_GROUP_LENGTH = Struct("<HHII")

NAMES = {
    C_STORE_RQ: "C-STORE",
    C_FIND_RQ: "C-FIND",
    C_ECHO_RQ: "C-ECHO",
    C_CANCEL_RQ: "C-CANCEL",
    N_EVENT_REPORT_RQ: "N-EVENT-REPORT",
    N_ACTION_RQ: "N-ACTION",
}


@dataclass(frozen=True, slots=True)
class Command:
    """A command set as received; None or "" for an element that is not there (PS3.7 E.1)."""

    field: int
    has_data: bool
    answers_to: int | None
    status: int | None
    sop_class_uid: str
    sop_instance_uid: str
    error_comment: str
    message_id: int | None = None
    event_type: int | None = None


def command_field(request: Request) -> int:
    """Command Field of a request."""
    match request:
        case StoreRequest():
            return C_STORE_RQ
        case FindRequest():
            return C_FIND_RQ
        case EchoRequest():
            return C_ECHO_RQ
        case ActionRequest():
            return N_ACTION_RQ
        case _:
            assert_never(request)


def encode_request(request: Request, message_id: int) -> bytes:
    """The command set of a request (PS3.7 9.3.1.1, 9.3.2.1, 9.3.5.1, 10.3.4.1)."""
    if isinstance(request, ActionRequest):
        return _encode_action(request, message_id)
    body = _uid(0x0002, request.sop_class_uid) + _short(0x0100, command_field(request)) + _short(0x0110, message_id)
    match request:
        case StoreRequest(sop_instance_uid=uid, priority=priority):
            return _with_length(body + _rest(int(priority), _DATA_SET) + _element(0x1000, padded(uid)))
        case FindRequest(priority=priority):
            return _with_length(body + _rest(int(priority), _DATA_SET))
        case EchoRequest():
            return _with_length(body + _short(0x0800, _NO_DATA_SET))
        case _:
            assert_never(request)


def _encode_action(request: ActionRequest, message_id: int) -> bytes:
    """The command set of an N-ACTION-RQ, which names what is *requested*."""
    return _with_length(
        _uid(0x0003, request.sop_class_uid)
        + _short(0x0100, N_ACTION_RQ)
        + _short(0x0110, message_id)
        + _short(0x0800, _DATA_SET)
        + _element(0x1001, padded(request.sop_instance_uid))
        + _short(0x1008, request.action_type)
    )


def encode_reported(report: Command, status: int) -> bytes:
    """The N-EVENT-REPORT-RSP to a report (PS3.7 10.3.1.2)."""
    return _with_length(
        _uid(0x0002, report.sop_class_uid)
        + _short(0x0100, N_EVENT_REPORT_RQ | ANSWER)
        + _short(0x0120, report.message_id or 0)
        + _short(0x0800, _NO_DATA_SET)
        + _short(0x0900, status)
        + _element(0x1000, padded(report.sop_instance_uid))
        + _short(0x1002, report.event_type or 0)
    )


def encode_stored(request: StoreRequest, message_id: int) -> bytes:
    """The C-STORE-RSP of an instance that was stored, with both UIDs, as nearly all peers send it (PS3.7 9.3.1.2)."""
    return _with_length(
        _uid(0x0002, request.sop_class_uid)
        + _short(0x0100, C_STORE_RQ | ANSWER)
        + _short(0x0120, message_id)
        + _short(0x0800, _NO_DATA_SET)
        + _short(0x0900, 0x0000)
        + _element(0x1000, padded(request.sop_instance_uid))
    )


def encode_cancel(message_id: int) -> bytes:
    """C-CANCEL-RQ for the request with this Message ID (PS3.7 9.3.2.3)."""
    return _with_length(_short(0x0100, C_CANCEL_RQ) + _short(0x0120, message_id) + _short(0x0800, _NO_DATA_SET))


def decode(data: bytes) -> Command:
    """What a command set says. Raises MalformedPdu."""
    elements = _elements(data)
    field = _number(elements, 0x0100)
    data_set_type = _number(elements, 0x0800)
    if field is None or data_set_type is None:
        raise MalformedPdu("a command set without Command Field or Command Data Set Type")
    return Command(
        field,
        data_set_type != _NO_DATA_SET,
        _number(elements, 0x0120),
        _number(elements, 0x0900),
        _text(elements.get(0x0002, b"")),
        _text(elements.get(0x1000, b"")),
        elements[0x0902].decode("ascii", errors="replace").rstrip("\0 ") if 0x0902 in elements else "",
        _number(elements, 0x0110),
        _number(elements, 0x1002),
    )


@cache
def name_of(field: int) -> str:
    """A command field in words, such as C-STORE-RSP."""
    name = NAMES.get(field & ~ANSWER)
    if name is None:
        return f"command {field:04X}H"
    return f"{name}-RSP" if field & ANSWER else f"{name}-RQ"


def _elements(data: bytes) -> dict[int, bytes]:
    """Element number to value; all elements must be of group 0000, whole, and there once."""
    elements: dict[int, bytes] = {}
    position, end = 0, len(data)
    while position < end - 7:
        group, number, length = _HEADER.unpack_from(data, position)
        start, position = position + 8, position + 8 + length
        if group or position > end or number in elements:
            raise MalformedPdu(f"command element ({group:04X},{number:04X}) of {length} bytes does not belong there")
        elements[number] = data[start:position]
    if position != end:
        raise MalformedPdu("a command element cut short")
    return elements


def _number(elements: dict[int, bytes], number: int) -> int | None:
    """The value of an element of VR US."""
    value = elements.get(number)
    if value is None:
        return None
    if len(value) != 2:
        raise MalformedPdu(f"command element (0000,{number:04X}) has {len(value)} bytes, not 2")
    return value[0] | value[1] << 8


@lru_cache(maxsize=64)
def _text(value: bytes) -> str:
    """The text of a UID, which in the answers on one association is mostly the same."""
    return value.decode("latin-1").rstrip("\0 ")


def _with_length(body: bytes) -> bytes:
    """A command set with its group length in front."""
    return _GROUP_LENGTH.pack(0, 0x0000, 4, len(body)) + body


def _short(number: int, value: int) -> bytes:
    """An element of VR US."""
    return _SHORT_ELEMENT.pack(0, number, 2, value)


@lru_cache(maxsize=64)
def _rest(priority: int, data_set_type: int) -> bytes:
    """Priority and Command Data Set Type, which hardly ever change."""
    return _short(0x0700, priority) + _short(0x0800, data_set_type)


@lru_cache(maxsize=256)
def _uid(number: int, uid: str) -> bytes:
    """An element of VR UI; of SOP classes there are few."""
    return _element(number, padded(uid))


def padded(uid: str) -> bytes:
    """A UID of even length."""
    value = uid.encode("ascii")
    return value + b"\0" if len(value) & 1 else value


def _element(number: int, value: bytes) -> bytes:
    """An element with a value of even length."""
    return _HEADER.pack(0, number, len(value)) + value
