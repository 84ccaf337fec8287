"""A data set in memory as a tree of elements, values as slices of its bytes (PS3.5 7); it knows nothing of other transfer syntaxes."""

from __future__ import annotations

import struct
from functools import lru_cache

from dicomjobs.dicom.attributes import by_tag
from dicomjobs.dicom.encoding import IMPLICIT_LITTLE, NO_VR, SHORT_VRS, UNDEFINED_LENGTH, Encoding

MAXIMUM_DEPTH = 64
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD


class NotADataSet(Exception):
    """The bytes cannot be taken apart; the message says how, without repeating any of them."""


Element = tuple[int, bytes, Encoding, memoryview, tuple[tuple["Element", ...], ...], bool]
"""One element: tag as 0xGGGGEEEE, VR (b"" where implicit VR leaves it open), its encoding, its value, or the items of a sequence.

The encoding is its own: below an element of VR UN it is another one than around it (PS3.5 6.2.2). The last is true for a value
that is fragments and their delimiter, of undefined length (PS3.5 A.4). A tuple, because a header has hundreds.
"""

_NOTHING = memoryview(b"")


def parse(data: memoryview, encoding: Encoding) -> tuple[Element, ...]:
    """Take a data set apart; raises NotADataSet for anything but whole elements up to the end."""
    try:
        return _elements(data, 0, len(data), encoding, 0)[0]
    except struct.error as error:
        raise NotADataSet("the data set is cut off") from error


def _elements(
    data: memoryview, position: int, end: int, encoding: Encoding, depth: int
) -> tuple[tuple[Element, ...], int]:
    """Return the elements up to `end`, or up to an item delimiter where the item's length is undefined, and where they end."""
    if depth > MAXIMUM_DEPTH:
        raise NotADataSet(f"sequences are nested more than {MAXIMUM_DEPTH} deep")
    found: list[Element] = []
    read_item, read_head, explicit = encoding.item.unpack_from, encoding.head.unpack_from, encoding.explicit
    while position < end:
        if explicit:
            group, number, vr, length = read_head(data, position)
        else:
            group, number, length = read_item(data, position)
            vr = NO_VR
        if group == 0xFFFE:
            if number == _ITEM_END & 0xFFFF and depth:
                return tuple(found), position + 8
            raise NotADataSet("an item or a delimiter stands where an element should")
        tag = group << 16 | number
        if vr in SHORT_VRS or (not explicit and length != UNDEFINED_LENGTH and not _is_sequence(tag)):
            begin, position = position + 8, position + 8 + length
            found.append((tag, vr if explicit else b"", encoding, data[begin:position], (), False))
        else:
            element, position = _long_element(data, position, tag, vr if explicit else b"", encoding, depth)
            found.append(element)
        if position > end:
            raise NotADataSet("a value runs past the end")
    return tuple(found), position


@lru_cache(maxsize=4096)
def _is_sequence(tag: int) -> bool:
    """Say whether an attribute is a sequence by the dictionary."""
    attribute = by_tag(tag)
    return attribute is not None and attribute.vr == "SQ"


def _long_element(
    data: memoryview, position: int, tag: int, vr: bytes, encoding: Encoding, depth: int
) -> tuple[Element, int]:
    """Return an element whose length has four bytes in explicit VR, or a sequence, and where it ends."""
    begin = position + 8
    if not encoding.explicit:
        (length,) = encoding.long_length.unpack_from(data, position + 4)
        vr = b"SQ"  # nothing else has an undefined length in implicit VR (PS3.5 7.1.3)
    else:
        if not (vr.isalpha() and vr.isupper()):
            raise NotADataSet("the data set is not encoded as its transfer syntax says")
        (length,) = encoding.long_length.unpack_from(data, begin)
        begin += 4
    inner = encoding
    if vr == b"UN" and length == UNDEFINED_LENGTH:
        vr, inner = b"SQ", IMPLICIT_LITTLE  # PS3.5 6.2.2
    if vr == b"SQ":
        items, end = _items(data, begin, length, inner, depth)
        return (tag, vr, encoding, _NOTHING, items, False), end
    if length == UNDEFINED_LENGTH:
        end = _end_of_fragments(data, begin, encoding)
        return (tag, vr, encoding, data[begin:end], (), True), end
    return (tag, vr, encoding, data[begin : begin + length], (), False), begin + length


def _end_of_fragments(data: memoryview, position: int, encoding: Encoding) -> int:
    """Return where encapsulated pixel data ends, behind its delimiter."""
    while True:
        group, number, length = encoding.item.unpack_from(data, position)
        position += 8
        if group << 16 | number == _SEQUENCE_END:
            return position
        if group << 16 | number != _ITEM or length > len(data) - position:
            raise NotADataSet("something else stands where a fragment should")
        position += length


def _items(
    data: memoryview, position: int, length: int, encoding: Encoding, depth: int
) -> tuple[tuple[tuple[Element, ...], ...], int]:
    """Return the items of a sequence, and where it ends, behind its delimiter when its length is undefined (PS3.5 7.5)."""
    end = len(data) if length == UNDEFINED_LENGTH else position + length
    items: list[tuple[Element, ...]] = []
    while position < end:
        group, number, item_length = encoding.item.unpack_from(data, position)
        tag, position = group << 16 | number, position + 8
        if tag == _SEQUENCE_END and length == UNDEFINED_LENGTH:
            return tuple(items), position
        if tag != _ITEM:
            raise NotADataSet("something else stands where an item should")
        item_end = end if item_length == UNDEFINED_LENGTH else position + item_length
        item, position = _elements(data, position, item_end, encoding, depth + 1)
        items.append(item)
    if length == UNDEFINED_LENGTH or position != end:
        raise NotADataSet("a sequence does not end where it should")
    return tuple(items), end
