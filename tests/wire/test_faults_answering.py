"""Everything that can go wrong on an association that stands ends in time, in an error of its own, and never as a success."""

from __future__ import annotations

import resource
import threading

import pytest

from dicomjobs.errors import (
    AssociationAborted,
    AssociationError,
    ConnectionLost,
    MalformedPdu,
    ProtocolError,
    ReleasedByPeer,
    Timeout,
)
from dicomjobs.model.association import EndedBy
from dicomjobs.model.dimse import EchoRequest, FindRequest
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
    repeat,
    reset,
    respond,
    response,
    scripted_scp,
    send,
    stop_reading,
)
from tests.support.wire import (
    CT,
    MR,
    SHORT,
    STORE_CT,
    STUDY_FIND,
    VERIFICATION,
    Bytes,
    Stopwatch,
    a_peer,
    associated,
    proposing,
    store,
    timeouts,
)

SLACK = 2.0
"""Seconds after its deadline by which every fault must have ended."""
PART = data_pdu(command=True, last=False, fragment=b"\0\0")


def _cut(count: int) -> Step:
    """Send the answer without its last bytes."""
    return lambda scp: scp.socket.sendall(response(scp)[:-count])


def _drip_answer() -> Step:
    """Send the answer byte by byte, slower than the network timeout lets it."""
    return lambda scp: drip(response(scp), pause=0.05)(scp)


def _with_command(command: bytes) -> Step:
    """Send these bytes as a whole command set."""
    return send(data_pdu(command=True, last=True, fragment=command))


ANSWER_FAULTS = [
    pytest.param(
        [send(abort_pdu(source=0))], AssociationAborted, "application gave up", EndedBy.PEER_ABORT, id="A-ABORT"
    ),
    pytest.param(
        [send(abort_pdu(source=2, reason=6)), close()],
        AssociationAborted,
        "invalid PDU",
        EndedBy.PEER_ABORT,
        id="A-P-ABORT",
    ),
    pytest.param(
        [send(abort_pdu(source=0)), reset()],
        AssociationAborted,
        "application",
        EndedBy.PEER_ABORT,
        id="A-ABORT and reset",
    ),
    pytest.param([reset()], ConnectionLost, "reset", EndedBy.LOST, id="reset"),
    pytest.param([close()], ConnectionLost, "no answer to the C-STORE-RQ", EndedBy.LOST, id="close"),
    pytest.param([half_close(), hang()], ConnectionLost, "closed", EndedBy.LOST, id="FIN only"),
    pytest.param(
        [hang()], Timeout, r"no answer to the C-STORE-RQ .* within 0.4 s \(timeouts.dimse\)", EndedBy.ABORT, id="silent"
    ),
    pytest.param([_cut(10), close()], ConnectionLost, "closed", EndedBy.LOST, id="answer cut, close"),
    pytest.param([_cut(10), hang()], Timeout, "timeouts", EndedBy.ABORT, id="answer stalls"),
    pytest.param([send(PART[:3]), hang()], Timeout, "timeouts", EndedBy.ABORT, id="header stalls"),
    pytest.param([_drip_answer()], Timeout, "timeouts", EndedBy.ABORT, id="answer drips"),
    pytest.param([send(b"\x04\0\xff\xff\xff\xff"), hang()], ProtocolError, "4294967295", EndedBy.ABORT, id="4 GB PDU"),
    pytest.param([send(b"garbage"), hang()], MalformedPdu, "67H", EndedBy.ABORT, id="garbage"),
    pytest.param(
        [send(pdu(2, bytes(68))), hang()], ProtocolError, "A-ASSOCIATE-AC while", EndedBy.ABORT, id="another AC"
    ),
    pytest.param(
        [respond(message_id=77)], ProtocolError, "answer to another message ID", EndedBy.ABORT, id="message ID"
    ),
    pytest.param(
        [respond(context_id=3)], ProtocolError, "on another presentation context", EndedBy.ABORT, id="context ID"
    ),
    pytest.param([respond(sop_class_uid=MR)], ProtocolError, "another SOP class", EndedBy.ABORT, id="SOP class"),
    pytest.param(
        [respond(sop_instance_uid="9.9")], ProtocolError, "another SOP instance", EndedBy.ABORT, id="SOP instance"
    ),
    pytest.param([respond(field=0x8030)], ProtocolError, "C-ECHO-RSP", EndedBy.ABORT, id="C-ECHO-RSP"),
    pytest.param([respond(field=0x8020)], ProtocolError, "C-FIND-RSP", EndedBy.ABORT, id="C-FIND-RSP"),
    pytest.param([respond(field=0x8110)], ProtocolError, "command 8110H", EndedBy.ABORT, id="unknown RSP"),
    pytest.param([respond(field=0x0030)], ProtocolError, "C-ECHO-RQ", EndedBy.ABORT, id="request instead"),
    pytest.param([respond(status=None)], ProtocolError, "without a status", EndedBy.ABORT, id="no status"),
    pytest.param([respond(status=0xFF00)], ProtocolError, "pending", EndedBy.ABORT, id="pending"),
    pytest.param([respond(data=b"data")], ProtocolError, "a data set", EndedBy.ABORT, id="data set"),
    pytest.param([_with_command(b"")], MalformedPdu, "without Command Field", EndedBy.ABORT, id="empty command"),
    pytest.param([_with_command(b"\xff" * 20)], MalformedPdu, "does not belong", EndedBy.ABORT, id="no command"),
    pytest.param([_with_command(bytes(7))], MalformedPdu, "cut short", EndedBy.ABORT, id="command cut"),
    pytest.param(
        [_with_command(element(0x0100, b"\1"))], MalformedPdu, "1 bytes, not 2", EndedBy.ABORT, id="odd number"
    ),
    pytest.param([send(RELEASE_RQ), hang()], ReleasedByPeer, "asked to release", EndedBy.RELEASE, id="A-RELEASE-RQ"),
    pytest.param([send(RELEASE_RP), hang()], ProtocolError, "A-RELEASE-RP", EndedBy.ABORT, id="A-RELEASE-RP"),
    pytest.param(
        [send(data_pdu(command=False, last=False, fragment=b"")), hang()],
        ProtocolError,
        "before its command set",
        EndedBy.ABORT,
        id="data first",
    ),
    pytest.param(
        [send(PART + data_pdu(command=True, last=True, fragment=b"", context_id=3)), hang()],
        ProtocolError,
        "inside a message on 1",
        EndedBy.ABORT,
        id="contexts mixed",
    ),
    pytest.param(
        [repeat(data_pdu(command=True, last=False, fragment=bytes(8000)))],
        ProtocolError,
        "command set of more than 65536",
        EndedBy.ABORT,
        id="endless command set",
    ),
    pytest.param(
        [repeat(data_pdu(command=True, last=False, fragment=b"") * 100)],
        Timeout,
        "timeouts.dimse",
        EndedBy.ABORT,
        id="endless empty fragments",
    ),
]


@pytest.mark.parametrize(("script", "error", "words", "ended_by"), ANSWER_FAULTS)
def test_a_store_that_is_not_answered_properly_is_no_success(
    script: list[Step], error: type[AssociationError], words: str, ended_by: EndedBy
) -> None:
    """All bytes were sent, so its outcome is unknown; the association is over, in time, and says why."""
    with scripted_scp(accept(), read_message(), *script) as port:
        peer = a_peer(port, timeouts=timeouts(SHORT))
        with associated(peer, proposing(CT, MR)) as association:
            watch = Stopwatch()
            with pytest.raises(error, match=words) as caught:
                store(association)
            seconds = watch.seconds

            assert association.fully_sent
            assert association.ended_by is ended_by

    assert type(caught.value) is error
    assert f"127.0.0.1:{port}" in caught.value.words
    assert seconds <= SHORT + SLACK


def test_a_peer_that_asked_for_the_release_gets_it() -> None:
    """The A-RELEASE-RQ is answered before we close."""
    seen: list[int] = []
    script = accept(), read_message(), send(RELEASE_RQ), lambda scp: seen.append(scp.read_pdu()[0])
    with scripted_scp(*script) as port, associated(a_peer(port)) as association, pytest.raises(ReleasedByPeer):
        store(association)

    assert seen == [6]


def test_a_protocol_error_is_answered_with_an_abort_of_the_upper_layer() -> None:
    """Source 2 (PS3.8 9.3.8)."""
    seen: list[tuple[int, bytes]] = []
    script = accept(), read_message(), respond(message_id=9), lambda scp: seen.append(scp.read_pdu())
    with scripted_scp(*script) as port, associated(a_peer(port)) as association, pytest.raises(ProtocolError):
        store(association)

    assert seen == [(7, bytes((0, 0, 2, 0)))]


def test_an_answer_that_comes_twice_does_not_pass_for_the_next_one() -> None:
    """The second request never leaves, or its answer is refused; it is not reported stored."""
    script = accept(), read_message(), respond(times=2), read_message(), respond(status=0xA700), hang()
    with scripted_scp(*script) as port, associated(a_peer(port, timeouts=timeouts(SHORT))) as association:
        assert store(association).status == 0
        with pytest.raises(ProtocolError):
            store(association)

        assert association.ended_by is EndedBy.ABORT


def test_an_answer_that_was_not_waited_for_is_found_before_the_next_request() -> None:
    """Nothing of the next instance leaves then."""
    script = accept(), read_message(), respond(), hang()
    with scripted_scp(*script) as port, associated(a_peer(port)) as association:
        association.send(STORE_CT, 1, Bytes(b"data"))
        payload = Bytes(b"data")
        with pytest.raises(ProtocolError, match=r"not answered to its end|no request had asked"):
            association.send(STORE_CT, 1, payload)

        assert not association.fully_sent
        assert payload.closed == 1


@pytest.mark.parametrize(
    ("farewell", "error"),
    [
        ([send(abort_pdu(source=2))], AssociationAborted),
        ([close()], ConnectionLost),
        ([send(RELEASE_RQ)], ReleasedByPeer),
        ([send(PART)], ProtocolError),
    ],
    ids=["abort", "close", "release", "data"],
)
def test_what_came_while_idle_is_found_before_the_next_request(
    farewell: list[Step], error: type[AssociationError]
) -> None:
    """A peer that gives up an idle association has not got the next instance: it can safely be sent again."""
    said = threading.Event()
    script = accept(), read_message(), respond(), *farewell, lambda scp: said.set(), stop_reading()
    with scripted_scp(*script) as port, associated(a_peer(port)) as association:
        store(association)
        assert said.wait(5)
        with pytest.raises(error):
            store(association)

        assert not association.fully_sent


FLOOD_LIMIT = 128 << 20
"""Bytes that the process may grow while a peer floods it."""


def test_an_endless_data_set_ends_at_the_cap_and_not_in_memory() -> None:
    """16 MiB are more than any identifier has."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    def flood(scp: Conversation) -> None:
        scp.socket.sendall(
            response(scp, status=0xFF00, data=b"")[: -len(data_pdu(command=False, last=True, fragment=b""))]
        )
        repeat(data_pdu(command=False, last=False, fragment=bytes(16000)))(scp)

    with (
        scripted_scp(accept(), read_message(), flood) as port,
        associated(a_peer(port), proposing(STUDY_FIND)) as association,
    ):
        pending = association.send(FindRequest(sop_class_uid=STUDY_FIND), 1, Bytes(b"key "))
        with pytest.raises(ProtocolError, match="data set of more than 16777216 bytes"):
            list(association.answers(pending))

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before < FLOOD_LIMIT


@pytest.mark.parametrize(
    ("script", "error", "words"),
    [
        ([respond(status=0xFF00)], ProtocolError, "FF00H but without a data set"),
        ([respond(status=0, data=b"data")], ProtocolError, "0000H and a data set"),
        ([respond(status=0xFF00, data=b"one "), hang()], Timeout, "C-FIND-RQ"),
        ([respond(status=0xFF00, data=b"one "), close()], ConnectionLost, "C-FIND-RQ"),
        ([respond(status=0xFF00, data=b"one "), send(abort_pdu(source=0))], AssociationAborted, "application"),
    ],
)
def test_a_find_that_does_not_come_to_its_end_is_an_error(
    script: list[Step], error: type[AssociationError], words: str
) -> None:
    """Matches that came before do not make it whole."""
    with (
        scripted_scp(accept(), read_message(), *script) as port,
        associated(a_peer(port, timeouts=timeouts(SHORT)), proposing(STUDY_FIND)) as association,
    ):
        pending = association.send(FindRequest(sop_class_uid=STUDY_FIND), 1, Bytes(b"key "))
        with pytest.raises(error, match=words):
            list(association.answers(pending))


def test_after_a_cancel_endless_matches_end_with_the_dimse_timeout() -> None:
    """Each match would otherwise start the clock again."""

    def matches(scp: Conversation) -> None:
        while not scp.over.wait(0.02):
            scp.socket.sendall(response(scp, status=0xFF00, data=b"one "))

    with (
        scripted_scp(accept(), read_message(), matches) as port,
        associated(a_peer(port, timeouts=timeouts(SHORT)), proposing(STUDY_FIND)) as association,
    ):
        pending = association.send(FindRequest(sop_class_uid=STUDY_FIND), 1, Bytes(b"key "))
        answers = association.answers(pending)
        next(answers)
        association.cancel(pending)
        watch = Stopwatch()
        with pytest.raises(Timeout, match=r"timeouts.dimse"):
            list(answers)

    assert watch.seconds <= SHORT + SLACK


@pytest.mark.parametrize(
    ("script", "ended_by"),
    [
        ([hang()], EndedBy.ABORT),
        ([close()], EndedBy.LOST),
        ([send(abort_pdu(source=0))], EndedBy.PEER_ABORT),
        ([send(RELEASE_RQ), send(RELEASE_RP), hang()], EndedBy.RELEASE),
        ([send(data_pdu(command=True, last=False, fragment=b"")), send(RELEASE_RP), hang()], EndedBy.RELEASE),
        ([repeat(data_pdu(command=True, last=False, fragment=b"") * 100)], EndedBy.ABORT),
        ([send(RELEASE_RP[:4]), hang()], EndedBy.ABORT),
        ([send(b"garbage"), hang()], EndedBy.ABORT),
    ],
    ids=["silent", "close", "abort", "collision", "late data", "flood", "cut", "garbage"],
)
def test_a_release_never_raises_and_says_how_it_ended(script: list[Step], ended_by: EndedBy) -> None:
    """What was answered before stays answered."""
    with (
        scripted_scp(accept(), read_message(), respond(), read_one_pdu(), *script) as port,
        associated(a_peer(port, seconds=SHORT)) as association,
    ):
        answer = store(association)
        watch = Stopwatch()
        association.release()

        assert association.ended_by is ended_by
        assert watch.seconds <= SHORT + SLACK
        assert answer.status == 0


def test_an_echo_is_checked_like_a_store() -> None:
    """A C-STORE-RSP does not answer it."""
    with (
        scripted_scp(accept(), read_message(), respond(field=0x8001)) as port,
        associated(a_peer(port), proposing(VERIFICATION)) as association,
    ):
        pending = association.send(EchoRequest(), 1, None)
        with pytest.raises(ProtocolError, match="C-STORE-RSP"):
            list(association.answers(pending))
