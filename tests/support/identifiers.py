"""Identifiers and answers for tests: made by keyword, written by pydicom, read by pydicom."""

from __future__ import annotations

import io
import json
import struct
from typing import Any

from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from dicomjobs.answers.json_model import decode_identifier
from dicomjobs.dicom.attributes import by_keyword
from dicomjobs.dicom.transfer_syntaxes import (
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
)
from dicomjobs.model.query import Element

SYNTAXES = {
    IMPLICIT_VR_LITTLE_ENDIAN: {"implicit_vr": True, "little_endian": True},
    EXPLICIT_VR_LITTLE_ENDIAN: {"implicit_vr": False, "little_endian": True},
    EXPLICIT_VR_BIG_ENDIAN: {"implicit_vr": False, "little_endian": False},
}

ITEM = b"\xfe\xff\x00\xe0"
ITEM_END = b"\xfe\xff\x0d\xe0\0\0\0\0"
SEQUENCE_END = b"\xfe\xff\xdd\xe0\0\0\0\0"
UNDEFINED = b"\xff\xff\xff\xff"


def key(keyword: str, *values: str, items: tuple[tuple[Element, ...], ...] = ()) -> Element:
    """An element by its keyword."""
    attribute = by_keyword(keyword)
    assert attribute is not None
    return Element(tag=attribute.tag, vr=attribute.vr, values=values, items=items)


def pydicom_bytes(data_set: Dataset, syntax: str) -> bytes:
    """What pydicom writes for a data set."""
    out = DicomBytesIO()
    out.is_implicit_VR = SYNTAXES[syntax]["implicit_vr"]
    out.is_little_endian = SYNTAXES[syntax]["little_endian"]
    write_dataset(out, data_set)
    return bytes(out.getvalue())


def pydicom_json(data: bytes, syntax: str) -> dict[str, Any]:
    """What pydicom makes of the bytes, in the spelling that PS3.18 F.2 has for what is empty."""
    layout = SYNTAXES[syntax]
    data_set = read_dataset(io.BytesIO(data), layout["implicit_vr"], layout["little_endian"])
    return standard_spelling(json.loads(data_set.to_json(suppress_invalid_tags=True)))


def standard_spelling(data_set: dict[str, Any]) -> dict[str, Any]:
    """Names without empty groups, null for an empty value among several, no Value for none, no padding, no group lengths."""
    return {tag: standard_element(element) for tag, element in data_set.items() if not tag.endswith("0000")}


def standard_element(element: dict[str, Any]) -> dict[str, Any]:
    """One element in the spelling of PS3.18 F.2."""
    values = element.get("Value")
    if values is None:
        return element
    if element["vr"] == "SQ":
        values = [standard_spelling(item) for item in values]
    elif element["vr"] == "PN":
        values = [{group: name for group, name in value.items() if name} or None for value in values]
    else:
        values = [value.strip() or None if isinstance(value, str) else value for value in values]
    return {**element, "Value": values} if values else {"vr": element["vr"]}


def explicit(tag: int, vr: bytes, value: bytes) -> bytes:
    """An element with a short length in Explicit VR Little Endian."""
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def sequence(content: bytes, length: bytes | None = None) -> bytes:
    """Referenced Study Sequence in Explicit VR Little Endian; the length is that of the content unless given."""
    return b"\x08\x00\x10\x11SQ\0\0" + (struct.pack("<I", len(content)) if length is None else length) + content


def decoded(data: bytes, syntax: str = EXPLICIT_VR_LITTLE_ENDIAN, fallback: str = "") -> dict[str, Any]:
    """The answer as JSON, which it must be: written and read again it is the same."""
    found = decode_identifier(data, syntax, fallback)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    return found
