"""An association with a peer that keeps to the rules: requests, answers, cancel, release."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

import pytest

from dicomjobs.errors import Interrupted, NotSendable
from dicomjobs.model.association import AcceptedRoles, AsynchronousWindow, EndedBy, ExtendedNegotiation
from dicomjobs.model.dimse import EchoRequest, FindRequest
from dicomjobs.model.peer import MaximumPdu
from dicomjobs.wire.pdu import DataTransfer, DataValue, RoleItem, UserInformation
from dicomjobs.wire.pdu_decode import decode
from dicomjobs.wire.pdu_encode import encode
from tests.support.scripted_scp import (
    RELEASE_RP,
    Conversation,
    Step,
    accept,
    hang,
    read_message,
    respond,
    response,
    scripted_scp,
    send,
)
from tests.support.wire import (
    CT,
    STORE_CT,
    STUDY_FIND,
    VERIFICATION,
    Bytes,
    Stop,
    a_peer,
    associated,
    proposing,
    store,
)


def test_an_echo_is_answered_and_the_association_released() -> None:
    """C-ECHO, then A-RELEASE."""
    script = accept(), read_message(), respond(), _read_release, send(RELEASE_RP)
    with scripted_scp(*script) as port, associated(a_peer(port), proposing(VERIFICATION)) as association:
        (answer,) = association.answers(association.send(EchoRequest(), 1, None))
        association.release()

    assert (answer.status, answer.data) == (0, None)
    assert association.ended_by is EndedBy.RELEASE


def _read_release(scp: Conversation) -> None:
    """Read an A-RELEASE-RQ."""
    assert scp.read_pdu() == (5, bytes(4))


def test_the_status_of_a_store_comes_back_whatever_it_is() -> None:
    """A failure status is an answer, not an error; so is one that the standard does not have."""
    script = accept(), read_message(), respond(status=0xA700), read_message(), respond(status=0x1234)
    with scripted_scp(*script) as port, associated(a_peer(port)) as association:
        statuses = [store(association).status, store(association).status]

    assert statuses == [0xA700, 0x1234]


def test_every_match_of_a_find_is_given_and_then_the_final_status() -> None:
    """Pending answers with their identifiers, then success without."""
    script = (
        accept(),
        read_message(),
        respond(status=0xFF00, data=b"one "),
        respond(status=0xFF01, data=b"two "),
        respond(),
    )
    with scripted_scp(*script) as port, associated(a_peer(port), proposing(STUDY_FIND)) as association:
        pending = association.send(FindRequest(sop_class_uid=STUDY_FIND), 1, Bytes(b"key "))
        answers = [(answer.status, answer.data) for answer in association.answers(pending)]

    assert answers == [(0xFF00, b"one "), (0xFF01, b"two "), (0, None)]


def test_a_find_can_be_cancelled_between_two_matches() -> None:
    """The peer reads the C-CANCEL-RQ for our message and ends with FE00."""
    seen: list[int] = []
    script: list[Step] = [accept(), read_message(), respond(status=0xFF00, data=b"one ")]
    script += [read_message(), lambda scp: seen.append(scp.command.field), _respond_to_find(0xFE00), hang()]
    with scripted_scp(*script) as port, associated(a_peer(port), proposing(STUDY_FIND)) as association:
        pending = association.send(FindRequest(sop_class_uid=STUDY_FIND), 1, Bytes(b"key "))
        answers = association.answers(pending)
        next(answers)
        association.cancel(pending)
        final = next(answers)

    assert seen == [0x0FFF]
    assert final.status == 0xFE00


def _respond_to_find(status: int) -> Step:
    """Answer message 1 as a query, also when the message read last was a C-CANCEL-RQ."""
    return respond(field=0x8020, status=status, message_id=1, sop_class_uid=STUDY_FIND)


def test_an_interrupted_find_can_be_cancelled_and_heard_to_its_end(stop: Stop) -> None:
    """The first stop interrupts the wait for matches; after the cancel the rest is waited for all the same."""
    script = (
        accept(),
        read_message(),
        respond(status=0xFF00, data=b"one "),
        read_message(),
        _respond_to_find(0xFE00),
        hang(),
    )
    with scripted_scp(*script) as port, associated(a_peer(port), proposing(STUDY_FIND), stop) as association:
        pending = association.send(FindRequest(sop_class_uid=STUDY_FIND), 1, Bytes(b"key "))
        answers = association.answers(pending)
        next(answers)
        stop.finish()
        with pytest.raises(Interrupted):
            next(answers)
        association.cancel(pending)
        final = [answer.status for answer in association.answers(pending)]

    assert final == [0xFE00]


@pytest.mark.parametrize("service", ["echo", "find"])
def test_the_first_stop_interrupts_the_wait_for_an_echo_or_a_match(stop: Stop, service: str) -> None:
    """A stop from another thread ends the wait at once."""
    with (
        scripted_scp(accept(), read_message(), hang()) as port,
        associated(a_peer(port), proposing(VERIFICATION, STUDY_FIND), stop) as association,
    ):
        if service == "echo":
            pending = association.send(EchoRequest(), 1, None)
        else:
            pending = association.send(FindRequest(sop_class_uid=STUDY_FIND), 3, Bytes(b"key "))
        threading.Timer(0.1, stop.finish).start()

        with pytest.raises(Interrupted, match="told to stop"):
            next(association.answers(pending))


def test_the_first_stop_lets_a_store_come_to_its_end(stop: Stop) -> None:
    """An instance in flight is finished: its answer is waited for."""
    script = accept(), read_message(), lambda scp: stop.finish(), respond()
    with scripted_scp(*script) as port, associated(a_peer(port), stop=stop) as association:
        assert store(association).status == 0


def test_the_second_stop_interrupts_a_store(stop: Stop) -> None:
    """All bytes are out, so what became of the instance is unknown."""
    script = accept(), read_message(), lambda scp: stop.abort(), hang()
    with scripted_scp(*script) as port, associated(a_peer(port), stop=stop) as association:
        with pytest.raises(Interrupted):
            store(association)

        assert association.fully_sent


def test_message_ids_go_up_by_one_and_wrap_after_65535() -> None:
    """A message ID is never 0 (PS3.7 9.1)."""
    script = accept(), read_message(), respond(), read_message(), respond()
    with scripted_scp(*script) as port, associated(a_peer(port)) as association:
        association._message_id = 65534
        ids = [store(association).message_id, store(association).message_id]

    assert ids == [65535, 1]


@pytest.mark.parametrize(
    ("announced", "ours", "longest"), [(16384, 131072, 16384), (131072, 4096, 4096), (0, 8192, 8192), (257, 4096, 256)]
)
def test_pdus_are_as_long_as_the_peer_and_we_allow(announced: int, ours: int, longest: int) -> None:
    """0 is no limit; fragments are of even length, and the longest PDU is as long as it may be."""
    lengths: list[int] = []
    with (
        scripted_scp(accept(max_pdu=announced), _count_data(lengths, 100_000), hang()) as port,
        associated(a_peer(port, max_pdu=MaximumPdu(receive=131072, send=ours))) as association,
    ):
        association.send(STORE_CT, 1, Bytes(bytes(60_000), bytes(3), bytes(39_997)))
        association.abort()

    assert max(lengths) == longest
    assert all(length % 2 == 0 for length in lengths)
    assert sum(lengths) - 6 * len(lengths) == 100_000


def _count_data(lengths: list[int], size: int) -> Step:
    """Read the command set and then PDUs until the data set is whole."""

    def step(scp: Conversation) -> None:
        scp.read_pdu()
        left = size
        while left > 0:
            lengths.append(len(scp.read_pdu()[1]))
            left -= lengths[-1] - 6

    return step


def test_a_chunk_may_be_cut_into_more_parts_than_one_system_call_takes() -> None:
    """A chunk of 1 MiB for a peer that takes 256 bytes at a time."""
    lengths: list[int] = []
    with (
        scripted_scp(accept(max_pdu=256), _count_data(lengths, 1 << 20), hang()) as port,
        associated(a_peer(port)) as association,
    ):
        association.send(STORE_CT, 1, Bytes(bytes(1 << 20)))
        association.abort()

    assert len(lengths) == -(-(1 << 20) // 250)


def test_the_bytes_of_a_payload_arrive_unchanged_however_it_is_cut() -> None:
    """Chunks of all sizes, odd ones among them, make the same data set."""
    data = bytes(itertools.islice(itertools.cycle(range(251)), 50_000))
    chunks = [data[:1], data[1:1000], b"", data[1000:1003], data[1003:40_000], data[40_000:]]
    received = bytearray()
    with (
        scripted_scp(accept(max_pdu=1000), _keep_data(received, len(data)), hang()) as port,
        associated(a_peer(port)) as association,
    ):
        association.send(STORE_CT, 1, Bytes(*chunks))
        association.abort()

    assert bytes(received) == data


def _keep_data(received: bytearray, size: int) -> Step:
    """Read the command set and then the data set's fragments."""

    def step(scp: Conversation) -> None:
        scp.read_pdu()
        while len(received) < size:
            received.extend(scp.read_pdu()[1][6:])

    return step


def test_command_set_and_data_set_travel_in_pdus_of_their_own() -> None:
    """One value for each P-DATA-TF, the last of each with the last bit (PS3.8 E.2)."""
    controls: list[int] = []
    script = accept(max_pdu=1000), *[lambda scp: controls.append(scp.read_pdu()[1][5])] * 4, hang()
    with scripted_scp(*script) as port, associated(a_peer(port)) as association:
        association.send(STORE_CT, 1, Bytes(bytes(2500)))
        association.abort()

    assert controls == [3, 0, 0, 2]


def test_a_payload_is_closed_once_when_it_was_sent() -> None:
    """Nobody else closes it."""
    payload = Bytes(bytes(10))
    with scripted_scp(accept(), read_message(), hang()) as port, associated(a_peer(port)) as association:
        association.send(STORE_CT, 1, payload)

    assert payload.closed == 1


class _Failing(Bytes):
    """A payload whose source fails after the first chunk."""

    def chunks(self) -> Iterator[bytes | memoryview]:
        """Give half, then fail."""
        yield bytes(self.length // 2)
        raise NotSendable("truncated_file", "the file ends early")


@pytest.mark.parametrize(
    "payload",
    [
        _Failing(bytes(300_000)),
        Bytes(bytes(1000), length=2000),
        Bytes(bytes(1000), bytes(1000), length=1500),
        Bytes(bytes(1000), length=10),
    ],
    ids=["fails half-way", "too short", "too long by a chunk", "too long at once"],
)
def test_a_payload_that_does_not_hold_what_it_promised_aborts_the_association(payload: Bytes) -> None:
    """The peer gets an A-ABORT and never the last fragment, so it cannot take the instance for whole."""
    with scripted_scp(accept(), hang()) as port, associated(a_peer(port)) as association:
        with pytest.raises(NotSendable):
            association.send(STORE_CT, 1, payload)

        assert association.ended_by is EndedBy.ABORT
        assert not association.fully_sent
        assert payload.closed == 1


def test_a_payload_that_fails_is_followed_by_an_abort_at_a_pdu_boundary() -> None:
    """What the peer reads are whole PDUs, the last of them the A-ABORT."""
    kinds: list[int] = []
    last: list[int] = []

    def read_all(scp: Conversation) -> None:
        while 7 not in kinds:
            kind, body = scp.read_pdu()
            kinds.append(kind)
            last.append(body[5] if kind == 4 else -1)

    payload = _Failing(bytes(300_000))
    with scripted_scp(accept(), read_all) as port, associated(a_peer(port)) as association, pytest.raises(NotSendable):
        association.send(STORE_CT, 1, payload)

    assert kinds[-1] == 7
    assert 2 not in last


def test_a_command_and_its_data_set_may_come_in_one_pdu_or_in_many() -> None:
    """Several values in one P-DATA-TF, and one value cut into many, are the same message (PS3.8 E)."""

    def regrouped(scp: Conversation) -> None:
        answer = response(scp, status=0xFF00, data=b"identifier")
        command, data = (pdu.values[0] for pdu in _data_transfers(answer))
        pieces = [DataValue(1, True, False, command.fragment[index : index + 1]) for index in range(99)]
        pieces.append(DataValue(1, True, True, command.fragment[99:]))
        scp.socket.sendall(b"".join(encode(DataTransfer((piece,))) for piece in pieces[:50]))
        scp.socket.sendall(encode(DataTransfer((*pieces[50:], data))))

    script = accept(), read_message(), regrouped, respond()
    with scripted_scp(*script) as port, associated(a_peer(port), proposing(STUDY_FIND)) as association:
        pending = association.send(FindRequest(sop_class_uid=STUDY_FIND), 1, Bytes(b"key "))
        answers = [(answer.status, answer.data) for answer in association.answers(pending)]

    assert answers == [(0xFF00, b"identifier"), (0, None)]


def _data_transfers(data: bytes) -> Iterator[DataTransfer]:
    """The P-DATA-TFs in some bytes."""
    while data:
        end = 6 + int.from_bytes(data[2:6], "big")
        pdu = decode(data[0], data[6:end])
        assert isinstance(pdu, DataTransfer)
        yield pdu
        data = data[end:]


def test_what_was_negotiated_is_told() -> None:
    """Contexts are matched by ID whatever their order, and the peer says who it is."""
    with (
        scripted_scp(accept(results={3: 3}, backwards=True), hang()) as port,
        associated(a_peer(port), proposing(CT, VERIFICATION, STUDY_FIND)) as association,
    ):
        negotiation = association.negotiation

    assert [context.context_id for context in negotiation.accepted] == [1, 5]
    assert [(context.context_id, context.result) for context in negotiation.rejected] == [(3, 3)]
    assert (negotiation.peer_max_pdu_length, negotiation.peer_implementation_version) == (16384, "SCRIPTED")


def test_the_answers_to_roles_extended_negotiation_and_window_are_told() -> None:
    """As the peer gave them, and nothing where it gave none."""
    answers = UserInformation(
        max_pdu_length=0,
        asynchronous_window=AsynchronousWindow(invoked=4, performed=1),
        roles=(RoleItem(sop_class_uid=CT, scu=False, scp=True),),
        extended_negotiation=(ExtendedNegotiation(sop_class_uid=CT, information="0200"),),
    )
    told = []
    for script in (accept(answers=answers), accept()):
        with scripted_scp(script, hang()) as port, associated(a_peer(port), proposing(CT)) as association:
            agreed = association.negotiation
            told.append((agreed.roles, agreed.extended_negotiation, agreed.asynchronous_window))

    assert told == [
        (
            (AcceptedRoles(sop_class_uid=CT, scu=False, scp=True),),
            (ExtendedNegotiation(sop_class_uid=CT, information="0200"),),
            AsynchronousWindow(invoked=4, performed=1),
        ),
        ((), (), None),
    ]


@pytest.mark.parametrize("receive", [4096, 131_072, 1_048_576])
def test_the_longest_pdu_that_we_take_is_announced(receive: int) -> None:
    """As it is in `max_pdu.receive`, whatever we send."""
    seen: list[int | None] = []

    def keep(scp: Conversation) -> None:
        assert scp.request is not None
        seen.append(scp.request.user.max_pdu_length)

    with (
        scripted_scp(accept(), keep, hang()) as port,
        associated(a_peer(port, max_pdu=MaximumPdu(receive=receive, send=4096))),
    ):
        pass

    assert seen == [receive]


def test_a_peer_that_leaves_out_its_maximum_length_is_taken_to_accept_16384_bytes() -> None:
    """PS3.8 D.1 requires it, but some old archives do not send it; a fragment fills a PDU of that length and no more."""
    sizes: list[int] = []

    def read_and_measure(scp: Conversation) -> None:
        sizes.extend(len(scp.read_pdu()[1]) for _ in range(3))

    with scripted_scp(accept(max_pdu=None), read_and_measure, hang()) as port, associated(a_peer(port)) as association:
        association.send(STORE_CT, 1, Bytes(bytes(20_000)))

    assert association.negotiation.peer_max_pdu_length == 16384
    assert sizes[1:] == [16384, 20_000 - 16378 + 6]


def test_abort_after_the_end_does_nothing() -> None:
    """How it ended stays as it was."""
    script = accept(), _read_release, send(RELEASE_RP)
    with scripted_scp(*script) as port, associated(a_peer(port)) as association:
        association.release()
        association.abort()

        assert association.ended_by is EndedBy.RELEASE
