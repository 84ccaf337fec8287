"""The data set of a query: an identifier to bytes (PS3.5 7).

It knows nothing of messages or of what the attributes mean. How answers are read is in `answers/json_model.py`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from dicomjobs.answers.element_head import SYNTAXES, Syntax, written
from dicomjobs.dicom.character_sets import DEFAULT, CharacterSet, character_set_of
from dicomjobs.dicom.deflate import deflate
from dicomjobs.dicom.transfer_syntaxes import DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN
from dicomjobs.dicom.uids import name_of
from dicomjobs.dicom.value_representations import LONG, NEW_VRS
from dicomjobs.model.data_set_form import NewVrs
from dicomjobs.model.query import Element, Identifier
from dicomjobs.wire.value_writer import value_bytes

_SPECIFIC_CHARACTER_SET = 0x00080005
_ITEM = 0xFFFEE000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """How elements are written: in a transfer syntax, and with OB for which VRs where VRs are written."""

    syntax: Syntax
    as_ob: frozenset[str]


def encode_identifier(
    identifier: Identifier, transfer_syntax: str, character_set: str, new_vrs: NewVrs = NewVrs.KEEP
) -> bytes:
    """Return the identifier as a data set in an uncompressed or deflated transfer syntax, its sequences with explicit lengths.

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
    form = _Form(syntax=syntax, as_ob=NEW_VRS if new_vrs is NewVrs.AS_OB else frozenset())
    data = _data_set_bytes(elements, form, DEFAULT)
    return deflate(data) if transfer_syntax == DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN else data


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


def _data_set_bytes(elements: Iterable[Element], form: _Form, enclosing: CharacterSet) -> bytes:
    """Encode a data set or item, in ascending order of tags (PS3.5 7.1); `enclosing` is the character set around it."""
    ordered = sorted(elements, key=lambda element: element.tag)
    for before, element in pairwise(ordered):
        if before.tag == element.tag:
            raise ValueError(f"{written(element.tag)} is there twice")
    name = _declared(ordered)
    character_set = character_set_of(name) if name else enclosing
    if character_set is None:
        raise ValueError(f"{written(_SPECIFIC_CHARACTER_SET)}: {name!r} is no character set of PS3.3 C.12.1.1.2")
    return b"".join(_element_bytes(element, form, character_set) for element in ordered)


def _element_bytes(element: Element, form: _Form, character_set: CharacterSet) -> bytes:
    """Encode one element."""
    try:
        if element.vr == "SQ":
            value = _items_bytes(element, form, character_set)
        else:
            value = value_bytes(element.vr, element.values, character_set, form.syntax.order)
        return _head_bytes(element, len(value), form) + value
    except ValueError as problem:
        raise ValueError(f"{written(element.tag)}: {problem}") from None


def _items_bytes(element: Element, form: _Form, character_set: CharacterSet) -> bytes:
    """Encode the items of a sequence, each with an explicit length (PS3.5 7.5.1)."""
    if element.values:
        raise ValueError("a sequence has items, no values")
    out = bytearray()
    for item in element.items:
        content = _data_set_bytes(item, form, character_set)
        out += struct.pack(form.syntax.order + "HHI", _ITEM >> 16, _ITEM & 0xFFFF, len(content)) + content
    return bytes(out)


def _head_bytes(element: Element, length: int, form: _Form) -> bytes:
    """Encode tag, VR and length (PS3.5 7.1.2, 7.1.3)."""
    group, number, syntax = element.tag >> 16, element.tag & 0xFFFF, form.syntax
    vr = "OB" if element.vr in form.as_ob else element.vr
    if not syntax.explicit:
        return struct.pack(syntax.order + "HHI", group, number, length)
    if vr in LONG:
        return struct.pack(syntax.order + "HH2sHI", group, number, vr.encode("ascii"), 0, length)
    if length > 0xFFFE:
        raise ValueError(f"{length} bytes are more than an element of VR {element.vr} can have")
    return struct.pack(syntax.order + "HH2sH", group, number, vr.encode("ascii"), length)
