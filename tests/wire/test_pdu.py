"""PDUs to bytes and back, compared with pynetdicom's codec byte for byte; and whatever the bytes, the only error is MalformedPdu."""

from __future__ import annotations

from contextlib import suppress
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pynetdicom import pdu as theirs

from dicomjobs.dicom.implementation import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from dicomjobs.errors import MalformedPdu
from dicomjobs.model.association import AsynchronousWindow, ExtendedNegotiation, ProposedContext
from dicomjobs.wire.pdu import (
    Abort,
    AssociateAccept,
    AssociateReject,
    AssociateRequest,
    ContextAnswer,
    DataTransfer,
    DataValue,
    IdentityItem,
    Pdu,
    ReleaseRequest,
    ReleaseResponse,
    RoleItem,
    UserInformation,
)
from dicomjobs.wire.pdu_decode import decode
from dicomjobs.wire.pdu_encode import data_header, encode
from tests.support.wire import CT, EXPLICIT_LITTLE, IMPLICIT_LITTLE, MR

REQUEST = AssociateRequest(
    called_ae_title="ARCHIVE",
    calling_ae_title="SIXTEEN_LETTERS_",
    contexts=(
        ProposedContext(context_id=1, abstract_syntax=CT, transfer_syntaxes=(EXPLICIT_LITTLE, IMPLICIT_LITTLE)),
        ProposedContext(context_id=3, abstract_syntax=MR, transfer_syntaxes=(IMPLICIT_LITTLE,)),
    ),
    user=UserInformation(
        max_pdu_length=131072,
        implementation_class_uid=IMPLEMENTATION_CLASS_UID,
        implementation_version=IMPLEMENTATION_VERSION_NAME,
        asynchronous_window=AsynchronousWindow(invoked=0, performed=1),
        roles=(RoleItem(sop_class_uid=CT, scu=True, scp=True), RoleItem(sop_class_uid=MR, scu=False, scp=True)),
        extended_negotiation=(ExtendedNegotiation(sop_class_uid=CT, information="020003000000"),),
        identity=IdentityItem(identity_type=2, positive_response=True, primary=b"jo", secondary="pässword".encode()),
    ),
)
ACCEPT = AssociateAccept(
    called_ae_title="ARCHIVE",
    calling_ae_title="DICOMJOBS",
    contexts=(
        ContextAnswer(context_id=3, result=0, transfer_syntax=IMPLICIT_LITTLE),
        ContextAnswer(context_id=1, result=0, transfer_syntax=EXPLICIT_LITTLE),
    ),
    user=UserInformation(
        max_pdu_length=0,
        implementation_class_uid="1.2.276.0.7230010.3.0.3.6.7",
        implementation_version="OFFIS_DCMTK_367",
        asynchronous_window=AsynchronousWindow(invoked=5, performed=1),
        roles=(RoleItem(sop_class_uid=CT, scu=True, scp=False),),
        extended_negotiation=(ExtendedNegotiation(sop_class_uid=CT, information="00ff"),),
        identity_response=b"",
    ),
)
DATA = DataTransfer(
    (DataValue(1, True, True, b"\0" * 12), DataValue(1, False, False, b"\1\2"), DataValue(1, False, True, b"\3\4"))
)
PDUS: dict[str, tuple[Pdu, Any]] = {
    "A-ASSOCIATE-RQ": (REQUEST, theirs.A_ASSOCIATE_RQ),
    "A-ASSOCIATE-AC": (ACCEPT, theirs.A_ASSOCIATE_AC),
    "A-ASSOCIATE-RJ": (AssociateReject(result=2, source=3, diagnostic=1), theirs.A_ASSOCIATE_RJ),
    "P-DATA-TF": (DATA, theirs.P_DATA_TF),
    "A-RELEASE-RQ": (ReleaseRequest(), theirs.A_RELEASE_RQ),
    "A-RELEASE-RP": (ReleaseResponse(), theirs.A_RELEASE_RP),
    "A-ABORT": (Abort(source=2, diagnostic=6), theirs.A_ABORT_RQ),
}
EACH = pytest.mark.parametrize("name", PDUS)


@EACH
def test_pynetdicom_decodes_our_pdu_and_encodes_it_to_the_same_bytes(name: str) -> None:
    """Their codec is the oracle for ours."""
    ours, their_class = PDUS[name]
    pdu = their_class()
    pdu.decode(encode(ours))

    assert pdu.encode() == encode(ours)


@EACH
def test_what_pynetdicom_encodes_we_decode_to_the_same_value(name: str) -> None:
    """The way back, over their encoder."""
    ours, their_class = PDUS[name]
    pdu = their_class()
    pdu.decode(encode(ours))
    data = pdu.encode()

    assert decode(data[0], data[6:]) == ours


def test_pynetdicom_reads_the_same_fields_out_of_our_request() -> None:
    """Equal bytes could be equally wrong: the parts are looked at one by one."""
    pdu: Any = theirs.A_ASSOCIATE_RQ()
    pdu.decode(encode(REQUEST))
    primitive = pdu.to_primitive()

    assert (primitive.called_ae_title, primitive.calling_ae_title) == ("ARCHIVE", "SIXTEEN_LETTERS_")
    assert [
        (context.context_id, str(context.abstract_syntax)) for context in primitive.presentation_context_definition_list
    ] == [
        (1, CT),
        (3, MR),
    ]
    assert primitive.maximum_length_received == 131072
    assert pdu.user_information.user_identity.primary_field == b"jo"
    assert pdu.user_information.role_selection[MR].scp_role == 1


def test_the_user_information_is_in_the_order_of_dcmtk() -> None:
    """51H, 52H, 54H, 55H, 56H, 58H."""
    pdu: Any = theirs.A_ASSOCIATE_RQ()
    pdu.decode(encode(REQUEST))

    assert [item.item_type for item in pdu.user_information.user_data] == [
        0x51,
        0x52,
        0x53,
        0x54,
        0x54,
        0x55,
        0x56,
        0x58,
    ]


def test_our_implementation_names_itself_as_the_standard_allows() -> None:
    """A UID of 64 characters at most, a version name of 16 (PS3.7 D.3.3.2)."""
    assert len(IMPLEMENTATION_CLASS_UID) <= 64
    assert IMPLEMENTATION_CLASS_UID.startswith("2.25.")
    assert 1 <= len(IMPLEMENTATION_VERSION_NAME) <= 16


def test_a_header_and_a_fragment_are_a_p_data_tf() -> None:
    """What is sent without building a PDU is the same PDU."""
    assert data_header(2, 1, 2) + b"\1\2" == encode(DataTransfer((DataValue(1, False, True, b"\1\2"),)))


def test_unknown_items_are_skipped() -> None:
    """PS3.8 9.3.1: what is not recognised is ignored, SOP class common extended negotiation among it."""
    data = encode(REQUEST)
    extra = bytes.fromhex("57 00 0004 00010001") + bytes.fromhex("7e 00 0001 00")
    item = data.index(b"\x50\x00")
    length = int.from_bytes(data[item + 2 : item + 4], "big")
    body = data[6 : item + 2] + (length + len(extra)).to_bytes(2, "big") + data[item + 4 :] + extra

    assert decode(1, body) == REQUEST


@pytest.mark.parametrize("syntax", ["", "40 00 0000", "40 00 0011 312e322e3834302e31303030382e312e32", "40 00 ffff"])
def test_what_follows_the_refusal_of_a_context_does_not_matter(syntax: str) -> None:
    """A transfer syntax may be there, empty, missing or wrong (PS3.8 9.3.3.2)."""
    refused = ContextAnswer(context_id=1, result=3, transfer_syntax="")
    accept = AssociateAccept(
        called_ae_title="A", calling_ae_title="B", contexts=(refused,), user=UserInformation(max_pdu_length=0)
    )
    ours, item = encode(accept), bytes.fromhex("21 00 0008 01000300 40000000")
    body = bytes.fromhex("01000300" + syntax)
    theirs_too = ours.replace(item, b"\x21\0" + len(body).to_bytes(2, "big") + body)

    assert item in ours
    assert decode(2, theirs_too[6:]) == accept


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (0, b""),
        (8, b""),
        (3, b"\0\1\1"),
        (5, bytes(5)),
        (7, b""),
        (4, b""),
        (4, bytes.fromhex("00000001 01")),
        (4, bytes.fromhex("00000001 0103")),
        (4, bytes.fromhex("00000010 0103 0000")),
        (2, bytes(67)),
        (2, bytes(68)),
        (2, b"\0\1" + bytes(66)),
    ],
)
def test_impossible_bodies_are_malformed(kind: int, body: bytes) -> None:
    """Unknown types, wrong lengths, nothing inside, no user information."""
    with pytest.raises(MalformedPdu):
        decode(kind, body)


@pytest.mark.parametrize(
    "sub_items",
    [
        "51 00 0002 0000",
        "51 00 0004 00000000 51 00 0004 00000000",
        "54 00 0003 000231",
        "54 00 0004 00023132",
        "56 00 0002 0009",
        "58 00 0001 01",
        "58 00 0007 01 00 0000 0000 00",
        "59 00 0003 0000 00",
        "52 00 0002 ffff",
        "52 00 0009 31",
        "52 00",
    ],
)
def test_user_information_that_breaks_its_own_lengths_is_malformed(sub_items: str) -> None:
    """Each sub-item says how long it is, and is there once."""
    body = bytes.fromhex(sub_items)
    accept = b"\0\1" + bytes(66) + b"\x50\0" + len(body).to_bytes(2, "big") + body

    with pytest.raises(MalformedPdu):
        decode(2, accept)


@settings(max_examples=500, deadline=None)
@given(name=st.sampled_from(sorted(PDUS)), dice=st.randoms(use_true_random=False))
def test_mutated_pdus_are_decoded_or_malformed_and_nothing_else(name: str, dice: Random) -> None:
    """Bytes changed, cut out and put in at any place never raise anything but MalformedPdu."""
    data = encode(PDUS[name][0])
    body = bytearray(data[6:])
    for _ in range(dice.randint(1, 6)):
        place = dice.randint(0, len(body))
        body[place : place + dice.randint(0, 4)] = dice.randbytes(dice.randint(0, 4))
    with suppress(MalformedPdu):
        decode(data[0], bytes(body))


@settings(max_examples=300, deadline=None)
@given(kind=st.integers(0, 255), body=st.binary(max_size=300))
def test_any_bytes_are_decoded_or_malformed_and_nothing_else(kind: int, body: bytes) -> None:
    """No bytes raise anything but MalformedPdu."""
    with suppress(MalformedPdu):
        decode(kind, body)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_what_decodes_encodes_and_decodes_to_the_same(data: st.DataObject) -> None:
    """A value that came out of bytes survives the way there and back."""
    body = bytearray(encode(ACCEPT)[6:])
    place = data.draw(st.integers(0, len(body) - 1))
    body[place] = data.draw(st.integers(0, 127))
    try:
        pdu = decode(2, bytes(body))
    except MalformedPdu:
        return
    assert isinstance(pdu, AssociateAccept)
    if pdu.called_ae_title.isascii() and pdu.calling_ae_title.isascii() and pdu.user.implementation_version.isascii():
        assert decode(2, encode(pdu)[6:]) == pdu
