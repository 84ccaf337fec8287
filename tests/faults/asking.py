"""Peers that fail while they are queried, verified or asked what was delivered (faults 35 to 40)."""

from __future__ import annotations

from dataclasses import replace

from tests.faults.kit import Scenario, both
from tests.support.identifiers import explicit, sequence
from tests.support.scripted_scp import (
    RELEASE_RP,
    Conversation,
    Step,
    abort_pdu,
    accept,
    close,
    data_pdu,
    hang,
    match,
    read_message,
    read_one_pdu,
    reject_pdu,
    repeat,
    reset,
    respond,
    response,
    send,
)

RELEASED = (read_one_pdu(), send(RELEASE_RP))
FOUND = explicit(0x00080052, b"CS", b"STUDY ") + explicit(0x0020000D, b"UI", b"1.2.3\0")
"""A match that is one."""


def incomplete(row: int, name: str, reason: str, code: int, *script: Step) -> Scenario:
    """Return a query that does not come to its end: never a success, however many matches came."""
    whole = (accept(), read_message(), *script)
    return Scenario(name=name, row=row, script=whole, outcome="failed", reason=reason, code=code, kind="find")


def _endless(scp: Conversation) -> None:
    """Send matches until the other side goes away, whatever it says."""
    while not scp.over.is_set():
        scp.socket.sendall(response(scp, status=0xFF00, data=FOUND))


def _dripping(scp: Conversation) -> None:
    """Send a match now and then, for ever."""
    while not scp.over.wait(0.1):
        scp.socket.sendall(response(scp, status=0xFF00, data=FOUND))


def _flood(scp: Conversation) -> None:
    """Begin a match and never end it."""
    whole = response(scp, status=0xFF00, data=b"")
    scp.socket.sendall(whole[: -len(data_pdu(command=False, last=True, fragment=b""))])
    repeat(data_pdu(command=False, last=False, fragment=bytes(16000)))(scp)


def _nested(depth: int) -> bytes:
    """Return a match whose sequences are so deep."""
    content = b""
    for _ in range(depth):
        content = explicit(0x00081115, b"SQ", sequence(content))
    return content


def _echo(name: str, code: int, reason: str, *script: Step) -> Scenario:
    """Return an echo that fails."""
    whole = (accept(), read_message(), *script)
    return Scenario(name=name, row=21, script=whole, outcome="failed", reason=reason, code=code, kind="echo")


def _unproven(verify: str, name: str, *session: Step) -> Scenario:
    """Return a scenario in which an instance was delivered and the peer then fails to prove it."""
    return Scenario(
        name=f"{verify} {name}",
        row=38,
        script=(accept(), read_message(), respond(), *RELEASED),
        further=[session],
        outcome="delivered",
        reason="",
        code=6,
        job=f"verify: {verify}, verify_within: 0.3",
        clocks=30,
    )


def _missing(verify: str, name: str, *session: Step) -> Scenario:
    """Return a scenario in which the peer says that it does not have what it was sent."""
    reason = "not_found" if verify == "query" else "not_committed"
    return replace(_unproven(verify, name, *session), outcome="missing", reason=reason)


SCENARIOS = [
    *both(
        _unproven("query", "silent", accept(), read_message(), hang()),
        _unproven("commitment", "silent", accept(), read_message(), respond(), hang()),
        _missing("query", "not there", accept(), *[read_message(), respond()] * 2, *RELEASED),
    ),
    _unproven("query", "rejected", read_one_pdu(), send(reject_pdu(1, 1, 3))),
    _unproven("query", "no query service", accept(results={1: 3, 3: 3}), hang()),
    _unproven("query", "refused", accept(), *[read_message(), respond(status=0xA900)] * 3, hang()),
    _unproven("query", "another message", accept(), read_message(), respond(message_id=9), hang()),
    _unproven("query", "garbage for a match", accept(), read_message(), match(b"garbage!"), respond(), hang()),
    _unproven("query", "an endless match", accept(), read_message(), _flood),
    _unproven("query", "matches without end", accept(), read_message(), _endless),
    _unproven("commitment", "refused", accept(), read_message(), respond(status=0x0122), hang()),
    _unproven("commitment", "no such service", accept(results={1: 3}), hang()),
    _unproven("commitment", "closes", accept(), read_message(), close()),
    _unproven("commitment", "another message", accept(), read_message(), respond(message_id=9), hang()),
    _unproven(
        "commitment",
        "endless fragments",
        accept(),
        read_message(),
        repeat(data_pdu(command=True, last=False, fragment=bytes(8000))),
    ),
    *both(
        incomplete(38, "silent after a match", "timeout", 4, match(FOUND), hang()),
        incomplete(38, "closes after a match", "connection_lost", 4, match(FOUND), close()),
        incomplete(38, "aborts after a match", "association_aborted", 4, match(FOUND), send(abort_pdu(source=0))),
        incomplete(39, "other message ID", "protocol_error", 3, respond(message_id=77), hang()),
        incomplete(33, "an endless match", "protocol_error", 3, _flood),
        incomplete(36, "nested 100 deep", "protocol_error", 3, match(_nested(100)), respond(), *RELEASED),
    ),
    incomplete(38, "silent", "timeout", 4, hang()),
    incomplete(38, "resets after a match", "connection_lost", 4, match(FOUND), reset()),
    incomplete(37, "garbage for a match", "protocol_error", 3, match(b"garbage!"), respond(), *RELEASED),
    incomplete(37, "a match cut short", "protocol_error", 3, match(FOUND[:-3]), respond(), *RELEASED),
    incomplete(36, "pending without a match", "protocol_error", 3, respond(status=0xFF00), hang()),
    incomplete(36, "success with a match", "protocol_error", 3, respond(data=FOUND), hang()),
    incomplete(35, "status A700", "refused", 4, match(FOUND), respond(status=0xA700), *RELEASED),
    incomplete(35, "status A900", "refused", 3, match(FOUND), respond(status=0xA900), *RELEASED),
    incomplete(35, "status C000", "refused", 3, match(FOUND), respond(status=0xC000), *RELEASED),
    incomplete(35, "status 0122", "refused", 3, respond(status=0x0122), *RELEASED),
    incomplete(35, "status 0124", "refused", 9, respond(status=0x0124), *RELEASED),
    incomplete(35, "cancelled by nobody", "refused", 3, match(FOUND), respond(status=0xFE00), *RELEASED),
    incomplete(35, "a status that is none", "refused", 3, match(FOUND), respond(status=0x1234), *RELEASED),
    Scenario(
        name="endless matches",
        row=35,
        script=(accept(), read_message(), _endless),
        outcome="failed",
        reason="truncated",
        code=3,
        kind="find",
        job="max_matches: 10",
        clocks=20,
    ),
    Scenario(
        name="matches now and then for ever",
        row=35,
        script=(accept(), read_message(), _dripping),
        outcome="failed",
        reason="truncated",
        code=3,
        kind="find",
        job="max_matches: 3",
        clocks=20,
    ),
    _echo("silent", 4, "timeout", hang()),
    _echo("closes", 4, "connection_lost", close()),
    _echo("other message ID", 3, "protocol_error", respond(message_id=9), hang()),
    _echo("status 0122", 3, "refused", respond(status=0x0122), *RELEASED),
    _echo("status 0124", 9, "refused", respond(status=0x0124), *RELEASED),
]
