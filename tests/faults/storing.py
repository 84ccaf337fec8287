"""Peers that fail while an instance is on its way, or do not answer it properly (faults 18 to 34)."""

from __future__ import annotations

from collections.abc import Sequence

from tests.faults.kit import LARGE, THREE, Scenario, both
from tests.support.scripted_scp import (
    RELEASE_RP,
    RELEASE_RQ,
    Conversation,
    Step,
    abort_pdu,
    accept,
    close,
    data_pdu,
    drip,
    element,
    half_close,
    hang,
    pdu,
    read_message,
    read_one_pdu,
    reject_pdu,
    repeat,
    reset,
    respond,
    response,
    send,
    stop_reading,
)

STORED = (accept(), read_message(), respond())
PART = data_pdu(command=True, last=False, fragment=b"\0\0")


def unanswered(row: int, name: str, *script: Step) -> Scenario:
    """Return a scenario in which the whole instance was sent and no trustworthy answer came: it may be there, so it is unknown."""
    whole = (accept(), read_message(), *script)
    return Scenario(name=name, row=row, script=whole, outcome="unknown", reason="no_answer", code=8)


def broken_off(row: int, name: str, *script: Step) -> Scenario:
    """Return a scenario in which the peer cannot have the whole instance."""
    whole = (accept(), read_one_pdu(), *script)
    return Scenario(
        name=name, row=row, script=whole, outcome="failed", reason="broken_off", code=4, files=LARGE, clocks=6
    )


def answered(status: int, outcome: str, reason: str, code: int) -> Scenario:
    """Return a scenario in which the instance is answered with a status."""
    script = (accept(), read_message(), respond(status=status), read_one_pdu(), send(RELEASE_RP))
    return Scenario(name=f"status {status:04X}", row=29, script=script, outcome=outcome, reason=reason, code=code)


def released(name: str, *script: Step) -> Scenario:
    """Return a scenario in which only the release goes wrong: what was answered stays delivered."""
    return Scenario(name=name, row=34, script=(*STORED, *script), outcome="delivered", reason="", code=0)


def _respond_and(more: bytes) -> Step:
    """Send the answer, and something that nobody asked for right behind it."""
    return lambda scp: scp.socket.sendall(response(scp) + more)


def _cut(count: int) -> Step:
    """Send the answer without its last bytes."""
    return lambda scp: scp.socket.sendall(response(scp)[:-count])


def _drip_answer(scp: Conversation) -> None:
    """Send the answer byte by byte, slower than the network timeout lets it."""
    drip(response(scp), pause=0.05)(scp)


def _late_answer(scp: Conversation) -> None:
    """Answer when the dimse timeout is over."""
    scp.over.wait(0.6)
    scp.socket.sendall(response(scp))


def _command(command: bytes) -> Step:
    """Send these bytes as a whole command set."""
    return send(data_pdu(command=True, last=True, fragment=command))


def _slow_reader(scp: Conversation) -> None:
    """Read a large instance slowly, but steadily, and answer it."""
    scp.socket.settimeout(5)
    steady = 0
    while scp.data_length == 0 and steady < 10:
        scp.over.wait(0.02)
        steady += 1
    read_message()(scp)
    respond()(scp)


def of_three(row: int, name: str, outcome: str, reason: str, code: int, *sessions: Sequence[Step]) -> Scenario:
    """Return a scenario with three instances, and a script for each association."""
    first, *further = sessions
    return Scenario(
        name=name, row=row, script=first, outcome=outcome, reason=reason, code=code, files=THREE, further=further
    )


ANSWERED = (read_message(), respond())
RELEASED = (read_one_pdu(), send(RELEASE_RP))
ALL_DELIVERED = "delivered|delivered|delivered"

SCENARIOS = [
    *[
        of_three(
            17,
            f"{name} when nothing is on its way",
            ALL_DELIVERED,
            "||",
            0,
            (accept(), read_message(), _respond_and(farewell), hang()),
            (accept(), *ANSWERED * 2, *RELEASED),
        )
        for name, farewell in {
            "aborts": abort_pdu(source=2),
            "asks for the release": RELEASE_RQ,
            "sends garbage": b"garbage",
        }.items()
    ],
    of_three(20, "closes after the last answer", ALL_DELIVERED, "||", 0, (accept(), *ANSWERED * 3, close())),
    of_three(
        19,
        "closes without an answer to the second",
        "delivered|unknown|delivered",
        "|no_answer|",
        8,
        (accept(), *ANSWERED, read_message(), close()),
        (accept(), *ANSWERED, *RELEASED),
    ),
    of_three(
        26,
        "the first answer comes twice",
        ALL_DELIVERED,
        "||",
        0,
        (accept(), read_message(), respond(times=2), hang()),
        (accept(), *ANSWERED * 2, *RELEASED),
    ),
    of_three(
        26,
        "the answer to the first comes for the second",
        "delivered|unknown|delivered",
        "|no_answer|",
        8,
        (accept(), *ANSWERED, read_message(), respond(message_id=1), hang()),
        (accept(), *ANSWERED, *RELEASED),
    ),
    of_three(
        6,
        "rejected when it is asked again",
        "delivered|unknown|failed",
        "|no_answer|association_failed",
        8,
        (accept(), *ANSWERED, read_message(), send(abort_pdu(source=0))),
        (read_one_pdu(), send(reject_pdu(2, 3, 1))),
    ),
    of_three(
        31,
        "full from the second on",
        "delivered|failed|failed",
        "|refused|refused",
        4,
        (accept(), *ANSWERED, *(read_message(), respond(status=0xA700)) * 2, *RELEASED),
    ),
    *both(
        unanswered(18, "A-ABORT", send(abort_pdu(source=0))),
        unanswered(19, "reset", reset()),
        unanswered(19, "close", close()),
        unanswered(21, "silent", hang()),
        unanswered(23, "answer cut then close", _cut(10), close()),
        unanswered(24, "answer stalls", _cut(10), hang()),
        unanswered(24, "answer drips", _drip_answer),
        unanswered(24, "4 GB PDU", send(b"\x04\0\xff\xff\xff\xff"), hang()),
        unanswered(25, "other message ID", respond(message_id=77), hang()),
        unanswered(25, "other SOP instance", respond(sop_instance_uid="9.9"), hang()),
        unanswered(27, "no status", respond(status=None), hang()),
        unanswered(30, "A-RELEASE-RQ", send(RELEASE_RQ), hang()),
        unanswered(33, "endless command set", repeat(data_pdu(command=True, last=False, fragment=bytes(8000)))),
        broken_off(31, "stops reading", stop_reading()),
        broken_off(18, "A-ABORT in the middle", send(abort_pdu(source=0)), stop_reading()),
        broken_off(19, "reset in the middle", reset()),
        released("silent", hang()),
        released("close", close()),
    ),
    *[
        unanswered(18, f"A-P-ABORT {reason}", send(abort_pdu(source=2, reason=reason)), close())
        for reason in (0, 1, 2, 4, 5, 6)
    ],
    unanswered(18, "A-ABORT and reset", send(abort_pdu(source=0)), reset()),
    unanswered(22, "late answer", _late_answer),
    unanswered(24, "header stalls", send(PART[:3]), hang()),
    unanswered(24, "garbage", send(b"garbage"), hang()),
    unanswered(24, "another AC", send(pdu(2, bytes(68))), hang()),
    unanswered(25, "other context", respond(context_id=3), hang()),
    unanswered(25, "other SOP class", respond(sop_class_uid="1.2.840.10008.5.1.4.1.1.4"), hang()),
    unanswered(25, "C-ECHO-RSP", respond(field=0x8030), hang()),
    unanswered(25, "C-FIND-RSP", respond(field=0x8020), hang()),
    unanswered(25, "unknown RSP", respond(field=0x8110), hang()),
    unanswered(27, "request instead", respond(field=0x0030), hang()),
    unanswered(27, "a data set in the answer", respond(data=b"data"), hang()),
    unanswered(28, "empty command set", _command(b""), hang()),
    unanswered(28, "no command set", _command(b"\xff" * 20), hang()),
    unanswered(28, "command set cut", _command(bytes(7)), hang()),
    unanswered(28, "odd number", _command(element(0x0100, b"\1")), hang()),
    unanswered(28, "data first", send(data_pdu(command=False, last=False, fragment=b"")), hang()),
    unanswered(
        28, "contexts mixed", send(PART + data_pdu(command=True, last=True, fragment=b"", context_id=3)), hang()
    ),
    unanswered(30, "A-RELEASE-RP", send(RELEASE_RP), hang()),
    unanswered(33, "endless empty fragments", repeat(data_pdu(command=True, last=False, fragment=b"") * 100)),
    unanswered(50, "FIN only", half_close(), hang()),
    broken_off(19, "close in the middle", close()),
    broken_off(30, "A-RELEASE-RQ in the middle", send(RELEASE_RQ), stop_reading()),
    broken_off(33, "a flood in the middle", repeat(PART * 1000)),
    released("A-ABORT", read_one_pdu(), send(abort_pdu(source=0))),
    released("reset", read_one_pdu(), reset()),
    released("garbage", read_one_pdu(), send(b"garbage"), hang()),
    released("both ask", send(RELEASE_RQ), hang()),
    released("late data", read_one_pdu(), send(PART), hang()),
    released("aborted before it is asked for", send(abort_pdu(source=2)), hang()),
    Scenario(
        name="slow reader",
        row=32,
        script=(accept(), _slow_reader, read_one_pdu(), send(RELEASE_RP)),
        outcome="delivered",
        reason="",
        code=0,
        files=LARGE,
        clocks=6,
    ),
    answered(0x0000, "delivered", "", 0),
    *[
        answered(status, "delivered_with_warning", "warning", 0)
        for status in (0xB000, 0xB006, 0xB007, 0xB123, 0x0001, 0x0107, 0x0116)
    ],
    *[answered(status, "failed", "refused", 4) for status in (0xA700, 0xA7FF, 0x0110, 0x0210, 0x0213)],
    *[
        answered(status, "failed", "refused", 3)
        for status in (
            0xA900,
            0xA9FF,
            0xC000,
            0xCFFF,
            0x0105,
            0x0111,
            0x0112,
            0x0117,
            0x0119,
            0x0122,
            0x0211,
            0x0212,
            0xFE00,
        )
    ],
    *[answered(status, "failed", "refused", 9) for status in (0x0124, 0x0214)],
    *[answered(status, "failed", "status_not_allowed", 3) for status in (0x1234, 0x0002, 0x5555, 0xFFFF)],
    *[unanswered(29, f"pending {status:04X}", respond(status=status), hang()) for status in (0xFF00, 0xFF01)],
]
