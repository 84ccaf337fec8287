"""Data elements one after the other, their values not looked at (PS3.5 7); it knows nothing of what the tags mean."""

from __future__ import annotations

from collections.abc import Container, Iterator

from dicomjobs.dicom.encoding import IMPLICIT_LITTLE, NO_VR, SHORT_VRS, UNDEFINED_LENGTH, Encoding
from dicomjobs.disk.window import Damaged, Window

MAXIMUM_DEPTH = 64
LAST_TAG = 0xFFFFFFFF
EVERY_TAG = range(LAST_TAG + 1)
_ITEM_END = 0xFFFEE00D

Element = tuple[int, bytes, int, int]
"""Tag as 0xGGGGEEEE, VR (two blanks in implicit VR), where the value begins, and its length, both in bytes."""


def elements(
    window: Window,
    position: int,
    encoding: Encoding,
    wanted: Container[int] = EVERY_TAG,
    *,
    last: int = LAST_TAG,
    depth: int = 0,
) -> Iterator[Element]:
    """Yield the wanted elements from `position` on, to the end of the data set, behind the tag `last`, or to the end of an item.

    Between two elements the window may be moved forward. Raises Damaged where the bytes are no data element or a value runs
    past the end, and OSError when the file cannot be read. Local names, because this loop is what a survey spends its time in.
    """
    if depth > MAXIMUM_DEPTH:
        raise Damaged(f"sequences are nested more than {MAXIMUM_DEPTH} deep")
    explicit, head, item = encoding.explicit, encoding.head.unpack_from, encoding.item.unpack_from
    data, base, vr = window.data, window.base, NO_VR
    at, limit = position - base, len(data) - 12
    while True:
        if at > limit:
            window.move(base + at)
            if not _element_begins(window, base + at, depth):
                return
            data, base, at, limit = window.data, base + at, 0, len(window.data) - 12
        if explicit:
            group, element, vr, length = head(data, at)
            is_short = vr in SHORT_VRS
        else:
            group, element, length = item(data, at)
            is_short = length != UNDEFINED_LENGTH
        at += 8
        if group == 0xFFFE:
            if element != 0xE00D or not depth:
                raise Damaged("an item or a delimiter stands where an element should")
            yield _ITEM_END, NO_VR, base + at, 0
            return
        if not is_short:
            begin, length = _long_value(window, base + at, vr, encoding, depth)
            data, base, at, limit = window.data, window.base, begin - window.base, len(window.data) - 12
        tag = group << 16 | element
        if tag in wanted:
            yield tag, vr, base + at, length
            data, base, at, limit = window.data, window.base, at + base - window.base, len(window.data) - 12
        elif tag > last:
            return
        at += length


def _element_begins(window: Window, position: int, depth: int) -> bool:
    """Say whether there is an element at `position`, where the window begins; False exactly at the end of the data set."""
    if len(window.data) >= 8:
        return True
    if position == window.size and not depth:
        return False
    raise Damaged("the file ends before its last element does")


def _long_value(window: Window, position: int, vr: bytes, encoding: Encoding, depth: int) -> tuple[int, int]:
    """Return where a value begins and its length, where the length takes four bytes or is undefined; `position` is behind the VR."""
    length = UNDEFINED_LENGTH
    if encoding.explicit:
        if not (vr.isalpha() and vr.isupper()):
            raise Damaged("the data set is not encoded as its transfer syntax says")
        at = position - window.base
        if at + 4 > len(window.data):
            raise Damaged("the file ends before its last element does")
        (length,) = encoding.long_length.unpack_from(window.data, at)
        position += 4
    if length == UNDEFINED_LENGTH:
        length = _end_of_items(window, position, vr, encoding, depth) - position
    return position, length


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
    for _tag, _vr, end, _length in elements(window, position, encoding, (_ITEM_END,), depth=depth):
        return end
    raise Damaged("an item has no end")
