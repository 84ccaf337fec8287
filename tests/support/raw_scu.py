"""An SCU that sends whatever a test wants sent: command sets are made here byte by byte, nothing is checked or repaired."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom.dsutils import decode
from pynetdicom.pdu import A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import (
    A_ASSOCIATE,
    ImplementationClassUIDNotification,
    MaximumLengthNotification,
)
from pynetdicom.presentation import build_context

C_STORE_RQ, C_FIND_RQ = 0x0001, 0x0020
P_DATA, RELEASE_RQ, ABORT = 0x04, 0x05, 0x07
FRAGMENT = 16_000

Context = tuple[str, Sequence[str]]
"""Abstract syntax and transfer syntaxes."""


def associate_rq(contexts: Sequence[Context]) -> bytes:
    """An A-ASSOCIATE-RQ PDU with context IDs 1, 3, 5, ..."""
    request = A_ASSOCIATE()
    request.application_context_name = UID("1.2.840.10008.3.1.1.1")
    request.calling_ae_title, request.called_ae_title = "RAW-SCU", "ANY-SCP"
    length, implementation = MaximumLengthNotification(), ImplementationClassUIDNotification()
    length.maximum_length_received = 16_384
    implementation.implementation_class_uid = UID("2.25.1")
    request.user_information = [length, implementation]
    offered = [build_context(abstract, list(syntaxes)) for abstract, syntaxes in contexts]
    for number, context in enumerate(offered):
        context.context_id = 2 * number + 1
    request.presentation_context_definition_list = offered
    pdu = A_ASSOCIATE_RQ()
    pdu.from_primitive(request)
    return pdu.encode()


def command(*elements: tuple[int, bytes]) -> bytes:
    """A command set from elements of group 0000, their values as they are (PS3.7 6.3.1)."""
    body = b"".join(struct.pack("<HHI", 0, element, len(value)) + value for element, value in elements)
    return struct.pack("<HHII", 0, 0, 4, len(body)) + body


def store_command(sop_class_uid: bytes, sop_instance_uid: bytes) -> bytes:
    """A C-STORE-RQ with these bytes as its UIDs."""
    return command(
        (0x0002, sop_class_uid + b"\0" * (len(sop_class_uid) % 2)),
        (0x0100, struct.pack("<H", C_STORE_RQ)),
        (0x0110, struct.pack("<H", 1)),
        (0x0700, struct.pack("<H", 0)),
        (0x0800, struct.pack("<H", 1)),
        (0x1000, sop_instance_uid + b"\0" * (len(sop_instance_uid) % 2)),
    )


@dataclass(slots=True)
class RawScu:
    """A connection after its A-ASSOCIATE; `results` are those of the contexts, by ID (PS3.8 table 9-18)."""

    connection: socket.socket
    accepted: bool = False
    results: dict[int, int] = field(default_factory=dict)

    def read_pdu(self) -> tuple[int, bytes]:
        """The next PDU's type and body; type 0 when the peer closed the connection."""
        head = self._read(6)
        if len(head) < 6:
            return 0, b""
        return head[0], self._read(int.from_bytes(head[2:], "big"))

    def _read(self, count: int) -> bytes:
        """That many bytes, fewer when the connection ends."""
        received = b""
        while len(received) < count:
            try:
                step = self.connection.recv(count - len(received))
            except ConnectionResetError:
                return received
            if not step:
                return received
            received += step
        return received

    def send(self, context_id: int, command_set: bytes, data: bytes) -> None:
        """Send a message in P-DATA-TF PDUs of one fragment each."""
        self.connection.sendall(p_data(context_id, 0x03, command_set))
        parts = [data[place : place + FRAGMENT] for place in range(0, len(data), FRAGMENT)]
        for number, part in enumerate(parts):
            self.connection.sendall(p_data(context_id, 0x02 if number == len(parts) - 1 else 0x00, part))

    def answer(self) -> Dataset | None:
        """The command set of the next message when it has no data set; None when the association ended instead."""
        kind, body = self.read_pdu()
        if kind != P_DATA:
            return None
        return decode(BytesIO(body[6:]), is_implicit_vr=True, is_little_endian=True)

    def store(
        self, context_id: int, sop_class_uid: str | bytes, sop_instance_uid: str | bytes, data: bytes
    ) -> Dataset | None:
        """Send a C-STORE-RQ and return its answer."""
        uids = [uid.encode() if isinstance(uid, str) else uid for uid in (sop_class_uid, sop_instance_uid)]
        self.send(context_id, store_command(*uids), data)
        return self.answer()


def p_data(context_id: int, control: int, fragment: bytes) -> bytes:
    """A P-DATA-TF PDU with one fragment (PS3.8 9.3.5)."""
    value = struct.pack(">IBB", len(fragment) + 2, context_id, control) + fragment
    return struct.pack(">BxI", P_DATA, len(value)) + value


@contextmanager
def raw_scu(host: str, port: int, *contexts: Context, window: int = 0) -> Iterator[RawScu]:
    """An association with these contexts, its receive buffer of `window` bytes; it is not released, the connection is just closed."""
    with socket.socket() as connection:
        if window:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        connection.settimeout(10.0)
        connection.connect((host, port))
        scu = RawScu(connection)
        connection.sendall(associate_rq(contexts))
        kind, body = scu.read_pdu()
        scu.accepted = kind == 0x02
        scu.results = {body[place + 4]: body[place + 6] for place in _items(body, 0x21)} if scu.accepted else {}
        yield scu


def _items(body: bytes, kind: int) -> Iterator[int]:
    """Where the items of a kind begin in an A-ASSOCIATE-AC (PS3.8 9.3.3)."""
    place = 68
    while place + 4 <= len(body):
        if body[place] == kind:
            yield place
        place += 4 + int.from_bytes(body[place + 2 : place + 4], "big")
