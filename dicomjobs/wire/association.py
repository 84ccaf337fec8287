"""An established association as its requestor and SCU: requests out, checked answers in, then release or abort (PS3.7 9.1, PS3.8 7).

No thread runs inside it and one thread uses it. It knows nothing of how it was established; that is `connect.py`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Protocol

from dicomjobs.errors import (
    AssociationAborted,
    AssociationError,
    ConnectionLost,
    Interrupted,
    ProtocolError,
    ReleasedByPeer,
    Timeout,
    TlsHandshakeFailed,
)
from dicomjobs.model.association import EndedBy, Negotiation
from dicomjobs.model.dimse import (
    ActionRequest,
    EchoRequest,
    OnReport,
    Payload,
    PendingResponses,
    Request,
    Response,
    StoreRequest,
)
from dicomjobs.model.peer import Peer
from dicomjobs.model.stop import StopSignal
from dicomjobs.wire.channel import Channel
from dicomjobs.wire.command_set import (
    C_STORE_RQ,
    N_EVENT_REPORT_RQ,
    command_field,
    encode_cancel,
    encode_reported,
    encode_request,
)
from dicomjobs.wire.deadline import Deadline, deadline_in
from dicomjobs.wire.exchange import Exchange, answer_term, event_report, match_answer, stored
from dicomjobs.wire.messages import Assembler, Message, Part, command_pdu, data_pdus
from dicomjobs.wire.pdu import DataTransfer, Pdu, ReleaseRequest, ReleaseResponse
from dicomjobs.wire.store_form import store_pdus
from dicomjobs.wire.upper_layer import EXPECTED, MatchForm

_VALUE_HEADER = 6  # length, context ID and control header of a value count as part of its PDU (PS3.8 D.1)


class Pending(Protocol):
    """A request that was sent and is not yet answered."""

    @property
    def message_id(self) -> int:
        """Message ID (0000,0110)."""


class Association:
    """An established association. Every method but release and abort raises AssociationError, and then only abort is allowed.

    After Interrupted from the answers to a C-FIND, `cancel` and then `answers` again are allowed too.
    """

    def __init__(self, channel: Channel, negotiation: Negotiation, *, peer: Peer, stop: StopSignal) -> None:
        """Take over a channel on which the association was just accepted."""
        self.negotiation = negotiation
        self.fully_sent = False
        """Whether every byte of the last request was handed to the operating system; after an error, its answer may exist."""
        self.ended_by: EndedBy | None = None
        self._channel = channel
        self._timeouts = peer.timeouts
        self._stop = stop
        self._assembler = Assembler(channel.peer)
        self._messages: deque[Message] = deque()
        self._message_id = 0
        self._exchange: Exchange | None = None
        self._on_report: OnReport | None = None
        limit = min(negotiation.peer_max_pdu_length or peer.max_pdu.send, peer.max_pdu.send)
        self._room = (limit - _VALUE_HEADER) & ~1  # fragments are of even length

    def send(self, request: Request, context_id: int, payload: Payload | None) -> Pending:
        """Send a request and all of its payload, and close the payload; the answers come from `answers`.

        NotSendable from the payload aborts the association and is raised again.
        """
        try:
            return self._send(request, context_id, payload)
        except AssociationError as error:
            self._end(error)
            raise
        except BaseException:
            self.abort()  # a message that stops half-way leaves nothing to go on with
            raise
        finally:
            if payload is not None:
                payload.close()

    def answers(self, pending: Pending) -> Iterator[Response]:
        """The checked responses to one request, ending with the first whose status is not Pending.

        The dimse timeout runs from the last byte of the request to the answer, and then to each further answer.
        """
        exchange = self._open(pending)
        while not exchange.answered:
            try:
                response = self._answer(exchange)
            except AssociationError as error:
                self._end(error)
                raise
            yield response
            if not exchange.cancelled and not exchange.answered:
                exchange.deadline = self._answer_deadline(exchange.field)

    def matches(self, pending: Pending) -> Iterator[PendingResponses | Response]:
        """As `answers` for a C-FIND, but pending responses that are here together come together: most cost a comparison each."""
        exchange = self._open(pending)
        while not exchange.answered:
            try:
                found = self._matches(exchange)
            except AssociationError as error:
                self._end(error)
                raise
            yield found
            if not exchange.cancelled and not exchange.answered:
                exchange.deadline = self._answer_deadline(exchange.field)

    def cancel(self, pending: Pending) -> None:
        """Send C-CANCEL-RQ for a C-FIND that is being answered (PS3.7 9.3.2.3); the rest must come within the dimse timeout."""
        exchange = self._open(pending)
        exchange.cancelled = True
        try:
            self._write([command_pdu(encode_cancel(exchange.message_id), exchange.context_id)])
        except AssociationError as error:
            self._end(error)
            raise
        exchange.deadline = self._answer_deadline(exchange.field)

    def take_reports(self, on_report: OnReport) -> None:
        """From now on N-EVENT-REPORT-RQs may come at any time; they are answered whenever this association is used."""
        self._on_report = on_report

    def serve(self, seconds: float) -> None:
        """Wait so long for reports, and answer them; raises AssociationError. No other request may be open."""
        self._expect_silence()
        deadline = deadline_in(seconds, "dimse", f"no N-EVENT-REPORT-RQ came from {self._channel.peer}")
        try:
            while deadline.left():
                self._take(self._channel.next_pdu(deadline, self._stop.finish_fd))
                self._answer_reports()
        except Timeout as error:
            if error.clock != "dimse":
                self._end(error)
                raise
        except AssociationError as error:
            self._end(error)
            raise

    def release(self) -> None:
        """A-RELEASE; never raises for what the peer does then, `ended_by` says how it ended."""
        if self.ended_by is not None:
            return
        try:
            self._release()
        except AssociationError as error:
            self._end(error)
            self.abort()
        else:
            self.ended_by = EndedBy.RELEASE
            self._channel.close()

    def abort(self) -> None:
        """A-ABORT and close; never raises, and does nothing on an association that has ended."""
        if self.ended_by is None:
            self.ended_by = EndedBy.ABORT
            self._channel.abort(source=0)

    def _send(self, request: Request, context_id: int, payload: Payload | None) -> Exchange:
        """Send a request whose payload the caller closes."""
        assert self.ended_by is None, "an association that has ended takes no request"
        assert isinstance(request, EchoRequest) is (payload is None), (
            "C-STORE and C-FIND have a data set, C-ECHO has none"
        )
        self.fully_sent = False
        self._expect_silence()
        self._message_id = self._message_id % 0xFFFF + 1
        if isinstance(request, StoreRequest):
            command, expected = store_pdus(request, self._message_id, context_id)
        else:
            command, expected = command_pdu(encode_request(request, self._message_id), context_id), b""
        parts: list[Part] = [command]
        if payload is None:
            self._write(parts)
        else:
            for more in data_pdus(payload, context_id, self._room):
                if more:
                    parts += more
                    self._write(parts)
                    parts = []
        self.fully_sent = True
        return self._begin(request, context_id, expected)

    def _begin(self, request: Request, context_id: int, expected: bytes) -> Exchange:
        """Open the exchange of a request that is out."""
        field = command_field(request)
        self._exchange = Exchange(
            message_id=self._message_id,
            field=field,
            context_id=context_id,
            sop_class_uid=request.sop_class_uid,
            sop_instance_uid=request.sop_instance_uid if isinstance(request, StoreRequest | ActionRequest) else "",
            deadline=self._answer_deadline(field),
            expected=expected,
        )
        return self._exchange

    def _open(self, pending: Pending) -> Exchange:
        """The exchange behind what `send` returned."""
        assert self._exchange is pending, "only the last request can be answered or cancelled"
        return self._exchange

    def _expect_silence(self) -> None:
        """Make sure that nothing is there that could be taken for the answer to the next request."""
        if self._on_report is None:  # a report may come at any time, and is seen to with the answer
            self._channel.expect_silence()
            if self._messages or self._assembler.inside_message:
                raise ProtocolError(f"{self._channel.peer} sent an answer too many")
        if self._exchange is not None and not self._exchange.answered:
            raise ProtocolError(f"the {self._exchange.name} before was not answered to its end")

    def _write(self, parts: list[Part]) -> None:
        """Send, unless we are told to give up at once."""
        self._channel.write(parts, self._stop.abort_fd)

    def _answer_deadline(self, field: int) -> Deadline:
        """By when the next answer must be there."""
        return answer_term(field, self._timeouts.dimse, self._channel.peer).from_now()

    def _answer(self, exchange: Exchange) -> Response:
        """The next answer. A first stop lets a store and a cancelled query end, and interrupts everything else."""
        patient = exchange.cancelled or exchange.field == C_STORE_RQ
        wake_fd = self._stop.abort_fd if patient else self._stop.finish_fd
        expected, exchange.expected = exchange.expected, b""  # nothing that comes later can be it
        while not self._messages:
            pdu = self._channel.next_pdu(exchange.deadline, wake_fd, expected)
            if pdu is EXPECTED:
                return stored(exchange)
            expected = b""
            self._take(pdu)
            self._answer_reports()
            if not self._messages and not exchange.deadline.left():
                raise exchange.deadline.passed()  # a flood of fragments never makes us wait
        return match_answer(exchange, self._messages.popleft(), self._channel.peer)

    def _matches(self, exchange: Exchange) -> PendingResponses | Response:
        """The next pending responses, or the final one; once a first one was checked, others of its form need no decoding."""
        if exchange.cancelled and not exchange.deadline.left():
            raise exchange.deadline.passed()  # a flood of matches never makes us wait
        wake_fd = self._stop.abort_fd if exchange.cancelled else self._stop.finish_fd
        while not self._messages:
            form = None if self._assembler.inside_message else exchange.form
            if form is None:
                self._take(self._channel.next_pdu(exchange.deadline, wake_fd))
            elif isinstance(found := self._channel.next_matches(exchange.deadline, wake_fd, form), tuple):
                return PendingResponses(form.status, found)
            else:
                self._take(found)
            if not self._messages and not exchange.deadline.left():
                raise exchange.deadline.passed()
        message = self._messages.popleft()
        response = match_answer(exchange, message, self._channel.peer)
        if response.data is None:
            return response
        command = command_pdu(message.raw_command, exchange.context_id)
        exchange.form = MatchForm(command, exchange.context_id, response.status)
        return PendingResponses(response.status, (response.data,))

    def _take(self, pdu: Pdu) -> None:
        """Put the fragments of a P-DATA-TF together; no other PDU gets here."""
        assert isinstance(pdu, DataTransfer)
        for value in pdu.values:
            if (message := self._assembler.add(value)) is not None:
                self._messages.append(message)

    def _answer_reports(self) -> None:
        """Answer the reports among the messages that have come, if we take any."""
        for message in list(self._messages) if self._on_report else ():
            if message.command.field == N_EVENT_REPORT_RQ and self._on_report:
                self._messages.remove(message)
                report = event_report(message, self.negotiation.accepted, self._channel.peer)
                answer = encode_reported(message.command, self._on_report(report))
                self._write([command_pdu(answer, message.context_id)])

    def _release(self) -> None:
        """Ask for the release and wait for the answer; what else comes is late and does not count any more (PS3.8 7.2)."""
        missing = f"no answer to the A-RELEASE-RQ came from {self._channel.peer}"
        deadline = deadline_in(self._timeouts.acse, "acse", missing)
        self._channel.request_release(self._stop.abort_fd)
        while not isinstance(pdu := self._channel.next_pdu(deadline, self._stop.abort_fd), ReleaseResponse):
            if isinstance(pdu, ReleaseRequest):
                self._channel.answer_release(self._stop.abort_fd)
            if not deadline.left():
                raise deadline.passed()

    def _end(self, error: AssociationError) -> None:
        """Leave the association in the state that an error means; after Interrupted it still stands."""
        match error:
            case AssociationAborted():
                self._ended(EndedBy.PEER_ABORT)
            case ConnectionLost() | TlsHandshakeFailed():
                self._ended(EndedBy.LOST)
            case ReleasedByPeer():
                self.ended_by = EndedBy.RELEASE
                self._channel.confirm_release()
            case ProtocolError():
                self.ended_by = EndedBy.ABORT
                self._channel.abort(source=2)
            case Interrupted():
                pass
            case _:
                self.abort()

    def _ended(self, by: EndedBy) -> None:
        """Close without a word what the peer has ended."""
        self.ended_by = by
        self._channel.close()
