"""Data sets cut into PDUs and fragments put together again, without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicomjobs.errors import NotSendable, ProtocolError
from dicomjobs.model.dimse import StoreRequest
from dicomjobs.wire.command_set import encode_cancel, encode_request
from dicomjobs.wire.messages import COMMAND_CAP, DATA_CAP, Assembler, Part, command_pdu, cut, data_pdus
from dicomjobs.wire.pdu import DataTransfer, DataValue
from dicomjobs.wire.pdu_encode import encode
from dicomjobs.wire.upper_layer import State, UpperLayer
from tests.support.wire import Bytes

WITH_DATA = encode_request(StoreRequest(sop_class_uid="1.2", sop_instance_uid="1.2.3"), 1)
WITHOUT_DATA = encode_cancel(1)


def _values(data: bytes) -> list[DataValue]:
    """The values in the bytes of P-DATA-TFs."""
    layer = UpperLayer("peer:1", max_pdu_length=1 << 20)
    layer.state = State.ESTABLISHED
    return [value for pdu in layer.feed(data) if isinstance(pdu, DataTransfer) for value in pdu.values]


@settings(max_examples=200, deadline=None)
@given(chunks=st.lists(st.binary(max_size=300), max_size=8), room=st.integers(1, 150).map(lambda half: 2 * half))
def test_a_data_set_is_whole_again_however_it_was_cut(chunks: list[bytes], room: int) -> None:
    """All fragments but the last are as long as they may be; only the last has the last bit."""
    data = b"".join(chunks)
    parts = [bytes(part) for parts in data_pdus(Bytes(*chunks), 3, room) for part in parts]
    values = _values(b"".join(parts))

    assert b"".join(value.fragment for value in values) == data
    assert all(len(value.fragment) == room for value in values[:-1])
    assert [value.is_last for value in values] == [False] * (len(values) - 1) + [True]
    assert {(value.context_id, value.is_command) for value in values} == {(3, False)}


@settings(max_examples=200, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 300), max_size=8),
    difference=st.integers(-300, 300).filter(bool),
    room=st.integers(2, 300),
)
def test_a_data_set_of_the_wrong_length_never_gets_its_last_fragment(
    sizes: list[int], difference: int, room: int
) -> None:
    """The peer cannot take it for whole, be it too short or too long."""
    payload = Bytes(*map(bytes, sizes), length=max(0, sum(sizes) + difference))
    if payload.length == sum(sizes):
        return
    sent, error = _until_refused(payload, room)

    assert error is not None
    assert not any(value.is_last for value in _values(sent))


@settings(max_examples=300, deadline=None)
@given(chunks=st.lists(st.binary(max_size=40), max_size=3), difference=st.integers(-2, 2), half_room=st.integers(1, 30))
def test_a_payload_that_needs_no_cutting_is_as_if_it_had_been_cut(
    chunks: list[bytes], difference: int, half_room: int
) -> None:
    """The same bytes and the same error, whether the one chunk fits, does not, or has not the length it should have."""
    length = max(0, sum(map(len, chunks)) + difference)
    sent, error = _until_refused(Bytes(*chunks, length=length), 2 * half_room)
    cut_sent, cut_error = _joined(lambda: cut(iter(chunks), length, 1, 2 * half_room))

    assert (sent, repr(error)) == (cut_sent, repr(cut_error))


def _until_refused(payload: Bytes, room: int) -> tuple[bytes, NotSendable | None]:
    """What is given to the socket of a payload, and the error that ends it."""
    return _joined(lambda: data_pdus(payload, 1, room))


def _joined(pdus: Callable[[], Iterable[list[Part]]]) -> tuple[bytes, NotSendable | None]:
    """All the parts together, and the error that ends them."""
    sent = bytearray()
    try:
        for parts in pdus():
            sent += b"".join(parts)
    except NotSendable as error:
        return bytes(sent), error
    return bytes(sent), None


def test_chunks_are_not_copied_when_they_fill_their_pdus() -> None:
    """Views of the chunk go to the kernel."""
    chunk = bytes(1000)
    parts = next(data_pdus(Bytes(chunk, chunk), 1, 500))

    assert all(part.obj is chunk for part in parts[1::2] if isinstance(part, memoryview))
    assert [len(part) for part in parts] == [12, 500, 12, 500]


def test_fragments_are_put_together() -> None:
    """A message is there with its last fragment, and the next can begin."""
    assembler = Assembler("peer:1")
    fragments = [DataValue(1, True, False, WITH_DATA[:20]), DataValue(1, True, True, WITH_DATA[20:])]
    fragments += [DataValue(1, False, False, b"ab"), DataValue(1, False, True, b"cd")]
    messages = [assembler.add(value) for value in fragments]
    last = messages.pop()

    assert messages == [None, None, None]
    assert last is not None
    assert (last.context_id, last.data, last.command.sop_instance_uid) == (1, b"abcd", "1.2.3")
    assert not assembler.inside_message


def test_a_message_without_a_data_set_is_whole_with_its_command_set() -> None:
    """Its data is None, not empty."""
    message = Assembler("peer:1").add(DataValue(5, True, True, WITHOUT_DATA))

    assert message is not None
    assert message.data is None


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([DataValue(1, False, True, b"ab")], "before its command set"),
        ([DataValue(1, True, True, WITH_DATA), DataValue(1, True, True, WITH_DATA)], "after its command set"),
        ([DataValue(1, True, False, b"ab"), DataValue(1, False, True, b"ab")], "before its command set"),
        ([DataValue(1, True, True, WITH_DATA), DataValue(3, False, True, b"ab")], "presentation context 3 inside"),
        (
            [DataValue(1, True, False, bytes(COMMAND_CAP)), DataValue(1, True, False, b"a")],
            "command set of more than 65536",
        ),
        (
            [DataValue(1, True, True, WITH_DATA), DataValue(1, False, False, bytes(DATA_CAP + 1))],
            "data set of more than 16777216",
        ),
    ],
)
def test_fragments_that_do_not_belong_are_refused(values: list[DataValue], words: str) -> None:
    """By what is wrong with them, with the peer's name."""
    assembler = Assembler("peer:1")
    for value in values[:-1]:
        assembler.add(value)
    with pytest.raises(ProtocolError, match=f"peer:1 .*{words}"):
        assembler.add(values[-1])


def test_a_command_set_is_one_pdu_that_the_smallest_peer_takes() -> None:
    """With UIDs of 64 characters, PDUs of 256 bytes."""
    request = StoreRequest(sop_class_uid="1" * 64, sop_instance_uid="2" * 64)
    pdu = command_pdu(encode_request(request, 1), 255)

    assert len(pdu) - 6 <= 256
    assert pdu == encode(DataTransfer((DataValue(255, True, True, encode_request(request, 1)),)))
