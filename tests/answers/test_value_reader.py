"""Values from bytes to the DICOM JSON Model, where PS3.18 F.2 or the standard's padding rules have something to say."""

from __future__ import annotations

import struct

import pytest

from dicomjobs.answers.value_reader import value_readers
from dicomjobs.dicom.character_sets import DEFAULT, character_set_of
from dicomjobs.dicom.value_representations import ALL
from dicomjobs.errors import ProtocolError

READERS = value_readers("<")


def values(vr: str, raw: bytes) -> object:
    """The values of an element, None when there are none."""
    element = READERS[vr](raw, DEFAULT)
    assert element["vr"] == vr
    return element.get("Value")


def test_there_is_a_reader_for_every_vr_but_sequences() -> None:
    """In both byte orders."""
    assert set(value_readers("<")) == set(value_readers(">")) == ALL - {"SQ"}


@pytest.mark.parametrize("vr", ["AE", "CS", "LO", "SH"])
def test_leading_and_trailing_spaces_are_padding(vr: str) -> None:
    """PS3.5 6.2, for each value by itself."""
    assert values(vr, b" A B \\ C ") == ["A B", "C"]


@pytest.mark.parametrize("vr", ["DA", "DT", "TM", "UC", "UI", "AS"])
def test_elsewhere_only_trailing_padding_is_taken_off(vr: str) -> None:
    """A space or a NUL, whatever the VR should have."""
    assert values(vr, b" A\0\\B  ") == [" A", "B"]


@pytest.mark.parametrize("vr", ["LT", "ST", "UT", "UR"])
def test_a_backslash_separates_nothing_in_text_of_one_value(vr: str) -> None:
    """PS3.5 6.2: only the trailing spaces go."""
    assert values(vr, b" a\\b ") == [" a\\b"]


@pytest.mark.parametrize("vr", ["LO", "LT", "PN", "CS", "IS", "DS", "UI"])
def test_nothing_but_padding_is_no_value(vr: str) -> None:
    """PS3.18 F.2.5: an empty attribute has no Value."""
    assert values(vr, b"  ") is None


def test_an_empty_value_among_several_is_null() -> None:
    """PS3.18 F.2.5."""
    assert values("LO", b"a\\\\b ") == ["a", None, "b"]
    assert values("PN", b"A\\\\B ") == [{"Alphabetic": "A"}, None, {"Alphabetic": "B"}]
    assert values("IS", b"1\\ \\3") == [1, None, 3]


def test_a_person_name_has_the_groups_that_are_not_empty() -> None:
    """PS3.18 F.2.2; a fourth group is kept where a reader can see it."""
    assert values("PN", b"A^B =I^J=P^Q") == [{"Alphabetic": "A^B", "Ideographic": "I^J", "Phonetic": "P^Q"}]
    assert values("PN", b"==P") == [{"Phonetic": "P"}]
    assert values("PN", b"A==P=X") == [{"Alphabetic": "A", "Phonetic": "P=X"}]
    assert values("PN", b"==") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"12", 12),
        (b"+7 ", 7),
        (b"-0", 0),
        (b"1.50", 1.5),
        (b".5", 0.5),
        (b"5.", 5.0),
        (b"1E3", 1000.0),
        (b"1e999", "1e999"),
        (b"NaN", "NaN"),
        (b"inf", "inf"),
        (b"1_000", "1_000"),
        (b"1 2", "1 2"),
        (b"0x10", "0x10"),
        (b"1-5", "1-5"),
        (b"\xb2", "²"),
    ],
)
def test_number_strings_are_numbers_where_they_are_numbers(text: bytes, value: object) -> None:
    """What JSON cannot say as a number, a range or a slip, stays what the peer wrote."""
    assert values("DS", text) == [value]


def test_a_number_string_of_any_length_is_read() -> None:
    """Python refuses to convert an integer of 5,000 digits; a float takes it, or overflows."""
    assert values("IS", b"1" * 300) == [float("1" * 300)]
    assert values("IS", b"1" * 5000) == ["1" * 5000]


def test_numbers_that_json_does_not_have_are_named() -> None:
    """PS3.18 F.2.3 has strings for them."""
    raw = struct.pack("<4d", float("nan"), float("inf"), float("-inf"), 1.5)

    assert values("FD", raw) == ["NaN", "inf", "-inf", 1.5]


def test_big_endian_words_are_turned_round() -> None:
    """JSON is as in little endian, whatever the transfer syntax; bytes have no order."""
    readers = value_readers(">")

    assert readers["OW"](b"\1\2\3\4", DEFAULT) == {"vr": "OW", "InlineBinary": "AgEEAw=="}
    assert READERS["OW"](b"\2\1\4\3", DEFAULT) == {"vr": "OW", "InlineBinary": "AgEEAw=="}
    assert readers["OB"](b"\1\2", DEFAULT) == {"vr": "OB", "InlineBinary": "AQI="}
    assert readers["US"](b"\1\2", DEFAULT) == {"vr": "US", "Value": [258]}
    assert readers["AT"](b"\0\x10\0\x20", DEFAULT) == {"vr": "AT", "Value": ["00100020"]}
    with pytest.raises(ProtocolError, match="a value of VR OW has 3 bytes"):
        readers["OW"](b"\1\2\3", DEFAULT)


def test_a_delimiter_in_two_bytes_of_a_character_separates_nothing() -> None:
    """GBK has characters whose second byte is that of a backslash."""
    gbk = character_set_of("GBK")
    assert gbk is not None

    assert "乗".encode("gbk") == b"\x81\\"
    assert READERS["LO"]("乗\\a".encode("gbk"), gbk)["Value"] == ["乗", "a"]


def test_text_outside_the_default_repertoire_shows_where_it_is_not_allowed() -> None:
    """A code string with an umlaut is the peer's mistake, and no reason to lose the answer."""
    assert values("CS", b"\xc4") == ["Ä"]
