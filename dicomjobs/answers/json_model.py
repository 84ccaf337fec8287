"""An answer's bytes to the DICOM JSON Model (PS3.5 7, PS3.18 F.2).

It knows nothing of messages or of what the attributes mean. Answers come from a peer and are hostile until read:
whatever they hold, decoding ends with a value or with a ProtocolError.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from dicomjobs.answers.element_head import IMPLICIT, SYNTAXES, Head, Syntax, damaged, written
from dicomjobs.answers.value_reader import JsonElement
from dicomjobs.dicom.character_sets import DEFAULT, CharacterSet, character_set_of
from dicomjobs.dicom.deflate import inflate
from dicomjobs.dicom.transfer_syntaxes import DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN
from dicomjobs.dicom.uids import name_of
from dicomjobs.errors import ProtocolError

MAX_LENGTH = 2 * 1024 * 1024
"""Bytes that an answer may have; a usual one has a few hundred."""

MAX_DEPTH = 64
"""How deep sequences may be nested."""

_SPECIFIC_CHARACTER_SET = 0x00080005
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD


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
    if transfer_syntax == DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN:
        data = inflated(data)
    try:
        return _Answer(data, fallback).data_set(_Span(0, len(data)), syntax, fallback)[0]
    except struct.error:
        raise damaged("it ends in the middle of an element") from None


def inflated(data: bytes) -> bytes:
    """Return a deflated answer inflated; raises ProtocolError."""
    try:
        return inflate(data, most=MAX_LENGTH)
    except ValueError as error:
        raise ProtocolError(str(error)) from error


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
