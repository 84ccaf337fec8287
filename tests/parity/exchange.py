"""What a recording SCP saw of one program's run, as values that can be compared field by field."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from io import BytesIO
from typing import Any

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from dicomjobs.wire.pdu import AssociateRequest
from tests.support.recording_scp import Received, RecordingScp

INVENTED = frozenset({0x00001000, 0x00080018, 0x00100010, 0x00100020, 0x0020000D, 0x0020000E, 0x00200010})
"""Affected SOP Instance UID, SOP Instance UID, Patient's Name and ID, Study and Series Instance UID, Study ID."""

_APART = frozenset({0x00000000, 0x00000110})
"""The command group length, which says nothing of its own, and the message ID, which is a field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One C-STORE-RQ: its context, its message ID, its other command elements, and the elements of its data set."""

    context_id: int
    message_id: int
    command: tuple[tuple[int, bytes], ...]
    elements: tuple[Any, ...]

    @property
    def content(self) -> tuple[Any, ...]:
        """What it is about, whatever its number."""
        return self.context_id, self.command, self.elements


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One association from its A-ASSOCIATE-RQ to its end; what names the implementation is left out."""

    called_ae_title: str
    calling_ae_title: str
    contexts: tuple[tuple[int, str, tuple[str, ...]], ...]
    max_pdu_length: int | None
    asynchronous_window: Any
    roles: tuple[Any, ...]
    extended_negotiation: tuple[Any, ...]
    identity: Any
    requests: tuple[Request, ...]
    ended: str


def exchanges_of(scp: RecordingScp) -> tuple[Exchange, ...]:
    """Take what the SCP recorded, once every connection it took has ended, and let it forget; one without a request is none."""
    ends = [scp.next_end() for _ in range(scp.connections)][-len(scp.requests) or scp.connections :]
    seen = tuple(
        _exchange(request, [each for each in scp.received if each.association == number], ended)
        for number, (request, ended) in enumerate(zip(scp.requests, ends, strict=True), start=1)
    )
    scp.connections = 0
    scp.requests.clear()
    scp.received.clear()
    return seen


def _exchange(request: AssociateRequest, received: list[Received], ended: str) -> Exchange:
    """Put together what belongs to one association."""
    user = request.user
    return Exchange(
        called_ae_title=request.called_ae_title,
        calling_ae_title=request.calling_ae_title,
        contexts=tuple((each.context_id, each.abstract_syntax, each.transfer_syntaxes) for each in request.contexts),
        max_pdu_length=user.max_pdu_length,
        asynchronous_window=user.asynchronous_window,
        roles=user.roles,
        extended_negotiation=user.extended_negotiation,
        identity=user.identity,
        requests=tuple(
            Request(
                context_id=each.context_id,
                message_id=each.message_id,
                command=tuple(_command_elements(each.command_set)),
                elements=_elements(each.data, each.transfer_syntax),
            )
            for each in received
        ),
        ended=ended,
    )


def _command_elements(encoded: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and value of each element of a command set but its length and its number (PS3.7 6.3.1)."""
    place = 0
    while place < len(encoded):
        group, element, length = (
            int.from_bytes(encoded[place + at : place + at + size], "little") for at, size in ((0, 2), (2, 2), (4, 4))
        )
        tag, place = group << 16 | element, place + 8
        if tag not in _APART:
            yield tag, encoded[place : place + length]
        place += length


def _elements(encoded: bytes, transfer_syntax: str) -> tuple[Any, ...]:
    """Return the elements of a data set, sequences as items of elements, however their lengths are encoded."""
    syntax = UID(transfer_syntax)
    if syntax == DeflatedExplicitVRLittleEndian:
        encoded = zlib.decompress(encoded, -15)
    data_set = read_dataset(BytesIO(encoded), syntax.is_implicit_VR, syntax.is_little_endian)
    return tuple(_flat(data_set))


def _flat(data_set: Dataset) -> Iterator[tuple[Any, ...]]:
    """Yield tag, VR and value of each element."""
    for element in data_set:
        if element.VR == "SQ":
            yield int(element.tag), "SQ", tuple(tuple(_flat(item)) for item in element.value)
        else:
            yield int(element.tag), element.VR, repr(element.value)


@dataclass(frozen=True, slots=True)
class Found:
    """One field in which two runs differ, and how."""

    field: str
    words: str


def differences(theirs: tuple[Exchange, ...], ours: tuple[Exchange, ...]) -> Iterator[Found]:
    """Yield each field in which two runs differ.

    That the same requests came in another order is a difference in `order`, their numbers then mean nothing.
    """
    if len(theirs) != len(ours):
        yield Found("associations", f"{len(theirs)} and {len(ours)}")
    for one, other in zip(theirs, ours, strict=False):
        for field in fields(Exchange):
            if field.name == "requests":
                yield from _request_differences(one.requests, other.requests)
            elif getattr(one, field.name) != getattr(other, field.name):
                yield Found(field.name, f"{getattr(one, field.name)} and {getattr(other, field.name)}")


def _request_differences(theirs: tuple[Request, ...], ours: tuple[Request, ...]) -> Iterator[Found]:
    """Yield what differs between two lists of requests."""
    if len(theirs) != len(ours):
        yield Found("requests", f"{len(theirs)} and {len(ours)}")
        return
    if _in_order(theirs) == _in_order(ours) and [each.content for each in theirs] != [each.content for each in ours]:
        yield Found("order", "the same requests")
        return
    if theirs != ours and _without_inventions(theirs) == _without_inventions(ours):
        yield Found("invented", "values that are new in every run, the same ones in the same places")
        return
    for number, (one, other) in enumerate(zip(theirs, ours, strict=True), start=1):
        for name in ("context_id", "message_id", "command", "elements"):
            before, after = getattr(one, name), getattr(other, name)
            if before != after:
                yield Found(name, f"of request {number}: {_only(before, after)} and {_only(after, before)}")


def _in_order(requests: tuple[Request, ...]) -> list[str]:
    """Return the requests in an order of their own."""
    return sorted(repr(each.content) for each in requests)


def _without_inventions(requests: tuple[Request, ...]) -> list[Any]:
    """Return what a run sent with each value that an invention replaces as a number: the first one 1, another one 2, and so on."""
    numbers: dict[tuple[int, str], int] = {}

    def number(tag: int, value: str) -> int:
        return numbers.setdefault((tag, value), 1 + sum(known == tag for known, _ in numbers))

    def plain(pairs: tuple[Any, ...]) -> list[Any]:
        texts = [(tag, repr(rest)) for tag, *rest in pairs]
        return [(tag, number(tag, text) if tag in INVENTED else text) for tag, text in texts]

    return [(each.context_id, each.message_id, plain(each.command), plain(each.elements)) for each in requests]


def _only(these: Any, those: Any) -> Any:
    """Return what one side has and the other has not."""
    return [each for each in these if each not in those] if isinstance(these, tuple) else these
