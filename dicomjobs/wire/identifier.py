"""The data set of a query: an identifier to bytes, and an answer's bytes to the DICOM JSON Model (PS3.5 7, PS3.18 F.2).

It knows nothing of messages or of what the attributes mean. Answers come from a peer and are hostile until read:
whatever they hold, decoding ends with a value or with a ProtocolError.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from dicomjobs.dicom.character_sets import DEFAULT, CharacterSet, character_set_of
from dicomjobs.dicom.uids import name_of
from dicomjobs.dicom.value_representations import LONG
from dicomjobs.errors import ProtocolError
from dicomjobs.model.query import Element, Identifier
from dicomjobs.wire.element_head import IMPLICIT, SYNTAXES, Head, Syntax, damaged, written
from dicomjobs.wire.value_reader import JsonElement
from dicomjobs.wire.value_writer import value_bytes

MAX_LENGTH = 2 * 1024 * 1024
"""Bytes that an answer may have; a usual one has a few hundred."""

MAX_DEPTH = 64
"""How deep sequences may be nested."""

_SPECIFIC_CHARACTER_SET = 0x00080005
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD


def encode_identifier(identifier: Identifier, transfer_syntax: str, character_set: str) -> bytes:
    """Return the identifier as a data set in an uncompressed transfer syntax, its sequences with explicit lengths.

    Specific Character Set is added where a value is not ASCII and the identifier does not say in what it is encoded.
    Raises ValueError, with a sentence that names the attribute, for what cannot be encoded.
    """
    syntax = SYNTAXES.get(transfer_syntax)
    if syntax is None:
        raise ValueError(f"an identifier cannot be encoded in {name_of(transfer_syntax)}")
    elements = list(identifier)
    if not _declared(elements) and not _is_ascii(elements):
        elements = [element for element in elements if element.tag != _SPECIFIC_CHARACTER_SET]
        elements.append(Element(tag=_SPECIFIC_CHARACTER_SET, vr="CS", values=tuple(character_set.split("\\"))))
    return _data_set_bytes(elements, syntax, DEFAULT)


def _declared(elements: Iterable[Element]) -> str:
    """Return the Specific Character Set that a data set or item declares, "" when it declares none."""
    return next(("\\".join(each.values) for each in elements if each.tag == _SPECIFIC_CHARACTER_SET), "")


def _is_ascii(elements: Iterable[Element]) -> bool:
    """Say whether no value needs a character set, apart from items that declare their own."""
    return all(
        all(value.isascii() for value in element.values)
        and all(_declared(item) or _is_ascii(item) for item in element.items)
        for element in elements
    )


def _data_set_bytes(elements: Iterable[Element], syntax: Syntax, enclosing: CharacterSet) -> bytes:
    """Encode a data set or item, in ascending order of tags (PS3.5 7.1); `enclosing` is the character set around it."""
    ordered = sorted(elements, key=lambda element: element.tag)
    for before, element in pairwise(ordered):
        if before.tag == element.tag:
            raise ValueError(f"{written(element.tag)} is there twice")
    name = _declared(ordered)
    character_set = character_set_of(name) if name else enclosing
    if character_set is None:
        raise ValueError(f"{written(_SPECIFIC_CHARACTER_SET)}: {name!r} is no character set of PS3.3 C.12.1.1.2")
    return b"".join(_element_bytes(element, syntax, character_set) for element in ordered)


def _element_bytes(element: Element, syntax: Syntax, character_set: CharacterSet) -> bytes:
    """Encode one element."""
    try:
        if element.vr == "SQ":
            value = _items_bytes(element, syntax, character_set)
        else:
            value = value_bytes(element.vr, element.values, character_set, syntax.order)
        return _head_bytes(element, len(value), syntax) + value
    except ValueError as problem:
        raise ValueError(f"{written(element.tag)}: {problem}") from None


def _items_bytes(element: Element, syntax: Syntax, character_set: CharacterSet) -> bytes:
    """Encode the items of a sequence, each with an explicit length (PS3.5 7.5.1)."""
    if element.values:
        raise ValueError("a sequence has items, no values")
    out = bytearray()
    for item in element.items:
        content = _data_set_bytes(item, syntax, character_set)
        out += struct.pack(syntax.order + "HHI", _ITEM >> 16, _ITEM & 0xFFFF, len(content)) + content
    return bytes(out)


def _head_bytes(element: Element, length: int, syntax: Syntax) -> bytes:
    """Encode tag, VR and length (PS3.5 7.1.2, 7.1.3)."""
    group, number, vr = element.tag >> 16, element.tag & 0xFFFF, element.vr.encode("ascii")
    if not syntax.explicit:
        return struct.pack(syntax.order + "HHI", group, number, length)
    if element.vr in LONG:
        return struct.pack(syntax.order + "HH2sHI", group, number, vr, 0, length)
    if length > 0xFFFE:
        raise ValueError(f"{length} bytes are more than an element of VR {element.vr} can have")
    return struct.pack(syntax.order + "HH2sH", group, number, vr, length)


def decode_identifier(data: bytes, transfer_syntax: str, fallback_character_set: str) -> dict[str, object]:
    """Return an answer as a DICOM JSON Model object; `fallback_character_set` is for text in an answer that declares none.

    Raises ProtocolError for what is no data set of the transfer syntax, has more than MAX_LENGTH bytes or nests too deep.
    """
    syntax = SYNTAXES.get(transfer_syntax)
    if syntax is None:
        raise ProtocolError(f"an identifier cannot be read in {name_of(transfer_syntax)}")
    if len(data) > MAX_LENGTH:
        raise ProtocolError(f"the identifier has {len(data)} bytes, more than the {MAX_LENGTH} that are read")
    fallback = character_set_of(fallback_character_set) or DEFAULT
    try:
        return _Answer(data, fallback).data_set(_Span(0, len(data)), syntax, fallback)[0]
    except struct.error:
        raise damaged("it ends in the middle of an element") from None


def _in_order(found: dict[str, object]) -> dict[str, object]:
    """Return the attributes in ascending order (PS3.18 F.2.2), in which they nearly always came."""
    keys = list(found)
    ordered = sorted(keys)
    return found if keys == ordered else {key: found[key] for key in ordered}


@dataclass(frozen=True, slots=True)
class _Span:
    """Where a data set or item lies: bytes `start` to `end`, or up to its delimiter; `depth` counts the sequences around it."""

    start: int
    end: int
    delimited: bool = False
    depth: int = 0


@dataclass(frozen=True, slots=True)
class _Answer:
    """The bytes of an answer while it is being read. Every method returns what it read and where that ends."""

    data: bytes
    fallback: CharacterSet

    def data_set(self, span: _Span, syntax: Syntax, character_set: CharacterSet) -> tuple[dict[str, object], int]:
        """Read the elements of a data set or item; this loop is the part that has to be fast."""
        data, end, width, head_of = self.data, span.end, syntax.width, syntax.head
        found: dict[str, object] = {}
        at = span.start
        while at < end:
            head = head_of(data[at : at + width])
            (length,) = head.length(data, at + head.length_at)
            start = at + head.size
            if head.read is None or length == _UNDEFINED:
                if head.tag == _ITEM_END and span.delimited and start <= end:
                    return _in_order(found), start
                element, at = self.sequence(
                    head, _Span(start, end, depth=span.depth + 1), length, syntax, character_set
                )
            else:
                at = start + length
                if at > end:
                    raise damaged(f"{written(head.tag)} is cut off")
                element = head.read(data[start:at], character_set) if length else {"vr": head.vr}
                if head.tag == _SPECIFIC_CHARACTER_SET:
                    character_set = self.declared(element)
            if head.key in found:
                raise damaged(f"{written(head.tag)} is there twice")
            if head.key:
                found[head.key] = element
        if span.delimited:
            raise damaged("an item has no end")
        return _in_order(found), at

    def declared(self, element: JsonElement) -> CharacterSet:
        """Return the character set that an element (0008,0005) declares, the fallback where that says nothing of use."""
        values = element.get("Value")
        terms = values if isinstance(values, list) else []
        name = "\\".join(term if isinstance(term, str) else "" for term in terms)
        return self.fallback if name in {"", "ISO_IR 6"} else character_set_of(name) or self.fallback

    def sequence(
        self, head: Head, span: _Span, length: int, syntax: Syntax, character_set: CharacterSet
    ) -> tuple[JsonElement, int]:
        """Read the items of a sequence, of which `span` is the room it may have; UN holds them in implicit VR (PS3.5 6.2.2)."""
        if head.vr not in {"SQ", "UN"}:
            raise damaged(
                f"{written(head.tag)} is not expected here" if not head.vr else f"{written(head.tag)} has no length"
            )
        if span.depth > MAX_DEPTH:
            raise damaged(f"sequences are nested more than {MAX_DEPTH} deep")
        delimited = length == _UNDEFINED
        end = span.end if delimited else span.start + length
        if end > span.end:
            raise damaged(f"{written(head.tag)} is cut off")
        inner = IMPLICIT if head.unknown else syntax
        items, at = self.items(_Span(span.start, end, delimited, span.depth), inner, character_set)
        return ({"vr": "SQ", "Value": items} if items else {"vr": "SQ"}), at

    def items(self, span: _Span, syntax: Syntax, character_set: CharacterSet) -> tuple[list[dict[str, object]], int]:
        """Read items up to the end of their sequence (PS3.5 7.5)."""
        items: list[dict[str, object]] = []
        at = span.start
        while at < span.end:
            group, number, length = syntax.item(self.data, at)
            tag, start = group << 16 | number, at + 8
            if tag == _SEQUENCE_END and span.delimited and start <= span.end:
                return items, start
            delimited = length == _UNDEFINED
            end = span.end if delimited else start + length
            if tag != _ITEM or start > span.end or end > span.end:
                raise damaged(
                    "an item of a sequence is cut off"
                    if tag == _ITEM
                    else f"{written(tag)} stands where an item should"
                )
            item, at = self.data_set(_Span(start, end, delimited, span.depth), syntax, character_set)
            items.append(item)
        if span.delimited:
            raise damaged("a sequence has no end")
        return items, at
