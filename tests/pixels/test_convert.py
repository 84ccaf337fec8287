"""Conversion among the native transfer syntaxes, compared element by element with what DCMTK's dcmconv makes of the same files."""

from __future__ import annotations

import io
import os
import struct
import zlib
from itertools import zip_longest
from pathlib import Path

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom._dicom_dict import DicomDictionary
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from dicomjobs.disk.header import NotAnInstance, read_header
from dicomjobs.disk.window import Window
from dicomjobs.errors import NotSendable
from dicomjobs.model.data_set_form import DataSetForm, NewVrs
from dicomjobs.pixels.convert import SIGNED_AS_PIXELS, TRAILING_PADDING
from dicomjobs.pixels.convert import convert as convert_to
from tests.support.instances import (
    NATIVE,
    NUMBER_FORMATS,
    Elements,
    encode_data_set,
    encode_elements,
    file_meta,
    make_instance,
)
from tests.support.peers import run_program

OPTIONS: dict[str, str] = {
    ImplicitVRLittleEndian: "+ti",
    ExplicitVRLittleEndian: "+te",
    ExplicitVRBigEndian: "+tb",
    DeflatedExplicitVRLittleEndian: "+td",
}
SIMPLE = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian)

NUMBERS = b"\x01\x02\x03\x04\x05\x06\x07\x08"
EVERY_VR: Elements = [
    (0x00080005, "CS", "ISO_IR 192"),
    (0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2"),
    (0x00080018, "UI", "1.2.3"),
    (0x00080119, "UC", "unlimited characters"),
    (0x00080120, "UR", "urn:example"),
    (0x00081140, "SQ", [[(0x00081150, "UI", "1.2.3"), (0x00280106, "US", 7)], [], [(0x00081199, "SQ", [[]])]]),
    (0x00090010, "LO", "A CREATOR"),
    (0x00091001, "UN", b"\x01\x02\x03\x04"),
    (0x00091002, "OB", b"\x01\x02\x03\x04"),
    (0x00100010, "PN", "Müller^Jürgen=Щ^Я"),
    (0x00186018, "UL", 70000),
    (0x00189087, "FD", 1.5),
    (0x00189810, "US", 3),
    (0x00209165, "AT", b"\x28\x00\x10\x00"),
    (0x00280010, "US", 2),
    (0x00280011, "US", 2),
    (0x00280100, "US", 16),
    (0x00280103, "US", 0),
    (0x00280106, "US", 258),
    (0x00283002, "US", 2),
    (0x00283006, "OW", NUMBERS),
    (0x0040A13A, "DT", "20260102030405"),
    (0x00409210, "SH", "label"),
    (0x00660016, "OF", NUMBERS),
    (0x00660022, "OD", NUMBERS),
    (0x00660040, "OL", NUMBERS),
    (0x00720026, "AT", b"\x28\x00\x10\x00\x28\x00\x11\x00"),
    (0x00720082, "SV", struct.pack("<q", -5)),
    (0x00720083, "UV", struct.pack("<Q", 5)),
    (0x60003000, "OW", b"\x01\x02"),
    (0x7FE00001, "OV", NUMBERS),
    (0x7FE00010, "OW", NUMBERS),
]


def convert(data: bytes, transfer_syntax: str, target: str) -> bytes:
    """Return a data set in another transfer syntax, nothing else changed."""
    return convert_to(data, transfer_syntax, DataSetForm(transfer_syntax=target))


def test_files_of_many_makers_become_what_dcmconv_makes_of_them(tmp_path: Path) -> None:
    """Every native file that comes with pydicom, into every native transfer syntax: tags, VRs and bytes are the same."""
    compared = 0
    for path in sorted((Path(pydicom.__file__).parent / "data" / "test_files").glob("*.dcm")):
        data = path.read_bytes()
        try:
            header = read_header(Window(-1, len(data), data))
        except NotAnInstance:
            continue
        if header.transfer_syntax in NATIVE and "truncated" not in path.name:
            for target in OPTIONS:
                ours = convert(data[header.offset :], header.transfer_syntax, target)
                assert differences(parsed(ours, target), dcmconv(path, target, tmp_path)) == [], (path.name, target)
                compared += 1

    assert compared >= 80


@pytest.mark.parametrize("transfer_syntax", SIMPLE)
@pytest.mark.parametrize("target", OPTIONS)
def test_every_vr_becomes_what_dcmconv_makes_of_it(tmp_path: Path, transfer_syntax: str, target: str) -> None:
    """Words of two, four and eight bytes, tags as values, nested and empty items, private elements."""
    path = tmp_path / "every.dcm"
    whole = encode_data_set(EVERY_VR, transfer_syntax)
    head = file_meta(
        sop_class_uid="1.2.840.10008.5.1.4.1.1.2", sop_instance_uid="1.2.3", transfer_syntax=transfer_syntax
    )
    path.write_bytes(head + whole)

    ours = parsed(convert(whole, transfer_syntax, target), target)

    assert differences(ours, dcmconv(path, target, tmp_path)) == []


def parsed(data_set: bytes, transfer_syntax: str) -> Dataset:
    """Return a data set as pydicom reads it, values undecoded."""
    head = file_meta(sop_class_uid="1.2", sop_instance_uid="1.2.3", transfer_syntax=transfer_syntax)
    return pydicom.dcmread(io.BytesIO(head + data_set))


def dcmconv(path: Path, target: str, folder: Path) -> Dataset:
    """Return a file as dcmconv converts it."""
    result = run_program("dcmconv", OPTIONS[target], path, folder / "converted.dcm")
    assert result.returncode == 0, result.stderr
    return pydicom.dcmread(folder / "converted.dcm")


def differences(ours: Dataset, theirs: Dataset) -> list[object]:
    """Return what differs between two data sets in the same encoding; dcmconv keeps a file's trailing padding."""
    found: list[object] = []
    tags = sorted({*ours.keys(), *theirs.keys()} - {TRAILING_PADDING})
    for tag in tags:
        if tag not in ours or tag not in theirs:
            found.append((tag, "is missing"))
            continue
        one, other = ours.get_item(tag), theirs.get_item(tag)
        assert one is not None
        assert other is not None
        if is_sequence(one):
            for item, counterpart in zip_longest(ours[tag].value, theirs[tag].value, fillvalue=None):
                found += ["items"] if item is None or counterpart is None else differences(item, counterpart)
        elif (one.VR, one.value or b"") != (other.VR, other.value or b""):
            found.append((tag, one.VR, one.value, other.VR, other.value))
    return found


def is_sequence(element: object) -> bool:
    """Say whether an element that pydicom read is a sequence; in implicit VR it does not know yet."""
    if isinstance(element, RawDataElement) and element.VR is None:
        return element.tag in DicomDictionary and dictionary_VR(element.tag) == "SQ"
    return getattr(element, "VR", None) == "SQ"


@pytest.mark.parametrize("transfer_syntax", NATIVE)
@pytest.mark.parametrize("target", NATIVE)
def test_every_way_there_and_back_ends_at_the_same_bytes(transfer_syntax: str, target: str) -> None:
    """For what the dictionary knows; words that turn twice are as before."""
    known = [e for e in EVERY_VR if e[0] >> 16 != 0x0009]
    whole = encode_data_set(known, transfer_syntax)

    there = convert(whole, transfer_syntax, target)

    assert len(there) % 2 == 0
    assert convert(there, target, transfer_syntax) == whole


@pytest.mark.parametrize(("vr", "size"), [("SV", 8), ("UV", 8), ("FD", 8), ("FL", 4), ("SL", 4), ("SS", 2), ("UL", 4)])
def test_numbers_turn_with_the_byte_order(vr: str, size: int) -> None:
    """Each number by itself, several in a value."""
    little = encode_elements([(0x00091001, "OB", b"")], ExplicitVRLittleEndian)[:4] + vr.encode()
    value = bytes(range(2 * size))
    length = struct.pack("<HI", 0, len(value)) if vr in {"SV", "UV"} else struct.pack("<H", len(value))

    big = convert(little + length + value, ExplicitVRLittleEndian, ExplicitVRBigEndian)

    assert big[-2 * size :] == value[:size][::-1] + value[size:][::-1]
    assert vr in NUMBER_FORMATS or vr in {"SV", "UV"}


@pytest.mark.parametrize("representation", [0, 1])
def test_pixel_representation_decides_between_us_and_ss(representation: int) -> None:
    """Also for what stands before it, and inside of items that have none of their own."""
    item = [(0x00283002, "US", 1), (0x00283006, "OW", b"\x01\x02")]
    whole = encode_data_set(
        [
            (0x00189810, "US", 65535),
            (0x00280103, "US", representation),
            (0x00280106, "US", 65535),
            (0x00283000, "SQ", [item]),
        ],
        ImplicitVRLittleEndian,
    )

    data_set = parsed(convert(whole, ImplicitVRLittleEndian, ExplicitVRLittleEndian), ExplicitVRLittleEndian)

    expected = "SS" if representation else "US"
    assert expected == data_set["SmallestImagePixelValue"].VR
    assert expected == data_set["ZeroVelocityPixelValue"].VR
    assert expected == data_set.ModalityLUTSequence[0]["LUTDescriptor"].VR


def test_the_attributes_that_may_be_signed_are_those_of_the_standard() -> None:
    """PS3.6 says "US or SS" for each of them, and for no other."""
    assert {tag for tag, entry in DicomDictionary.items() if entry[0] == "US or SS"} == SIGNED_AS_PIXELS


def test_private_elements_of_implicit_vr_become_un_byte_for_byte() -> None:
    """Only their creators have a VR that is known; what comes back is what there was."""
    private = [
        (0x00090010, "LO", "A CREATOR"),
        (0x00091001, "US", 258),
        (0x00091002, "SQ", [[(0x00080060, "CS", "CT")]]),
    ]
    whole = encode_data_set(private, ImplicitVRLittleEndian)

    for target in (ExplicitVRLittleEndian, ExplicitVRBigEndian):
        there = convert(whole, ImplicitVRLittleEndian, target)
        data_set = parsed(there, target)

        assert [data_set[tag].VR for tag in (0x00090010, 0x00091001, 0x00091002)] == ["LO", "UN", "UN"]
        assert convert(there, target, ImplicitVRLittleEndian) == whole


@pytest.mark.parametrize("vr", [b"UN", b"SQ"])
@pytest.mark.parametrize("target", SIMPLE)
def test_a_sequence_of_undefined_length_becomes_one_of_defined_length(vr: bytes, target: str) -> None:
    """Inside of UN it is implicit VR little endian, whatever is around it (PS3.5 6.2.2)."""
    inner = ImplicitVRLittleEndian if vr == b"UN" else ExplicitVRBigEndian
    order = "<" if vr == b"UN" else ">"
    item = struct.pack(order + "HHI", 0xFFFE, 0xE000, 0xFFFFFFFF) + encode_data_set([(0x00280010, "US", 258)], inner)
    item += struct.pack(order + "HHI", 0xFFFE, 0xE00D, 0)
    whole = (
        struct.pack(">HH2sHI", 0x0009, 0x1001, vr, 0, 0xFFFFFFFF) + item + struct.pack(order + "HHI", 0xFFFE, 0xE0DD, 0)
    )

    converted = convert(whole, ExplicitVRBigEndian, target)

    assert converted == encode_data_set([(0x00091001, "SQ", [[(0x00280010, "US", 258)]])], target)


def test_a_text_too_long_for_its_vr_becomes_un() -> None:
    """A length of two bytes ends at 65,534; 80,000 bytes of DS are met in RT dose files (PS3.5 6.2.2)."""
    text = "1.25\\" * 16_000
    whole = encode_data_set([(0x30040058, "DS", text)], ImplicitVRLittleEndian)

    converted = convert(whole, ImplicitVRLittleEndian, ExplicitVRLittleEndian)

    assert converted == struct.pack("<HH2sHI", 0x3004, 0x0058, b"UN", 0, 80_000) + text.encode()
    assert convert(converted, ExplicitVRLittleEndian, ImplicitVRLittleEndian) == whole


def test_group_lengths_that_are_there_are_made_right() -> None:
    """In items, too; none is added (PS3.5 7.2)."""
    item: Elements = [(0x00080000, "UL", 99), (0x00081150, "UI", "1.2")]
    elements: Elements = [
        (0x00080000, "UL", 99),
        (0x00080060, "CS", "CT"),
        (0x00081140, "SQ", [item]),
        (0x00280010, "US", 2),
    ]

    converted = convert(encode_data_set(elements, ImplicitVRLittleEndian), ImplicitVRLittleEndian, ExplicitVRBigEndian)

    item = [(0x00080000, "UL", 12), (0x00081150, "UI", "1.2")]
    right: Elements = [(0x00080000, "UL", 10 + 12 + 8 + 24), elements[1], (0x00081140, "SQ", [item]), elements[3]]
    assert converted == encode_data_set(right, ExplicitVRBigEndian)


def test_trailing_padding_is_dropped() -> None:
    """It is about the file (PS3.10 7.2)."""
    elements: Elements = [(0x00080060, "CS", "CT"), (0xFFFCFFFC, "OB", bytes(10))]
    whole = encode_data_set(elements, ExplicitVRLittleEndian)

    assert convert(whole, ExplicitVRLittleEndian, ImplicitVRLittleEndian) == encode_data_set(
        elements[:1], ImplicitVRLittleEndian
    )


@pytest.mark.parametrize("level", [0, 1, 6, 9])
def test_a_deflated_data_set_is_compressed_as_hard_as_is_asked(level: int) -> None:
    """By zlib's levels; 0 stores it."""
    whole = encode_data_set([(0x00080060, "CS", "CT"), (0x7FE00010, "OW", bytes(10_000))], ExplicitVRLittleEndian)
    form = DataSetForm(transfer_syntax=DeflatedExplicitVRLittleEndian, compression_level=level)

    deflated = convert_to(whole, ExplicitVRLittleEndian, form)

    deflater = zlib.compressobj(level, wbits=-15)
    assert deflated.rstrip(b"\0") == (deflater.compress(whole) + deflater.flush()).rstrip(b"\0")
    assert (len(deflated) > len(whole)) == (level == 0)


def test_values_are_replaced_where_they_are_and_at_the_top_level_only() -> None:
    """Padded to an even length, in whatever is sent as it lies in its file, too."""
    item: Elements = [(0x00100020, "LO", "inner")]
    elements: Elements = [(0x00100010, "PN", "A^B"), (0x00100020, "LO", "outer"), (0x00401102, "SQ", [item])]
    replaced = ((0x00100020, "new"), (0x0020000D, "1.2.3"))
    expected: Elements = [elements[0], (0x00100020, "LO", "new"), elements[2]]
    for syntax in NATIVE:
        form = DataSetForm(transfer_syntax=syntax, replaced=replaced)

        assert convert_to(encode_data_set(elements, syntax), syntax, form) == encode_data_set(expected, syntax)


def test_encapsulated_pixel_data_stays_as_it_is_in_its_own_transfer_syntax(tmp_path: Path) -> None:
    """Fragments, undefined length and all; around it VRs and values change."""
    made = make_instance(tmp_path / "a.dcm", transfer_syntax=RLELossless, extra=[(0x00091001, "UN", b"ab")])
    whole = made.path.read_bytes()[made.offset :]
    form = DataSetForm(transfer_syntax=RLELossless, new_vrs=NewVrs.AS_OB, replaced=((0x00080018, "1.2.3"),))

    changed = convert_to(whole, RLELossless, form)

    assert convert(whole, RLELossless, RLELossless) == whole
    data_set = parsed(changed, ExplicitVRLittleEndian)
    assert (data_set.SOPInstanceUID, data_set[0x00091001].VR) == ("1.2.3", "OB")
    assert changed.endswith(whole[whole.index(b"\xe0\x7f\x10\x00") :])


@pytest.mark.parametrize(
    ("tag", "vr", "pad"), [(0x00100010, b"PN", b" "), (0x00080018, b"UI", b"\0"), (0x00091001, b"UN", b"\0")]
)
def test_a_value_of_odd_length_is_padded(tag: int, vr: bytes, pad: bytes) -> None:
    """Otherwise the data set could have an odd length."""
    length = struct.pack("<HI", 0, 3) if vr == b"UN" else struct.pack("<H", 3)
    whole = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr) + length + b"1.2"

    assert convert(whole, ExplicitVRLittleEndian, ImplicitVRLittleEndian)[-4:] == b"1.2" + pad


def test_a_deflated_data_set_has_an_even_length_and_inflates_to_the_same() -> None:
    """PS3.5 A.5."""
    for count in range(1, 30):
        whole = encode_data_set([(0x00100010, "PN", "x" * 2 * count)], ExplicitVRLittleEndian)
        deflated = convert(whole, ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian)

        assert len(deflated) % 2 == 0
        assert zlib.decompressobj(-15).decompress(deflated) == whole


def refusal(data: bytes, transfer_syntax: str, target: str) -> str:
    """Return why a data set is not converted."""
    with pytest.raises(NotSendable) as caught:
        convert(data, transfer_syntax, target)
    assert caught.value.reason == "not_convertible"
    return caught.value.words


def test_what_needs_a_codec_is_refused_by_name(tmp_path: Path) -> None:
    """In both directions, and encapsulated pixels under a native name too."""
    made = make_instance(tmp_path / "a.dcm", transfer_syntax=RLELossless)
    data = made.path.read_bytes()[made.offset :]

    assert refusal(data, RLELossless, ExplicitVRLittleEndian).startswith("RLELossless is not one of the native")
    assert refusal(b"", ExplicitVRLittleEndian, RLELossless).startswith("RLELossless is not one of the native")
    assert "encapsulated" in refusal(data, ExplicitVRLittleEndian, ImplicitVRLittleEndian)


def test_bombs_and_broken_data_sets_are_refused() -> None:
    """A deflated bomb, a stream that is cut off or none, 3,000 nested sequences, half a word."""
    deflater = zlib.compressobj(wbits=-15)
    bomb = deflater.compress(bytes(70 * 1024 * 1024)) + deflater.flush()
    deep = struct.pack("<HH2sHIHHI", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF, 0xFFFE, 0xE000, 0xFFFFFFFF) * 3000
    odd = struct.pack("<HH2sH", 0x0028, 0x0010, b"US", 3) + b"abc"

    assert "beyond all measure" in refusal(bomb, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian)
    assert "cut off" in refusal(bomb[:100], DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian)
    assert "cannot be inflated" in refusal(b"\xff" * 50, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian)
    assert "64 deep" in refusal(deep, ExplicitVRLittleEndian, ImplicitVRLittleEndian)
    assert "whole words" in refusal(odd, ExplicitVRLittleEndian, ExplicitVRBigEndian)


@settings(max_examples=300, deadline=None)
@given(data=st.data(), syntax=st.sampled_from(NATIVE), target=st.sampled_from(NATIVE))
def test_no_mutation_makes_the_conversion_raise_anything_else(data: st.DataObject, syntax: str, target: str) -> None:
    """A data set is converted or not convertible, whatever the bytes."""
    mutated = bytearray(encode_data_set(EVERY_VR, syntax))
    for position in data.draw(st.lists(st.integers(0, len(mutated) - 1), max_size=8)):
        mutated[position] = data.draw(st.integers(0, 255))

    try:
        words = f"{len(convert(bytes(mutated), syntax, target))} bytes"
    except NotSendable as refused:
        words = refused.words
    assert words


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_no_mutation_of_encapsulated_data_makes_rewriting_raise_anything_else(data: st.DataObject) -> None:
    """Fragments that end nowhere, delimiters in the wrong place."""
    elements: Elements = [
        (0x00080018, "UI", "1.2.3"),
        (0x00100010, "PN", "A^B"),
        (0x7FE00010, "encapsulated", bytes(20)),
    ]
    mutated = bytearray(encode_data_set(elements, RLELossless))
    for position in data.draw(st.lists(st.integers(0, len(mutated) - 1), max_size=8)):
        mutated[position] = data.draw(st.integers(0, 255))
    form = DataSetForm(transfer_syntax=RLELossless, new_vrs=NewVrs.AS_OB, replaced=((0x00080018, "1.2.4"),))

    try:
        words = f"{len(convert_to(bytes(mutated[: data.draw(st.integers(0, len(mutated)))]), RLELossless, form))} bytes"
    except NotSendable as refused:
        words = refused.words
    assert words


def test_a_conversion_of_random_bytes_never_succeeds_by_accident() -> None:
    """Neither does it take the machine's memory."""
    for _ in range(50):
        refusal(b"\xff" + os.urandom(999), ExplicitVRLittleEndian, ExplicitVRBigEndian)
