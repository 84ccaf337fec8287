"""The value of one received element, from bytes to the DICOM JSON Model (PS3.18 F.2); one reader for each VR.

It knows nothing of tags, lengths or sequences; `identifier.py` takes a data set apart.
"""

from __future__ import annotations

import re
import struct
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from math import isfinite

from dicomjobs.dicom.character_sets import CharacterSet
from dicomjobs.dicom.value_representations import (
    BINARY,
    CHARACTER_SET_TEXT,
    LEADING_SPACES_IGNORED,
    NUMBERS,
    PLAIN_TEXT,
    SINGLE_TEXT,
)
from dicomjobs.errors import ProtocolError

JsonElement = dict[str, object]
"""An attribute of the DICOM JSON Model: `vr`, and `Value` or `InlineBinary` unless it is empty."""

ValueReader = Callable[[bytes, CharacterSet], JsonElement]

TEXT_RESETS = b"\\\t\n\f\r"
NAME_RESETS = b"^=" + TEXT_RESETS
"""What ends the effect of an escape sequence (PS3.5 6.1.2.5.3)."""

_PADDING = " \0"
_INTEGER = re.compile(r"[+-]?[0-9]{1,15}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")


def _text(raw: bytes, character_set: CharacterSet, resets: bytes) -> str:
    """Decode text; most of it is ASCII without escape sequences, in which all character sets agree."""
    if raw.isascii() and b"\x1b" not in raw:
        return raw.decode("ascii")
    return character_set.decode(raw, resets)


def _strings(vr: str, text: str, strip: Callable[[str, str], str]) -> JsonElement:
    """Return the values of a text; an empty one among several is null (PS3.18 F.2.5)."""
    if "\\" in text:
        return {"vr": vr, "Value": [strip(part, _PADDING) or None for part in text.split("\\")]}
    value = strip(text, _PADDING)
    return {"vr": vr, "Value": [value]} if value else {"vr": vr}


def _strip(vr: str) -> Callable[[str, str], str]:
    """Return what takes the padding off a value of a VR."""
    return str.strip if vr in LEADING_SPACES_IGNORED else str.rstrip


def _plain_text_reader(vr: str) -> ValueReader:
    """Return the reader of a VR in the default repertoire; a byte that is not allowed there shows as in ISO_IR 100."""
    strip = _strip(vr)

    def read(raw: bytes, _: CharacterSet) -> JsonElement:
        """Read text that the character set does not apply to."""
        return _strings(vr, raw.decode("latin-1"), strip)

    return read


def _text_reader(vr: str) -> ValueReader:
    """Return the reader of a VR of several values that the character set applies to."""
    strip = _strip(vr)

    def read(raw: bytes, character_set: CharacterSet) -> JsonElement:
        """Read text in the character set."""
        return _strings(vr, _text(raw, character_set, TEXT_RESETS), strip)

    return read


def _read_single_text(vr: str, raw: bytes, character_set: CharacterSet) -> JsonElement:
    """Read text in which a backslash separates nothing."""
    value = _text(raw, character_set, TEXT_RESETS).rstrip(_PADDING)
    return {"vr": vr, "Value": [value]} if value else {"vr": vr}


def _name(text: str) -> dict[str, str] | None:
    """Return the component groups of a person name that are not empty (PS3.5 6.2.1.2), None when all are."""
    if "=" not in text:
        value = text.rstrip(_PADDING)
        return {"Alphabetic": value} if value else None
    parts = zip(_NAME_GROUPS, text.split("=", 2), strict=False)
    groups = {group: value for group, part in parts if (value := part.rstrip(_PADDING))}
    return groups or None


def _read_names(raw: bytes, character_set: CharacterSet) -> JsonElement:
    """Read person names."""
    text = _text(raw, character_set, NAME_RESETS)
    names = [_name(part) for part in text.split("\\")]
    return {"vr": "PN"} if names == [None] else {"vr": "PN", "Value": names}


def number_of(text: str) -> int | float | str | None:
    """Return a decimal or integer string as a number when it is one that JSON can hold, else as it came; None when empty."""
    text = text.strip(_PADDING)
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text) and isfinite(number := float(text)):
        return number
    return text or None


def _read_number_strings(vr: str, raw: bytes, _: CharacterSet) -> JsonElement:
    """Read DS or IS."""
    values = [number_of(part) for part in raw.decode("latin-1").split("\\")]
    return {"vr": vr} if values == [None] else {"vr": vr, "Value": values}


def _count(vr: str, raw: bytes, size: int) -> int:
    """Return how many values of `size` bytes there are."""
    count, rest = divmod(len(raw), size)
    if rest:
        raise ProtocolError(f"a value of VR {vr} has {len(raw)} bytes, which is no multiple of {size}")
    return count


def _number_reader(vr: str, order: str) -> ValueReader:
    """Return the reader of a VR of binary numbers; what is not finite becomes "NaN", "inf" or "-inf", which JSON has no number for."""
    letter = NUMBERS[vr]
    size = struct.calcsize(order + letter)

    def read(raw: bytes, _: CharacterSet) -> JsonElement:
        """Read binary numbers."""
        values = struct.unpack(f"{order}{_count(vr, raw, size)}{letter}", raw)
        return {"vr": vr, "Value": [value if isfinite(value) else _not_finite(value) for value in values]}

    return read


def _not_finite(value: float) -> str:
    """Return the name of a floating point value that is no number."""
    return "NaN" if value != value else ("inf" if value > 0 else "-inf")  # noqa: PLR0124  only NaN differs from itself


def _tag_reader(order: str) -> ValueReader:
    """Return the reader of attribute tags."""

    def read(raw: bytes, _: CharacterSet) -> JsonElement:
        """Read tags, each two 16 bit numbers."""
        halves = struct.unpack(f"{order}{2 * _count('AT', raw, 4)}H", raw)
        pairs = zip(halves[::2], halves[1::2], strict=True)
        return {"vr": "AT", "Value": [f"{group:04X}{element:04X}" for group, element in pairs]}

    return read


def _read_binary(vr: str, swapped: int, raw: bytes, _: CharacterSet) -> JsonElement:
    """Read a byte stream; words of `swapped` bytes are turned round to little endian, 1 leaves them alone."""
    if swapped > 1:
        _count(vr, raw, swapped)
        raw = b"".join(raw[at : at + swapped][::-1] for at in range(0, len(raw), swapped))
    return {"vr": vr, "InlineBinary": b64encode(raw).decode("ascii")}


def value_readers(order: str) -> dict[str, ValueReader]:
    """Return the reader of each VR but SQ, for a byte order of the struct module ("<" or ">"); values given to them are not empty."""
    readers: dict[str, ValueReader] = {vr: _text_reader(vr) for vr in CHARACTER_SET_TEXT}
    readers |= {vr: _plain_text_reader(vr) for vr in PLAIN_TEXT}
    readers |= {vr: partial(_read_single_text, vr) for vr in SINGLE_TEXT}
    readers |= {vr: partial(_read_number_strings, vr) for vr in ("DS", "IS")}
    readers |= {vr: _number_reader(vr, order) for vr in NUMBERS}
    readers |= {vr: partial(_read_binary, vr, size if order == ">" else 1) for vr, size in BINARY.items()}
    return readers | {"PN": _read_names, "AT": _tag_reader(order)}
