"""The values of one element of an identifier, from text to bytes (PS3.5 6.2); raises ValueError with the reason in a few words.

It knows nothing of tags, lengths or sequences; `identifier.py` puts a data set together.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence

from dicomjobs.dicom.character_sets import CharacterSet, resets_of
from dicomjobs.dicom.value_representations import BINARY, CHARACTER_SET_TEXT, NUMBERS, PLAIN_TEXT

_TAG = re.compile(r"\(?([0-9A-Fa-f]{4}),?([0-9A-Fa-f]{4})\)?")
_NUMBER_STREAMS = {"OD": "d", "OF": "f", "OL": "I", "OV": "Q"}
"""Byte streams that people write as decimal numbers, as DCMTK has them."""
_FLOATS = frozenset({"FD", "FL", "OD", "OF"})


def _text(vr: str, values: Sequence[str], character_set: CharacterSet) -> bytes:
    """Encode text."""
    text = "\\".join(values)
    if vr in PLAIN_TEXT:
        if not text.isascii():
            raise ValueError(f"a value of VR {vr} can only have ASCII characters")
        return text.encode("ascii")
    try:
        return character_set.encode(text, resets_of(vr))
    except ValueError:
        raise ValueError(f"the value has a character that {character_set.name} lacks") from None


def _plain(value: str) -> str:
    """Return the text of a number without what only Python allows in one, which then is no number: 1_000, ٣."""
    return value.replace("_", "?") if value.isascii() else "?"


def _numbers(vr: str, letter: str, values: Sequence[str], order: str) -> bytes:
    """Encode binary numbers from decimal text."""
    convert = float if vr in _FLOATS else int
    try:
        return b"".join(struct.pack(order + letter, convert(_plain(value))) for value in values)
    except (ValueError, OverflowError, struct.error):
        raise ValueError(f"not a number that VR {vr} can hold") from None


def _tags(values: Sequence[str], order: str) -> bytes:
    """Encode attribute tags, written (0010,0020) or 00100020."""
    out = bytearray()
    for value in values:
        match = _TAG.fullmatch(value)
        if match is None:
            raise ValueError("a value of VR AT is a tag, such as (0010,0020)")
        out += struct.pack(order + "HH", int(match[1], 16), int(match[2], 16))
    return bytes(out)


def _words(vr: str, values: Sequence[str], order: str) -> bytes:
    """Encode a byte stream from words of hexadecimal digits, each as long as a word of the VR."""
    digits = 2 * BINARY[vr]
    if not all(re.fullmatch(f"[0-9A-Fa-f]{{1,{digits}}}", value) for value in values):
        raise ValueError(f"a value of VR {vr} is written in words of up to {digits} hexadecimal digits")
    words = (bytes.fromhex(value.zfill(digits)) for value in values)
    return b"".join(word if order == ">" else word[::-1] for word in words)


def value_bytes(vr: str, values: Sequence[str], character_set: CharacterSet, order: str) -> bytes:
    """Return the value field, padded to an even length with the VR's padding (PS3.5 6.2); `order` as for the struct module."""
    if vr in CHARACTER_SET_TEXT or vr in PLAIN_TEXT:
        raw, padding = _text(vr, values, character_set), b"\0" if vr == "UI" else b" "
    elif vr in NUMBERS:
        raw, padding = _numbers(vr, NUMBERS[vr], values, order), b""
    elif vr == "AT":
        raw, padding = _tags(values, order), b""
    elif vr in _NUMBER_STREAMS:
        raw, padding = _numbers(vr, _NUMBER_STREAMS[vr], values, order), b""
    elif vr in BINARY:
        raw, padding = _words(vr, values, order), b"\0"
    else:
        raise ValueError(f"there is no VR {vr!r}")
    return raw + padding if len(raw) % 2 else raw
