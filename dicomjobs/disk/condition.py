"""Whether a header meets the conditions of `where:`; it knows nothing of files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from struct import Struct

from dicomjobs.dicom.attributes import by_tag
from dicomjobs.dicom.character_sets import DEFAULT, CharacterSet, character_set_of
from dicomjobs.dicom.encoding import NO_VR, Encoding
from dicomjobs.dicom.value_representations import NUMBERS
from dicomjobs.disk.header import RawValue
from dicomjobs.model.send_set import Condition

_SPECIFIC_CHARACTER_SET = 0x00080005


def wanted_tags(conditions: Sequence[Condition]) -> frozenset[int]:
    """Return the attributes whose values are needed to judge the conditions."""
    tags = frozenset(condition.tag for condition in conditions)
    return tags | {_SPECIFIC_CHARACTER_SET} if tags else tags


def unmet(conditions: Sequence[Condition], values: Mapping[int, RawValue], encoding: Encoding) -> Condition | None:
    """Return the first condition that a header does not meet: one of its attribute's values must be one of the condition's."""
    _vr, term = values.get(_SPECIFIC_CHARACTER_SET, (NO_VR, b""))
    characters = character_set_of(term.decode("latin-1")) or DEFAULT
    for condition in conditions:
        vr, value = values.get(condition.tag, (NO_VR, b""))
        if not set(condition.values).intersection(_texts(condition.tag, vr, value, encoding, characters)):
            return condition
    return None


def _texts(tag: int, raw_vr: bytes, value: bytes, encoding: Encoding, characters: CharacterSet) -> Iterator[str]:
    """Yield each value of an attribute as text, as a person writes it, without its padding."""
    attribute = by_tag(tag) if raw_vr == NO_VR else None
    vr = attribute.vr if attribute else raw_vr.decode("latin-1")
    if vr in NUMBERS:
        number = Struct((">" if encoding.byte_order == "big" else "<") + NUMBERS[vr])
        for (found,) in number.iter_unpack(value[: len(value) // number.size * number.size]):
            yield str(found)
    else:
        text = characters.decode(value, b"\\^=" if vr == "PN" else b"\\")
        yield from (part.strip(" \0") for part in text.split("\\"))
