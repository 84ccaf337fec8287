"""Whether a header meets the conditions of `where:`; it knows nothing of files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from struct import Struct

from dicomjobs.dicom.character_sets import DEFAULT, CharacterSet, character_set_of
from dicomjobs.dicom.data_dictionary import in_block
from dicomjobs.dicom.encoding import NO_VR, Encoding
from dicomjobs.dicom.value_representations import NUMBERS
from dicomjobs.disk.header import RawValue
from dicomjobs.model.send_set import Condition

_SPECIFIC_CHARACTER_SET = 0x00080005


def wanted_tags(conditions: Sequence[Condition]) -> frozenset[int]:
    """Return the attributes whose values are needed to judge the conditions, those of private groups apart."""
    tags = frozenset(condition.tag for condition in conditions if not condition.creator)
    return tags | {_SPECIFIC_CHARACTER_SET} if conditions else tags


def private_groups(conditions: Sequence[Condition]) -> frozenset[int]:
    """Return the private groups that are needed whole: only they say which block is whose (PS3.5 7.8.1)."""
    return frozenset(condition.tag >> 16 for condition in conditions if condition.creator)


def unmet(conditions: Sequence[Condition], values: Mapping[int, RawValue], encoding: Encoding) -> Condition | None:
    """Return the first condition that a header does not meet: one of its attribute's values must be one of the condition's."""
    _vr, term = values.get(_SPECIFIC_CHARACTER_SET, (NO_VR, b""))
    characters = character_set_of(term.decode("latin-1")) or DEFAULT
    for condition in conditions:
        tag = _placed(condition, values) if condition.creator else condition.tag
        vr, value = values.get(tag, (NO_VR, b""))
        written = condition.vr if vr == NO_VR else vr.decode("latin-1")
        if not set(condition.values).intersection(_texts(written, value, encoding, characters)):
            return condition
    return None


def _placed(condition: Condition, values: Mapping[int, RawValue]) -> int:
    """Return the tag that a private attribute has in a header, 0 where its creator has no block there."""
    creator = condition.creator.encode()
    for tag, (_vr, value) in values.items():
        if (placed := in_block(condition.tag, tag)) is not None and value.strip(b" \0") == creator:
            return placed
    return 0


def _texts(vr: str, value: bytes, encoding: Encoding, characters: CharacterSet) -> Iterator[str]:
    """Yield each value of an attribute as text, as a person writes it, without its padding."""
    if vr in NUMBERS:
        number = Struct((">" if encoding.byte_order == "big" else "<") + NUMBERS[vr])
        for (found,) in number.iter_unpack(value[: len(value) // number.size * number.size]):
            yield str(found)
    else:
        text = characters.decode(value, b"\\^=" if vr == "PN" else b"\\")
        yield from (part.strip(" \0") for part in text.split("\\"))
