"""Peers that do not let an association come about, or not a usable one (faults 1 to 16)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tests.faults.kit import Scenario, both
from tests.support.scripted_scp import (
    RELEASE_RP,
    RELEASE_RQ,
    Step,
    abort_pdu,
    accept,
    close,
    data_pdu,
    drip,
    half_close,
    hang,
    pdu,
    read_association_request,
    reject_pdu,
    repeat,
    reset,
    send,
)

ASKED = read_association_request()
AC = pdu(2, b"\0\1" + bytes(66) + bytes.fromhex("50 00 0008 51 00 0004 00004000"))
RUN_AGAIN, FOR_GOOD, REFUSED = 4, 3, 9


def establishing(
    row: int, name: str, script: Sequence[Step], code: int, reason: str = "association_failed"
) -> Scenario:
    """Return a scenario in which no association comes about, so that no byte of the instance leaves."""
    return Scenario(name=name, row=row, script=script, outcome="failed", reason=reason, code=code)


def _rejections() -> list[Scenario]:
    """Every rejection of PS3.8 9.3.4, and some that it does not have."""
    kinds = {
        (1, 1, 1): REFUSED,
        (1, 1, 2): REFUSED,
        (1, 1, 3): REFUSED,
        (1, 1, 7): REFUSED,
        (1, 2, 1): REFUSED,
        (1, 2, 2): REFUSED,
        (1, 3, 1): REFUSED,
        (2, 1, 1): RUN_AGAIN,
        (2, 1, 7): RUN_AGAIN,
        (2, 2, 1): RUN_AGAIN,
        (2, 3, 1): RUN_AGAIN,
        (2, 3, 2): RUN_AGAIN,
        (0, 0, 0): FOR_GOOD,
        (3, 1, 1): FOR_GOOD,
        (1, 9, 1): FOR_GOOD,
        (255, 255, 255): FOR_GOOD,
    }
    rows = {1: 7, 2: 6}
    return [
        establishing(
            rows.get(octets[0], 8) if octets[1] in {1, 2, 3} else 8,
            f"rejected {octets[0]} {octets[1]} {octets[2]}",
            [ASKED, send(reject_pdu(*octets))],
            code,
        )
        for octets, code in kinds.items()
    ]


def _none_accepted() -> list[Scenario]:
    """Every result of a presentation context (PS3.8 table 9-18) that is no acceptance."""
    reason = "no_presentation_context"
    found = [
        establishing(13, f"result {result}", [accept(results={1: result}), hang()], FOR_GOOD, reason)
        for result in (1, 2, 3, 4)
    ]
    return [*found, establishing(13, "no context answered", [ASKED, send(AC), hang()], FOR_GOOD, reason)]


SCENARIOS = [
    *both(
        establishing(4, "silent", [ASKED, hang()], RUN_AGAIN),
        establishing(5, "closes after the request", [ASKED, close()], RUN_AGAIN),
        establishing(9, "A-ABORT", [ASKED, send(abort_pdu(source=0))], RUN_AGAIN),
        establishing(12, "AC stalls half way", [ASKED, send(AC[:-9]), hang()], RUN_AGAIN),
        establishing(12, "4 GB AC", [ASKED, send(bytes.fromhex("0200ffffffff")), hang()], FOR_GOOD),
        establishing(15, "unknown context", [accept(extra_ids=(9,)), hang()], FOR_GOOD),
    ),
    replace(establishing(1, "no such name", [], REFUSED), host="no.such.host.invalid"),
    replace(establishing(2, "nothing listens", [], RUN_AGAIN), port=1),
    establishing(5, "closes on accept", [close()], RUN_AGAIN),
    establishing(5, "resets after the request", [ASKED, reset()], RUN_AGAIN),
    establishing(5, "FIN after the request", [ASKED, half_close(), hang()], RUN_AGAIN),
    *_rejections(),
    *[
        establishing(9, f"A-P-ABORT {reason}", [ASKED, send(abort_pdu(source=2, reason=reason))], RUN_AGAIN)
        for reason in (0, 1, 2, 4, 5, 6)
    ],
    establishing(10, "P-DATA", [ASKED, send(data_pdu(command=True, last=True, fragment=b"")), hang()], FOR_GOOD),
    establishing(10, "A-RELEASE-RQ", [ASKED, send(RELEASE_RQ), hang()], FOR_GOOD),
    establishing(10, "A-RELEASE-RP", [ASKED, send(RELEASE_RP), hang()], FOR_GOOD),
    establishing(11, "HTTP", [ASKED, send(b"HTTP/1.1 400 Bad Request\r\n\r\n"), hang()], REFUSED),
    establishing(11, "SSH", [send(b"SSH-2.0-OpenSSH_9.2\r\n"), hang()], REFUSED),
    establishing(11, "TLS alert", [ASKED, send(bytes.fromhex("15030300020228")), hang()], REFUSED),
    establishing(11, "zeros", [ASKED, repeat(bytes(4096))], REFUSED),
    establishing(12, "AC stalls in its header", [ASKED, send(AC[:3]), hang()], RUN_AGAIN),
    establishing(12, "AC drips", [ASKED, drip(AC, pause=0.05)], RUN_AGAIN),
    establishing(12, "AC cut", [ASKED, send(AC[:-9]), close()], RUN_AGAIN),
    establishing(12, "1 MiB AC", [ASKED, send(bytes.fromhex("020000100000")), repeat(bytes(65536))], FOR_GOOD),
    establishing(12, "1 GiB AC", [ASKED, send(bytes.fromhex("020040000000")), repeat(bytes(1 << 20))], FOR_GOOD),
    establishing(12, "AC too short", [ASKED, send(pdu(2, bytes(10))), hang()], FOR_GOOD),
    establishing(
        12, "AC of items without end", [ASKED, send(pdu(2, AC[6:] + bytes.fromhex("2100ffff"))), hang()], FOR_GOOD
    ),
    *_none_accepted(),
    establishing(14, "other transfer syntax", [accept(transfer_syntax="1.2.3"), hang()], FOR_GOOD),
    establishing(14, "transfer syntax with an escape", [accept(transfer_syntax="1.2\x1b[31m"), hang()], FOR_GOOD),
    establishing(15, "context twice", [accept(extra_ids=(1,)), hang()], FOR_GOOD),
    establishing(15, "unknown result", [accept(results={1: 5}), hang()], FOR_GOOD),
    *[establishing(16, f"maximum PDU {size}", [accept(max_pdu=size), hang()], FOR_GOOD) for size in (1, 6, 255)],
]
