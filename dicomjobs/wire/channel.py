"""PDUs in and out of one stream: the upper layer's state with the network's clock; A-ABORT and A-RELEASE-RQ become errors here.

It knows no DIMSE message.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from dicomjobs.errors import ConnectionLost, ProtocolError, ReleasedByPeer
from dicomjobs.wire.deadline import Deadline, Term
from dicomjobs.wire.pdu import Abort, DataTransfer, Pdu, ReleaseRequest, ReleaseResponse
from dicomjobs.wire.pdu_encode import encode
from dicomjobs.wire.reasons import aborted
from dicomjobs.wire.stream import Part, Stream
from dicomjobs.wire.upper_layer import MatchForm, State, UpperLayer

_EARLY: Final = 64
"""PDUs that may come while we are still sending; one answer is a few, more is a flood."""


class Channel:
    """One connection as PDUs; `network` is in seconds how long one PDU may take to arrive once it began."""

    def __init__(self, stream: Stream, *, max_pdu_length: int, network: float) -> None:
        """Begin on a connected stream; `max_pdu_length` in bytes is what the A-ASSOCIATE-RQ announces."""
        self.peer = stream.peer
        self._stream = stream
        self._layer = UpperLayer(stream.peer, max_pdu_length=max_pdu_length)
        self._whole = Term("network", network, f"{stream.peer} began a PDU but did not end it")
        self._early: deque[Pdu] = deque()

    def write(self, parts: Sequence[Part], wake_fd: int) -> None:
        """Send the parts of whole PDUs. Raises AssociationError; `wake_fd` ends it with Interrupted."""
        self._stream.write(parts, wake_fd, self._arrived)

    def next_pdu(self, deadline: Deadline, wake_fd: int, expected: bytes = b"") -> Pdu:
        """The next PDU, EXPECTED in place of the expected one; Timeout at the deadline, or when a PDU stays unfinished too long.

        Raises AssociationError.
        """
        if self._early:
            return self._early.popleft()
        whole: Deadline | None = None
        while (pdu := self._layer.pull(expected)) is None:
            if self._layer.inside_pdu and whole is None:
                whole = self._whole.from_now()
            data = self._stream.receive(deadline.earlier(whole), wake_fd)
            if not data:
                raise ConnectionLost(f"{self.peer} closed the connection; until then, {deadline.missing}")
            self._layer.feed(data)
        return self._usual(pdu)

    def next_matches(self, deadline: Deadline, wake_fd: int, form: MatchForm) -> tuple[bytes, ...] | Pdu:
        """The data sets of the next matches of a form that are there, or the next PDU when it is something else.

        Waits, and raises, as `next_pdu` does.
        """
        if self._early:
            return self._early.popleft()
        whole: Deadline | None = None
        while not (found := self._layer.pull_matches(form)):
            if not self._layer.may_become_match(form):
                return self.next_pdu(deadline, wake_fd)
            if self._layer.inside_pdu and whole is None:
                whole = self._whole.from_now()
            data = self._stream.receive(deadline.earlier(whole), wake_fd)
            if not data:
                raise ConnectionLost(f"{self.peer} closed the connection; until then, {deadline.missing}")
            self._layer.feed(data)
        return found

    def expect_silence(self) -> None:
        """Make sure that nothing waits to be read before a request leaves: it could be taken for the answer to it."""
        data = self._stream.receive_now()
        if data is not None or self._layer.inside_pdu:
            self._arrived(data or b"")
        if self._early or self._layer.inside_pdu:
            raise ProtocolError(f"{self.peer} sent something that no request had asked for")
        if data is not None and not data:
            raise ConnectionLost(f"{self.peer} closed the connection while no request was open")

    def request_release(self, wake_fd: int) -> None:
        """Send A-RELEASE-RQ (PS3.8 9.3.6)."""
        self.write((_RELEASE_RQ,), wake_fd)
        self._layer.release_requested()

    def answer_release(self, wake_fd: int) -> None:
        """Send A-RELEASE-RP and go on: both sides had asked for the release (PS3.8 7.2.2.6)."""
        self.write((_RELEASE_RP,), wake_fd)

    def confirm_release(self) -> None:
        """Send A-RELEASE-RP and close; never raises."""
        self._stream.end(_RELEASE_RP)

    def abort(self, *, source: int) -> None:
        """Send A-ABORT if the peer can still make sense of it, and close; never raises."""
        self._stream.end(encode(Abort(source=source, diagnostic=0)))

    def close(self) -> None:
        """Close without a word; never raises."""
        self._stream.end(b"")

    def _arrived(self, data: bytes | memoryview) -> None:
        """Take in what comes when nothing is waited for: an abort ends the association, an answer is kept."""
        for pdu in self._layer.feed(data):
            self._early.append(self._usual(pdu))
        if len(self._early) > _EARLY:
            raise ProtocolError(f"{self.peer} sent {len(self._early)} PDUs before the request was out")

    def _usual(self, pdu: Pdu) -> Pdu:
        """The PDU itself, unless it ends the association."""
        match pdu:
            case DataTransfer():
                return pdu
            case Abort(source=source, diagnostic=diagnostic):
                raise aborted(self.peer, source=source, diagnostic=diagnostic)
            case ReleaseRequest() if self._layer.state is not State.RELEASING:
                raise ReleasedByPeer(f"{self.peer} asked to release the association while we still needed it")
            case _:
                return pdu


_RELEASE_RQ = encode(ReleaseRequest())
_RELEASE_RP = encode(ReleaseResponse())
