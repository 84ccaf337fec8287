"""An archive that keeps instances, answers queries for them, and fails in eight ways, as chance or a script has it.

    with lossy_archive(made, faults) as archive: ...  # archive.port, archive.kept, archive.acknowledged

It speaks over raw sockets, knows beforehand which series each instance belongs to, and notes what it really kept and really answered.
"""

from __future__ import annotations

import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum

from dicomjobs.wire import command_set
from tests.support.instances import MadeInstance, encode_elements
from tests.support.listening import listening
from tests.support.recording_scp import SECONDS, data_values
from tests.support.scripted_scp import RELEASE_RP, Conversation, accept, message_id_of, response

_EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
"""The first transfer syntax of our queries, which is the one that is accepted."""
_C_STORE, _C_FIND = 0x0001, 0x0020
_P_DATA, _RELEASE_RQ = 4, 5
_REJECT = bytes.fromhex("03 00 00000004 00 01 01 07")
_BUSY = bytes.fromhex("03 00 00000004 00 02 03 02")
_ABORT = bytes.fromhex("07 00 00000004 00000000")


class Fault(Enum):
    """One way in which the sending of an instance goes wrong; with the last four, the archive has the instance all the same."""

    OUT_OF_RESOURCES = "A700"
    PROCESSING_FAILURE = "0110"
    ABORT = "A-ABORT"
    RESET = "reset"
    RESET_KEPT = "reset, kept"
    SILENT_KEPT = "no answer, kept"
    WRONG_MESSAGE_KEPT = "an answer to another request, kept"
    TWICE_KEPT = "answered twice"


KEPT = frozenset({Fault.RESET_KEPT, Fault.SILENT_KEPT, Fault.WRONG_MESSAGE_KEPT, Fault.TWICE_KEPT})

Faults = Callable[[str], Fault | None]
"""What goes wrong with the sending of an instance, by its UID."""


def by_chance(seed: int, share: float) -> Faults:
    """Return faults that hit a share of all instances, each kind as often as the others."""
    chance = random.Random(seed)
    kinds = list(Fault)
    return lambda _: chance.choice(kinds) if chance.random() < share else None


@dataclass(slots=True)
class LossyArchive:
    """What it kept, what it acknowledged with a clean 0000H, how often each instance came, and which faults it had."""

    port: int
    series_of: dict[str, tuple[str, str]]
    faults: Faults
    of_series: dict[str, set[str]]
    kept: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    came: Counter[str] = field(default_factory=Counter)
    came_again: set[str] = field(default_factory=set)
    """Instances that were sent again after they had been acknowledged."""
    had: Counter[Fault] = field(default_factory=Counter)
    queries: int = 0
    answers_queries: bool = True
    hides: int = 0
    """How many queries are still answered as if nothing had been indexed yet."""
    refuses_after: int = 0
    """After how many queries it rejects every association for good; 0 for never."""
    most: int = 0
    """How many associations it has room for; 0 for any number."""
    bugs: list[BaseException] = field(default_factory=list)
    _open: set[int] = field(default_factory=set)

    def serve(self, connection: socket.socket, over: threading.Event) -> None:
        """Hold one association to its end."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection:
            try:
                conversation = Conversation(connection, over)
                if self.refuses_after and self.queries >= self.refuses_after:
                    conversation.read_pdu()
                    connection.sendall(_REJECT)
                    return
                if self.most and len(self._open) >= self.most:
                    conversation.read_pdu()
                    connection.sendall(_BUSY)
                    return
                self._open.add(threading.get_ident())
                accept()(conversation)
                while self._next(conversation):
                    pass
            except OSError:
                pass  # the other side went away
            except BaseException as bug:
                self.bugs.append(bug)
            finally:
                self._open.discard(threading.get_ident())

    def _next(self, conversation: Conversation) -> bool:
        """Deal with one message; false at the end of the association."""
        command, data = b"", b""
        while True:
            kind, body = conversation.read_pdu()
            if kind != _P_DATA:
                if kind == _RELEASE_RQ:
                    self._open.discard(threading.get_ident())
                    conversation.socket.sendall(RELEASE_RP)
                return False
            for value in data_values(kind, body):
                if value.is_command:
                    command += value.fragment
                else:
                    data += value.fragment
                if value.is_last and value.is_command:
                    conversation.command = command_set.decode(command)
                    conversation.message_id = message_id_of(command)
                    conversation.context_id = value.context_id
                if value.is_last and (not value.is_command or not conversation.command.has_data):
                    return self._answer(conversation, data)

    def _answer(self, conversation: Conversation, data: bytes) -> bool:
        """Answer a request by its kind; false when the association is over with that."""
        match conversation.command.field:
            case field if field == _C_STORE:
                return self._store(conversation)
            case field if field == _C_FIND:
                self._find(conversation, data)
            case _:
                conversation.socket.sendall(response(conversation))
        return True

    def _store(self, conversation: Conversation) -> bool:
        """Keep an instance, or fail."""
        uid = conversation.command.sop_instance_uid
        self.came[uid] += 1
        if uid in self.acknowledged:
            self.came_again.add(uid)
        fault = self.faults(uid)
        if fault is None or fault in KEPT:
            self.kept.add(uid)
        if fault is None:
            self.acknowledged.add(uid)
            conversation.socket.sendall(response(conversation))
            return True
        self.had[fault] += 1
        return self._fail(conversation, fault)

    @staticmethod
    def _fail(conversation: Conversation, fault: Fault) -> bool:
        """Answer an instance wrongly, or not at all; false when the association is over with that."""
        connection = conversation.socket
        match fault:
            case Fault.OUT_OF_RESOURCES | Fault.PROCESSING_FAILURE:
                connection.sendall(response(conversation, status=int(fault.value, 16)))
                return True
            case Fault.ABORT:
                connection.sendall(_ABORT)
            case Fault.RESET | Fault.RESET_KEPT:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            case Fault.SILENT_KEPT:
                with suppress(OSError):  # the other side gives up by itself, and closes
                    conversation.read_pdu()
            case Fault.WRONG_MESSAGE_KEPT:
                connection.sendall(response(conversation, message_id=conversation.message_id ^ 0x5555))
                with suppress(OSError):
                    conversation.read_pdu()
            case Fault.TWICE_KEPT:
                connection.sendall(response(conversation) * 2)
                return True
        return False

    def _find(self, conversation: Conversation, data: bytes) -> None:
        """Answer a query at IMAGE level with what was kept of the series, or of the instance, that it names."""
        self.queries += 1
        if not self.answers_queries:
            conversation.socket.sendall(response(conversation, status=0xA700))
            return
        shown = set() if self.hides else self.kept
        self.hides = max(0, self.hides - 1)
        values = {value.rstrip(b"\0 ").decode() for value in _uids(data)}
        named = values & self.series_of.keys() or {uid for series in values for uid in self.of_series.get(series, ())}
        for uid in sorted(named & shown):
            study, series = self.series_of[uid]
            match = encode_elements(
                [
                    (0x00080018, "UI", uid),
                    (0x00080052, "CS", "IMAGE"),
                    (0x0020000D, "UI", study),
                    (0x0020000E, "UI", series),
                ],
                _EXPLICIT_LITTLE,
            )
            conversation.socket.sendall(response(conversation, status=0xFF00, data=match))
        conversation.socket.sendall(response(conversation))


def _uids(data: bytes) -> Iterator[bytes]:
    """Yield every value of an identifier that is a UID; its elements are all of the short explicit form (PS3.5 7.1.2)."""
    place = 0
    while place + 8 <= len(data):
        (length,) = struct.unpack_from("<H", data, place + 6)
        value = data[place + 8 : place + 8 + length]
        if value[:1].isdigit():
            yield value
        place += 8 + length


@contextmanager
def lossy_archive(made: Iterable[MadeInstance], faults: Faults = lambda _: None) -> Iterator[LossyArchive]:
    """Serve until the block ends; a bug of the archive fails the test."""
    series_of = {each.sop_instance_uid: (each.study_instance_uid, each.series_instance_uid) for each in made}
    of_series: dict[str, set[str]] = {}
    for uid, (_, series) in series_of.items():
        of_series.setdefault(series, set()).add(uid)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        archive = LossyArchive(server.getsockname()[1], series_of, faults, of_series)
        with listening(server, archive.serve, seconds=SECONDS):
            yield archive
    if archive.bugs:
        raise archive.bugs[0]
