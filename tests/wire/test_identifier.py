"""Identifiers to bytes and answers to JSON, compared with what pydicom writes and reads."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import pydicom
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydicom.data import get_charset_files
from pydicom.dataset import Dataset

from dicomjobs.answers.json_model import MAX_LENGTH, decode_identifier
from dicomjobs.dicom.deflate import deflate
from dicomjobs.dicom.transfer_syntaxes import (
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
)
from dicomjobs.errors import ProtocolError
from dicomjobs.model.data_set_form import NewVrs
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
    pydicom_bytes,
    pydicom_json,
    sequence,
)

every_syntax = pytest.mark.parametrize("syntax", SYNTAXES)


@every_syntax
def test_an_identifier_has_the_bytes_that_pydicom_writes(syntax: str) -> None:
    """Text, numbers, tags, bytes, empty keys and sequences in all three transfer syntaxes."""
    data_set = Dataset()
    data_set.StudyDate = "20240101-20240131"
    data_set.ModalitiesInStudy = ["CT", "MR"]
    data_set.QueryRetrieveLevel = "STUDY"
    data_set.PatientName = "Doe^J*"
    data_set.PatientID = ""
    data_set.StudyInstanceUID = ["1.2.3", "1.2.34"]
    data_set.NumberOfStudyRelatedInstances = None
    data_set.PatientWeight = "70.5"
    data_set.Rows, data_set.FrameIncrementPointer = 512, 0x00181063
    data_set.ReferencePixelX0, data_set.RecommendedDisplayFrameRateInFloat = -5, 1.5
    data_set.RedPaletteColorLookupTableData = b"\1\2\3\4" if syntax != EXPLICIT_VR_BIG_ENDIAN else b"\2\1\4\3"
    item = Dataset()
    item.Modality, item.ScheduledStationAETitle = "CT", "CT1"
    data_set.ScheduledProcedureStepSequence = [item, Dataset()]
    data_set.ReferencedStudySequence = []

    ours = encode_identifier(
        (
            key("PatientID"),
            key("StudyDate", "20240101-20240131"),
            key("ModalitiesInStudy", "CT", "MR"),
            key("QueryRetrieveLevel", "STUDY"),
            key("PatientName", "Doe^J*"),
            key("StudyInstanceUID", "1.2.3", "1.2.34"),
            key("NumberOfStudyRelatedInstances"),
            key("PatientWeight", "70.5"),
            key("Rows", "512"),
            key("FrameIncrementPointer", "(0018,1063)"),
            key("ReferencePixelX0", "-5"),
            key("RecommendedDisplayFrameRateInFloat", "1.5"),
            key("RedPaletteColorLookupTableData", "0201", "0403"),
            key(
                "ScheduledProcedureStepSequence",
                items=((key("ScheduledStationAETitle", "CT1"), key("Modality", "CT")), ()),
            ),
            key("ReferencedStudySequence"),
        ),
        syntax,
        "ISO_IR 192",
    )

    assert ours == pydicom_bytes(data_set, syntax)


@every_syntax
@pytest.mark.parametrize(
    ("character_set", "name"),
    [
        ("ISO_IR 100", "Müller^Jürgen"),
        ("ISO_IR 126", "Διονυσιος"),
        ("ISO_IR 192", "Wang^XiaoDong=王^小東"),
        ("GB18030", "Wang^XiaoDong=王^小东"),
        ("\\ISO 2022 IR 87", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("\\ISO 2022 IR 149", "Hong^Gildong=洪^吉洞=홍^길동"),
    ],
)
def test_the_character_set_is_added_where_a_value_needs_it(syntax: str, character_set: str, name: str) -> None:
    """The bytes are those pydicom writes for the same name with (0008,0005) set, and they are read again as they were."""
    data_set = Dataset()
    data_set.SpecificCharacterSet = character_set.split("\\")
    data_set.PatientName = name

    ours = encode_identifier((key("PatientName", name),), syntax, character_set)

    assert ours == pydicom_bytes(data_set, syntax)
    assert decoded(ours, syntax) == pydicom_json(ours, syntax)


def test_no_character_set_is_added_to_ascii() -> None:
    """Some peers answer nothing to a query that names a character set they do not know."""
    assert (
        encode_identifier((key("PatientName", "Doe"),), IMPLICIT_VR_LITTLE_ENDIAN, "ISO_IR 192")
        == b"\x10\0\x10\0\4\0\0\0Doe "
    )


def test_a_character_set_that_is_there_is_used_and_kept() -> None:
    """What the keys say goes before what the peer's settings say."""
    keys = (key("SpecificCharacterSet", "ISO_IR 100"), key("PatientName", "Ä"))

    assert encode_identifier(keys, IMPLICIT_VR_LITTLE_ENDIAN, "ISO_IR 192").endswith(
        b"ISO_IR 100\x10\0\x10\0\2\0\0\0\xc4 "
    )


def test_an_empty_character_set_is_filled_in_where_a_value_needs_it() -> None:
    """It is asked for as a return key, but would declare the default repertoire."""
    keys = (key("SpecificCharacterSet"), key("PatientName", "Ä"))

    assert encode_identifier(keys, IMPLICIT_VR_LITTLE_ENDIAN, "ISO_IR 100").count(b"ISO_IR 100") == 1
    assert encode_identifier(keys[:1], IMPLICIT_VR_LITTLE_ENDIAN, "ISO_IR 100") == b"\x08\0\x05\0\0\0\0\0"


def test_an_item_has_the_character_set_around_it_or_its_own() -> None:
    """PS3.3 C.12.1.1.2: an item inherits."""
    inherits = encode_identifier(
        (key("RequestAttributesSequence", items=((key("PatientName", "Ä"),),)),),
        IMPLICIT_VR_LITTLE_ENDIAN,
        "ISO_IR 100",
    )
    own = encode_identifier(
        (
            key(
                "RequestAttributesSequence",
                items=((key("SpecificCharacterSet", "ISO_IR 192"), key("PatientName", "Ä")),),
            ),
        ),
        IMPLICIT_VR_LITTLE_ENDIAN,
        "ISO_IR 100",
    )

    assert inherits.startswith(b"\x08\0\x05\0")
    assert inherits.endswith(b"\xc4 ")
    assert own.endswith(b"\xc3\x84")
    assert b"ISO_IR 100" not in own


@pytest.mark.parametrize(
    ("element", "character_set", "sentence"),
    [
        (key("PatientName", "Ä"), "ISO_IR 6", "(0010,0010) PatientName: the value has a character that ISO_IR 6 lacks"),
        (key("PatientName", "Ä"), "UTF-8", "(0008,0005) SpecificCharacterSet: 'UTF-8' is no character set"),
        (key("Modality", "Ä"), "ISO_IR 192", "(0008,0060) Modality: a value of VR CS can only have ASCII characters"),
        (key("Rows", "many"), "", "(0028,0010) Rows: not a number that VR US can hold"),
        (key("Rows", "65536"), "", "(0028,0010) Rows: not a number that VR US can hold"),
        (key("FrameIncrementPointer", "Rows"), "", "a value of VR AT is a tag, such as (0010,0020)"),
        (
            key("PatientID", "x" * 65535),
            "",
            "(0010,0020) PatientID: 65536 bytes are more than an element of VR LO can have",
        ),
        (
            key("ReferencedStudySequence", "x"),
            "",
            "(0008,1110) ReferencedStudySequence: a sequence has items, no values",
        ),
        (Element(tag=0x00091001, vr="UN", values=("text",)), "", "(0009,1001): a value of VR UN is written in words"),
        (Element(tag=0x00091001, vr="ZZ"), "", "(0009,1001): there is no VR 'ZZ'"),
        (
            key("ReferencedStudySequence", items=((key("Rows", "x"),),)),
            "",
            "(0008,1110) ReferencedStudySequence: (0028,0010) Rows: not a number",
        ),
    ],
)
def test_what_cannot_be_encoded_is_refused_by_name(element: Element, character_set: str, sentence: str) -> None:
    """The sentence says which attribute and why, without repeating the value."""
    with pytest.raises(ValueError) as refused:  # noqa: PT011  the sentence is compared below
        encode_identifier((element,), EXPLICIT_VR_LITTLE_ENDIAN, character_set)

    assert sentence in str(refused.value)


def test_an_attribute_that_is_there_twice_is_refused() -> None:
    """A data set has an attribute once (PS3.5 7.1)."""
    with pytest.raises(ValueError, match="PatientID is there twice"):
        encode_identifier((key("PatientID", "1"), key("PatientID", "2")), IMPLICIT_VR_LITTLE_ENDIAN, "")


def test_a_deflated_identifier_is_the_explicit_one_with_the_length_that_inflating_may_give() -> None:
    """PS3.5 A.5; more than an answer may have is not even inflated."""
    identifier = (key("PatientID", "1" * 400), key("PatientName", "A"))
    deflated = encode_identifier(identifier, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, "")
    bomb = deflate(b"\0" * (MAX_LENGTH + 1))

    assert len(deflated) % 2 == 0
    assert zlib.decompressobj(-15).decompress(deflated) == encode_identifier(identifier, EXPLICIT_VR_LITTLE_ENDIAN, "")
    assert decode_identifier(deflated, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, "")["00100020"] == {
        "vr": "LO",
        "Value": ["1" * 400],
    }
    for damaged in (bomb, deflated[:8], b"\xff\xff\xff"):
        with pytest.raises(ProtocolError, match="deflated"):
            decode_identifier(damaged, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, "")


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.50", "1.2.3"])
def test_an_identifier_is_in_no_other_transfer_syntax(syntax: str) -> None:
    """Neither on the way out nor on the way in."""
    with pytest.raises(ValueError, match="an identifier cannot be encoded in"):
        encode_identifier((), syntax, "")
    with pytest.raises(ProtocolError, match="an identifier cannot be read in"):
        decode_identifier(b"", syntax, "")


@every_syntax
@pytest.mark.parametrize("file", get_charset_files("*.dcm"), ids=lambda path: Path(path).stem)
def test_the_character_set_files_of_pydicom_are_read_as_pydicom_reads_them(file: str, syntax: str) -> None:
    """Arabic, French, German, Greek, Hebrew, Japanese, Korean, Russian and Chinese, nested ones as well."""
    data_set = pydicom.dcmread(file)
    data_set.remove_private_tags()  # pydicom knows the private dictionaries of vendors
    data = pydicom_bytes(data_set, syntax)

    assert decoded(data, syntax, "ISO_IR 100") == pydicom_json(data, syntax)


@every_syntax
def test_every_vr_is_read_as_pydicom_reads_it(syntax: str) -> None:
    """One value, several and none."""
    data_set = Dataset()
    data_set.SpecificCharacterSet = "ISO_IR 192"
    for tag, vr, value in [
        (0x00080054, "AE", ["ONE", "TWO"]),
        (0x00101010, "AS", "042Y"),
        (0x00080061, "CS", ["CT", "", "MR"]),
        (0x00080020, "DA", "20240101"),
        (0x00101030, "DS", ["70.5", "80", "1e3"]),
        (0x0008002A, "DT", "20240101120000.5+0100"),
        (0x00200013, "IS", ["1", "-2"]),
        (0x00081030, "LO", ["Schädel", "b"]),
        (0x00104000, "LT", "a\\b \r\nc"),
        (0x00100010, "PN", ["Doe^Jane", "=山田", "x==y"]),
        (0x00080050, "SH", "Ä1"),
        (0x00080081, "ST", "Straße 1\\2"),
        (0x00080030, "TM", "120000.123"),
        (0x00080119, "UC", ["long", "longer"]),
        (0x0020000D, "UI", "1.2.3"),
        (0x00081190, "UR", "http://pacs/x\\y"),
        (0x0040A160, "UT", "text"),
        (0x00280009, "AT", [0x00181063, 0x00181065]),
        (0x00189074, "DT", None),
        (0x00080416, "DT", ""),
        (0x00186030, "UL", 7),
        (0x00180013, "FL", 0.5),
        (0x00187000, "CS", None),
        (0x0018605A, "FL", [1.5, -2.0]),
        (0x00189073, "FD", [1.25, 1e300]),
        (0x00280010, "US", 512),
        (0x00186020, "SL", -5),
        (0x00189219, "SS", [-1, 2]),
        (0x00720082, "SV", -(2**60)),
        (0x0008040C, "UV", 2**63),
        (0x00420011, "OB", b"\0\1\2\xff"),
        (0x00091001, "UN", b"\1\2"),
    ]:
        data_set.add_new(tag, vr, value)
    data = pydicom_bytes(data_set, syntax)

    assert decoded(data, syntax) == pydicom_json(data, syntax)


def test_an_empty_answer_is_an_empty_object() -> None:
    """No attribute was asked for."""
    assert decoded(b"") == {}


def test_attributes_are_in_order_without_group_lengths() -> None:
    """PS3.18 F.2.2, whatever order the peer sent them in."""
    data = (
        explicit(0x00100020, b"LO", b"P1")
        + explicit(0x00080000, b"UL", b"\0\0\0\0")
        + explicit(0x00080060, b"CS", b"CT")
    )

    assert list(decoded(data)) == ["00080060", "00100020"]


@pytest.mark.parametrize("sequence_open", [False, True])
@pytest.mark.parametrize("item_open", [False, True])
def test_lengths_of_sequences_and_items_may_be_undefined(sequence_open: bool, item_open: bool) -> None:
    """PS3.5 7.5: both ways mean the same."""
    content = explicit(0x00081155, b"UI", b"1.2\0")
    item = ITEM + UNDEFINED + content + ITEM_END if item_open else ITEM + struct.pack("<I", len(content)) + content
    data = sequence(item * 2 + SEQUENCE_END, UNDEFINED) if sequence_open else sequence(item * 2)

    reference = {"00081155": {"vr": "UI", "Value": ["1.2"]}}
    assert decoded(data + explicit(0x00100020, b"LO", b"P1")) == {
        "00081110": {"vr": "SQ", "Value": [reference, reference]},
        "00100020": {"vr": "LO", "Value": ["P1"]},
    }


def test_un_with_an_undefined_length_is_a_sequence_in_implicit_vr() -> None:
    """PS3.5 6.2.2 note."""
    item = ITEM + UNDEFINED + b"\x10\0\x20\0\2\0\0\0P1" + ITEM_END
    data = b"\x09\0\x01\x10UN\0\0" + UNDEFINED + item + SEQUENCE_END

    assert decoded(data) == {"00091001": {"vr": "SQ", "Value": [{"00100020": {"vr": "LO", "Value": ["P1"]}}]}}


def test_un_is_read_as_what_the_dictionary_knows() -> None:
    """A peer that did not know an attribute passed it on as UN."""
    data = b"\x10\0\x20\0UN\0\0\2\0\0\0P1" + b"\x09\0\x01\x10UN\0\0\2\0\0\0P1"

    assert decoded(data) == {
        "00091001": {"vr": "UN", "InlineBinary": "UDE="},
        "00100020": {"vr": "LO", "Value": ["P1"]},
    }


def test_a_vr_from_the_future_is_read_as_bytes() -> None:
    """PS3.5 6.2 lets new VRs have long lengths only."""
    assert decoded(b"\x10\0\x20\0ZZ\0\0\2\0\0\0P1") == {"00100020": {"vr": "UN", "InlineBinary": "UDE="}}


def test_the_fallback_is_for_answers_that_declare_no_character_set() -> None:
    """A declared one goes before it, a declared default repertoire or an unknown name does not."""
    name = explicit(0x00100010, b"PN", b"M\xfcller")
    undeclared, latin_1 = decoded(name, fallback="ISO_IR 148"), {"vr": "PN", "Value": [{"Alphabetic": "Müller"}]}

    def declared(charset: bytes, fallback: str) -> Any:
        """The name in an answer that declares a character set."""
        return decoded(explicit(0x00080005, b"CS", charset) + name, fallback=fallback)["00100010"]

    assert undeclared["00100010"] == latin_1
    assert declared(b"ISO_IR 100", "ISO_IR 192") == latin_1
    assert declared(b"ISO_IR 6", "ISO_IR 100") == latin_1
    assert declared(b"UTF8", "ISO_IR 100") == latin_1
    assert declared(b"", "ISO_IR 100") == latin_1
    assert decoded(name, fallback="nonsense")["00100010"] == {"vr": "PN", "Value": [{"Alphabetic": "M�ller"}]}


texts = st.text(
    st.characters(min_codepoint=0x20, exclude_characters="\\", exclude_categories=["Cs", "Zs"]), max_size=10
)
elements = st.one_of(
    st.builds(lambda values: key("OtherPatientIDs", *values), st.lists(texts, min_size=2, max_size=3)),
    st.builds(lambda value: key("ImageComments", value), texts),
    st.builds(lambda value: key("Rows", str(value)), st.integers(0, 65535)),
    st.builds(lambda value: key("PatientID", value), texts),
)
identifiers = st.recursive(
    st.lists(elements, unique_by=lambda element: element.tag).map(tuple),
    lambda inner: st.lists(inner, max_size=3).map(
        lambda items: (key("RequestAttributesSequence", items=tuple(items)),)
    ),
    max_leaves=5,
)


@example((key("ImageComments", "a"),), EXPLICIT_VR_BIG_ENDIAN)
@given(identifiers, st.sampled_from(list(SYNTAXES)))
def test_whatever_is_encoded_is_decoded_again(identifier: tuple[Element, ...], syntax: str) -> None:
    """In UTF-8 every text survives, at every depth."""
    found = decoded(encode_identifier(identifier, syntax, "ISO_IR 192"), syntax)

    found.pop("00080005", None)
    assert found == as_json(identifier)


def as_json(identifier: tuple[Element, ...]) -> dict[str, Any]:
    """What an identifier of the strategy above must come back as."""
    return {f"{element.tag:08X}": element_as_json(element) for element in sorted(identifier, key=lambda each: each.tag)}


def element_as_json(element: Element) -> dict[str, Any]:
    """One element of such an identifier."""
    if element.vr == "SQ":
        values: list[Any] = [as_json(item) for item in element.items]
    elif element.vr == "US":
        values = [int(element.values[0])]
    else:
        values = [value or None for value in element.values]
    return {"vr": element.vr} if values in ([], [None]) else {"vr": element.vr, "Value": values}


@pytest.mark.parametrize(
    ("syntax", "vr"),
    [(EXPLICIT_VR_LITTLE_ENDIAN, b"OB"), (EXPLICIT_VR_BIG_ENDIAN, b"OB"), (IMPLICIT_VR_LITTLE_ENDIAN, b"")],
)
def test_new_vrs_are_written_as_ob_for_a_peer_that_does_not_know_them(syntax: str, vr: bytes) -> None:
    """Their values stay, and so do old VRs; where no VR is written there is nothing to do."""
    unknown = Element(tag=0x00091001, vr="UN", values=("41", "42"))
    identifier = (key("PatientID", "1 "), unknown)

    data = encode_identifier(identifier, syntax, "", NewVrs.AS_OB)

    assert (b"UN" in data, data.count(b"OB"), data.count(b"AB"), vr in data) == (False, len(vr) // 2, 1, True)
    assert (b"LO" in data) == bool(vr)
