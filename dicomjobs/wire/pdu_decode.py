"""Bytes to PDUs (PS3.8 9.3, D; PS3.7 D.3.3); whatever the bytes are, the only error is MalformedPdu.

Unknown items are skipped, as PS3.8 9.3.1 asks. Nothing here knows sockets, states or what was proposed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from struct import Struct
from typing import TypeVar

from dicomjobs.errors import MalformedPdu
from dicomjobs.model.association import AsynchronousWindow, ExtendedNegotiation, ProposedContext
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
    RoleItem,
    UserInformation,
)

_ITEM_HEADER = Struct(">BxH")
_VALUE_HEADER = Struct(">IBB")
_ASSOCIATE_HEADER_LENGTH = 68

_T = TypeVar("_T")


def decode(kind: int, body: bytes) -> Pdu:
    """The PDU of a type with this body (what follows its six-byte header). Raises MalformedPdu."""
    decoder = _DECODERS.get(kind)
    if decoder is None:
        raise MalformedPdu(f"a PDU of the unknown type {kind:02X}H")
    return decoder(body)


def _request(body: bytes) -> AssociateRequest:
    """A-ASSOCIATE-RQ."""
    called, calling, items = _associate(body, "A-ASSOCIATE-RQ")
    return AssociateRequest(
        called_ae_title=called,
        calling_ae_title=calling,
        contexts=tuple(_proposed(value) for kind, value in items if kind == 0x20),
        user=_only([_user(value) for kind, value in items if kind == 0x50], "user information items"),
    )


def _accept(body: bytes) -> AssociateAccept:
    """A-ASSOCIATE-AC."""
    called, calling, items = _associate(body, "A-ASSOCIATE-AC")
    return AssociateAccept(
        called_ae_title=called,
        calling_ae_title=calling,
        contexts=tuple(_answer(value) for kind, value in items if kind == 0x21),
        user=_only([_user(value) for kind, value in items if kind == 0x50], "user information items"),
    )


def _associate(body: bytes, name: str) -> tuple[str, str, list[tuple[int, bytes]]]:
    """Called and calling AE title and the items of an A-ASSOCIATE PDU; of the protocol version only bit 0 counts."""
    if len(body) < _ASSOCIATE_HEADER_LENGTH:
        raise MalformedPdu(f"an {name} of {len(body)} bytes")
    if not body[1] & 1:
        raise MalformedPdu(f"an {name} for protocol version {int.from_bytes(body[:2], 'big'):04X}H")
    titles = (body[start : start + 16].decode("latin-1").strip(" \0") for start in (4, 20))
    return *titles, list(_items(body[_ASSOCIATE_HEADER_LENGTH:], name))  # type: ignore[return-value]  # a generator of two


def _items(data: bytes, where: str) -> Iterator[tuple[int, bytes]]:
    """The (type, body) of each item; the last must end where the data ends."""
    position, end = 0, len(data)
    while position < end:
        if end - position < 4:
            raise MalformedPdu(f"an item header cut short in the {where}")
        kind, length = _ITEM_HEADER.unpack_from(data, position)
        position += 4
        if length > end - position:
            raise MalformedPdu(f"item {kind:02X}H of {length} bytes runs over the end of the {where}")
        yield kind, data[position : position + length]
        position += length


def _only(values: list[_T], name: str) -> _T:
    """The one value of an item that has to be there exactly once."""
    if len(values) != 1:
        raise MalformedPdu(f"{len(values)} {name} where PS3.8 has one")
    return values[0]


def _uid(value: bytes) -> str:
    """A UID, with the padding that some implementations leave on it taken away."""
    return _text(value.rstrip(b"\0 "))


def _text(value: bytes) -> str:
    """Text of ISO 646."""
    try:
        return value.decode("ascii")
    except UnicodeDecodeError:
        raise MalformedPdu("text outside ISO 646 in an A-ASSOCIATE item") from None


def _proposed(body: bytes) -> ProposedContext:
    """Presentation context item 20H."""
    if len(body) < 4:
        raise MalformedPdu("a presentation context item cut short")
    items = list(_items(body[4:], "presentation context item"))
    return ProposedContext(
        context_id=body[0],
        abstract_syntax=_only([_uid(value) for kind, value in items if kind == 0x30], "abstract syntaxes"),
        transfer_syntaxes=tuple(_uid(value) for kind, value in items if kind == 0x40),
    )


def _answer(body: bytes) -> ContextAnswer:
    """Presentation context item 21H; what follows a refusal is not significant and may be missing (PS3.8 9.3.3.2)."""
    if len(body) < 4:
        raise MalformedPdu("a presentation context item cut short")
    context_id, result = body[0], body[2]
    if result:
        return ContextAnswer(context_id=context_id, result=result, transfer_syntax="")
    syntaxes = [_uid(value) for kind, value in _items(body[4:], "presentation context item") if kind == 0x40]
    return ContextAnswer(context_id=context_id, result=0, transfer_syntax=_only(syntaxes, "accepted transfer syntaxes"))


def _user(body: bytes) -> UserInformation:
    """User information item 50H."""
    items = list(_items(body, "user information item"))
    return UserInformation(
        max_pdu_length=_last(items, 0x51, _max_length, None),
        implementation_class_uid=_last(items, 0x52, _uid, ""),
        implementation_version=_last(items, 0x55, _version_name, ""),
        asynchronous_window=_last(items, 0x53, _window, None),
        roles=tuple(_role(value) for kind, value in items if kind == 0x54),
        extended_negotiation=tuple(_extended(value) for kind, value in items if kind == 0x56),
        identity=_last(items, 0x58, _identity, None),
        identity_response=_last(items, 0x59, _identity_response, None),
    )


_D = TypeVar("_D")


def _last(items: list[tuple[int, bytes]], wanted: int, decoder: Callable[[bytes], _T], default: _D) -> _T | _D:
    """The decoded sub-item of a type that may be there once."""
    found = [decoder(value) for kind, value in items if kind == wanted]
    if len(found) > 1:
        raise MalformedPdu(f"sub-item {wanted:02X}H {len(found)} times")
    return found[0] if found else default


def _max_length(body: bytes) -> int:
    """Maximum length sub-item 51H."""
    if len(body) != 4:
        raise MalformedPdu(f"a maximum length of {len(body)} bytes")
    return int.from_bytes(body, "big")


def _version_name(body: bytes) -> str:
    """Implementation version name; kept for reports only, so any byte is allowed."""
    return body.decode("ascii", errors="replace").rstrip("\0 ")


def _window(body: bytes) -> AsynchronousWindow:
    """Asynchronous operations window sub-item 53H."""
    if len(body) != 4:
        raise MalformedPdu(f"an asynchronous operations window of {len(body)} bytes")
    return AsynchronousWindow(invoked=int.from_bytes(body[:2], "big"), performed=int.from_bytes(body[2:], "big"))


def _role(body: bytes) -> RoleItem:
    """Role selection sub-item 54H."""
    uid, rest = _counted(body)
    if len(rest) != 2:
        raise MalformedPdu("a role selection sub-item of the wrong length")
    return RoleItem(sop_class_uid=_uid(uid), scu=bool(rest[0]), scp=bool(rest[1]))


def _extended(body: bytes) -> ExtendedNegotiation:
    """SOP class extended negotiation sub-item 56H."""
    uid, rest = _counted(body)
    return ExtendedNegotiation(sop_class_uid=_uid(uid), information=rest.hex())


def _identity(body: bytes) -> IdentityItem:
    """User identity sub-item 58H."""
    if len(body) < 2:
        raise MalformedPdu("a user identity sub-item cut short")
    primary, rest = _counted(body[2:])
    secondary, rest = _counted(rest)
    if rest:
        raise MalformedPdu("a user identity sub-item with bytes left over")
    return IdentityItem(identity_type=body[0], positive_response=bool(body[1]), primary=primary, secondary=secondary)


def _identity_response(body: bytes) -> bytes:
    """User identity response sub-item 59H."""
    value, rest = _counted(body)
    if rest:
        raise MalformedPdu("a user identity response with bytes left over")
    return value


def _counted(data: bytes) -> tuple[bytes, bytes]:
    """A value behind its two-byte length, and what follows it."""
    end = 2 + int.from_bytes(data[:2], "big")
    if end > len(data):
        raise MalformedPdu("a sub-item's value runs over its end")
    return data[2:end], data[end:]


def _reject(body: bytes) -> AssociateReject:
    """A-ASSOCIATE-RJ."""
    _, result, source, diagnostic = _short(body)
    return AssociateReject(result=result, source=source, diagnostic=diagnostic)


def _abort(body: bytes) -> Abort:
    """A-ABORT."""
    _, _, source, diagnostic = _short(body)
    return Abort(source=source, diagnostic=diagnostic)


def _release_request(body: bytes) -> ReleaseRequest:
    """A-RELEASE-RQ."""
    _short(body)
    return ReleaseRequest()


def _release_response(body: bytes) -> ReleaseResponse:
    """A-RELEASE-RP."""
    _short(body)
    return ReleaseResponse()


def _short(body: bytes) -> bytes:
    """The body of the PDUs that have four bytes."""
    if len(body) != 4:
        raise MalformedPdu(f"{len(body)} bytes where four belong")
    return body


def _data(body: bytes) -> DataTransfer:
    """P-DATA-TF: at least one presentation data value; of its control header only two bits count (PS3.8 E.2)."""
    values, position, end = [], 0, len(body)
    while position < end:
        if end - position < 6:
            raise MalformedPdu("a presentation data value cut short")
        length, context_id, control = _VALUE_HEADER.unpack_from(body, position)
        start, position = position + 6, position + 4 + length
        if length < 2 or position > end:
            raise MalformedPdu(f"a presentation data value of {length} bytes in a P-DATA-TF of {end}")
        values.append(DataValue(context_id, bool(control & 1), bool(control & 2), body[start:position]))
    if not values:
        raise MalformedPdu("a P-DATA-TF with nothing in it")
    return DataTransfer(tuple(values))


_DECODERS: dict[int, Callable[[bytes], Pdu]] = {
    pdu.ASSOCIATE_RQ: _request,
    pdu.ASSOCIATE_AC: _accept,
    pdu.ASSOCIATE_RJ: _reject,
    pdu.P_DATA_TF: _data,
    pdu.RELEASE_RQ: _release_request,
    pdu.RELEASE_RP: _release_response,
    pdu.ABORT: _abort,
}
