"""The elements of an answer as they were received: VR, length and bytes of each, items inside sequences (PS3.5 7).

It makes nothing of values. Whatever the bytes are, reading ends with elements or with a ProtocolError.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from dicomjobs.answers.element_head import IMPLICIT, SYNTAXES, Syntax, damaged, written
from dicomjobs.answers.json_model import MAX_DEPTH, MAX_LENGTH, inflated
from dicomjobs.dicom.deflate import deflate
from dicomjobs.dicom.transfer_syntaxes import DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN
from dicomjobs.dicom.uids import name_of
from dicomjobs.dicom.value_representations import CHARACTER_SET_TEXT, LONG, PLAIN_TEXT
from dicomjobs.errors import ProtocolError

UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD


@dataclass(frozen=True, slots=True)
class RawElement:
    """One element; `length` as it was written, UNDEFINED where a delimiter ends it. A sequence has items in place of a value."""

    tag: int
    vr: str
    length: int
    value: bytes = b""
    items: tuple[RawItem, ...] = ()


@dataclass(frozen=True, slots=True)
class RawItem:
    """One item of a sequence, its length as that of an element."""

    length: int
    elements: tuple[RawElement, ...]


@dataclass(slots=True)
class _Reader:
    """Reads elements from bytes, `at` being where the next begins."""

    data: bytes
    at: int = 0

    def elements(self, end: int, syntax: Syntax, depth: int, *, delimited: bool) -> Iterator[RawElement]:
        """Yield the elements up to an end, or up to the delimiter of an item."""
        while self.at < end:
            start = self.at
            head = syntax.head(self.data[start : start + syntax.width])
            (length,) = head.length(self.data, start + head.length_at)
            self.at = start + head.size
            if delimited and head.tag == _ITEM_END:
                return
            vr = "UN" if head.unknown else head.vr
            if (
                not vr
                or (length == UNDEFINED and vr not in {"SQ", "UN"})
                or (length != UNDEFINED and self.at + length > end)
            ):
                raise damaged(f"{written(head.tag)} is cut off or does not belong there")
            if vr == "SQ" or length == UNDEFINED:
                inner = IMPLICIT if head.unknown else syntax
                yield RawElement(head.tag, vr, length, items=tuple(self._items(length, end, inner, depth + 1)))
            else:
                self.at += length
                yield RawElement(head.tag, vr, length, self.data[self.at - length : self.at])
        if delimited:
            raise damaged("an item has no end")

    def _items(self, length: int, end: int, syntax: Syntax, depth: int) -> Iterator[RawItem]:
        """Yield the items of a sequence."""
        if depth > MAX_DEPTH:
            raise damaged(f"sequences are nested more than {MAX_DEPTH} deep")
        delimited = length == UNDEFINED
        end = end if delimited else self.at + length
        while self.at < end:
            group, number, size = syntax.item(self.data, self.at)
            tag = group << 16 | number
            self.at += 8
            if delimited and tag == _SEQUENCE_END:
                return
            item_end = end if size == UNDEFINED else self.at + size
            if tag != _ITEM or item_end > end:
                raise damaged("an item of a sequence is cut off")
            elements = tuple(self.elements(item_end, syntax, depth, delimited=size == UNDEFINED))
            yield RawItem(size, elements)
        if delimited:
            raise damaged("a sequence has no end")


def read_elements(data: bytes, transfer_syntax: str) -> tuple[RawElement, ...]:
    """Return the elements of an answer in ascending order; raises ProtocolError."""
    syntax = SYNTAXES.get(transfer_syntax)
    if syntax is None:
        raise ProtocolError(f"an identifier cannot be read in {name_of(transfer_syntax)}")
    if len(data) > MAX_LENGTH:
        raise ProtocolError(f"the identifier has {len(data)} bytes, more than the {MAX_LENGTH} that are read")
    if transfer_syntax == DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN:
        data = inflated(data)
    try:
        return tuple(sorted(_Reader(data).elements(len(data), syntax, 0, delimited=False), key=lambda each: each.tag))
    except struct.error:
        raise damaged("it ends in the middle of an element") from None


def trimmed(elements: tuple[RawElement, ...], transfer_syntax: str) -> tuple[RawElement, ...]:
    """Return elements without padding behind their texts, UIDs without spaces; lengths are even again, group lengths left out."""
    return _trimmed(elements, SYNTAXES[transfer_syntax])


def _trimmed(elements: tuple[RawElement, ...], syntax: Syntax) -> tuple[RawElement, ...]:
    """Return elements without padding."""
    return tuple(_trimmed_element(each, syntax) for each in elements if each.tag & 0xFFFF)


def _trimmed_element(element: RawElement, syntax: Syntax) -> RawElement:
    """Return one element without padding, or with items without padding."""
    if element.items:
        inner = IMPLICIT if element.vr == "UN" else syntax
        items = tuple(_trimmed_item(item, inner) for item in element.items)
        inside = sum(len(part) for part in _encoded_items(items, inner))
        return replace(element, items=items, length=UNDEFINED if element.length == UNDEFINED else inside)
    if element.vr not in CHARACTER_SET_TEXT | PLAIN_TEXT:
        return element
    value = element.value.replace(b" ", b"") if element.vr == "UI" else element.value
    value = value.rstrip(b" \0")
    value += (b"\0" if element.vr == "UI" else b" ") * (len(value) & 1)
    return replace(element, value=value, length=len(value))


def _trimmed_item(item: RawItem, syntax: Syntax) -> RawItem:
    """Return an item without padding in its elements."""
    elements = _trimmed(item.elements, syntax)
    length = UNDEFINED if item.length == UNDEFINED else sum(len(part) for part in _encoded(elements, syntax))
    return RawItem(length, elements)


def write_elements(elements: tuple[RawElement, ...], transfer_syntax: str) -> bytes:
    """Return elements as a data set again."""
    data = b"".join(_encoded(elements, SYNTAXES[transfer_syntax]))
    return deflate(data) if transfer_syntax == DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN else data


def _encoded(elements: tuple[RawElement, ...], syntax: Syntax) -> Iterator[bytes]:
    """Yield the bytes of elements."""
    for element in elements:
        yield _head(element, syntax)
        yield element.value
        yield from _encoded_items(element.items, IMPLICIT if element.vr == "UN" else syntax)
        if element.length == UNDEFINED:
            yield struct.pack(syntax.order + "HHI", _SEQUENCE_END >> 16, _SEQUENCE_END & 0xFFFF, 0)


def _encoded_items(items: tuple[RawItem, ...], syntax: Syntax) -> Iterator[bytes]:
    """Yield the bytes of items."""
    for item in items:
        yield struct.pack(syntax.order + "HHI", _ITEM >> 16, _ITEM & 0xFFFF, item.length)
        yield from _encoded(item.elements, syntax)
        if item.length == UNDEFINED:
            yield struct.pack(syntax.order + "HHI", _ITEM_END >> 16, _ITEM_END & 0xFFFF, 0)


def _head(element: RawElement, syntax: Syntax) -> bytes:
    """Return tag, VR and length of an element (PS3.5 7.1.2, 7.1.3)."""
    group, number, vr = element.tag >> 16, element.tag & 0xFFFF, element.vr.encode("ascii")
    if not syntax.explicit:
        return struct.pack(syntax.order + "HHI", group, number, element.length)
    if element.vr in LONG:
        return struct.pack(syntax.order + "HH2sHI", group, number, vr, 0, element.length)
    return struct.pack(syntax.order + "HH2sH", group, number, vr, element.length)
