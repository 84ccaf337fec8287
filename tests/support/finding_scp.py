"""A query SCP over raw sockets that keeps every byte it is sent and gives the same answers to everybody who asks.

    with finding_scp(answers=(…,)) as scp: ...  # scp.port, scp.heard

It accepts every presentation context with its first transfer syntax and answers a C-FIND with all its answers at once, whether
or not a C-CANCEL-RQ follows, so that what is heard depends on who asks alone.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from dicomjobs.wire import command_set
from dicomjobs.wire.pdu import AssociateRequest, DataTransfer
from dicomjobs.wire.pdu_decode import decode
from tests.support.listening import listening
from tests.support.scripted_scp import RELEASE_RP, Conversation, accept, message_id_of, response

SECONDS = 20.0
_P_DATA, _RELEASE_RQ, _ABORT = 4, 5, 7
_ENDS = {_RELEASE_RQ: "released", _ABORT: "aborted"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message as it came: context, command set and data set, byte for byte."""

    context_id: int
    command: bytes
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One association: what was proposed (whoever made it left out), what was sent, and how it ended."""

    request: AssociateRequest
    messages: tuple[Message, ...]
    end: str


Answers = Mapping[str, tuple[bytes, ...]]
"""The data sets of the matches for each transfer syntax."""


@dataclass(slots=True)
class FindingScp:
    """What was heard, an association an entry, in the order in which they ended."""

    port: int
    answers: Answers
    statuses: tuple[int, ...]
    tls: ssl.SSLContext | None
    heard: list[Heard] = field(default_factory=list)
    bugs: list[BaseException] = field(default_factory=list)
    ended: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def next_heard(self) -> Heard:
        """Wait for the end of an association and return what was heard on it."""
        assert self.ended.acquire(timeout=SECONDS), "nobody asked"
        return self.heard[-1]

    def serve(self, connection: socket.socket, over: threading.Event) -> None:
        """Hold one association to its end."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        conversation = Conversation(connection, over)
        messages: list[Message] = []
        end = "lost"
        with connection:
            try:
                if self.tls is not None:
                    conversation.socket = self.tls.wrap_socket(connection, server_side=True)
                accept()(conversation)
                end = self._converse(conversation, messages)
            except OSError:
                pass  # the other side went away, which the test reads from `end`
            except BaseException as bug:
                self.bugs.append(bug)
            if self.tls is not None:
                conversation.socket.close()
        if conversation.request is not None:
            user = replace(conversation.request.user, implementation_class_uid="", implementation_version="")
            request = replace(conversation.request, user=user)
            self.heard.append(Heard(request=request, messages=tuple(messages), end=end))
            self.ended.release()

    def _converse(self, conversation: Conversation, messages: list[Message]) -> str:
        """Take messages until the association ends; returns how it did."""
        command, data = b"", b""
        while True:
            kind, body = conversation.read_pdu()
            if kind != _P_DATA:
                if kind == _RELEASE_RQ:
                    conversation.socket.sendall(RELEASE_RP)
                return _ENDS.get(kind, f"PDU type {kind}")
            pdu = decode(kind, body)
            for value in pdu.values if isinstance(pdu, DataTransfer) else ():
                command += value.fragment if value.is_command else b""
                data += b"" if value.is_command else value.fragment
                conversation.context_id = value.context_id
                if value.is_last and (not value.is_command or not command_set.decode(command).has_data):
                    messages.append(Message(context_id=value.context_id, command=command, data=data))
                    self._answer(conversation, command)
                    command, data = b"", b""

    def _answer(self, conversation: Conversation, command: bytes) -> None:
        """Answer a C-FIND-RQ with every match, and nothing else with anything."""
        conversation.command = command_set.decode(command)
        conversation.message_id = message_id_of(command)
        if conversation.command.field != command_set.C_FIND_RQ:
            return
        assert conversation.request is not None
        contexts = {each.context_id: each.transfer_syntaxes[0] for each in conversation.request.contexts}
        matches = self.answers.get(contexts[conversation.context_id], ())
        for status, identifier in zip(self.statuses, matches, strict=False):
            conversation.socket.sendall(response(conversation, status=status, data=identifier))
        conversation.socket.sendall(response(conversation, status=self.statuses[-1]))


@contextmanager
def finding_scp(
    answers: Answers, *, pending: int = 0xFF00, final: int = 0, tls: ssl.SSLContext | None = None
) -> Iterator[FindingScp]:
    """Serve until the block ends; a bug of the SCP fails the test."""
    most = max(map(len, answers.values()), default=0)
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        scp = FindingScp(server.getsockname()[1], answers, (*[pending] * most, final), tls)
        with listening(server, scp.serve, seconds=SECONDS):
            yield scp
    if scp.bugs:
        raise scp.bugs[0]
