"""PDUs to bytes (PS3.8 9.3, D; PS3.7 D.3.3); knows nothing of sockets or states.

The sub-items of the user information go out in the order that DCMTK uses, which is that of their numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from struct import Struct
from typing import assert_never

from dicomjobs.errors import RequestTooLong
from dicomjobs.model.association import ProposedContext
from dicomjobs.wire import pdu
from dicomjobs.wire.pdu import (
    Abort,
    AssociateAccept,
    AssociateReject,
    AssociateRequest,
    ContextAnswer,
    DataTransfer,
    DataValue,
    IdentityItem,
    Pdu,
    ReleaseRequest,
    ReleaseResponse,
    UserInformation,
)

APPLICATION_CONTEXT = b"1.2.840.10008.3.1.1.1"  # DICOM's only one (PS3.7 A.2.1)

_PDU_HEADER = Struct(">BxI")
_ITEM_HEADER = Struct(">BxH")
_ASSOCIATE_HEADER = Struct(">H2x16s16s32x")
_SHORT_BODY = Struct(">xBBB")
_DATA_HEADER = Struct(">BxIIBB")
_LONGEST_ITEM = 0xFFFF
_SHORT = Struct(">H")
_WINDOW = Struct(">HH")


def encode(message: Pdu) -> bytes:
    """The bytes of a whole PDU. Raises RequestTooLong."""
    match message:
        case AssociateRequest():
            return _pdu(pdu.ASSOCIATE_RQ, _associate(message, map(_proposed, message.contexts)))
        case AssociateAccept():
            return _pdu(pdu.ASSOCIATE_AC, _associate(message, map(_answer, message.contexts)))
        case AssociateReject(result=result, source=source, diagnostic=diagnostic):
            return _pdu(pdu.ASSOCIATE_RJ, _SHORT_BODY.pack(result, source, diagnostic))
        case DataTransfer(values=values):
            return _pdu(pdu.P_DATA_TF, b"".join(map(_value, values)))
        case ReleaseRequest():
            return _pdu(pdu.RELEASE_RQ, bytes(4))
        case ReleaseResponse():
            return _pdu(pdu.RELEASE_RP, bytes(4))
        case Abort(source=source, diagnostic=diagnostic):
            return _pdu(pdu.ABORT, _SHORT_BODY.pack(0, source, diagnostic))
        case _:
            assert_never(message)


def data_header(length: int, context_id: int, control: int) -> bytes:
    """What precedes a fragment of `length` bytes that is alone in its P-DATA-TF; control bits: 1 command, 2 last (PS3.8 E.2)."""
    return _DATA_HEADER.pack(pdu.P_DATA_TF, length + 6, length + 2, context_id, control)


def _pdu(kind: int, body: bytes) -> bytes:
    """A PDU of a type around its body."""
    return _PDU_HEADER.pack(kind, len(body)) + body


def _item(kind: int, body: bytes) -> bytes:
    """An item or sub-item around its body. Raises RequestTooLong."""
    if len(body) > _LONGEST_ITEM:
        words = f"item {kind:02X}H of the A-ASSOCIATE-RQ would have {len(body)} bytes, where PS3.8 has room for {_LONGEST_ITEM}"
        raise RequestTooLong(
            words, hint="shorten the user identity, or propose roles and extended negotiation for fewer classes"
        )
    return _ITEM_HEADER.pack(kind, len(body)) + body


def _associate(message: AssociateRequest | AssociateAccept, contexts: Iterable[bytes]) -> bytes:
    """What A-ASSOCIATE-RQ and -AC have in common: protocol version 1, AE titles of 16 bytes, and the items."""
    called, calling = (
        title.encode("ascii").ljust(16)[:16] for title in (message.called_ae_title, message.calling_ae_title)
    )
    head = _ASSOCIATE_HEADER.pack(1, called, calling)
    return b"".join((head, _item(0x10, APPLICATION_CONTEXT), *contexts, _item(0x50, _user(message.user))))


def _proposed(context: ProposedContext) -> bytes:
    """Presentation context item 20H."""
    syntaxes = _item(0x30, context.abstract_syntax.encode("ascii")) + _syntaxes(context.transfer_syntaxes)
    return _item(0x20, bytes((context.context_id, 0, 0, 0)) + syntaxes)


@lru_cache(maxsize=256)
def _syntaxes(uids: tuple[str, ...]) -> bytes:
    """Transfer syntax sub-items 40H; the same few lists come 128 times in a proposal."""
    return b"".join(_item(0x40, uid.encode("ascii")) for uid in uids)


def _answer(context: ContextAnswer) -> bytes:
    """Presentation context item 21H."""
    syntax = _item(0x40, context.transfer_syntax.encode("ascii"))
    return _item(0x21, bytes((context.context_id, 0, context.result, 0)) + syntax)


def _user(user: UserInformation) -> bytes:
    """The body of the user information item."""
    parts: list[bytes] = []
    if user.max_pdu_length is not None:
        parts.append(_item(0x51, user.max_pdu_length.to_bytes(4, "big")))
    if user.implementation_class_uid:
        parts.append(_item(0x52, user.implementation_class_uid.encode("ascii")))
    if (window := user.asynchronous_window) is not None:
        parts.append(_item(0x53, _WINDOW.pack(window.invoked, window.performed)))
    parts += (
        _item(0x54, _counted(role.sop_class_uid.encode("ascii")) + bytes((role.scu, role.scp))) for role in user.roles
    )
    if user.implementation_version:
        parts.append(_item(0x55, user.implementation_version.encode("ascii")))
    parts += (
        _item(0x56, _counted(entry.sop_class_uid.encode("ascii")) + bytes.fromhex(entry.information))
        for entry in user.extended_negotiation
    )
    if user.identity is not None:
        parts.append(_item(0x58, _identity(user.identity)))
    if user.identity_response is not None:
        parts.append(_item(0x59, _counted(user.identity_response)))
    return b"".join(parts)


def _identity(identity: IdentityItem) -> bytes:
    """The body of the user identity sub-item."""
    head = bytes((identity.identity_type, identity.positive_response))
    return head + _counted(identity.primary) + _counted(identity.secondary)


def _counted(value: bytes) -> bytes:
    """A value behind its two-byte length."""
    return _SHORT.pack(len(value)) + value


def _value(value: DataValue) -> bytes:
    """A presentation data value item."""
    control = value.is_command | value.is_last << 1
    return (len(value.fragment) + 2).to_bytes(4, "big") + bytes((value.context_id, control)) + value.fragment
