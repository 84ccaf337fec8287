"""A value as DCMTK writes it in XML: how many there are, and their text; it knows no markup and no character sets."""

from __future__ import annotations

import struct
from math import isnan
from typing import Final

from dicomjobs.dicom.value_representations import NUMBERS, SINGLE_TEXT

_STRIPPED: Final = frozenset({"AE", "CS", "IS", "LO", "SH"})
"""Texts whose values lose the spaces on both sides; the others keep leading ones."""
_AS_IT_IS: Final = frozenset({"AS", "DS", "UI"})
"""Texts that keep even the spaces at their end."""
_STREAMS: Final = {"OD": ("d", ".17g"), "OF": ("f", ".8g"), "OL": ("I", "d"), "OV": ("Q", "d")}
"""Byte streams that are written as numbers, and count as one value."""
_NUMBER_FORMS: Final = {"FD": "", "FL": ".9g"}
"""How floating point numbers are written: of 64 bits with as many digits as tell them apart, 16 at least."""
_PADDING: Final = b" \0"

HIDDEN: Final = frozenset({"OB", "OW", "UN"})
"""Byte streams that are never written."""


def values_and_text(vr: str, raw: bytes, order: str) -> tuple[int, bytes]:
    """Return the number of values of an element and their text, which has backslashes between them.

    `order` is the byte order as the struct module writes it. A number that is cut off ends the text.
    """
    if vr in HIDDEN:
        return 1, b""
    if vr in _STREAMS:
        return 1, _numbers(raw, *_STREAMS[vr], order)
    if vr in NUMBERS:
        text = _numbers(raw, NUMBERS[vr], _NUMBER_FORMS.get(vr, "d"), order)
        return text.count(b"\\") + 1 if text else 0, text
    if vr == "AT":
        halves = struct.unpack(f"{order}{len(raw) // 4 * 2}H", raw[: len(raw) // 4 * 4])
        tags = [b"(%04x,%04x)" % pair for pair in zip(halves[::2], halves[1::2], strict=True)]
        return len(tags), b"\\".join(tags)
    return _text(vr, raw)


def _text(vr: str, raw: bytes) -> tuple[int, bytes]:
    """Return the values of a text."""
    if not raw:
        return 0, b""
    if vr in SINGLE_TEXT:
        return 1, raw.rstrip(_PADDING)
    values = raw.split(b"\\")
    if vr in _AS_IT_IS:
        return len(values), b"\\".join([value.rstrip(b"\0") for value in values])
    strip = bytes.strip if vr in _STRIPPED else bytes.rstrip
    return len(values), b"\\".join([strip(value, _PADDING) for value in values])


def _numbers(raw: bytes, letter: str, form: str, order: str) -> bytes:
    """Return binary numbers as text, in a form of the format language, "" for as many digits as are needed."""
    size = struct.calcsize(order + letter)
    values = struct.unpack(f"{order}{len(raw) // size}{letter}", raw[: len(raw) // size * size])
    return "\\".join([format(value, form) if form else _shortest(value) for value in values]).encode("ascii")


def _shortest(value: float) -> str:
    """Return a number of 64 bits with 16 digits, with 17 where it takes them."""
    text = f"{value:.16g}"
    return text if float(text) == value or isnan(value) else f"{value:.17g}"
