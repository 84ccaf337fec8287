"""Answers in DCMTK's XML, judged by the real findscu on the same answers; what differs is only what is said there."""

from __future__ import annotations

import struct
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from dicomjobs.answers.dcmtk_xml import FOOT, HEAD, xml_file, xml_response
from dicomjobs.answers.raw_elements import read_elements
from dicomjobs.dicom.value_representations import LONG
from dicomjobs.model.job import Padding
from tests.support.findscu_answers import answers_of_findscu
from tests.support.identifiers import ITEM, ITEM_END, SEQUENCE_END, UNDEFINED

EXPLICIT, IMPLICIT, BIG = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"


def element(tag: int, vr: str, value: bytes) -> bytes:
    """Encode an element in Explicit VR Little Endian, padded as its VR is."""
    value += (b"\0" if vr in {"UI", "OB", "UN"} else b" ") * (len(value) % 2)
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    return head + (struct.pack("<HI", 0, len(value)) if vr in LONG else struct.pack("<H", len(value))) + value


def item(content: bytes) -> bytes:
    """Encode an item with its length."""
    return ITEM + struct.pack("<I", len(content)) + content


CODE = element(0x00081150, "UI", b"1.2") + element(0x00081155, "UI", b"1.2.3")
EVERYTHING = b"".join(
    [
        element(0x00080000, "UL", struct.pack("<I", 99)),
        element(0x00080001, "UL", struct.pack("<I", 99)),
        element(0x00080005, "CS", b"ISO_IR 100"),
        element(0x00080008, "CS", b" ORIG \\ PRIM "),
        element(0x00080018, "UI", b"1.2.3"),
        element(0x00080058, "UI", b" 1.2 \\1.3 "),
        element(0x00080020, "DA", b" 20200101 "),
        element(0x0008002A, "DT", b" 2020 "),
        element(0x00080030, "TM", b" 1010  "),
        element(0x00080050, "SH", b"  a b  "),
        element(0x00080054, "AE", b"  AE \\ B"),
        element(0x00080061, "CS", b"CT\\MR\\"),
        element(0x00080119, "UC", b" uc x "),
        element(0x00080120, "UR", b" http://x "),
        element(0x00081030, "LO", b" lo \\ b "),
        element(0x00081080, "LO", b""),
        element(0x00081110, "SQ", b""),
        struct.pack("<HH2sH", 0x0008, 0x1111, b"SQ", 0)
        + (UNDEFINED + ITEM + UNDEFINED + CODE + ITEM_END + item(b"") + SEQUENCE_END),
        element(0x00081140, "SQ", item(CODE) + item(b"")),
        element(0x00090010, "LO", b"ACME"),
        element(0x00091001, "UN", b"ab"),
        element(0x00091002, "LO", b"abc"),
        element(0x00091003, "OL", struct.pack("<II", 1, 2**31)),
        element(0x00091004, "OD", struct.pack("<dd", 1.5, 2e-9)),
        element(0x00091005, "OV", struct.pack("<QQ", 1, 2)),
        element(0x00091006, "OF", struct.pack("<ff", 1.5, 1e22)),
        element(0x00091007, "OF", b""),
        element(0x00091008, "AT", b""),
        element(0x00091009, "UT", b"a\\b "),
        element(0x0009100A, "LO", b"\\"),
        element(0x0009100B, "FL", struct.pack("<fff", float("nan"), -float("inf"), 3.25)),
        element(0x00100010, "PN", b" M\xfcller^<&\">' =b\\ c "),
        element(0x00100020, "LO", b"tab\there"),
        element(0x00101010, "AS", b" 012Y"),
        element(0x00101020, "DS", b" 1.50 \\ 2"),
        element(0x001021B0, "LT", b" lt\r\nx\\y "),
        element(0x00189087, "FD", struct.pack("<dddd", 0.1, 1 / 3, 123456789.123456789, 5.0)),
        element(0x00189810, "SS", struct.pack("<hh", -5, 7)),
        element(0x00200013, "IS", b" 007 "),
        element(0x00280009, "AT", struct.pack("<HHHH", 0x18, 0x1063, 8, 5)),
        element(0x00280010, "US", struct.pack("<HH", 5, 65535)),
        element(0x00282000, "OB", b"abc"),
        element(0x00283006, "OW", b""),
        element(0x00400280, "ST", b" st \\ x "),
        element(0x00480201, "SQ", b""),
        element(0x00660002, "SV", struct.pack("<q", -5)),
        element(0x00720083, "UV", struct.pack("<Q", 2**63)),
    ]
)
NAME = {
    "ISO_IR 100": b"M\xfcller",
    "ISO_IR 101": b"Dvo\xf8\xe1k",
    "ISO_IR 126": b"\xc1\xeb\xdd\xed",
    "ISO_IR 144": b"\xbb\xee",
    "ISO_IR 148": b"\xc7a",
    "ISO_IR 192": "M\u00fcller=\u5c71\u7530".encode(),
}


def named(declared: str | None, name: bytes) -> bytes:
    """Encode an answer with a name."""
    head = b"" if declared is None else element(0x00080005, "CS", declared.encode())
    study = element(0x00081140, "SQ", item(element(0x00104000, "LT", b"a\r\n\tb")))
    return head + study + element(0x00100010, "PN", name) + element(0x00100020, "LO", name + b"<")


def ours_in_one(*answers: bytes, syntax: str = EXPLICIT, padding: Padding = Padding.KEEP, fallback: str = "") -> bytes:
    """Write answers as dicomjobs does in one file."""
    parts = (xml_response(read_elements(each, syntax), syntax, fallback, padding) for each in answers)
    return HEAD + b"".join(parts) + FOOT


def ours_alone(answer: bytes, syntax: str = EXPLICIT, padding: Padding = Padding.KEEP, fallback: str = "") -> bytes:
    """Write an answer as dicomjobs does in a file of its own."""
    return xml_file(read_elements(answer, syntax), syntax, fallback, padding)


SAME = [EVERYTHING, *(named(declared, name) for declared, name in NAME.items()), named(None, b"Doe"), named("", b"Doe")]


@pytest.mark.parametrize(("options", "padding"), [((), Padding.KEEP), (("+dc",), Padding.TRIM)])
def test_it_is_what_findscu_writes(tmp_path: Path, options: tuple[str, ...], padding: Padding) -> None:
    """Every VR, empty and with several values, nested with and without lengths, in every character set that findscu knows."""
    one = answers_of_findscu(tmp_path / "one", SAME, *options, "-Xs", "all.xml")
    each = answers_of_findscu(tmp_path / "each", SAME, *options, "-Xx")

    assert one["all.xml"] == ours_in_one(*SAME, padding=padding)
    assert list(each.values()) == [ours_alone(answer, padding=padding) for answer in SAME]


def test_it_is_what_findscu_writes_in_the_other_transfer_syntaxes(tmp_path: Path) -> None:
    """Implicit VR takes VRs from the dictionary; big endian turns numbers round."""
    implicit = struct.pack("<HHI", 0x0010, 0x0020, 4) + b"P1  " + struct.pack("<HHIH", 0x0028, 0x0010, 2, 512)
    big = (
        struct.pack(">HH2sH", 0x0010, 0x0020, b"LO", 4)
        + b"P1  "
        + struct.pack(">HH2sHH", 0x0028, 0x0010, b"US", 2, 512)
    )
    for syntax, answer in ((IMPLICIT, implicit), (BIG, big)):
        files = answers_of_findscu(tmp_path / syntax, [answer], "-Xx", syntax=syntax)

        assert list(files.values()) == [ours_alone(answer, syntax)]


KEPT = [
    named("\\ISO 2022 IR 87", b"Yamada=\x1b$B;3ED\x1b(B"),
    named("ISO 2022 IR 6\\ISO 2022 IR 149", b"Hong=\x1b$)C\xfb\xf3"),
    named("ISO_IR 13", b"\xd4\xcf"),
    named("GB18030", "\u738b".encode("gb18030")),
    named("ISO 2022 IR 100", b"M\xfcller"),
    named("NONSENSE", b"M\xfcller"),
]
READ_AS = ["Yamada=\u5c71\u7530", "Hong=\u6d2a", "\uff94\uff8f", "\u738b", "M\u00fcller", "M\u00fcller"]


def test_answers_that_findscu_leaves_out_are_kept(tmp_path: Path) -> None:
    """In UTF-8, and what is said of them is right."""
    theirs = answers_of_findscu(tmp_path / "theirs", KEPT, "-Xs", "all.xml")["all.xml"]

    ours = ET.fromstring(ours_in_one(*KEPT, fallback="ISO_IR 100"))

    names = [each.text for each in ours.findall(".//element[@name='PatientName']")]
    assert len(ET.fromstring(theirs)) < len(KEPT)
    assert names == READ_AS
    assert {each.text for each in ours.findall(".//element[@name='SpecificCharacterSet']")} == {"ISO_IR 192"}
    assert [
        ET.fromstring(ours_alone(each, fallback="ISO_IR 100")).findtext(".//element[@name='PatientName']")
        for each in KEPT
    ] == READ_AS


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (named(None, b"M\xfcller"), "M\u00fcller"),
        (named("", b"M\xfcller"), "M\u00fcller"),
        (named("ISO_IR 6", b"M\xfcller"), "M\u00fcller"),
        (named("ISO_IR 192", b"M\xfcller"), "M\ufffdller"),
        (named("ISO_IR 100", b"a\x1b[31m\0b"), "a\\x1b[31m\\x00b"),
    ],
)
def test_what_findscu_writes_as_no_xml_is_xml(answer: bytes, text: str) -> None:
    """In the character set of the peer where none is declared, and with control characters that can be seen."""
    for document in (ours_in_one(answer, fallback="ISO_IR 100"), ours_alone(answer, fallback="ISO_IR 100")):
        assert ET.fromstring(document).findtext(".//element[@name='PatientName']") == text


def test_an_item_is_read_in_the_character_set_that_it_declares() -> None:
    """And what is around it in its own."""
    inside = item(element(0x00080005, "CS", b"ISO_IR 126") + element(0x00100010, "PN", b"\xc1"))
    answer = (
        element(0x00080005, "CS", b"ISO_IR 100")
        + element(0x00081140, "SQ", inside)
        + element(0x00100010, "PN", b"\xc1")
    )

    for document in (ours_in_one(answer), ours_alone(answer)):
        found = ET.fromstring(document).findall(".//element[@name='PatientName']")
        assert [each.text for each in found] == ["\u0391", "\u00c1"]
