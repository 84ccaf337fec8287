"""DIMSE requests and responses as values (PS3.7 9.1), and the payload protocol for the data set that travels with one.

Nothing here knows how they are encoded; `wire/command_set.py` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol


class Priority(IntEnum):
    """Priority (0000,0700)."""

    MEDIUM = 0
    HIGH = 1
    LOW = 2


class Payload(Protocol):
    """The encoded data set of one request, given in chunks so that memory stays flat whatever its size."""

    @property
    def length(self) -> int:
        """Bytes in all; always even."""

    def chunks(self) -> Iterator[bytes | memoryview]:
        """The bytes in order, once; raises NotSendable when the source cannot give the promised length."""

    def close(self) -> None:
        """Let go of the source; called exactly once, whatever happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoRequest:
    """C-ECHO-RQ (PS3.7 9.3.5.1)."""

    sop_class_uid: str = "1.2.840.10008.1.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRequest:
    """C-STORE-RQ (PS3.7 9.3.1.1)."""

    sop_class_uid: str
    sop_instance_uid: str
    priority: Priority = Priority.MEDIUM


@dataclass(frozen=True, slots=True, kw_only=True)
class FindRequest:
    """C-FIND-RQ (PS3.7 9.3.2.1)."""

    sop_class_uid: str
    priority: Priority = Priority.MEDIUM


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRequest:
    """N-ACTION-RQ (PS3.7 10.1.4)."""

    sop_class_uid: str
    sop_instance_uid: str
    action_type: int


Request = EchoRequest | StoreRequest | FindRequest | ActionRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class EventReport:
    """An N-EVENT-REPORT-RQ that a peer sent us (PS3.7 10.1.1); `data` is its encoded data set, empty when it has none."""

    sop_class_uid: str
    sop_instance_uid: str
    event_type: int
    transfer_syntax: str
    data: bytes


OnReport = Callable[[EventReport], int]
"""Takes a report in and returns the status of the answer; it must come back soon."""


@dataclass(frozen=True, slots=True)
class PendingResponses:
    """Pending responses to one C-FIND that came one after the other with the same status; `identifiers` are their data sets."""

    status: int
    identifiers: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A response that was checked against its request; `data` is the encoded data set, None when there is none."""

    message_id: int
    status: int
    error_comment: str
    """As the peer sent it, undecoded beyond ISO 646: hostile until escaped."""
    data: bytes | None
