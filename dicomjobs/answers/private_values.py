"""Values of private attributes in answers whose VRs are not written: the query that asked for them knows what they are.

It knows the DICOM JSON Model and no bytes but those of a value.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping

from dicomjobs.answers.value_reader import value_readers
from dicomjobs.dicom.character_sets import DEFAULT, CharacterSet, character_set_of
from dicomjobs.dicom.data_dictionary import creator_tag, is_creator, is_private
from dicomjobs.errors import ProtocolError
from dicomjobs.model.query import Identifier

PrivateVrs = Mapping[tuple[int, str, int], str]
"""The VR of a private attribute by its group, its creator and the lower byte of its element (PS3.5 7.8.1)."""

NOTHING_PRIVATE: PrivateVrs = {}

_READERS = value_readers("<")
_SPECIFIC_CHARACTER_SET = "00080005"


def private_vrs(identifier: Identifier) -> PrivateVrs:
    """Return the VRs that a query has for private attributes, those in its sequences included."""
    return dict(_vrs(identifier))


def _vrs(identifier: Identifier) -> Iterator[tuple[tuple[int, str, int], str]]:
    """Yield the VRs of one data set and of the items in it."""
    creators = {element.tag: "\\".join(element.values) for element in identifier if is_creator(element.tag)}
    for element in identifier:
        creator = creators.get(creator_tag(element.tag)) if is_private(element.tag) else None
        if creator and element.vr in _READERS and element.vr != "UN":
            yield (element.tag >> 16, creator, element.tag & 0xFF), element.vr
        for item in element.items:
            yield from _vrs(item)


def with_private_values(
    answer: dict[str, object], vrs: PrivateVrs, around: CharacterSet | None = None
) -> dict[str, object]:
    """Return an answer with the values of private attributes read by their VRs, where nobody had written one; the rest is the same.

    `around` is the character set of text in an answer that declares none. A value that is none of its VR stays as it is.
    """
    character_set = _declared(answer) or around or DEFAULT
    return {key: _read(key, element, answer, vrs, character_set) for key, element in answer.items()}


def _read(
    key: str, element: object, answer: Mapping[str, object], vrs: PrivateVrs, character_set: CharacterSet
) -> object:
    """Return one element, its value read if it is a private one that nobody knew."""
    if not isinstance(element, Mapping):
        return element
    if element.get("vr") == "SQ":
        items = element.get("Value")
        inner = [with_private_values(item, vrs, character_set) for item in items] if isinstance(items, list) else []
        return {"vr": "SQ", "Value": inner} if inner else element
    tag = int(key, 16)
    vr = vrs.get((tag >> 16, _creator(answer, tag), tag & 0xFF)) if element.get("vr") == "UN" else None
    if vr is None:
        return element
    try:
        return _READERS[vr](b64decode(str(element.get("InlineBinary", ""))), character_set)
    except ProtocolError:
        return element


def _creator(answer: Mapping[str, object], tag: int) -> str:
    """Return who has reserved the block of a private attribute, "" where nobody has."""
    found = answer.get(f"{creator_tag(tag):08X}")
    values = found.get("Value") if isinstance(found, Mapping) else None
    return str(values[0]).strip() if isinstance(values, list) and values else ""


def _declared(answer: Mapping[str, object]) -> CharacterSet | None:
    """Return the character set that an answer declares, None when it declares none."""
    found = answer.get(_SPECIFIC_CHARACTER_SET)
    values = found.get("Value") if isinstance(found, Mapping) else None
    return character_set_of("\\".join(str(value or "") for value in values)) if isinstance(values, list) else None
