"""An SCP that follows a script over a raw socket, to say and do what no honest peer would.

    with scripted_scp(accept(), read_message(), respond(status=0), hang()) as port: ...

A script is a list of steps, run in a thread on the first connection. A step that fails, other than by the other side's going
away, fails the test when the `with` block ends.
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from itertools import repeat as repeated

from dicomjobs.wire import command_set
from dicomjobs.wire.command_set import Command
from dicomjobs.wire.pdu import (
    AssociateAccept,
    AssociateRequest,
    ContextAnswer,
    DataTransfer,
    DataValue,
    UserInformation,
)
from dicomjobs.wire.pdu_decode import decode
from dicomjobs.wire.pdu_encode import encode

RELEASE_RQ = bytes.fromhex("05 00 00000004 00000000")
RELEASE_RP = bytes.fromhex("06 00 00000004 00000000")
SMALL_BUFFER = 8192
KEPT = 1 << 20
"""Bytes of a data set that are kept."""


class Conversation:
    """The connection as the steps see it, with what was read last."""

    def __init__(self, sock: socket.socket, over: threading.Event) -> None:
        self.socket = sock
        self.over = over
        self.request: AssociateRequest | None = None
        self.transfer_syntaxes: dict[int, str] = {}
        self.context_id = 0
        self.message_id = 0
        self.command = Command(
            0, has_data=False, answers_to=None, status=None, sop_class_uid="", sop_instance_uid="", error_comment=""
        )
        self.data_length = 0
        self.data = b""

    def accept(self, answer: AssociateAccept) -> None:
        """Send an A-ASSOCIATE-AC and keep the transfer syntax of each context that it accepts."""
        self.transfer_syntaxes = {each.context_id: each.transfer_syntax for each in answer.contexts if each.result == 0}
        self.socket.sendall(encode(answer))

    def read(self, count: int) -> bytes:
        """Read exactly so many bytes."""
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise ConnectionResetError("the other side is gone")
            data += more
        return data

    def read_pdu(self) -> tuple[int, bytes]:
        """Read one PDU: its type and body."""
        kind, length = struct.unpack(">BxI", self.read(6))
        return kind, self.read(length)


Step = Callable[[Conversation], None]


@contextmanager
def scripted_scp(*steps: Step, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[int]:
    """Run the script on the first connection; gives the port."""
    with scripted_sessions(steps, tls=tls, host=host) as port:
        yield port


@contextmanager
def scripted_sessions(
    *scripts: Sequence[Step], tls: ssl.SSLContext | None = None, last_again: bool = False, host: str = "127.0.0.1"
) -> Iterator[int]:
    """Run a script on each connection in turn, and with `last_again` the last one on all further ones; gives the port."""
    over, failures, threads = threading.Event(), list[BaseException](), list[threading.Thread]()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family, backlog=20) as server:
        server.settimeout(20)

        def serve() -> None:
            for steps in chain(scripts, repeated(scripts[-1]) if last_again else ()):
                try:
                    sock, _ = server.accept()
                except OSError:
                    return
                if over.is_set():
                    sock.close()
                    return
                thread = threading.Thread(target=_serve, args=(sock, steps, tls, over, failures), daemon=True)
                threads.append(thread)
                thread.start()

        accepting = threading.Thread(target=serve, daemon=True)
        accepting.start()
        try:
            yield server.getsockname()[1]
        finally:
            over.set()
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            accepting.join(10)
            for thread in threads:
                thread.join(10)
    assert not any(thread.is_alive() for thread in (accepting, *threads)), "a script did not come to its end"
    if failures:
        raise failures[0]


def _serve(
    sock: socket.socket,
    steps: Sequence[Step],
    tls: ssl.SSLContext | None,
    over: threading.Event,
    failures: list[BaseException],
) -> None:
    """Run the script on one connection."""
    with sock:
        sock.settimeout(15)
        try:
            conversation = Conversation(tls.wrap_socket(sock, server_side=True) if tls else sock, over)
            for step in steps:
                step(conversation)
        except OSError:
            pass  # the other side went away, which is for the test to judge
        except BaseException as error:
            failures.append(error)
        if tls:
            with suppress(OSError, UnboundLocalError):
                conversation.socket.close()


def accept(
    *,
    max_pdu: int | None = 16384,
    results: Mapping[int, int] | None = None,
    transfer_syntax: str = "",
    extra_ids: tuple[int, ...] = (),
    identity_response: bytes | None = None,
    backwards: bool = False,
    answers: UserInformation | None = None,
) -> Step:
    """Read the A-ASSOCIATE-RQ and accept each context with its first transfer syntax, unless told otherwise.

    `answers` is the user information as a whole, instead of the usual one.
    """

    def step(conversation: Conversation) -> None:
        request = read_request(conversation)
        contexts = [
            ContextAnswer(
                context_id=context.context_id,
                result=(results or {}).get(context.context_id, 0),
                transfer_syntax=transfer_syntax or context.transfer_syntaxes[0],
            )
            for context in request.contexts
        ]
        contexts += (
            ContextAnswer(context_id=number, result=0, transfer_syntax="1.2.840.10008.1.2") for number in extra_ids
        )
        answer = AssociateAccept(
            called_ae_title=request.called_ae_title,
            calling_ae_title=request.calling_ae_title,
            contexts=tuple(reversed(contexts) if backwards else contexts),
            user=answers
            or UserInformation(
                max_pdu_length=max_pdu,
                implementation_class_uid="1.2.3",
                implementation_version="SCRIPTED",
                identity_response=identity_response,
            ),
        )
        conversation.accept(answer)

    return step


def read_request(conversation: Conversation) -> AssociateRequest:
    """Read the A-ASSOCIATE-RQ."""
    kind, body = conversation.read_pdu()
    request = decode(kind, body)
    assert isinstance(request, AssociateRequest)
    conversation.request = request
    return request


def read_association_request() -> Step:
    """Read the A-ASSOCIATE-RQ and say nothing."""

    def step(conversation: Conversation) -> None:
        read_request(conversation)

    return step


def send(data: bytes) -> Step:
    """Send bytes as they are."""
    return lambda conversation: conversation.socket.sendall(data)


def read_message() -> Step:
    """Read one whole request; of a data set the beginning is kept. Anything else than P-DATA-TF ends the script."""

    def step(conversation: Conversation) -> None:
        command = b""
        conversation.data_length, conversation.data = 0, b""
        while True:
            kind, body = conversation.read_pdu()
            pdu = decode(kind, body)
            if not isinstance(pdu, DataTransfer):
                raise ConnectionResetError("the other side ended the association")
            for value in pdu.values:
                conversation.context_id = value.context_id
                if value.is_command:
                    command += value.fragment
                    if value.is_last:
                        conversation.command = command_set.decode(command)
                        conversation.message_id = message_id_of(command)
                else:
                    conversation.data_length += len(value.fragment)
                    conversation.data += value.fragment if len(conversation.data) < KEPT else b""
                if value.is_last and (not value.is_command or not conversation.command.has_data):
                    return

    return step


def read_one_pdu() -> Step:
    """Read one PDU of any type and drop it."""

    def step(conversation: Conversation) -> None:
        conversation.read_pdu()

    return step


def message_id_of(command: bytes) -> int:
    """Message ID (0000,0110), or 0 for a command set that has none."""
    place = command.find(b"\0\0\x10\x01\x02\0\0\0")
    return int.from_bytes(command[place + 8 : place + 10], "little") if place >= 0 else 0


def element(number: int, value: bytes) -> bytes:
    """One element of a command set."""
    return struct.pack("<HHI", 0, number, len(value)) + value


def response(
    conversation: Conversation,
    *,
    field: int | None = None,
    status: int | None = 0,
    message_id: int | None = None,
    context_id: int | None = None,
    sop_class_uid: str | None = None,
    sop_instance_uid: str | None = None,
    data: bytes | None = None,
) -> bytes:
    """The PDUs of an answer to the request that was read last; what is not given is as it should be."""
    asked = conversation.command
    uids = sop_class_uid or asked.sop_class_uid, sop_instance_uid or asked.sop_instance_uid
    elements = {
        0x0002: uids[0].encode() + b"\0" * (len(uids[0]) & 1),
        0x0100: struct.pack("<H", asked.field | 0x8000 if field is None else field),
        0x0120: struct.pack("<H", conversation.message_id if message_id is None else message_id),
        0x0800: struct.pack("<H", 0x0101 if data is None else 1),
    }
    if status is not None:
        elements[0x0900] = struct.pack("<H", status)
    if uids[1]:
        elements[0x1000] = uids[1].encode() + b"\0" * (len(uids[1]) & 1)
    command = b"".join(element(number, value) for number, value in elements.items())
    number = conversation.context_id if context_id is None else context_id
    values = [DataValue(number, True, True, command)]
    if data is not None:
        values.append(DataValue(number, False, True, data))
    return b"".join(encode(DataTransfer((value,))) for value in values)


def respond(
    *,
    field: int | None = None,
    status: int | None = 0,
    message_id: int | None = None,
    context_id: int | None = None,
    sop_class_uid: str | None = None,
    sop_instance_uid: str | None = None,
    data: bytes | None = None,
    times: int = 1,
) -> Step:
    """Answer the request that was read last."""

    def step(conversation: Conversation) -> None:
        answer = response(
            conversation,
            field=field,
            status=status,
            message_id=message_id,
            context_id=context_id,
            sop_class_uid=sop_class_uid,
            sop_instance_uid=sop_instance_uid,
            data=data,
        )
        conversation.socket.sendall(answer * times)

    return step


def match(*identifiers: bytes, status: int = 0xFF00) -> Step:
    """Answer a C-FIND that was read last with matches; the final response is `respond`."""

    def step(conversation: Conversation) -> None:
        for identifier in identifiers:
            conversation.socket.sendall(response(conversation, status=status, data=identifier))

    return step


def hang() -> Step:
    """Read and say nothing until the other side goes away or the test is over."""

    def step(conversation: Conversation) -> None:
        conversation.socket.settimeout(0.05)
        while not conversation.over.is_set():
            with suppress(TimeoutError):
                if not conversation.socket.recv(65536):
                    return

    return step


def stop_reading() -> Step:
    """Take nothing more from the socket until the test is over."""

    def step(conversation: Conversation) -> None:
        conversation.over.wait(15)

    return step


def drip(data: bytes, *, pause: float) -> Step:
    """Send one byte after the other, `pause` seconds apart."""

    def step(conversation: Conversation) -> None:
        for number in data:
            conversation.socket.sendall(bytes((number,)))
            if conversation.over.wait(pause):
                return

    return step


def repeat(data: bytes) -> Step:
    """Send the same bytes until the other side goes away or the test is over."""

    def step(conversation: Conversation) -> None:
        while not conversation.over.is_set():
            conversation.socket.sendall(data)

    return step


def reset() -> Step:
    """Close with a TCP reset."""

    def step(conversation: Conversation) -> None:
        conversation.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        conversation.socket.close()

    return step


def close() -> Step:
    """Close in an orderly way."""
    return lambda conversation: conversation.socket.close()


def half_close() -> Step:
    """Send FIN and go on reading."""
    return lambda conversation: conversation.socket.shutdown(socket.SHUT_WR)


def pdu(kind: int, body: bytes) -> bytes:
    """A PDU of a type around any body."""
    return struct.pack(">BxI", kind, len(body)) + body


def abort_pdu(*, source: int, reason: int = 0) -> bytes:
    """An A-ABORT."""
    return pdu(7, bytes((0, 0, source, reason)))


def reject_pdu(result: int, source: int, reason: int) -> bytes:
    """An A-ASSOCIATE-RJ."""
    return pdu(3, bytes((0, result, source, reason)))


def data_pdu(*, command: bool, last: bool, fragment: bytes, context_id: int = 1) -> bytes:
    """A P-DATA-TF with one value."""
    return encode(DataTransfer((DataValue(context_id, command, last, fragment),)))
