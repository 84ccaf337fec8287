"""The private attributes in the head of a file that a send set is chosen by; only those who ask for them read this far."""

from __future__ import annotations

from dicomjobs.dicom.encoding import Encoding
from dicomjobs.disk.elements import elements
from dicomjobs.disk.header import LARGEST_VALUE, MAXIMUM_HEADER_BYTES, Header, RawValue
from dicomjobs.disk.window import InflatedWindow, Window


def read_private(window: Window, header: Header, groups: frozenset[int]) -> dict[int, RawValue]:
    """Return the values of all attributes of some private groups; raises Damaged, and OSError when the file cannot be read."""
    window.move(header.offset)
    encoding: Encoding = header.encoding
    data_set, begin = (
        (InflatedWindow(window, MAXIMUM_HEADER_BYTES), 0) if encoding.deflated else (window, header.offset)
    )
    return {
        tag: (vr, data_set.value(at, length))
        for tag, vr, at, length in elements(data_set, begin, encoding, last=max(groups) << 16 | 0xFFFF)
        if tag >> 16 in groups and length <= LARGEST_VALUE and vr != b"SQ"
    }
