"""A value on a findscu line as the values of an element: text as it is typed, numbers and bytes as C reads them.

It knows VRs and no tags.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from dicomjobs.dicom.uids import uid_of
from dicomjobs.dicom.value_representations import BINARY, NUMBERS, SINGLE_TEXT

_BITS = MappingProxyType({"SL": 32, "SS": 16, "SV": 64, "UL": 32, "US": 16, "UV": 64, "OL": 32, "OV": 64})
_WHOLE = re.compile(r"\s*([+-]?[0-9]+)")
_REAL = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_HEX = re.compile(r"\s*(?:0[xX])?([0-9A-Fa-f]+)")
_TAG = re.compile(r"\(\s*([0-9A-Fa-f]+),\s*([0-9A-Fa-f]+)")


class NotAValue(Exception):
    """A value that DCMTK has no bytes for."""


def values_of(vr: str, text: str) -> tuple[str, ...]:
    """Return the values of an element, none for an empty text; raises NotAValue where DCMTK finds its data corrupted."""
    if not text:
        return ()
    if vr in SINGLE_TEXT:
        return (text,)
    if vr == "UI" and text.startswith("="):
        return (uid_of(text[1:]) or text,)
    read = _READERS.get(vr)
    values = text.split("\\")
    return tuple(read(vr, value) for value in values) if read else tuple(values)


def _whole(vr: str, text: str) -> str:
    """Return a whole number, digits up to the first other character and as many bits of it as there is room for."""
    found = _WHOLE.match(text)
    if found is None:
        raise NotAValue("Corrupted data")
    number = int(found[1]) & (1 << _BITS[vr]) - 1
    is_negative = vr.startswith("S") and number >> _BITS[vr] - 1
    return str(number - (1 << _BITS[vr]) if is_negative else number)


def _real(_vr: str, text: str) -> str:
    """Return a number with a fraction."""
    found = _REAL.match(text)
    if found is None:
        raise NotAValue("Corrupted data")
    return found[0].strip()


def _bytes(vr: str, text: str) -> str:
    """Return a byte or a word in hexadecimal digits, the last ones where there are more than there is room for."""
    found = _HEX.match(text)
    if found is None:
        raise NotAValue("Corrupted data")
    digits = 2 * BINARY[vr]
    return found[1][-digits:].zfill(digits)


def _tag(_vr: str, text: str) -> str:
    """Return a tag."""
    found = _TAG.match(text)
    if found is None:
        raise NotAValue("Corrupted data")
    return f"({int(found[1], 16) & 0xFFFF:04x},{int(found[2], 16) & 0xFFFF:04x})"


_READERS: Mapping[str, Callable[[str, str], str]] = MappingProxyType(
    {vr: _real if vr in {"FD", "FL"} else _whole for vr in NUMBERS}
    | {"OB": _bytes, "UN": _bytes, "OW": _bytes, "OD": _real, "OF": _real, "OL": _whole, "OV": _whole, "AT": _tag}
)
"""How the values of VRs that are not text are read."""
