"""A data set in memory as a tree of elements, values as slices of its bytes (PS3.5 7); it knows nothing of other transfer syntaxes."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from dicomjobs.dicom.attributes import by_tag
from dicomjobs.dicom.encoding import IMPLICIT_LITTLE, SHORT_VRS, UNDEFINED_LENGTH, Encoding

MAXIMUM_DEPTH = 64
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD


class NotADataSet(Exception):
    """The bytes cannot be taken apart; the message says how, without repeating any of them."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element: tag as 0xGGGGEEEE, VR ("" where implicit VR leaves it open), and its value or the items of a sequence.

    The encoding is its own: below an element of VR UN it is another one than around it (PS3.5 6.2.2). `encapsulated` says
    that the value is fragments and their delimiter, of undefined length (PS3.5 A.4).
    """

    tag: int
    vr: str
    encoding: Encoding
    value: memoryview
    items: tuple[tuple[Element, ...], ...] = ()
    encapsulated: bool = False


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
    while position < end:
        group, number, _ = encoding.item.unpack_from(data, position)
        if group == 0xFFFE:
            if number == _ITEM_END & 0xFFFF and depth:
                return tuple(found), position + 8
            raise NotADataSet("an item or a delimiter stands where an element should")
        element, position = _element(data, position, encoding, depth)
        if position > end:
            raise NotADataSet("a value runs past the end")
        found.append(element)
    return tuple(found), position


def _element(data: memoryview, position: int, encoding: Encoding, depth: int) -> tuple[Element, int]:
    """Return the element at a position, and where it ends."""
    tag, vr, length, begin = _head(data, position, encoding)
    inner = IMPLICIT_LITTLE if vr == "UN" else encoding
    if length == UNDEFINED_LENGTH and vr in {"UN", ""}:
        vr = "SQ"  # nothing else has an undefined length in implicit VR (PS3.5 7.1.3)
    if vr == "SQ":
        items, end = _items(data, begin, length, inner, depth)
        return Element(tag, vr, encoding, _NOTHING, items), end
    if length == UNDEFINED_LENGTH:
        end = _end_of_fragments(data, begin, encoding)
        return Element(tag, vr, encoding, data[begin:end], encapsulated=True), end
    return Element(tag, vr, encoding, data[begin : begin + length]), begin + length


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


def _head(data: memoryview, position: int, encoding: Encoding) -> tuple[int, str, int, int]:
    """Return tag, VR, length and where the value begins; in implicit VR only a sequence is told from other elements here."""
    group, number, length = encoding.item.unpack_from(data, position)
    tag = group << 16 | number
    if not encoding.explicit:
        attribute = by_tag(tag)
        return tag, "SQ" if attribute and attribute.vr == "SQ" else "", length, position + 8
    _, _, vr, short_length = encoding.head.unpack_from(data, position)
    if vr in SHORT_VRS:
        return tag, vr.decode("ascii"), short_length, position + 8
    if not (vr.isalpha() and vr.isupper()):
        raise NotADataSet("the data set is not encoded as its transfer syntax says")
    (length,) = encoding.long_length.unpack_from(data, position + 8)
    return tag, vr.decode("ascii"), length, position + 12


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
