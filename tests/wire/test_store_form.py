"""The forms of a store give the bytes of the general encoders, and the expected answer means what decoding it would say."""

from __future__ import annotations

import itertools
import socket
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicomjobs.errors import AssociationError
from dicomjobs.model.association import AcceptedContext, EndedBy, Negotiation
from dicomjobs.model.dimse import Priority, Response, StoreRequest
from dicomjobs.wire.association import Association
from dicomjobs.wire.channel import Channel
from dicomjobs.wire.command_set import encode_request, encode_stored
from dicomjobs.wire.deadline import Deadline
from dicomjobs.wire.exchange import Exchange
from dicomjobs.wire.messages import command_pdu
from dicomjobs.wire.store_form import store_pdus
from dicomjobs.wire.stream import Stream
from dicomjobs.wire.upper_layer import State
from tests.support.scripted_scp import abort_pdu, data_pdu, pdu
from tests.support.wire import CT, EXPLICIT_LITTLE, STORE_CT, Bytes, Stop, a_peer

UIDS = st.text("0123456789.", min_size=0, max_size=64)
STORED = store_pdus(STORE_CT, 1, 1)[1]
COMMAND = STORED[12:]
FRAGMENTS = tuple(
    data_pdu(command=True, last=last, fragment=part) for last, part in ((False, COMMAND[:40]), (True, COMMAND[40:]))
)
ANSWERS = (
    STORED,
    STORED + STORED,
    STORED + abort_pdu(source=2),
    STORED[:-2],
    abort_pdu(source=0),
    pdu(5, bytes(4)),
    command_pdu(COMMAND, 3),
    command_pdu(COMMAND[12:], 1),
    FRAGMENTS[0] + FRAGMENTS[1],
    pdu(4, FRAGMENTS[0][6:] + FRAGMENTS[1][6:]),
    FRAGMENTS[0] + STORED,
    STORED + data_pdu(command=False, last=True, fragment=b"data"),
    store_pdus(STORE_CT, 2, 1)[1],
    store_pdus(StoreRequest(sop_class_uid=CT, sop_instance_uid="1.2.3.5"), 1, 1)[1],
)
"""What a peer may answer: the expected, the same in other clothes, and what must be refused."""


@settings(max_examples=300, deadline=None)
@given(
    sop_class_uid=UIDS,
    sop_instance_uid=UIDS,
    priority=st.sampled_from(Priority),
    message_id=st.integers(0, 0xFFFF),
    context_id=st.integers(1, 255),
)
def test_forms_that_were_filled_in_are_what_the_general_encoders_give(
    sop_class_uid: str, sop_instance_uid: str, priority: Priority, message_id: int, context_id: int
) -> None:
    """Request and answer, whatever the UIDs and numbers."""
    request = StoreRequest(sop_class_uid=sop_class_uid, sop_instance_uid=sop_instance_uid, priority=priority)

    assert store_pdus(request, message_id, context_id) == (
        command_pdu(encode_request(request, message_id), context_id),
        command_pdu(encode_stored(request, message_id), context_id),
    )


class _Pieces(Stream):
    """A stream on which the answer arrives in given pieces."""

    def __init__(self, pieces: list[bytes]) -> None:
        here, self.there = socket.socketpair()
        super().__init__(here, "archive:104", network=5.0)
        self._pieces = iter(pieces)

    def receive(self, deadline: Deadline, wake_fd: int) -> memoryview:
        """The next piece, and then the end of the stream."""
        return memoryview(next(self._pieces, b""))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """All that can be seen of an association after an answer."""

    responses: tuple[Response, ...]
    error: str
    ended_by: EndedBy | None
    answered: bool
    messages_left: int
    bytes_left: bytes


def _outcome(pieces: list[bytes], stop: Stop, *, compare: bool) -> _Outcome:
    """What an association makes of an answer that comes in pieces; by comparing it first, or only by decoding it."""
    stream = _Pieces(pieces)
    channel = Channel(stream, max_pdu_length=16384, network=5.0)
    channel._layer.state = State.ESTABLISHED
    association = Association(channel, _negotiation(), peer=a_peer(104), stop=stop)
    pending = association.send(STORE_CT, 1, Bytes(b"data"))
    assert isinstance(pending, Exchange)
    assert pending.expected == STORED
    pending.expected = STORED if compare else b""
    responses: list[Response] = []
    error = ""
    try:
        responses += association.answers(pending)
    except AssociationError as caught:
        error = repr(caught)
    seen = _Outcome(
        responses=tuple(responses),
        error=error,
        ended_by=association.ended_by,
        answered=pending.answered,
        messages_left=len(association._messages),
        bytes_left=bytes(channel._layer._buffer[channel._layer._position :]),
    )
    association.abort()
    stream.there.close()
    return seen


def _negotiation() -> Negotiation:
    """One accepted context."""
    context = AcceptedContext(context_id=1, abstract_syntax=CT, transfer_syntax=EXPLICIT_LITTLE)
    return Negotiation(
        accepted=(context,),
        rejected=(),
        peer_max_pdu_length=16384,
        peer_implementation_class_uid="",
        peer_implementation_version="",
        tls=None,
    )


def _cut(data: bytes, cuts: list[int]) -> list[bytes]:
    """Bytes in the pieces between some places, none empty: an empty one would be the end of the stream."""
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    return [data[start:end] for start, end in itertools.pairwise(places)]


@pytest.mark.parametrize("cut", range(len(STORED)))
def test_the_expected_answer_is_taken_by_its_bytes_wherever_it_is_cut(cut: int, stop: Stop) -> None:
    """It is the response that decoding gives, and nothing stays behind."""
    seen = _outcome(_cut(STORED, [cut]), stop, compare=True)

    assert seen == _outcome(_cut(STORED, [cut]), stop, compare=False)
    assert seen.responses == (Response(message_id=1, status=0, error_comment="", data=None),)
    assert (seen.error, seen.ended_by, seen.answered, seen.bytes_left) == ("", None, True, b"")


@pytest.mark.parametrize("answer", ANSWERS, ids=itertools.count())
@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(1, 400), max_size=6), flips=st.integers(0, 3), dice=st.randoms(use_true_random=False))
def test_comparing_first_makes_no_difference_to_what_an_answer_is_taken_for(
    answer: bytes, cuts: list[int], flips: int, dice: Random
) -> None:
    """The same response or error, and the same rest: for any answer, changed here and there, in any pieces."""
    changed = bytearray(answer)
    for _ in range(flips):
        changed[dice.randrange(len(changed))] = dice.randrange(256)
    pieces, stop = _cut(bytes(changed), cuts), Stop()
    try:
        assert _outcome(pieces, stop, compare=True) == _outcome(pieces, stop, compare=False)
    finally:
        stop.close()


def test_the_expected_answer_is_not_taken_inside_another_message(stop: Stop) -> None:
    """A command set that had begun has to go on; what comes then is a fragment of it, whatever its bytes."""
    seen = _outcome([FRAGMENTS[0], STORED], stop, compare=True)

    assert seen == _outcome([FRAGMENTS[0], STORED], stop, compare=False)
    assert (seen.responses, seen.answered) == ((), False)
    assert "MalformedPdu" in seen.error


@pytest.mark.parametrize(
    "answer",
    [FRAGMENTS[0] + FRAGMENTS[1], pdu(4, FRAGMENTS[0][6:] + FRAGMENTS[1][6:]), command_pdu(COMMAND[12:], 1)],
    ids=["two PDUs", "two values", "no group length"],
)
def test_a_success_that_looks_different_is_a_success_as_well(answer: bytes, stop: Stop) -> None:
    """What is not the expected answer is decoded."""
    seen = _outcome([answer], stop, compare=True)

    assert seen.responses == (Response(message_id=1, status=0, error_comment="", data=None),)
    assert (seen.error, seen.answered, seen.bytes_left) == ("", True, b"")
