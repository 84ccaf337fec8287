"""The head of a data set with some values replaced, so that the rest of it can stay in its file, however large that is.

Nothing else changes but the lengths of the groups that the values are in (PS3.5 7.2). It knows nothing of sending.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from dicomjobs.dicom.attributes import by_tag
from dicomjobs.dicom.encoding import SHORT_VRS, UNDEFINED_LENGTH, Encoding
from dicomjobs.disk.elements import Element, elements
from dicomjobs.disk.window import Window


def spliced_head(window: Window, offset: int, encoding: Encoding, texts: Mapping[int, str]) -> tuple[bytes, int]:
    """Return what stands in the place of a data set's first bytes, and the position in the file where the rest of it begins.

    `texts` are the new values of top-level attributes, by tag as 0xGGGGEEEE, for those that are there; the window is over a
    file, the data set from `offset` on is not deflated. Raises Damaged and OSError.
    """
    lengths = frozenset(tag & 0xFFFF0000 for tag in texts)
    found = list(elements(window, offset, encoding, texts.keys() | lengths, last=max(texts)))
    head = window.value(offset, found[-1][2] + found[-1][3] - offset) if found else b""
    new = {
        each[0]: _padded(each[0], texts[each[0]])
        for each in found
        if each[0] in texts and _has_length(head, each, offset)
    }
    grown: Counter[int] = Counter()
    for tag, _vr, _begin, length in found:
        if tag in new:
            grown[tag & 0xFFFF0000] += len(new[tag]) - length
    parts, position = [], offset
    for tag, vr, begin, length in found:
        value = new.get(tag)
        if tag in lengths:
            old = int.from_bytes(head[begin - offset : begin - offset + length], encoding.byte_order)
            value = (old + grown[tag]).to_bytes(length, encoding.byte_order)
        if value is not None:
            size = 2 if encoding.explicit and vr in SHORT_VRS else 4
            parts += [
                head[position - offset : begin - size - offset],
                len(value).to_bytes(size, encoding.byte_order),
                value,
            ]
            position = begin + length
    return b"".join(parts), position


def _has_length(head: bytes, element: Element, offset: int) -> bool:
    """Say whether an element has a length, as every one with a text for its value has."""
    _tag, vr, begin, _length = element
    return vr in SHORT_VRS or head[begin - offset - 4 : begin - offset] != UNDEFINED_LENGTH.to_bytes(4, "little")


def _padded(tag: int, text: str) -> bytes:
    """Return a text of an even length (PS3.5 6.2)."""
    attribute = by_tag(tag)
    pad = b"\0" if attribute and attribute.vr == "UI" else b" "
    value = text.encode("ascii")
    return value + pad * (len(value) % 2)
