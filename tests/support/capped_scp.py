"""An archive that answers queries for studies by date and time and gives no more than so many: what it has is made up."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice

from dicomjobs.answers.json_model import decode_identifier
from tests.support.identifiers import explicit
from tests.support.scripted_scp import RELEASE_RP, Conversation, accept, data_pdu, response, scripted_scp

EXPLICIT = "1.2.840.10008.1.2.1"


@dataclass(frozen=True, slots=True)
class Study:
    """One study; a date or time may be empty."""

    number: int
    date: str
    time: str

    @property
    def encoded(self) -> bytes:
        """The study as an answer."""
        values = (
            (0x00080020, b"DA", self.date),
            (0x00080030, b"TM", self.time),
            (0x00100020, b"LO", f"{self.number:06d}"),
        )
        return b"".join(explicit(tag, vr, value.encode()) for tag, vr, value in values)


@dataclass(slots=True)
class CappedArchive:
    """Answers with the first `cap` studies that match; `full` is the final status when there would be more."""

    studies: list[Study]
    """In order of date and time."""
    cap: int
    full: int = 0x0000
    asked: list[tuple[str, str]] = field(default_factory=list)
    _encoded: dict[int, bytes] = field(default_factory=dict)

    def __call__(self, conversation: Conversation) -> None:
        """Answer queries until the association ends."""
        while (identifier := next_query(conversation)) is not None:
            keys = decode_identifier(identifier, EXPLICIT, "")
            date, time = (_value(keys, tag) for tag in ("00080020", "00080030"))
            self.asked.append((date, time))
            found = self._found(date, time)
            command = response(conversation, status=0xFF00, data=b"")[: -len(_data_pdu(b""))]
            out = b"".join(command + self._data(each) for each in found[: self.cap])
            final = self.full if len(found) > self.cap else 0
            conversation.socket.sendall(out + response(conversation, status=final))

    def _found(self, date: str, time: str) -> list[Study]:
        """Return what matches, one more than can be given at most."""
        first, hyphen, last = date.partition("-")
        begin = bisect_left(self.studies, first, key=lambda each: each.date)
        end = bisect_right(self.studies, last or ("9" if hyphen or not date else first), key=lambda each: each.date)
        matching = (each for each in self.studies[begin:end] if _within(each.date, date) and _within(each.time, time))
        return list(islice(matching, self.cap + 1))

    def _data(self, study: Study) -> bytes:
        """Return the P-DATA-TF of a study, made once."""
        if study.number not in self._encoded:
            self._encoded[study.number] = _data_pdu(study.encoded)
        return self._encoded[study.number]


def _data_pdu(identifier: bytes) -> bytes:
    """Return the P-DATA-TF of a whole identifier."""
    return data_pdu(command=False, last=True, fragment=identifier)


def _value(keys: dict[str, object], tag: str) -> str:
    """Return a key's value."""
    element = keys.get(tag)
    values = element.get("Value", [""]) if isinstance(element, dict) else [""]
    return str(values[0])


def _within(value: str, wanted: str) -> bool:
    """Say whether a value matches a key: a single value, or a range that an empty one is never in."""
    if not wanted:
        return True
    first, hyphen, last = wanted.partition("-")
    if not hyphen:
        return value == first
    return bool(value) and first <= value and (not last or value <= last)


def next_query(conversation: Conversation) -> bytes | None:
    """Read one C-FIND-RQ with its identifier, None when the association is released."""
    data = b""
    while True:
        kind, body = conversation.read_pdu()
        if kind != 4:
            conversation.socket.sendall(RELEASE_RP)
            return None
        conversation.context_id = body[4]
        if body[5] & 1:
            _note_command(conversation, body[6:])
            continue
        data += body[6:]
        if body[5] & 2:
            return data


def _note_command(conversation: Conversation, command: bytes) -> None:
    """Take the request's command set in."""
    from dicomjobs.wire.command_set import decode

    place = command.find(b"\0\0\x10\x01")
    if place < 0:  # a C-CANCEL-RQ, which comes too late
        return
    conversation.command = decode(command)
    conversation.message_id = int.from_bytes(command[place + 8 : place + 10], "little")


@contextmanager
def capped_archive(studies: Iterable[Study], *, cap: int, full: int = 0) -> Iterator[tuple[int, CappedArchive]]:
    """Serve one association; yields the port and the archive, which knows what it was asked."""
    archive = CappedArchive(sorted(studies, key=lambda each: (each.date, each.time)), cap, full)
    steps: list[Callable[[Conversation], None]] = [accept(transfer_syntax=EXPLICIT), archive]
    with scripted_scp(*steps) as port:
        yield port, archive
