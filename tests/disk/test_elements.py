"""The walk over elements: which it yields, and where it says that they are."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicomjobs.dicom.encoding import encoding_of
from dicomjobs.disk.elements import elements
from dicomjobs.disk.window import Damaged, Window
from tests.support.instances import Elements, encode_data_set

SYNTAXES = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian)
SOME: Elements = [
    (0x00080060, "CS", "CT"),
    (0x00081140, "SQ", [[(0x00081150, "UI", "1.2")]]),
    (0x00091001, "UN", b"ABCD"),
    (0x00280010, "US", 16),
    (0x7FE00010, "OW", b"\x01\x02"),
]


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("first", [0, 12, 30, 1000])
def test_every_top_level_element_is_yielded_with_its_place(tmp_path: Path, syntax: str, first: int) -> None:
    """However many bytes the window holds at first; the value is where the walk says."""
    data = encode_data_set(SOME, syntax)
    path = tmp_path / "data_set"
    path.write_bytes(data)
    with path.open("rb") as file:
        window = Window(file.fileno(), len(data), data[:first])
        walked = list(elements(window, 0, encoding_of(syntax)))
    found = [(tag, data[begin : begin + length]) for tag, _vr, begin, length in walked]

    assert [tag for tag, _value in found] == [tag for tag, _vr, _value in SOME]
    assert dict(found)[0x00080060] == b"CT"
    assert dict(found)[0x00091001] == b"ABCD"
    assert sum(len(value) for _tag, value in found) < len(data)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_only_what_is_wanted_is_yielded_and_nothing_behind_the_last_is_read(syntax: str) -> None:
    """A value that runs past the end, behind the last tag, is not noticed."""
    encoding = encoding_of(syntax)
    data = encode_data_set(SOME, syntax)[:-1]

    def tags(last: int) -> list[int]:
        """Return the tags that are yielded."""
        walked = elements(Window(-1, len(data), data), 0, encoding, {0x00280010}, last=last)
        return [tag for tag, *_rest in walked]

    assert tags(0x00280010) == [0x00280010]
    with pytest.raises(Damaged):
        tags(0xFFFFFFFF)


def test_a_delimiter_at_the_top_level_is_damage() -> None:
    """And so is an item."""
    for tag in (0xE000, 0xE00D, 0xE0DD):
        data = struct.pack("<HHI", 0xFFFE, tag, 0) + bytes(8)
        with pytest.raises(Damaged, match="where an element should"):
            list(elements(Window(-1, len(data), data), 0, encoding_of(ExplicitVRLittleEndian)))


@pytest.mark.parametrize("tail", [b"", struct.pack("<HHI", 0xFFFE, 0xE00D, 0), b"\x08\x00\x60\x00CS\x02\x00CT"])
def test_a_sequence_without_its_end_is_damage(tail: bytes) -> None:
    """Cut off behind an item, within one, or followed by an element."""
    data = struct.pack("<HH2sHI", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF) + struct.pack("<HHI", 0xFFFE, 0xE000, 0) + tail

    with pytest.raises(Damaged):
        list(elements(Window(-1, len(data), data), 0, encoding_of(ExplicitVRLittleEndian)))
