"""The upper layer eats bytes in any portions and lets through only what its state and its caps allow."""

from __future__ import annotations

from contextlib import suppress
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicomjobs.errors import MalformedPdu, NotDicom, ProtocolError
from dicomjobs.wire.pdu import (
    Abort,
    AssociateAccept,
    AssociateReject,
    ContextAnswer,
    DataTransfer,
    DataValue,
    Pdu,
    ReleaseRequest,
    ReleaseResponse,
    UserInformation,
)
from dicomjobs.wire.pdu_encode import encode
from dicomjobs.wire.upper_layer import EXPECTED, State, UpperLayer
from tests.support.wire import EXPLICIT_LITTLE

ACCEPT = AssociateAccept(
    called_ae_title="A",
    calling_ae_title="B",
    contexts=(ContextAnswer(context_id=1, result=0, transfer_syntax=EXPLICIT_LITTLE),),
    user=UserInformation(max_pdu_length=16384),
)
DATA = DataTransfer((DataValue(1, True, True, bytes(100)),))
CONVERSATION: tuple[Pdu, ...] = (ACCEPT, DATA, DATA, Abort(source=0, diagnostic=0))
BYTES = b"".join(map(encode, CONVERSATION))


def _layer(state: State = State.REQUESTED) -> UpperLayer:
    """An upper layer that announced 16384 bytes."""
    layer = UpperLayer("archive:104", max_pdu_length=16384)
    layer.state = state
    return layer


def test_pdus_come_out_the_same_wherever_the_bytes_are_cut() -> None:
    """TCP may cut anywhere."""
    for place in range(len(BYTES) + 1):
        layer = _layer()

        assert (*layer.feed(BYTES[:place]), *layer.feed(BYTES[place:])) == CONVERSATION
        assert not layer.inside_pdu
        assert layer.state is State.ENDED


def test_pdus_come_out_the_same_byte_by_byte() -> None:
    """Each as soon as its last byte is there."""
    layer = _layer()

    assert tuple(pdu for byte in BYTES for pdu in layer.feed(bytes((byte,)))) == CONVERSATION


def test_what_was_not_asked_for_yet_is_kept() -> None:
    """An iterator that is dropped after one PDU loses nothing."""
    layer = _layer()
    first = next(layer.feed(BYTES))

    assert (first, *layer.feed(b"")) == CONVERSATION


def test_a_pdu_that_is_expected_is_told_by_its_bytes() -> None:
    """When it is whole and all there is; followed by anything, it is decoded as every other."""
    layer, expected = _layer(State.ESTABLISHED), encode(DATA)
    pulled = []
    for byte in expected:
        layer.feed(bytes((byte,)))
        pulled.append(layer.pull(expected))
    layer.feed(expected + b"\x04")

    assert pulled == [None] * (len(expected) - 1) + [EXPECTED]
    assert pulled[-1] is EXPECTED
    assert (layer.pull(expected), layer.pull(expected), layer.inside_pdu) == (DATA, None, True)


@pytest.mark.parametrize("state", [State.REQUESTED, State.ENDED])
def test_a_pdu_that_is_expected_is_refused_like_any_other_where_it_is_not_allowed(state: State) -> None:
    """The state comes first."""
    layer, expected = _layer(state), encode(DATA)
    layer.feed(expected)
    with pytest.raises(ProtocolError, match="archive:104 sent an P-DATA-TF"):
        layer.pull(expected)


def test_a_long_stream_does_not_pile_up() -> None:
    """What was given out is let go of, even if the buffer is never empty."""
    layer = _layer(State.ESTABLISHED)
    pdu = encode(DataTransfer((DataValue(1, False, False, bytes(10_000)),)))
    layer.feed(pdu[:5])
    for _ in range(1000):
        assert len(list(layer.feed(pdu[5:] + pdu[:5]))) == 1

    assert len(layer._buffer) < 3 << 20


@pytest.mark.parametrize(
    ("state", "pdu"),
    [
        (State.REQUESTED, DATA),
        (State.REQUESTED, ReleaseRequest()),
        (State.REQUESTED, ReleaseResponse()),
        (State.ESTABLISHED, ACCEPT),
        (State.ESTABLISHED, AssociateReject(result=1, source=1, diagnostic=1)),
        (State.ESTABLISHED, ReleaseResponse()),
        (State.RELEASING, ACCEPT),
        (State.ENDED, DATA),
    ],
)
def test_a_pdu_that_its_state_does_not_allow_is_refused_by_name(state: State, pdu: Pdu) -> None:
    """By its first byte, before the rest is waited for (PS3.8 9.2.3)."""
    with pytest.raises(ProtocolError, match=r"archive:104 sent an .* (before|while|after)"):
        list(_layer(state).feed(encode(pdu)[:1]))


@pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Bad Request", b"SSH-2.0", b"\0\0\0\0", b"\xff"])
def test_a_port_that_speaks_something_else_is_told_at_the_first_byte(greeting: bytes) -> None:
    """Its answer is not a PDU of any type."""
    with pytest.raises(NotDicom, match="does not speak DICOM"):
        list(_layer().feed(greeting))


def test_a_tls_alert_is_told_from_other_garbage() -> None:
    """A TLS server answers an A-ASSOCIATE-RQ with an alert record."""
    with pytest.raises(NotDicom) as caught:
        list(_layer().feed(bytes.fromhex("15 03 01 00 02 02 0a")))

    assert "tls" in caught.value.hint


def test_an_unknown_type_after_acceptance_is_malformed() -> None:
    """The peer did speak DICOM before."""
    with pytest.raises(MalformedPdu, match="55H"):
        list(_layer(State.ESTABLISHED).feed(b"\x55"))


@pytest.mark.parametrize(
    ("state", "kind", "length"),
    [
        (State.REQUESTED, 2, (1 << 20) + 1),
        (State.REQUESTED, 3, 5),
        (State.ESTABLISHED, 4, 16384 + 1025),
        (State.ESTABLISHED, 4, 0xFFFFFFFF),
        (State.ESTABLISHED, 7, 1000),
        (State.RELEASING, 6, 5),
    ],
)
def test_a_pdu_longer_than_allowed_is_refused_by_its_header(state: State, kind: int, length: int) -> None:
    """Before memory is taken for it."""
    with pytest.raises(ProtocolError, match=f"of {length} bytes"):
        list(_layer(state).feed(bytes((kind, 0)) + length.to_bytes(4, "big")))


def test_a_pdu_a_little_longer_than_announced_is_taken() -> None:
    """Some peers do not count the header of a value."""
    pdu = DataTransfer((DataValue(1, False, True, bytes(16384)),))

    assert list(_layer(State.ESTABLISHED).feed(encode(pdu))) == [pdu]


def test_a_pdu_that_cannot_be_decoded_says_which_and_why() -> None:
    """The error is a sentence with the peer in it."""
    with pytest.raises(MalformedPdu, match="archive:104 sent an A-ABORT that cannot be decoded: 2 bytes"):
        list(_layer().feed(bytes.fromhex("07 00 00000002 0000")))


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=200), cut=st.integers(0, 200), state=st.sampled_from(State))
def test_no_bytes_raise_anything_but_a_protocol_error(data: bytes, cut: int, state: State) -> None:
    """Whatever the state, and wherever it is cut."""
    layer = _layer(state)
    with suppress(ProtocolError):
        list(layer.feed(data[:cut]))
        list(layer.feed(data[cut:]))


@settings(max_examples=300, deadline=None)
@given(dice=st.randoms(use_true_random=False))
def test_a_mutated_conversation_raises_nothing_but_a_protocol_error(dice: Random) -> None:
    """Bytes of a real conversation, changed here and there."""
    stream = bytearray(BYTES)
    for _ in range(dice.randint(1, 8)):
        stream[dice.randrange(len(stream))] = dice.randrange(256)
    layer = _layer()
    with suppress(ProtocolError):
        for place in range(0, len(stream), 7):
            list(layer.feed(bytes(stream[place : place + 7])))
