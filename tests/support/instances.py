"""Synthetic SOP Instances, written fast and the same every time: every test that needs a DICOM file makes it here.

It encodes data sets itself (PS3.5 7.1) and knows nothing of the code under test. Every instance carries the canary in
its Patient's Name and Patient ID, so that a test can prove that no output repeats them.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from dicomjobs.plan.plan import PlannedInstance

CANARY = "CANARY^PHI"
CANARY_ID = "CANARY-PHI-ID"
NATIVE = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)
LONG_VRS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"})
NUMBER_FORMATS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d"}
WORD_SIZES = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}

Elements = Sequence[tuple[int, str, Any]]
"""Elements in order of their tags: (0xGGGGEEEE, VR, value); a sequence is its items.

A value is text, a number, or bytes, whose words are little endian.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeInstance:
    """A SOP Instance on disk: where it is and what its header says; `size` and `offset` (of the data set) in bytes."""

    path: Path
    size: int
    offset: int
    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    transfer_syntax: str

    def planned(self, *, context_id: int = 1) -> PlannedInstance:
        """Return the row that a plan has for this file as it is on disk now."""
        return PlannedInstance(
            path=str(self.path),
            size=self.size,
            mtime_ns=self.path.stat().st_mtime_ns,
            offset=self.offset,
            sop_class_uid=self.sop_class_uid,
            sop_instance_uid=self.sop_instance_uid,
            study_instance_uid=self.study_instance_uid,
            series_instance_uid=self.series_instance_uid,
            transfer_syntax=self.transfer_syntax,
            context_id=context_id,
        )


def make_uid(*parts: object) -> str:
    """Return the UID that belongs to these parts: under 2.25, always the same (PS3.5 B.2)."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def make_instance(
    path: Path,
    *,
    seed: str = "seed",
    study: int = 1,
    series: int = 1,
    number: int = 1,
    sop_class_uid: str = CTImageStorage,
    transfer_syntax: str = ExplicitVRLittleEndian,
    sop_instance_uid: str = "",
    modality: str = "CT",
    rows: int = 16,
    columns: int = 0,
    extra: Elements = (),
) -> MadeInstance:
    """Write one instance as a PS3.10 file: 16 bit pixels, encapsulated (not decodable) when the syntax is no native one.

    `columns` 0 is as many as rows; `rows` 0 leaves out the pixels; `extra` elements replace or join the usual ones.
    """
    study_uid = make_uid(seed, study)
    series_uid = make_uid(seed, study, series)
    instance_uid = sop_instance_uid or make_uid(seed, study, series, number)
    elements = [
        (0x00080016, "UI", sop_class_uid),
        (0x00080018, "UI", instance_uid),
        (0x00080020, "DA", "20260102"),
        (0x00080060, "CS", modality),
        (0x00100010, "PN", CANARY),
        (0x00100020, "LO", CANARY_ID),
        (0x0020000D, "UI", study_uid),
        (0x0020000E, "UI", series_uid),
        (0x00200013, "IS", str(number)),
        *pixel_module(rows, columns or rows, number, transfer_syntax),
    ]
    replaced = {tag for tag, _vr, _value in extra}
    whole = sorted([e for e in elements if e[0] not in replaced] + list(extra), key=lambda e: e[0])
    head = file_meta(sop_class_uid=sop_class_uid, sop_instance_uid=instance_uid, transfer_syntax=transfer_syntax)
    data = head + encode_data_set(whole, transfer_syntax)
    path.write_bytes(data)
    return MadeInstance(
        path=path,
        size=len(data),
        offset=len(head),
        sop_class_uid=sop_class_uid,
        sop_instance_uid=instance_uid,
        study_instance_uid=study_uid,
        series_instance_uid=series_uid,
        transfer_syntax=transfer_syntax,
    )


def make_study(
    folder: Path,
    count: int,
    *,
    seed: str = "seed",
    study: int = 1,
    series: int = 1,
    sop_class_uid: str = CTImageStorage,
    transfer_syntax: str = ExplicitVRLittleEndian,
    modality: str = "CT",
    rows: int = 16,
) -> list[MadeInstance]:
    """Write `count` instances of one study, spread evenly over `series` series, as 000000.dcm, 000001.dcm, … in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        make_instance(
            folder / f"{number:06}.dcm",
            seed=seed,
            study=study,
            series=number % series + 1,
            number=number,
            sop_class_uid=sop_class_uid,
            transfer_syntax=transfer_syntax,
            modality=modality,
            rows=rows,
        )
        for number in range(count)
    ]


def pixel_module(rows: int, columns: int, number: int, transfer_syntax: str) -> list[tuple[int, str, Any]]:
    """Return the elements of the Image Pixel module (PS3.3 C.7.6.3) for one frame, the value of its pixels told by `number`."""
    if not rows:
        return []
    pixels = struct.pack("<H", number & 0xFFFF) * (rows * columns)
    native = transfer_syntax in NATIVE
    return [
        (0x00280002, "US", 1),
        (0x00280004, "CS", "MONOCHROME2"),
        (0x00280010, "US", rows),
        (0x00280011, "US", columns),
        (0x00280100, "US", 16),
        (0x00280101, "US", 16),
        (0x00280102, "US", 15),
        (0x00280103, "US", 0),
        (0x7FE00010, "OW", pixels) if native else (0x7FE00010, "encapsulated", pixels),
    ]


def file_meta(
    *,
    sop_class_uid: str,
    sop_instance_uid: str,
    transfer_syntax: str,
    extra: Elements = (),
    group_length: int | None = None,
) -> bytes:
    """Return preamble, prefix and File Meta Information (PS3.10 7.1); `group_length` tells a lie when it is given."""
    body = encode_elements(
        [
            (0x00020001, "OB", b"\x00\x01"),
            (0x00020002, "UI", sop_class_uid),
            (0x00020003, "UI", sop_instance_uid),
            (0x00020010, "UI", transfer_syntax),
            (0x00020012, "UI", make_uid("implementation")),
            *extra,
        ],
        ExplicitVRLittleEndian,
    )
    length = len(body) if group_length is None else group_length
    return b"\0" * 128 + b"DICM" + encode_elements([(0x00020000, "UL", length)], ExplicitVRLittleEndian) + body


def encode_data_set(elements: Elements, transfer_syntax: str) -> bytes:
    """Return the elements as a data set in a transfer syntax; deflated ones are padded to an even length (PS3.5 A.5)."""
    plain = encode_elements(elements, transfer_syntax)
    if transfer_syntax != DeflatedExplicitVRLittleEndian:
        return plain
    deflater = zlib.compressobj(wbits=-15)
    deflated = deflater.compress(plain) + deflater.flush()
    return deflated + b"\0" * (len(deflated) % 2)


def encode_elements(elements: Elements, transfer_syntax: str) -> bytes:
    """Return the elements one after the other, not deflated."""
    order = ">" if transfer_syntax == ExplicitVRBigEndian else "<"
    implicit = transfer_syntax == ImplicitVRLittleEndian
    encoded = bytearray()
    for tag, vr, value in elements:
        encoded += struct.pack(order + "HH", tag >> 16, tag & 0xFFFF)
        if vr == "encapsulated":
            assert isinstance(value, bytes)
            encoded += encapsulated(value)
            continue
        data = encode_value(vr, value, transfer_syntax)
        if implicit:
            encoded += struct.pack("<I", len(data))
        elif vr in LONG_VRS:
            encoded += vr.encode() + b"\0\0" + struct.pack(order + "I", len(data))
        else:
            encoded += vr.encode() + struct.pack(order + "H", len(data))
        encoded += data
    return bytes(encoded)


def encode_value(vr: str, value: Any, transfer_syntax: str) -> bytes:
    """Return a value's bytes, padded to an even length; the items of a sequence get explicit lengths."""
    order = ">" if transfer_syntax == ExplicitVRBigEndian else "<"
    match value:
        case str():
            data = value.encode()
            return data + (b"\0" if vr == "UI" else b" ") * (len(data) % 2)
        case bytes():
            data = swap_words(value, WORD_SIZES.get(vr, 1)) if order == ">" else value
            return data + b"\0" * (len(data) % 2)
        case int() | float():
            return struct.pack(order + NUMBER_FORMATS[vr], value)
        case _:
            items = [encode_elements(item, transfer_syntax) for item in value]
            return b"".join(struct.pack(order + "HHI", 0xFFFE, 0xE000, len(item)) + item for item in items)


def encapsulated(fragment: bytes) -> bytes:
    """Return VR, undefined length, an empty basic offset table, one fragment and the delimiter (PS3.5 A.4)."""
    item, delimiter = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
    table = item + b"\0" * 4
    return (
        b"OB\0\0\xff\xff\xff\xff" + table + item + struct.pack("<I", len(fragment)) + fragment + delimiter + b"\0" * 4
    )


def swap_words(data: bytes, size: int) -> bytes:
    """Return the bytes of each word of `size` bytes in the other order."""
    swapped = bytearray(len(data))
    for position in range(size):
        swapped[position::size] = data[size - 1 - position :: size]
    return bytes(swapped)
