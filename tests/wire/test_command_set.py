"""Command sets to bytes and back, compared with pynetdicom's byte for byte."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pynetdicom import dimse_messages
from pynetdicom.dimse_primitives import C_CANCEL, C_ECHO, C_FIND, C_STORE
from pynetdicom.dsutils import encode as encode_data_set

from dicomjobs.errors import MalformedPdu
from dicomjobs.model.dimse import EchoRequest, FindRequest, Priority, StoreRequest
from dicomjobs.wire.command_set import decode, encode_cancel, encode_request, encode_stored, name_of
from tests.support.wire import CT, STUDY_FIND


def _theirs(message: Any, primitive: Any) -> bytes:
    """The command set as pynetdicom encodes it."""
    message.primitive_to_message(primitive)
    encoded = encode_data_set(message.command_set, is_implicit_vr=True, is_little_endian=True)
    assert encoded is not None
    return encoded


def test_a_store_request_is_the_bytes_of_pynetdicom() -> None:
    """With UIDs of odd and of even length, and every priority."""
    for uid, priority in (("1.2.3", Priority.LOW), ("1.22.33", Priority.HIGH), ("1.2.3.4", Priority.MEDIUM)):
        theirs = C_STORE()
        theirs.MessageID, theirs.AffectedSOPClassUID, theirs.AffectedSOPInstanceUID = 258, CT, uid
        theirs.Priority, theirs.DataSet = int(priority), BytesIO(b"data")
        ours = encode_request(StoreRequest(sop_class_uid=CT, sop_instance_uid=uid, priority=priority), 258)

        assert ours == _theirs(dimse_messages.C_STORE_RQ(), theirs)


def test_a_find_request_is_the_bytes_of_pynetdicom() -> None:
    """Without an instance UID."""
    theirs = C_FIND()
    theirs.MessageID, theirs.AffectedSOPClassUID, theirs.Priority, theirs.Identifier = (
        65535,
        STUDY_FIND,
        0,
        BytesIO(b"data"),
    )

    assert encode_request(FindRequest(sop_class_uid=STUDY_FIND), 65535) == _theirs(dimse_messages.C_FIND_RQ(), theirs)


def test_an_echo_request_is_the_bytes_of_pynetdicom() -> None:
    """Without a data set."""
    theirs = C_ECHO()
    theirs.MessageID, theirs.AffectedSOPClassUID = 1, "1.2.840.10008.1.1"

    assert encode_request(EchoRequest(), 1) == _theirs(dimse_messages.C_ECHO_RQ(), theirs)


def test_a_cancel_is_the_bytes_of_pynetdicom() -> None:
    """With the Message ID of the request it is about, and none of its own."""
    theirs = C_CANCEL()
    theirs.MessageIDBeingRespondedTo = 7

    assert encode_cancel(7) == _theirs(dimse_messages.C_CANCEL_RQ(), theirs)


def test_the_answer_expected_to_a_store_is_the_bytes_of_pynetdicom() -> None:
    """Success for just this request, with both UIDs, of odd and of even length."""
    for uid in ("1.2.3", "1.22.33"):
        theirs = C_STORE()
        theirs.MessageIDBeingRespondedTo, theirs.AffectedSOPClassUID, theirs.AffectedSOPInstanceUID = 258, CT, uid
        theirs.Status = 0x0000
        ours = encode_stored(StoreRequest(sop_class_uid=CT, sop_instance_uid=uid), 258)

        assert ours == _theirs(dimse_messages.C_STORE_RSP(), theirs)


def test_a_response_of_pynetdicom_is_read() -> None:
    """Every element that we look at."""
    theirs: Any = C_STORE()
    theirs.MessageIDBeingRespondedTo, theirs.AffectedSOPClassUID, theirs.AffectedSOPInstanceUID = 9, CT, "1.2.3"
    theirs.Status, theirs.ErrorComment = 0xA700, "disk full"
    command = decode(_theirs(dimse_messages.C_STORE_RSP(), theirs))

    assert (command.field, command.answers_to, command.status, command.has_data) == (0x8001, 9, 0xA700, False)
    assert (command.sop_class_uid, command.sop_instance_uid, command.error_comment) == (CT, "1.2.3", "disk full")


def test_a_hostile_error_comment_is_kept_as_text() -> None:
    """It is escaped where it is shown, not here."""
    base = encode_cancel(1)[12:]
    comment = b"\x00\x00\x02\x09\x06\x00\x00\x00\x1b[31m\xff"

    assert decode(base + comment).error_comment == "\x1b[31m\ufffd"


@pytest.mark.parametrize(
    ("field", "name"),
    [
        (0x0001, "C-STORE-RQ"),
        (0x8020, "C-FIND-RSP"),
        (0x0FFF, "C-CANCEL-RQ"),
        (0x8100, "N-EVENT-REPORT-RSP"),
        (0x8110, "command 8110H"),
    ],
)
def test_commands_have_names(field: int, name: str) -> None:
    """Those we know; the others a number."""
    assert name_of(field) == name


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(7),
        encode_cancel(1) + bytes(3),
        encode_cancel(1) + encode_cancel(1),
        encode_cancel(1)[:-1],
        b"\x08" + encode_cancel(1)[1:],
        encode_cancel(1)[12:22],
    ],
)
def test_what_is_no_command_set_is_malformed(data: bytes) -> None:
    """Cut short, an element twice, another group, elements missing that must be there."""
    with pytest.raises(MalformedPdu):
        decode(data)


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=100), place=st.integers(0, 40))
def test_no_bytes_raise_anything_but_malformed_pdu(data: bytes, place: int) -> None:
    """Alone, or laid over a real command set."""
    real = encode_cancel(1)
    with suppress(MalformedPdu):
        decode(data)
    with suppress(MalformedPdu):
        decode(real[:place] + data[:4] + real[place + 4 :])
