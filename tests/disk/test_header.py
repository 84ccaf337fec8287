"""The head of a file: what is found in whole ones, and what is said of all the others."""

from __future__ import annotations

import os
import struct
import zlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from dicomjobs.dicom.encoding import encoding_of
from dicomjobs.disk.elements import elements
from dicomjobs.disk.header import MAXIMUM_HEADER_BYTES, Header, NotAnInstance, read_header
from dicomjobs.disk.window import Window
from tests.support.instances import NATIVE, Elements, MadeInstance, encode_data_set, file_meta, make_instance, make_uid

TEST_FILES = sorted(
    path for path in (Path(pydicom.__file__).parent / "data" / "test_files").rglob("*") if path.is_file()
)
CT, INSTANCE = "1.2.840.10008.5.1.4.1.1.2", "1.2.3.4"


def read(data: bytes, wanted: frozenset[int] = frozenset()) -> Header:
    """Read the head of a file that is in memory."""
    return read_header(Window(-1, len(data), data), wanted)


def read_file(path: Path, first: int = 8192) -> Header:
    """Read the head of a file of which the window holds the first bytes, as a survey does."""
    fd = os.open(path, os.O_RDONLY)
    try:
        return read_header(Window(fd, path.stat().st_size, os.read(fd, first), budget=MAXIMUM_HEADER_BYTES))
    finally:
        os.close(fd)


def refusal(data: bytes) -> tuple[str, str]:
    """Return why the head of a file is refused."""
    with pytest.raises(NotAnInstance) as caught:
        read(data)
    return caught.value.problem, caught.value.words


def a_file(elements: Elements, transfer_syntax: str = ExplicitVRLittleEndian) -> bytes:
    """Return a file with the elements given and fitting File Meta Information."""
    head = file_meta(sop_class_uid=CT, sop_instance_uid=INSTANCE, transfer_syntax=transfer_syntax)
    return head + encode_data_set(elements, transfer_syntax)


def same(header: Header, made: MadeInstance) -> bool:
    """Say whether a header is that of an instance that was made."""
    return all(
        getattr(header, name) == getattr(made, name)
        for name in (
            "offset",
            "transfer_syntax",
            "sop_class_uid",
            "sop_instance_uid",
            "study_instance_uid",
            "series_instance_uid",
        )
    )


@pytest.mark.parametrize("transfer_syntax", [*NATIVE, RLELossless])
@pytest.mark.parametrize("first", [0, 200, 8192])
def test_the_uids_are_found_in_every_transfer_syntax(tmp_path: Path, transfer_syntax: str, first: int) -> None:
    """However much of the file is in the window at first, the header is the same."""
    made = make_instance(tmp_path / "a.dcm", transfer_syntax=transfer_syntax)
    if first == 0:
        assert same(read(made.path.read_bytes()), made)
    else:
        assert same(read_file(made.path, first), made)


def test_pydicom_agrees_on_its_own_test_files() -> None:
    """Wherever both of us find a header, it is the same; we refuse what lacks a UID or contradicts itself."""
    compared = 0
    for path in TEST_FILES:
        try:
            header = read_file(path)
        except NotAnInstance:
            continue
        theirs = pydicom.dcmread(path, stop_before_pixels=True, force=True)  # it takes bare data sets only then
        assert header.sop_instance_uid == theirs.SOPInstanceUID
        assert header.sop_class_uid == theirs.SOPClassUID
        assert header.study_instance_uid == theirs.get("StudyInstanceUID", "")
        assert header.series_instance_uid == theirs.get("SeriesInstanceUID", "")
        implicit, little = theirs.original_encoding
        guessed = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        assert header.transfer_syntax == theirs.file_meta.get("TransferSyntaxUID", guessed)
        compared += 1

    assert compared > 90


@pytest.mark.parametrize("undefined", ["sequence", "item", "both", "neither"])
@pytest.mark.parametrize("transfer_syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
def test_a_sequence_before_the_uids_is_skipped(transfer_syntax: str, undefined: str) -> None:
    """A SOP Instance UID inside of an item is not that of the data set, whatever the lengths look like."""
    inner = encode_data_set([(0x00080018, "UI", "9.9.9")], transfer_syntax)
    item_length = 0xFFFFFFFF if undefined in {"item", "both"} else len(inner)
    item = struct.pack("<HHI", 0xFFFE, 0xE000, item_length) + inner
    item += struct.pack("<HHI", 0xFFFE, 0xE00D, 0) if undefined in {"item", "both"} else b""
    length = 0xFFFFFFFF if undefined in {"sequence", "both"} else len(item)
    item += struct.pack("<HHI", 0xFFFE, 0xE0DD, 0) if undefined in {"sequence", "both"} else b""
    vr = b"" if transfer_syntax == ImplicitVRLittleEndian else b"SQ\0\0"
    sequence = struct.pack("<HH", 0x0008, 0x0006) + vr + struct.pack("<I", length) + item
    whole = a_file([], transfer_syntax) + sequence
    whole += encode_data_set([(0x00080016, "UI", CT), (0x00080018, "UI", INSTANCE)], transfer_syntax)

    assert read(whole).sop_instance_uid == INSTANCE


def test_a_sequence_of_vr_un_is_implicit_inside() -> None:
    """PS3.5 6.2.2: what is UN with undefined length was encoded in implicit VR little endian."""
    inner = encode_data_set([(0x00080018, "UI", "9.9.9")], ImplicitVRLittleEndian)
    item = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF) + inner + struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
    unknown = (
        struct.pack("<HH2sHI", 0x0008, 0x0006, b"UN", 0, 0xFFFFFFFF) + item + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    )
    rest = encode_data_set([(0x00080016, "UI", CT), (0x00080018, "UI", INSTANCE)], ExplicitVRLittleEndian)

    assert read(a_file([]) + unknown + rest).sop_instance_uid == INSTANCE


@pytest.mark.parametrize("group_length", [0, 4, 26, 10_000, 0xFFFFFFFF])
def test_a_wrong_group_length_of_the_file_meta_is_not_believed(group_length: int) -> None:
    """The data set begins where group 0002 ends, whatever its length claims."""
    head = file_meta(
        sop_class_uid=CT,
        sop_instance_uid=INSTANCE,
        transfer_syntax=ExplicitVRLittleEndian,
        group_length=group_length,
    )
    body = encode_data_set([(0x00080016, "UI", CT), (0x00080018, "UI", INSTANCE)], ExplicitVRLittleEndian)

    assert read(head + body).offset == len(head)


def test_a_deflated_data_set_may_begin_like_group_0002() -> None:
    """There the group length is what tells the end of the File Meta Information."""
    made = a_file([(0x00080016, "UI", CT), (0x00080018, "UI", INSTANCE)], DeflatedExplicitVRLittleEndian)
    offset = read(made).offset
    stored = made[:offset] + b"\x02\x00" + made[offset:]

    problem, words = refusal(stored)

    assert (problem, words) == ("incomplete_header", "the deflated data set cannot be inflated")


def test_the_uids_are_those_of_the_data_set_whatever_the_file_meta_information_says() -> None:
    """The peer will see the data set and nothing else."""
    header = read(a_file([(0x00080016, "UI", "9.9.8"), (0x00080018, "UI", "9.9.9")]))

    assert (header.sop_class_uid, header.sop_instance_uid) == ("9.9.8", "9.9.9")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "not_dicom"),
        (b"Patient lists are not instances.\n" * 20, "not_dicom"),
        (b"PK\x03\x04" + b"\0" * 600, "not_dicom"),
        (b"\0" * 128 + b"DICM", "incomplete_header"),
        (b"\0" * 128 + b"DICM" + b"\xff" * 400, "incomplete_header"),
        (a_file([]), "incomplete_header"),
        (a_file([(0x00080016, "UI", CT)]), "incomplete_header"),
        (a_file([(0x00080018, "UI", INSTANCE)]), "incomplete_header"),
        (a_file([(0x00080016, "UI", CT), (0x00080018, "UI", "")]), "incomplete_header"),
        (a_file([(0x00080016, "UI", CT), (0x00080018, "UI", "1.2\x1b[31m")]), "incomplete_header"),
        (a_file([(0x00080016, "UI", CT), (0x00080018, "UI", "1." + "2" * 63)]), "incomplete_header"),
    ],
)
def test_what_is_no_instance_is_refused_with_a_reason(data: bytes, problem: str) -> None:
    """Empty files, text, archives, headers without UIDs or with contradicting ones."""
    found, words = refusal(data)

    assert found == problem
    assert words
    assert "\x1b" not in words


@pytest.mark.parametrize("transfer_syntax", NATIVE[:3])
def test_a_bare_data_set_is_read_in_the_transfer_syntax_that_its_first_bytes_tell(
    tmp_path: Path, transfer_syntax: str
) -> None:
    """As DCMTK guesses it: explicit VR in either byte order, or implicit VR."""
    made = make_instance(tmp_path / "a.dcm", transfer_syntax=transfer_syntax)

    header = read(made.path.read_bytes()[made.offset :])

    assert same(header, replace(made, offset=0))


@pytest.mark.parametrize("transfer_syntax", NATIVE)
def test_preamble_and_prefix_may_be_missing(tmp_path: Path, transfer_syntax: str) -> None:
    """The File Meta Information is known by its group."""
    made = make_instance(tmp_path / "a.dcm", transfer_syntax=transfer_syntax)

    header = read(made.path.read_bytes()[132:])

    assert same(header, replace(made, offset=made.offset - 132))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (encode_data_set([(0x00080016, "UI", CT)], ExplicitVRLittleEndian), "incomplete_header"),
        (encode_data_set([(0x00080016, "UI", CT)], ImplicitVRLittleEndian), "incomplete_header"),
        (encode_data_set([(0x00100010, "PN", "A")], ExplicitVRLittleEndian), "not_dicom"),
        (b"\x08\0\x16\0" + b"x" * 100, "not_dicom"),
        (b"\0\x08" + b"\0" * 100, "not_dicom"),
        (bytes(100_000), "not_dicom"),
    ],
)
def test_what_begins_like_a_data_set_and_is_no_instance_is_refused_with_a_reason(data: bytes, problem: str) -> None:
    """What begins in group 0008 was meant to be one; anything else is not DICOM."""
    assert refusal(data)[0] == problem


def test_a_dicomdir_is_named_as_such() -> None:
    """A DICOMDIR is known by its Media Storage SOP Class UID."""
    head = file_meta(
        sop_class_uid="1.2.840.10008.1.3.10", sop_instance_uid=INSTANCE, transfer_syntax=ExplicitVRLittleEndian
    )

    records = encode_data_set([(0x00041130, "CS", "FILESET")], ExplicitVRLittleEndian)

    assert refusal(head + records)[0] == "media_storage_directory"


def test_a_data_set_that_is_not_in_its_transfer_syntax_is_refused() -> None:
    """Implicit VR under the name of explicit VR would be sent as garbage."""
    head = file_meta(sop_class_uid=CT, sop_instance_uid=INSTANCE, transfer_syntax=ExplicitVRLittleEndian)
    body = encode_data_set([(0x00080016, "UI", CT), (0x00080018, "UI", INSTANCE)], ImplicitVRLittleEndian)

    assert refusal(head + body) == ("incomplete_header", "the data set is not encoded as its transfer syntax says")


def test_three_thousand_nested_sequences_end_at_the_depth_limit() -> None:
    """Nesting costs neither the stack nor much time."""
    level = struct.pack("<HH2sHI", 0x0008, 0x0006, b"SQ", 0, 0xFFFFFFFF) + struct.pack(
        "<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF
    )

    assert refusal(a_file([]) + level * 3000) == ("incomplete_header", "sequences are nested more than 64 deep")


def test_an_endless_header_ends_at_the_cap(tmp_path: Path) -> None:
    """Elements without end before the UIDs are given up after 16 MiB."""
    path = tmp_path / "endless.dcm"
    path.write_bytes(a_file([]) + (struct.pack("<HH2sH", 0x0008, 0x0001, b"LO", 64) + b"x" * 64) * 300_000)

    with pytest.raises(NotAnInstance, match="larger than any header"):
        read_file(path)


def test_a_deflate_bomb_ends_at_the_cap() -> None:
    """A few kilobytes that inflate to many megabytes of elements are given up after 16 MiB."""
    element = encode_data_set([(0x00080001, "LO", "x" * 64)], ExplicitVRLittleEndian)
    deflater = zlib.compressobj(wbits=-15)
    head = file_meta(sop_class_uid=CT, sop_instance_uid=INSTANCE, transfer_syntax=DeflatedExplicitVRLittleEndian)
    bomb = head + deflater.compress(element * 300_000) + deflater.flush()

    assert refusal(bomb) == ("incomplete_header", "the header is larger than any header should be")


@pytest.mark.parametrize("transfer_syntax", NATIVE)
def test_a_header_cut_off_anywhere_is_refused(tmp_path: Path, transfer_syntax: str) -> None:
    """At every one of its bytes."""
    made = make_instance(tmp_path / "a.dcm", transfer_syntax=transfer_syntax, rows=0)
    whole = made.path.read_bytes()
    last = len(whole) - 12  # behind it, Instance Number is no part of the header
    boundaries = set() if transfer_syntax == DeflatedExplicitVRLittleEndian else element_ends(whole, made)

    for end in range(132, last):
        if end not in boundaries:
            assert refusal(whole[:end])[0] == "incomplete_header"


def element_ends(whole: bytes, made: MadeInstance) -> set[int]:
    """Return where elements end; a file cut off there may be that of an instance which belongs to no study."""
    walked = elements(Window(-1, len(whole), whole), made.offset, encoding_of(made.transfer_syntax))
    return {begin + length for _tag, _vr, begin, length in walked}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_mutation_makes_the_reader_raise_anything_else(tmp_path: Path, data: st.DataObject) -> None:
    """A header is read or refused, whatever the bytes."""
    syntax = data.draw(st.sampled_from([*NATIVE, RLELossless]))
    nested = [[(0x00081150, "UI", make_uid(1)), (0x00081199, "SQ", [[]])]]
    made = make_instance(tmp_path / "a.dcm", transfer_syntax=syntax, rows=2, extra=[(0x00080006, "SQ", nested)])
    first = data.draw(st.sampled_from([0, 132, made.offset]))  # a file, one without preamble, a bare data set
    mutated = bytearray(made.path.read_bytes()[first:])
    for position in data.draw(st.lists(st.integers(0, len(mutated) - 1), max_size=8)):
        mutated[position] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(mutated)))

    with suppress(NotAnInstance):
        assert read(bytes(mutated[:cut]), frozenset({0x00080060, 0x00280010})).sop_instance_uid
