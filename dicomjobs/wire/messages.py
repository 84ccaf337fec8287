"""P-DATA-TF values put together to DIMSE messages (PS3.7 6.3.1, PS3.8 E), and data sets cut into them.

It knows fragments and caps; what a message means is in `matching.py`, how bytes travel in `channel.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from dicomjobs.errors import MalformedPdu, NotSendable, ProtocolError
from dicomjobs.model.dimse import Payload
from dicomjobs.wire.command_set import Command, decode
from dicomjobs.wire.pdu import DataValue
from dicomjobs.wire.pdu_encode import data_header

Part = bytes | memoryview

COMMAND_CAP: Final = 64 * 1024
DATA_CAP: Final = 16 * 1024 * 1024
"""Bytes of the longest command set and data set taken from a peer; a C-FIND identifier is rarely more than a few KiB."""

_COMMAND, _LAST = 1, 2


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message; `data` is None when the command set says that there is no data set, `raw_command` the command set's bytes."""

    context_id: int
    command: Command
    data: bytes | None
    raw_command: bytes


class Assembler:
    """Puts one message after the other together; fragments that do not belong are a ProtocolError."""

    def __init__(self, peer: str) -> None:
        """`peer` is host:port for the words of errors."""
        self._peer = peer
        self._begin()

    def _begin(self) -> None:
        """Wait for the first fragment of a message."""
        self._context_id = 0
        self._command: Command | None = None
        self._raw_command = b""
        self._fragments: list[bytes] = []
        self._size = 0

    @property
    def inside_message(self) -> bool:
        """Whether a message has begun that is not whole yet."""
        return bool(self._fragments or self._command)

    def add(self, value: DataValue) -> Message | None:
        """Take a fragment in; the message that it completes, or None. Raises ProtocolError or MalformedPdu."""
        self._check(value)
        self._context_id = value.context_id
        self._fragments.append(value.fragment)
        self._size += len(value.fragment)
        kind, cap = ("command set", COMMAND_CAP) if value.is_command else ("data set", DATA_CAP)
        if self._size > cap:
            raise ProtocolError(f"{self._peer} sends a {kind} of more than {cap} bytes")
        if not value.is_last:
            return None
        return self._command_whole() if value.is_command else self._whole(self._joined())

    def _check(self, value: DataValue) -> None:
        """Refuse a fragment that cannot follow what came before."""
        if self.inside_message and value.context_id != self._context_id:
            raise ProtocolError(
                f"{self._peer} sent a fragment on presentation context {value.context_id} "
                f"inside a message on {self._context_id}"
            )
        if value.is_command is (self._command is not None):
            where = "after its command set was whole" if value.is_command else "before its command set was whole"
            kind = "command" if value.is_command else "data set"
            raise ProtocolError(f"{self._peer} sent a {kind} fragment of a message {where}")

    def _command_whole(self) -> Message | None:
        """Decode the command set; with no data set to follow the message is whole."""
        try:
            self._raw_command = self._joined()
            self._command = decode(self._raw_command)
        except MalformedPdu as error:
            raise MalformedPdu(f"{self._peer} sent {error}") from None
        return None if self._command.has_data else self._whole(None)

    def _joined(self) -> bytes:
        """The fragments so far as one, and none of them kept."""
        data = self._fragments[0] if len(self._fragments) == 1 else b"".join(self._fragments)
        self._fragments, self._size = [], 0
        return data

    def _whole(self, data: bytes | None) -> Message:
        """The message, and ready for the next."""
        assert self._command is not None  # `_check` lets no data fragment come before
        message = Message(self._context_id, self._command, data, self._raw_command)
        self._begin()
        return message


def command_pdu(command: bytes, context_id: int) -> bytes:
    """A command set as one P-DATA-TF; 196 bytes at most with UIDs of 64, so it fits the smallest PDU we agree to."""
    return data_header(len(command), context_id, _COMMAND | _LAST) + command


def data_pdus(payload: Payload, context_id: int, room: int) -> Iterator[list[Part]]:
    """A data set as P-DATA-TFs with one value of `room` bytes each, the last shorter; a list of parts for every chunk.

    Parts are views of the chunk and good until the next is asked for. Raises NotSendable unless the payload has its length:
    the last value is given only after the payload has come to its end, so that a peer never takes a wrong data set for whole.
    """
    length, chunks = payload.length, payload.chunks()
    first = next(chunks, b"")
    if isinstance(first, bytes) and len(first) == length <= room:  # nothing to cut
        _check_end(b"", chunks, length)
        parts: list[Part] = [data_header(length, context_id, _LAST), first]
        return iter((parts,))
    return cut(chain((first,), chunks), length, context_id, room)


def cut(chunks: Iterator[bytes | memoryview], length: int, context_id: int, room: int) -> Iterator[list[Part]]:
    """As `data_pdus`, for any number of chunks that have to be `length` bytes together."""
    left, held = length, bytearray()
    for chunk in chunks:
        view = memoryview(chunk).cast("B")
        parts: list[Part] = []
        while left and len(held) + len(view) >= min(room, left):
            size = min(room, left)
            parts.append(data_header(size, context_id, _LAST if size == left else 0))
            if held:
                parts.append(bytes(held))
            taken = size - len(held)
            parts.append(view[:taken])
            view, left = view[taken:], left - size
            held.clear()
        if not left:
            _check_end(view, chunks, length)
        held += view
        yield parts
    if left:
        missing = f"{left - len(held)} of {length} bytes are missing"
        raise NotSendable("truncated_file", f"the data set ends early: {missing}")
    if not length:
        yield [data_header(0, context_id, _LAST)]


def _check_end(rest: bytes | memoryview, chunks: Iterator[bytes | memoryview], length: int) -> None:
    """Refuse a payload that goes on behind its `length` bytes, in this chunk or in the ones to come."""
    if len(rest) or any(map(len, chunks)):
        raise NotSendable("changed_since_plan", f"the data set is longer than the {length} bytes it should have")
