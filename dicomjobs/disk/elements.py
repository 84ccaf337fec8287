"""Data elements one after the other, their values not looked at (PS3.5 7); it knows nothing of what the tags mean."""

from __future__ import annotations

from collections.abc import Iterator

from dicomjobs.dicom.encoding import IMPLICIT_LITTLE, NO_VR, SHORT_VRS, UNDEFINED_LENGTH, Encoding
from dicomjobs.disk.window import Damaged, Window

MAXIMUM_DEPTH = 64
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD

Element = tuple[int, bytes, int, int]
"""Tag as 0xGGGGEEEE, VR (two blanks in implicit VR), where the value begins, and its length, both in bytes."""


def elements(window: Window, position: int, encoding: Encoding, depth: int = 0) -> Iterator[Element]:
    """Yield the elements from `position` on, to the end of the data set or, below the top level, of the item.

    Between two elements the window may be moved forward. Raises Damaged where the bytes are no data element or a value runs
    past the end, and OSError when the file cannot be read.
    """
    if depth > MAXIMUM_DEPTH:
        raise Damaged(f"sequences are nested more than {MAXIMUM_DEPTH} deep")
    head, explicit = encoding.head.unpack_from, encoding.explicit
    while True:
        at = position - window.base
        if at + 12 > len(window.data):
            window.move(position)
            if not _element_begins(window, position, depth):
                return
            at = 0
        group, element, vr, length = head(window.data, at)
        if explicit and vr in SHORT_VRS:
            begin = position + 8
        else:
            begin, vr, length = _long_head(window, position, encoding, vr)
        tag = group << 16 | element
        if group == 0xFFFE:
            if tag == _ITEM_END and depth:
                yield tag, NO_VR, position + 8, 0
                return
            raise Damaged("an item or a delimiter stands where an element should")
        position = begin + length if length != UNDEFINED_LENGTH else _end_of_items(window, begin, vr, encoding, depth)
        yield tag, vr, begin, position - begin


def _element_begins(window: Window, position: int, depth: int) -> bool:
    """Say whether there is an element at `position`, where the window begins; False exactly at the end of the data set."""
    if len(window.data) >= 8:
        return True
    if position == window.size and not depth:
        return False
    raise Damaged("the file ends before its last element does")


def _long_head(window: Window, position: int, encoding: Encoding, vr: bytes) -> tuple[int, bytes, int]:
    """Return where the value begins, VR and length of an element whose length takes four bytes, an item or a delimiter."""
    at = position - window.base
    group, _element, length = encoding.item.unpack_from(window.data, at)
    if group == 0xFFFE or not encoding.explicit:
        return position + 8, NO_VR, length
    if not (vr.isalpha() and vr.isupper()):
        raise Damaged("the data set is not encoded as its transfer syntax says")
    if len(window.data) < at + 12:
        raise Damaged("the file ends before its last element does")
    (length,) = encoding.long_length.unpack_from(window.data, at + 8)
    return position + 12, vr, length


def _end_of_items(window: Window, position: int, vr: bytes, encoding: Encoding, depth: int) -> int:
    """Return where a value of undefined length ends, behind its delimiter: items of a sequence, or fragments of pixel data."""
    if vr == b"UN":
        encoding = IMPLICIT_LITTLE  # PS3.5 6.2.2: what was unknown to somebody who had it in implicit VR
    while True:
        at = position - window.base
        if at + 8 > len(window.data):
            window.move(position)
            at = 0
        if at + 8 > len(window.data):
            raise Damaged("a sequence or encapsulated pixel data has no end")
        group, element, length = encoding.item.unpack_from(window.data, at)
        position += 8
        match group << 16 | element:
            case 0xFFFEE0DD:
                return position
            case 0xFFFEE000 if length != UNDEFINED_LENGTH:
                position += length
            case 0xFFFEE000:
                position = _end_of_item(window, position, encoding, depth + 1)
            case _:
                raise Damaged("something else stands where an item should")


def _end_of_item(window: Window, position: int, encoding: Encoding, depth: int) -> int:
    """Return where an item of undefined length ends, behind its delimiter."""
    for tag, _vr, begin, _length in elements(window, position, encoding, depth):
        if tag == _ITEM_END:
            return begin
    raise Damaged("an item has no end")
