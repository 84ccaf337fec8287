"""Elements as text, from every encoding and from hostile bytes."""

from __future__ import annotations

import tracemalloc
import zlib
from io import BytesIO

import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
)

from dicomjobs.wire.received_header import MAXIMUM_HEADER_BYTES, read_elements
from tests.support.instances import Elements, encode_data_set

ELEMENTS: Elements = [
    (0x00080005, "CS", "ISO_IR 100"),
    (0x00080008, "CS", "ORIGINAL\\PRIMARY "),
    (0x00080018, "UI", "1.2.3"),
    (0x00080050, "SH", ""),
    (0x00081030, "LO", " padded "),
    (0x00100010, "PN", "Müller^Hans".encode("latin-1")),
    (0x00104000, "LT", " kept\\whole "),
    (0x00280010, "US", 512),
    (0x00400275, "SQ", [[(0x00400007, "LO", "inside")]]),
]
EXPECTED = {
    0x00080005: ("ISO_IR 100",),
    0x00080008: ("ORIGINAL", "PRIMARY"),
    0x00080018: ("1.2.3",),
    0x00080050: (),
    0x00081030: ("padded",),
    0x00100010: ("Müller^Hans",),
    0x00104000: (" kept\\whole",),
    0x00280010: ("512",),
    0x00400275: (),
}


@pytest.mark.parametrize(
    "transfer_syntax",
    [
        ImplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
        JPEG2000Lossless,
    ],
)
def test_values_are_the_same_text_in_every_transfer_syntax(transfer_syntax: str) -> None:
    """Padding goes, backslashes split, numbers are written out, the character set is heeded."""
    data = encode_data_set(ELEMENTS, transfer_syntax)

    assert {each.tag: each.values for each in read_elements(BytesIO(data), transfer_syntax)} == EXPECTED


def test_only_what_is_wanted_is_read_and_nothing_behind_the_last_tag() -> None:
    """Elements that nobody asked for are passed over."""
    data = encode_data_set(ELEMENTS, ExplicitVRLittleEndian) + b"no element any more"
    wanted = dict.fromkeys((0x00080018, 0x00280010))
    found = read_elements(BytesIO(data), ExplicitVRLittleEndian, last_tag=0x00280010, wanted=wanted)

    assert [each.tag for each in found] == [0x00080005, 0x00080018, 0x00280010]


def test_a_deflated_bomb_is_inflated_no_further_than_a_header_goes() -> None:
    """100 MiB of zeros behind a header cost no more memory than the limit."""
    inflater = zlib.compressobj(wbits=-15)
    head = (
        encode_data_set(ELEMENTS[:3], ExplicitVRLittleEndian)
        + b"\xe0\x7f\x10\x00OB\0\0"
        + (100 << 20).to_bytes(4, "little")
    )
    bomb = inflater.compress(head) + inflater.compress(bytes(100 << 20)) + inflater.flush()
    tracemalloc.start()
    try:
        stream = BytesIO(bomb)
        found = list(read_elements(stream, DeflatedExplicitVRLittleEndian, last_tag=0x00100000))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert [each.tag for each in found] == [0x00080005, 0x00080008, 0x00080018]
    assert peak < 3 * MAXIMUM_HEADER_BYTES
