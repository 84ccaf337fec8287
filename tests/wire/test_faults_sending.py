"""Everything that can go wrong while a data set is on its way ends in time, and is found to be the peer's doing where it is."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from dicomjobs.errors import AssociationAborted, Interrupted, ProtocolError, Timeout
from dicomjobs.model.association import EndedBy
from dicomjobs.wire.command_set import decode
from tests.support.scripted_scp import (
    Conversation,
    Step,
    abort_pdu,
    accept,
    close,
    data_pdu,
    hang,
    read_one_pdu,
    repeat,
    reset,
    response,
    scripted_scp,
    send,
    stop_reading,
)
from tests.support.wire import SHORT, STORE_CT, Bytes, Stop, Stopwatch, a_peer, associated, timeouts

SLACK = 2.0
"""Seconds after its deadline by which every fault must have ended."""
PART = data_pdu(command=True, last=False, fragment=b"\0\0")


class _Endless(Bytes):
    """A large payload in chunks of 1 MiB that are all the same object."""

    def __init__(self, count: int) -> None:
        super().__init__(length=count << 20)
        self._count = count

    def chunks(self) -> Iterator[bytes | memoryview]:
        """Give the chunks."""
        chunk = bytes(1 << 20)
        for _ in range(self._count):
            yield chunk


def test_a_peer_that_stops_reading_ends_the_send_with_the_network_timeout() -> None:
    """The kernel's buffers fill up, and then nothing moves."""
    with (
        scripted_scp(accept(), stop_reading()) as port,
        associated(a_peer(port, timeouts=timeouts(5, network=SHORT))) as association,
    ):
        watch = Stopwatch()
        with pytest.raises(Timeout, match=r"took less than 4096 bytes .* within 0.4 s \(timeouts.network\)"):
            association.send(STORE_CT, 1, _Endless(64))

        assert watch.seconds <= 2 * SHORT + SLACK
        assert not association.fully_sent
        assert association.ended_by is EndedBy.ABORT


def test_a_peer_that_reads_slowly_but_steadily_is_not_given_up(stop: Stop) -> None:
    """The socket stays full for longer than the network timeout, but the send queue moves; only the stop ends it."""

    def slowly(scp: Conversation) -> None:
        while not scp.over.wait(0.02):
            scp.socket.recv(16_384)

    with (
        scripted_scp(accept(), slowly) as port,
        associated(a_peer(port, timeouts=timeouts(5, network=SHORT)), stop=stop) as association,
    ):
        threading.Timer(4 * SHORT, stop.abort).start()
        with pytest.raises(Interrupted):
            association.send(STORE_CT, 1, _Endless(64))

        assert not association.fully_sent


@pytest.mark.parametrize("afterwards", [stop_reading(), close(), reset()], ids=["stops reading", "closes", "resets"])
def test_an_abort_in_mid_send_is_found(afterwards: Step) -> None:
    """The peer aborts after the command set and reads no more; that, and not a broken pipe, is the cause."""
    script: list[Step] = [accept(), read_one_pdu(), send(abort_pdu(source=2, reason=1)), afterwards]
    with scripted_scp(*script) as port, associated(a_peer(port)) as association:
        with pytest.raises(AssociationAborted, match="unrecognized PDU"):
            association.send(STORE_CT, 1, _Endless(64))

        assert not association.fully_sent
        assert association.ended_by is EndedBy.PEER_ABORT


def test_an_answer_before_the_whole_data_set_was_sent_is_kept_until_it_is_asked_for() -> None:
    """Some peers refuse an instance after its command set, and read the rest all the same."""

    def refuse_early(scp: Conversation) -> None:
        scp.context_id, scp.message_id = 1, 1
        body = scp.read_pdu()[1]
        scp.command = decode(body[6:])
        scp.socket.sendall(response(scp, status=0xA700))

    with scripted_scp(accept(), refuse_early, hang()) as port, associated(a_peer(port)) as association:
        pending = association.send(STORE_CT, 1, _Endless(32))
        (answer,) = association.answers(pending)

    assert answer.status == 0xA700


def test_a_flood_while_we_are_sending_is_refused() -> None:
    """What comes before the request is out is kept, but not without end."""

    def flood(scp: Conversation) -> None:
        scp.read_pdu()
        repeat(PART * 1000)(scp)

    with (
        scripted_scp(accept(), flood) as port,
        associated(a_peer(port)) as association,
        pytest.raises(ProtocolError, match="before the request was out"),
    ):
        association.send(STORE_CT, 1, _Endless(64))
