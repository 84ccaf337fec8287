"""Values from text to bytes, and the words with which what is no value is refused."""

from __future__ import annotations

import struct

import pytest

from dicomjobs.dicom.character_sets import DEFAULT, character_set_of
from dicomjobs.dicom.value_representations import ALL
from dicomjobs.wire.value_writer import value_bytes


@pytest.mark.parametrize("vr", sorted(ALL - {"SQ"}))
def test_no_values_are_no_bytes(vr: str) -> None:
    """A return key has length zero."""
    assert value_bytes(vr, (), DEFAULT, "<") == b""


@pytest.mark.parametrize(
    ("vr", "values", "raw"),
    [
        ("LO", ("a",), b"a "),
        ("LO", ("a", "", "b"), b"a\\\\b"),
        ("UI", ("1.2", "1.3"), b"1.2\\1.3\0"),
        ("UI", ("*",), b"*\0"),
        ("DA", ("20240101-",), b"20240101- "),
        ("DS", ("1.5",), b"1.5 "),
        ("US", ("1", "65535"), b"\1\0\xff\xff"),
        ("SS", ("-1",), b"\xff\xff"),
        ("UL", ("1",), b"\1\0\0\0"),
        ("SL", (" -2 ",), b"\xfe\xff\xff\xff"),
        ("UV", ("1",), b"\1" + bytes(7)),
        ("SV", ("-1",), b"\xff" * 8),
        ("FL", ("1.5",), struct.pack("<f", 1.5)),
        ("FD", ("-2",), struct.pack("<d", -2)),
        ("AT", ("(0010,0020)", "0008fffe"), b"\x10\0\x20\0\x08\0\xfe\xff"),
        ("OB", ("1", "fF", "0a"), b"\1\xff\x0a\0"),
        ("OW", ("1", "a304"), b"\1\0\x04\xa3"),
        ("OF", ("1.5",), struct.pack("<f", 1.5)),
        ("OD", ("1.5",), struct.pack("<d", 1.5)),
        ("OL", ("10",), b"\x0a\0\0\0"),
        ("OV", ("10",), b"\x0a" + bytes(7)),
        ("UN", ("41", "42"), b"AB"),
    ],
)
def test_values_are_encoded_as_their_vr_says(vr: str, values: tuple[str, ...], raw: bytes) -> None:
    """Text is padded with a space, UIDs and bytes with NUL; numbers are decimal, bytes and words hexadecimal."""
    assert value_bytes(vr, values, DEFAULT, "<") == raw


@pytest.mark.parametrize(
    ("vr", "value", "raw"),
    [("US", "258", b"\1\2"), ("AT", "00100020", b"\0\x10\0\x20"), ("OW", "0102", b"\1\2"), ("OB", "01", b"\1\0")],
)
def test_words_are_turned_round_for_big_endian(vr: str, value: str, raw: bytes) -> None:
    """Bytes are not."""
    assert value_bytes(vr, (value,), DEFAULT, ">") == raw


@pytest.mark.parametrize(
    ("vr", "value", "words"),
    [
        ("US", "-1", "not a number that VR US can hold"),
        ("SS", "1.5", "not a number that VR SS can hold"),
        ("UL", "4294967296", "not a number that VR UL can hold"),
        ("SV", "1" * 5000, "not a number that VR SV can hold"),
        ("FL", "1e300", "not a number that VR FL can hold"),
        ("US", "1_0", "not a number that VR US can hold"),
        ("US", "٣", "not a number that VR US can hold"),
        ("FD", "x", "not a number that VR FD can hold"),
        ("AT", "(0010,002)", "a value of VR AT is a tag, such as (0010,0020)"),
        ("OB", "100", "a value of VR OB is written in words of up to 2 hexadecimal digits"),
        ("OW", "", "a value of VR OW is written in words of up to 4 hexadecimal digits"),
        ("UI", "1.²", "a value of VR UI can only have ASCII characters"),
        ("LO", "é", "the value has a character that ISO_IR 6 lacks"),
        ("XX", "1", "there is no VR 'XX'"),
    ],
)
def test_what_is_no_value_is_refused_in_a_few_words(vr: str, value: str, words: str) -> None:
    """The value itself is not repeated: it may be a patient's name."""
    with pytest.raises(ValueError) as refused:  # noqa: PT011  the sentence is compared below
        value_bytes(vr, (value,), DEFAULT, "<")

    assert str(refused.value) == words


def test_padding_comes_after_encoding() -> None:
    """It is the bytes whose number has to be even."""
    utf_8 = character_set_of("ISO_IR 192")
    assert utf_8 is not None

    assert value_bytes("PN", ("é",), utf_8, "<") == b"\xc3\xa9"
    assert value_bytes("PN", ("éa",), utf_8, "<") == b"\xc3\xa9a "
