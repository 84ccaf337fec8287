"""Answers that are damaged or hostile: decoding them ends with a value or with a ProtocolError, whatever the bytes."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicomjobs.answers.json_model import MAX_DEPTH, MAX_LENGTH, decode_identifier
from dicomjobs.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from dicomjobs.errors import ProtocolError
from dicomjobs.model.query import Element
from dicomjobs.wire.identifier import encode_identifier
from tests.support.identifiers import (
    ITEM,
    ITEM_END,
    SEQUENCE_END,
    SYNTAXES,
    UNDEFINED,
    decoded,
    explicit,
    key,
    sequence,
)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x10", "it ends in the middle of an element"),
        (b"\x10\0\x20\0LO", "it ends in the middle of an element"),
        (b"\x10\0\x20\0LO\x04\0P1", "PatientID is cut off"),
        (b"\x10\0\x20\0\x02\0\0\0P1", "PatientID has no VR"),
        (b"\0" * 64, "(0000,0000) does not belong in a data set"),
        (b"HTTP/1.1 400 Bad Request", "has no VR"),
        (explicit(0x00100020, b"LO", b"P1") * 2, "PatientID is there twice"),
        (b"\x10\0\x20\0UT\0\0" + UNDEFINED, "PatientID has no length"),
        (ITEM_END, "(fffe,e00d) is not expected here"),
        (sequence(b"", b"\x08\0\0\0"), "ReferencedStudySequence is cut off"),
        (sequence(b"", UNDEFINED), "a sequence has no end"),
        (sequence(ITEM + UNDEFINED, UNDEFINED), "an item has no end"),
        (sequence(ITEM + b"\4\0\0\0", UNDEFINED), "an item of a sequence is cut off"),
        (sequence(SEQUENCE_END), "(fffe,e0dd) stands where an item should"),
        (sequence(explicit(0x00100020, b"LO", b"P1")), "PatientID stands where an item should"),
        (sequence(b"\xfe\xff\0"), "it ends in the middle of an element"),
        (explicit(0x00280010, b"US", b"\1"), "a value of VR US has 1 bytes, which is no multiple of 2"),
        (explicit(0x00280009, b"AT", b"\1\2"), "a value of VR AT has 2 bytes, which is no multiple of 4"),
    ],
)
def test_a_damaged_answer_is_a_protocol_error(data: bytes, words: str) -> None:
    """The sentence names what is wrong and where."""
    with pytest.raises(ProtocolError) as damaged:
        decode_identifier(data, EXPLICIT_VR_LITTLE_ENDIAN, "")

    assert words in damaged.value.words


def nested(depth: int) -> bytes:
    """Sequences inside each other, in Implicit VR Little Endian with undefined lengths."""
    return (b"\x08\0\x10\x11" + UNDEFINED + ITEM + UNDEFINED) * depth + (ITEM_END + SEQUENCE_END) * depth


def test_sequences_may_be_nested_only_so_deep() -> None:
    """Neither the stack nor a reader of the JSON overflows."""
    assert decoded(nested(MAX_DEPTH), IMPLICIT_VR_LITTLE_ENDIAN)
    with pytest.raises(ProtocolError, match="nested more than 64 deep"):
        decode_identifier(nested(MAX_DEPTH + 1), IMPLICIT_VR_LITTLE_ENDIAN, "")
    with pytest.raises(ProtocolError, match="nested more than 64 deep"):
        decode_identifier(nested(30_000), IMPLICIT_VR_LITTLE_ENDIAN, "")


def test_an_answer_may_be_only_so_long() -> None:
    """It is refused before anything is read."""
    with pytest.raises(ProtocolError, match="2097153 bytes"):
        decode_identifier(bytes(MAX_LENGTH + 1), IMPLICIT_VR_LITTLE_ENDIAN, "")


ASKED = (
    key("StudyDate", "20240101"),
    key("PatientName", "Yamada^Tarou=山田^太郎"),
    key("RequestAttributesSequence", items=((key("Rows", "1"), key("PatientWeight", "70")), ())),
    key("FrameIncrementPointer", "00181063"),
    Element(tag=0x00091001, vr="UN", values=("41", "42")),
)
SAMPLES = {syntax: encode_identifier(ASKED, syntax, "\\ISO 2022 IR 87") for syntax in SYNTAXES}
SAMPLE = SAMPLES[EXPLICIT_VR_LITTLE_ENDIAN]


@pytest.mark.parametrize("end", range(len(SAMPLE)))
def test_an_answer_cut_anywhere_is_whole_elements_or_an_error(end: int) -> None:
    """A cut between two elements cannot be seen; any other is."""
    whole = decoded(SAMPLE)
    try:
        found = decoded(SAMPLE[:end])
    except ProtocolError:
        return

    assert found.items() <= whole.items()
    assert len(found) < len(whole)


@pytest.mark.parametrize("vr", [b"IS", b"PN", b"US", b"AT", b"OB", b"UN", b"ST"])
def test_a_character_set_of_another_vr_is_read(vr: bytes) -> None:
    """It means something where it is text, and is no error where it is not."""
    value = b"ISO_IR 100  "
    length = struct.pack("<HI", 0, 12) if vr in {b"OB", b"UN"} else struct.pack("<H", 12)
    data = b"\x08\0\x05\0" + vr + length + value + explicit(0x00100010, b"PN", b"\xc4b")

    name = decoded(data)["00100010"]["Value"][0]["Alphabetic"]
    assert name == ("Äb" if vr in {b"IS", b"UN", b"ST"} else "\ufffdb")


def problem(data: bytes, syntax: str, fallback: str) -> str:
    """What a ProtocolError says of the bytes, "" when they are an answer."""
    try:
        decoded(data, syntax, fallback)
    except ProtocolError as error:
        return error.words
    return ""


@given(
    st.binary(max_size=200), st.sampled_from(list(SYNTAXES)), st.sampled_from(["", "ISO_IR 192", "\\ISO 2022 IR 87"])
)
def test_any_bytes_are_an_answer_or_a_protocol_error(data: bytes, syntax: str, fallback: str) -> None:
    """Nothing else is ever raised, and what is returned is JSON."""
    assert problem(data, syntax, fallback).isprintable()


@settings(max_examples=400)
@given(st.data(), st.sampled_from(list(SYNTAXES)))
def test_an_answer_with_changed_bytes_is_an_answer_or_a_protocol_error(data: st.DataObject, syntax: str) -> None:
    """Mutations of a real answer get further than random bytes."""
    raw = bytearray(SAMPLES[syntax])
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(
            st.sampled_from([0, 1, 8, 0x1B, 0x5C, 0x7F, 0xFE, 0xFF])
        )

    assert problem(bytes(raw), syntax, "").isprintable()
