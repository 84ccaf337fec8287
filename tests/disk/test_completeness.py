"""Truncated files are refused, whole ones are not, wherever the cut is and however the data set is encoded."""

from __future__ import annotations

import struct
from pathlib import Path

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from dicomjobs.dicom.encoding import encoding_of
from dicomjobs.disk.completeness import check_complete
from dicomjobs.disk.header import NotAnInstance, read_header
from dicomjobs.disk.window import Damaged, Window
from tests.support.instances import NATIVE, Elements, encode_data_set, make_instance

TEST_FILES = sorted((Path(pydicom.__file__).parent / "data" / "test_files").rglob("*.dcm"))


def check(data_set: bytes, transfer_syntax: str = ExplicitVRLittleEndian) -> None:
    """Check a data set that is in memory."""
    window = Window(-1, len(data_set), data_set)
    check_complete(window, 0, encoding_of(transfer_syntax), native=transfer_syntax in NATIVE)


def data_set_of(path: Path, transfer_syntax: str, extra: Elements = (), rows: int = 16) -> bytes:
    """Return the data set of a fresh instance."""
    made = make_instance(path / "a.dcm", transfer_syntax=transfer_syntax, extra=extra, rows=rows)
    return made.path.read_bytes()[made.offset :]


@pytest.mark.parametrize("transfer_syntax", [*NATIVE, RLELossless])
def test_a_whole_data_set_passes_and_one_cut_at_twenty_places_does_not(tmp_path: Path, transfer_syntax: str) -> None:
    """The cuts are spread over all of it, most of them in the pixels."""
    whole = data_set_of(tmp_path, transfer_syntax)
    check(whole, transfer_syntax)

    for place in range(20):
        cut = whole[: len(whole) * (2 * place + 1) // 40 | 1]
        with pytest.raises(Damaged):
            check(cut, transfer_syntax)


def test_every_cut_into_the_pixels_is_found(tmp_path: Path) -> None:
    """Also a cut of a single byte, and one just before the delimiter of encapsulated pixels."""
    for syntax in (ImplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless):
        whole = data_set_of(tmp_path, syntax)
        for cut in range(1, 500):
            with pytest.raises(Damaged):
                check(whole[:-cut], syntax)


def test_pydicoms_whole_files_pass_and_its_truncated_ones_do_not() -> None:
    """Files of many makers: nothing that is whole may be refused."""
    refused, passed = [], 0
    for path in TEST_FILES:
        data = path.read_bytes()
        try:
            header = read_header(Window(-1, len(data), data))
        except NotAnInstance:
            continue
        native = header.transfer_syntax in NATIVE
        try:
            check_complete(Window(-1, len(data), data), header.offset, header.encoding, native=native)
            passed += 1
        except Damaged:
            refused.append(path.name)

    assert sorted(refused) == ["MR_truncated.dcm", "rtplan_truncated.dcm"]
    assert passed > 50


@pytest.mark.parametrize("transfer_syntax", NATIVE)
def test_data_set_trailing_padding_may_end_a_data_set(tmp_path: Path, transfer_syntax: str) -> None:
    """(FFFC,FFFC) is an element like any other (PS3.10 7.2)."""
    check(data_set_of(tmp_path, transfer_syntax, [(0xFFFCFFFC, "OB", b"\0" * 100)]), transfer_syntax)


def test_bytes_behind_the_last_element_are_refused(tmp_path: Path) -> None:
    """They would go out as part of the data set."""
    whole = data_set_of(tmp_path, ExplicitVRLittleEndian)

    with pytest.raises(Damaged):
        check(whole + b"\0" * 512)


@pytest.mark.parametrize(
    ("changes", "whole"),
    [
        ([(0x00280010, "US", 17)], False),
        ([(0x00280011, "US", 17)], False),
        ([(0x00280008, "IS", "2")], False),
        ([(0x00280008, "IS", "1")], True),
        ([(0x00280100, "US", 32)], False),
        ([(0x00280002, "US", 3)], False),
        ([(0x00280002, "US", 3), (0x00280100, "US", 8), (0x00280011, "US", 10)], True),
        ([(0x00280002, "US", 3), (0x00280100, "US", 8), (0x00280004, "CS", "YBR_FULL_422")], True),
        ([(0x00280002, "US", 3), (0x00280100, "US", 8), (0x00280004, "CS", "YBR_FULL")], False),
        ([(0x00280010, "US", 15)], True),
        ([(0x00280100, "US", 1), (0x00280008, "IS", "16")], True),
        ([(0x00280100, "US", 1), (0x00280008, "IS", "17")], False),
        ([(0x00280008, "IS", "many")], True),
    ],
)
@pytest.mark.parametrize("transfer_syntax", NATIVE)
def test_pixels_must_be_as_many_as_their_dimensions_say(
    tmp_path: Path, transfer_syntax: str, changes: Elements, *, whole: bool
) -> None:
    """Padding may make them more; frames, samples, single bits and halved chrominance count (PS3.3 C.7.6.3)."""
    data_set = data_set_of(tmp_path, transfer_syntax, changes)

    if whole:
        check(data_set, transfer_syntax)
    else:
        with pytest.raises(Damaged, match="shorter than rows"):
            check(data_set, transfer_syntax)


def test_a_length_of_two_gigabytes_in_a_small_file_is_refused() -> None:
    """Without taking memory for it."""
    huge = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OW", 0, 0x80000000) + b"\0" * 64

    with pytest.raises(Damaged):
        check(huge)


def test_an_empty_data_set_is_refused() -> None:
    """A file may be cut off just behind its File Meta Information."""
    with pytest.raises(Damaged, match="no data set"):
        check(b"")


def test_a_large_file_costs_a_few_reads(tmp_path: Path) -> None:
    """Values are skipped, so that a budget of 64 KiB is enough for 8 MiB of pixels."""
    made = make_instance(tmp_path / "large.dcm", rows=2048)
    with made.path.open("rb") as file:
        window = Window(file.fileno(), made.size, base=made.offset, budget=64 * 1024)

        check_complete(window, made.offset, encoding_of(made.transfer_syntax), native=True)


def test_what_a_deflated_data_set_inflates_to_is_not_kept(tmp_path: Path) -> None:
    """The window holds some kilobytes of it at any time."""
    made = make_instance(tmp_path / "a.dcm", transfer_syntax=DeflatedExplicitVRLittleEndian, rows=4096)
    assert made.size < 256 * 1024

    check(made.path.read_bytes()[made.offset :], DeflatedExplicitVRLittleEndian)


@settings(max_examples=300, deadline=None)
@given(data=st.data(), syntax=st.sampled_from([*NATIVE, RLELossless]))
def test_no_mutation_makes_the_check_raise_anything_else(data: st.DataObject, syntax: str) -> None:
    """A data set is complete or damaged, whatever the bytes."""
    nested = [(0x00081140, "SQ", [[(0x00081150, "UI", "1.2"), (0x00081199, "SQ", [[]])]]), (0x00280010, "US", 2)]
    mutated = bytearray(encode_data_set(nested, syntax))
    for position in data.draw(st.lists(st.integers(0, len(mutated) - 1), max_size=8)):
        mutated[position] = data.draw(st.integers(0, 255))

    try:
        check(bytes(mutated), syntax)
    except Damaged as damage:
        words = str(damage)
    else:
        words = "complete"
    assert words
