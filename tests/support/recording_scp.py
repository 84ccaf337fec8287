"""A storage SCP over raw sockets that takes any number of associations, notes everything, and answers what a test wants.

    with recording_scp(lambda received: 0xA700) as scp: ...  # scp.port, scp.requests, scp.received, scp.next_end()

Every presentation context is accepted with its first transfer syntax, unless `accepting` is another step of the script's kind. The
function that answers may wait, which makes a slow peer. `answer` and `accepting` may be changed between two associations.
"""

from __future__ import annotations

import queue
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

from dicomjobs.wire import command_set
from dicomjobs.wire.command_set import Command
from dicomjobs.wire.pdu import AssociateRequest, DataTransfer, DataValue
from dicomjobs.wire.pdu_decode import decode
from tests.support.listening import listening
from tests.support.scripted_scp import RELEASE_RP, Conversation, Step, accept, message_id_of, response

SECONDS = 20.0
"""How long a test waits for something to happen that does happen at once."""

_P_DATA, _RELEASE_RQ, _ABORT = 4, 5, 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request: the association it came on, from 1, its context, its command set decoded and encoded, and its data set's bytes."""

    association: int
    context_id: int
    message_id: int
    command: Command
    command_set: bytes
    transfer_syntax: str
    data: bytes


Answer = Callable[[Received], int | bytes]
"""What to say to a request: a DIMSE status, or bytes that go out instead of an answer."""


@dataclass(slots=True)
class RecordingScp:
    """What was proposed and sent; `ends` says `released`, `aborted` or `lost` for each association as it ends."""

    port: int
    answer: Answer
    accepting: Step
    tls: ssl.SSLContext | None = None
    connections: int = 0
    """How many connections were taken, each of which gets its word in `ends`."""
    longest_pdu: int = 0
    """The length of the longest PDU that came on an association, as its header gives it, in bytes."""
    requests: list[AssociateRequest] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    ends: queue.Queue[str] = field(default_factory=queue.Queue)
    bugs: list[BaseException] = field(default_factory=list)

    def count(self) -> None:
        """Count one more connection."""
        self.connections += 1

    def next_end(self) -> str:
        """Wait for the end of an association and say how it ended."""
        return self.ends.get(timeout=SECONDS)

    @property
    def stored(self) -> list[str]:
        """The SOP Instance UIDs that came by C-STORE, in order."""
        return [each.command.sop_instance_uid for each in self.received if each.command.sop_instance_uid]

    def serve(self, connection: socket.socket, over: threading.Event) -> None:
        """Hold one association to its end."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ended = "lost"
        with ExitStack() as closing:
            closing.callback(connection.close)
            try:
                if self.tls:
                    connection = closing.enter_context(self.tls.wrap_socket(connection, server_side=True))
                conversation = Conversation(connection, over)
                self.accepting(conversation)
                assert conversation.request is not None
                self.requests.append(conversation.request)
                number = len(self.requests)
                while (ended := self._next(conversation, number)) == "":
                    pass
            except OSError:
                pass  # the other side went away, which the test reads from `ends`
            except BaseException as bug:
                self.bugs.append(bug)
        self.ends.put(ended or "lost")

    def _next(self, conversation: Conversation, association: int) -> str:
        """Deal with one message, or with the end of the association, which is then named."""
        command, data, kind = b"", b"", _P_DATA
        while kind == _P_DATA:
            kind, body = conversation.read_pdu()
            self.longest_pdu = max(self.longest_pdu, len(body))
            for value in data_values(kind, body):
                if value.is_command:
                    command += value.fragment
                    if not value.is_last:
                        continue
                    conversation.command = command_set.decode(command)
                    conversation.message_id = message_id_of(command)
                    conversation.context_id = value.context_id
                else:
                    data += value.fragment
                if value.is_last and (not value.is_command or not conversation.command.has_data):
                    self._answer(conversation, association, command, data)
                    return ""
        if kind == _RELEASE_RQ:
            conversation.socket.sendall(RELEASE_RP)
        return {_RELEASE_RQ: "released", _ABORT: "aborted"}.get(kind, f"PDU type {kind}")

    def _answer(self, conversation: Conversation, association: int, command: bytes, data: bytes) -> None:
        """Note a request and answer it."""
        request = Received(
            association=association,
            context_id=conversation.context_id,
            message_id=conversation.message_id,
            command=conversation.command,
            command_set=command,
            transfer_syntax=conversation.transfer_syntaxes.get(conversation.context_id, ""),
            data=data,
        )
        self.received.append(request)
        said = self.answer(request)
        conversation.socket.sendall(said if isinstance(said, bytes) else response(conversation, status=said))


def data_values(kind: int, body: bytes) -> tuple[DataValue, ...]:
    """The presentation data values of a PDU, none when it holds no data."""
    pdu = decode(kind, body) if kind == _P_DATA else None
    return pdu.values if isinstance(pdu, DataTransfer) else ()


@contextmanager
def recording_scp(answer: Answer = lambda _: 0, *, accepting: Step | None = None) -> Iterator[RecordingScp]:
    """Serve until the block ends; a bug of the SCP fails the test. `accepting` answers an A-ASSOCIATE-RQ otherwise than usual."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        scp = RecordingScp(server.getsockname()[1], answer, accepting or accept())
        with listening(server, scp.serve, seconds=SECONDS, accepted=scp.count):
            yield scp
    if scp.bugs:
        raise scp.bugs[0]


@contextmanager
def rejecting_scp(result: int, source: int, reason: int) -> Iterator[int]:
    """Answer every A-ASSOCIATE-RQ with this A-ASSOCIATE-RJ (PS3.8 9.3.4); gives the port."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:

        def take() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        connection.settimeout(SECONDS)
                        Conversation(connection, threading.Event()).read_pdu()
                        connection.sendall(struct.pack(">BxIxBBB", 3, 4, result, source, reason))

        taker = threading.Thread(target=take, daemon=True)
        taker.start()
        try:
            yield server.getsockname()[1]
        finally:
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            taker.join(SECONDS)
