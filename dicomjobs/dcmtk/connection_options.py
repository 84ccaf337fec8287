"""The options for addresses, titles, timeouts and PDU lengths that DCMTK's network programs share, and what a line says with them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dicomjobs.dcmtk.command_line import CommandLine, Option, signed_value, unsigned_value

MINIMUM_PDU = 4096
MAXIMUM_PDU = 131_072
DEFAULT_PDU = 16_384

CONNECTION_OPTIONS = (
    Option(long="--ipv4", short="-i4", since="3.6.9"),
    Option(long="--ipv6", short="-i6", since="3.6.9"),
    Option(long="--ip-auto", short="-i0", since="3.6.9"),
    Option(long="--aetitle", short="-aet", values=1),
    Option(long="--call", short="-aec", values=1),
    Option(long="--timeout", short="-to", values=1),
    Option(long="--socket-timeout", short="-ts", values=1),
    Option(long="--acse-timeout", short="-ta", values=1),
    Option(long="--dimse-timeout", short="-td", values=1),
    Option(long="--max-pdu", short="-pdu", values=1),
)


class Family(Enum):
    """Which IP version is used; without an option IPv4."""

    IPV4 = "--ipv4"
    IPV6 = "--ipv6"
    AUTO = "--ip-auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class DcmtkTimeouts:
    """DCMTK's clocks in seconds, None where it waits without limit."""

    connect: int | None
    socket: int | None
    acse: int
    dimse: int | None


def read_family(line: CommandLine) -> Family:
    """Return the IP version that a line asks for."""
    return Family(line.winner("--ipv4", "--ipv6", "--ip-auto") or "--ipv4")


def read_title(line: CommandLine, option: str, *, default: str) -> str:
    """Return an AE title as it goes over the wire: at most 16 characters (PS3.8 9.3.2)."""
    given = line.last(option)
    return default if given is None else given.value[:16]


def read_timeouts(line: CommandLine) -> DcmtkTimeouts:
    """Return the clocks; raises LineRefused where DCMTK does."""
    connect = _seconds(line, "--timeout", low=1)
    socket = _seconds(line, "--socket-timeout", low=-1)
    acse = _seconds(line, "--acse-timeout", low=1)
    dimse = _seconds(line, "--dimse-timeout", low=1)
    return DcmtkTimeouts(
        connect=connect,
        socket=60 if socket is None else socket if socket > 0 else None,
        acse=30 if acse is None else acse,
        dimse=dimse,
    )


def _seconds(line: CommandLine, option: str, *, low: int) -> int | None:
    """Return a number of seconds, None when the option is not given."""
    given = line.last(option)
    return None if given is None else signed_value(given, low=low)


def read_pdu_length(line: CommandLine, option: str, *, default: int) -> int:
    """Return a maximum PDU length in bytes, which DCMTK makes even; raises LineRefused outside its range."""
    given = line.last(option)
    return default if given is None else unsigned_value(given, low=MINIMUM_PDU, high=MAXIMUM_PDU) & ~1
