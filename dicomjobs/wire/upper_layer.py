"""The requestor's side of the DICOM upper layer as a machine that eats bytes and gives PDUs (PS3.8 9.2).

It holds the state and the caps, and knows no socket, no clock and no DIMSE.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from struct import Struct
from typing import Final

from dicomjobs.errors import MalformedPdu, NotDicom, ProtocolError
from dicomjobs.wire import pdu
from dicomjobs.wire.pdu import Pdu
from dicomjobs.wire.pdu_decode import decode

EXPECTED: Final = pdu.DataTransfer(())
"""Stands for the P-DATA-TF that was expected; what `decode` gives is never empty."""

_HEADER = Struct(">BxI")
_HEADER_LENGTH = 6
_ASSOCIATE_CAP: Final = 1 << 20
"""Bytes of the longest PDU taken before the association stands; 128 contexts need less than 20 KiB."""
_ALLOWANCE: Final = 1024
"""Bytes that a P-DATA-TF may be longer than we announced: some peers count the header differently."""
_TLS_ALERT: Final = 0x15

_NAMES = {
    pdu.ASSOCIATE_RQ: "A-ASSOCIATE-RQ",
    pdu.ASSOCIATE_AC: "A-ASSOCIATE-AC",
    pdu.ASSOCIATE_RJ: "A-ASSOCIATE-RJ",
    pdu.P_DATA_TF: "P-DATA-TF",
    pdu.RELEASE_RQ: "A-RELEASE-RQ",
    pdu.RELEASE_RP: "A-RELEASE-RP",
    pdu.ABORT: "A-ABORT",
}


class State(Enum):
    """Where the association stands: words for an error, and the PDU types that may come (PS3.8 9.2.3)."""

    REQUESTED = ("before the association was accepted", {pdu.ASSOCIATE_AC, pdu.ASSOCIATE_RJ, pdu.ABORT})
    ESTABLISHED = ("while the association stood", {pdu.P_DATA_TF, pdu.RELEASE_RQ, pdu.ABORT})
    RELEASING = ("after we asked for the release", {pdu.P_DATA_TF, pdu.RELEASE_RQ, pdu.RELEASE_RP, pdu.ABORT})
    ENDED = ("after the association had ended", set[int]())

    def __init__(self, words: str, expected: set[int]) -> None:
        """Give the two parts names."""
        self.words = words
        self.expected = frozenset(expected)


_NEXT = {
    pdu.ASSOCIATE_AC: State.ESTABLISHED,
    pdu.ASSOCIATE_RJ: State.ENDED,
    pdu.RELEASE_RP: State.ENDED,
    pdu.ABORT: State.ENDED,
}


@dataclass(frozen=True, slots=True)
class MatchForm:
    """How a peer announces a match: the P-DATA-TF of its command set, the same for every match of a query, and its status."""

    command: bytes
    context_id: int
    status: int


_DATA_SET_HEADER = Struct(">BxIIBB")
_DATA_SET_HEADER_LENGTH = 12
_LAST_OF_DATA_SET: Final = 2


class UpperLayer:
    """What arrives on one association: bytes are fed, whole PDUs come out, and what is not allowed is a ProtocolError."""

    def __init__(self, peer: str, *, max_pdu_length: int) -> None:
        """`peer` is host:port for the words of errors, `max_pdu_length` in bytes what our A-ASSOCIATE-RQ announced."""
        self.state = State.REQUESTED
        self._peer = peer
        self._cap = max_pdu_length + _ALLOWANCE
        self._buffer = bytearray()
        self._position = 0

    @property
    def inside_pdu(self) -> bool:
        """Whether bytes have come that are not yet a PDU that was given out."""
        return self._position < len(self._buffer)

    def release_requested(self) -> None:
        """Note that an A-RELEASE-RQ of ours has left."""
        self.state = State.RELEASING

    def feed(self, data: bytes | memoryview) -> Iterator[Pdu]:
        """Take bytes in at once, and give the PDUs that are whole by then. Raises ProtocolError or MalformedPdu."""
        self._buffer += data
        return iter(self.pull, None)

    def pull(self, expected: bytes = b"") -> Pdu | None:
        """The next whole PDU of what was fed, None when more bytes are needed. Raises ProtocolError or MalformedPdu.

        A P-DATA-TF that is all there is and byte for byte the `expected` one comes as EXPECTED: comparing is cheaper
        than decoding, and who knows its bytes knows its meaning.
        """
        if expected and self._buffer == expected and self.state is State.ESTABLISHED and not self._position:
            self._buffer.clear()
            return EXPECTED
        have = len(self._buffer) - self._position
        if not have:
            return None
        self._check_type(self._buffer[self._position])
        if have < _HEADER_LENGTH:
            return None
        kind, length = _HEADER.unpack_from(self._buffer, self._position)
        self._check_length(kind, length)
        if have < _HEADER_LENGTH + length:
            return None
        return self._take(kind, length)

    def pull_matches(self, form: MatchForm) -> tuple[bytes, ...]:
        """The data sets of the matches that are whole and of this form, as far as nothing else comes between them.

        A match is the known command set and then its data set in one P-DATA-TF; comparing costs a tenth of decoding.
        """
        if not self._buffer or self.state is not State.ESTABLISHED:
            return ()
        block, at = bytes(self._buffer), self._position
        command, size, cap, context_id = form.command, len(form.command), self._cap, form.context_id
        last_start = len(block) - size - _DATA_SET_HEADER_LENGTH
        found = []
        while at <= last_start and block.startswith(command, at):
            kind, length, value_length, context, control = _DATA_SET_HEADER.unpack_from(block, at + size)
            start, end = at + size + _DATA_SET_HEADER_LENGTH, at + size + _HEADER_LENGTH + length
            if end > len(block) or length > cap or length != value_length + 4:
                break
            if kind != pdu.P_DATA_TF or context != context_id or control != _LAST_OF_DATA_SET:
                break
            found.append(block[start:end])
            at = end
        if found:
            del self._buffer[:at]
            self._position = 0
        return tuple(found)

    def may_become_match(self, form: MatchForm) -> bool:
        """Whether what is left, which is no whole match yet, begins like one of this form, so that more should be waited for."""
        rest = bytes(self._buffer[self._position : self._position + len(form.command) + _DATA_SET_HEADER_LENGTH])
        if not rest.startswith(form.command):
            return form.command.startswith(rest)
        head = rest[len(form.command) :]
        if len(head) < _DATA_SET_HEADER_LENGTH:
            return head[:1] in {b"", b"\x04"}
        kind, length, value_length, context, control = _DATA_SET_HEADER.unpack(head)
        usual = (kind, length - 4, context, control) == (
            pdu.P_DATA_TF,
            value_length,
            form.context_id,
            _LAST_OF_DATA_SET,
        )
        return usual and length <= self._cap

    def _take(self, kind: int, length: int) -> Pdu:
        """Cut the PDU out of the buffer and decode it."""
        start = self._position + _HEADER_LENGTH
        end = start + length
        body = bytes(memoryview(self._buffer)[start:end])
        if end == len(self._buffer):
            self._buffer.clear()
            self._position = 0
        else:
            self._position = end
            self._compact()
        self.state = _NEXT.get(kind, self.state)
        try:
            return decode(kind, body)
        except MalformedPdu as error:
            raise MalformedPdu(f"{self._peer} sent an {_NAMES[kind]} that cannot be decoded: {error}") from None

    def _compact(self) -> None:
        """Let go of what was given out, now and then: moving the rest for every PDU would cost more."""
        if self._position > _ASSOCIATE_CAP:
            del self._buffer[: self._position]
            self._position = 0

    def _check_type(self, kind: int) -> None:
        """Refuse a PDU by its first byte, before waiting for more of it."""
        if kind in self.state.expected:
            return
        if kind in _NAMES:
            raise ProtocolError(f"{self._peer} sent an {_NAMES[kind]} {self.state.words}")
        if self.state is State.REQUESTED:
            hint = "it seems to want TLS: give the peer `tls:`" if kind == _TLS_ALERT else "check host and port"
            raise NotDicom(f"{self._peer} does not speak DICOM: its answer begins with {kind:02X}H", hint=hint)
        raise MalformedPdu(f"{self._peer} sent a PDU of the unknown type {kind:02X}H")

    def _check_length(self, kind: int, length: int) -> None:
        """Refuse a PDU by its length, before taking memory for it."""
        cap = _ASSOCIATE_CAP if kind == pdu.ASSOCIATE_AC else self._cap if kind == pdu.P_DATA_TF else 4
        if length > cap:
            raise ProtocolError(
                f"{self._peer} announced an {_NAMES[kind]} of {length} bytes, the most allowed is {cap}"
            )
