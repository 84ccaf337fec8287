"""Pixel data that ends a data set, so that it can stay in its file while all before it is rewritten; it knows nothing of sending."""

from __future__ import annotations

from dataclasses import dataclass

from dicomjobs.dicom.attributes import by_tag
from dicomjobs.dicom.encoding import Encoding
from dicomjobs.disk.elements import elements
from dicomjobs.disk.window import Window

_PIXEL_DATA = 0x7FE00010
_GROUP = 0x7FE00000


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelTail:
    """Where the element begins and where its value does, as positions in the file; the length is in bytes."""

    start: int
    begin: int
    length: int


def pixel_tail(window: Window, offset: int, encoding: Encoding) -> PixelTail | None:
    """Return the pixel data of the data set that begins at `offset`, None where it is not the last element or an odd one.

    The data set is not deflated. Raises Damaged and OSError.
    """
    tail = None
    for tag, vr, begin, length in elements(window, offset, encoding, range(_GROUP, 1 << 32)):
        if tag != _PIXEL_DATA or length % 2 or vr == b"UN":
            return None
        tail = PixelTail(start=begin - (12 if encoding.explicit else 8), begin=begin, length=length)
    return tail


def head_of(tail: PixelTail, source: Encoding, target: Encoding) -> tuple[bytes, int]:
    """Return what stands before the value in another encoding, and from where on the file goes out as it is.

    The byte orders are the same. Where both write VRs, or both do not, all of the element is as it is.
    """
    if source.explicit == target.explicit:
        return b"", tail.start
    group, number = _PIXEL_DATA >> 16, _PIXEL_DATA & 0xFFFF
    if not target.explicit:
        return target.item.pack(group, number, tail.length), tail.begin
    attribute = by_tag(_PIXEL_DATA)
    vr = attribute.vr.encode("ascii") if attribute else b"OW"
    return target.head.pack(group, number, vr, 0) + target.long_length.pack(tail.length), tail.begin
