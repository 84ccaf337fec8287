"""The values of a few attributes cut out of answers as fast as Python can; it knows nothing of what they say.

It reads only what nearly all answers are: plain text elements in an uncompressed syntax, none of them twice. Whatever else
an answer holds it leaves to `json_model.py`, by saying that it cannot tell.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Final

from dicomjobs.dicom.attributes import by_tag
from dicomjobs.dicom.transfer_syntaxes import (
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
)
from dicomjobs.dicom.value_representations import ALL, CHARACTER_SET_TEXT, LONG, PLAIN_TEXT, SINGLE_TEXT

SKIMMED: Final = (CHARACTER_SET_TEXT | PLAIN_TEXT) - SINGLE_TEXT - LONG
"""Value representations whose values can be taken as they are: text, of several values where a backslash stands."""

SHAPES: Final[Mapping[str, tuple[str, str]]] = {
    EXPLICIT_VR_LITTLE_ENDIAN: ("<6sH", "<HH"),
    EXPLICIT_VR_BIG_ENDIAN: (">6sH", ">HH"),
    IMPLICIT_VR_LITTLE_ENDIAN: ("<4sI", "<HH"),
}
"""What an element begins with, eight bytes in each syntax: tag (and VR), length; and how the tag is read."""

_MOST_HEADS: Final = 200
"""Kinds of elements that are remembered; answers of one query have a few dozen."""

_SKIPPED: Final = -1


class Skimmer:
    """Cuts the values of some tags out of answers in one transfer syntax."""

    def __init__(self, tags: Sequence[int], transfer_syntax: str) -> None:
        """Prepare for tags as 0xGGGGEEEE, each of them once."""
        whole, tag = SHAPES[transfer_syntax]
        self._places = {each: place for place, each in enumerate(tags)}
        self._unpack = struct.Struct(whole).unpack_from
        self._unpack_tag = struct.Struct(tag).unpack_from
        self._heads: dict[bytes, int] = {}
        self._shape: tuple[bytes, ...] = ()
        self._pick: Callable[[list[bytes]], tuple[bytes, ...]] = _picker([-1] * len(tags))

    def values(self, data: bytes) -> Sequence[bytes] | None:
        """Return a value for each tag, padding and all, empty for one that is not there; None for an answer that is not plain."""
        found: list[bytes] = []
        append, unpack, at = found.append, self._unpack, 0
        try:
            for expected in self._shape:  # answers to one query mostly have the same elements in the same order
                head, length = unpack(data, at)
                if head != expected:
                    break
                start = at + 8
                at = start + length
                append(data[start:at])
            else:
                if at == len(data):
                    append(b"")
                    return self._pick(found)
        except struct.error:
            return None
        return self._values(data)

    def _values(self, data: bytes) -> Sequence[bytes] | None:
        """Return the values of an answer that has not the elements of the one before it, and remember those it has."""
        shape: list[bytes] = []
        found: list[bytes] = []
        places = [-1] * len(self._places)
        at, end = 0, len(data)
        try:
            while at < end:
                head, length = self._unpack(data, at)
                place = self._heads.get(head)
                if place is None:
                    place = self._learn(head)
                if place is None or head in shape:  # no element is there twice
                    return None
                if place >= 0:
                    places[place] = len(shape)
                shape.append(head)
                start = at + 8
                at = start + length
                found.append(data[start:at])
        except struct.error:
            return None
        if at != end or len(shape) > _MOST_HEADS:
            return None
        found.append(b"")
        self._shape, self._pick = tuple(shape), _picker(places)
        return self._pick(found)

    def _learn(self, head: bytes) -> int | None:
        """Return where the value of an element of a kind not met before belongs, None when the answer is not plain."""
        if len(self._heads) >= _MOST_HEADS:
            return None
        group, element = self._unpack_tag(head)
        if group < 0x0008 or group >= 0xFFFE:
            return None
        tag = group << 16 | element
        attribute = by_tag(tag)
        known = attribute.vr if attribute else ""
        vr = head[4:].decode("latin-1") or known
        if vr not in ALL - LONG or vr == "SQ":
            return None
        place = self._places.get(tag)
        if place is not None and (vr not in SKIMMED or vr != known):
            return None
        self._heads[head] = _SKIPPED if place is None else place
        return self._heads[head]


def _picker(places: Sequence[int]) -> Callable[[list[bytes]], tuple[bytes, ...]]:
    """Return what picks the values at some places; -1 is the last place of all, where an empty one stands."""
    if len(places) == 1:
        return lambda values: (values[places[0]],)
    return itemgetter(*places) if places else lambda _: ()
