"""Text with escape sequences that switch between character sets, to bytes and back (ISO 2022 as PS3.5 6.1.2.5 restricts it).

It knows the sets and their sequences, not which of them a data set declares.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Designation:
    """An escape sequence and the set it switches to: `replaces_ascii` in the lower half of the code table (G0), else in the upper (G1).

    `width` is the number of bytes of each of its characters.
    """

    escape: bytes
    codec: str
    width: int
    replaces_ascii: bool


def _upper(final: bytes, codec: str) -> tuple[Designation, ...]:
    """Return the designation of a set of 96 characters in the upper half."""
    return (Designation(b"\x1b-" + final, codec, 1, replaces_ascii=False),)


_ASCII = Designation(b"\x1b(B", "ascii", 1, replaces_ascii=False)
_ROMAJI = Designation(b"\x1b(J", "shift_jis", 1, replaces_ascii=False)

# PS3.3 tables C.12-3 and C.12-4
DESIGNATIONS: Mapping[str, tuple[Designation, ...]] = {
    "ISO 2022 IR 6": (_ASCII,),
    "ISO 2022 IR 100": _upper(b"A", "iso8859-1"),
    "ISO 2022 IR 101": _upper(b"B", "iso8859-2"),
    "ISO 2022 IR 109": _upper(b"C", "iso8859-3"),
    "ISO 2022 IR 110": _upper(b"D", "iso8859-4"),
    "ISO 2022 IR 126": _upper(b"F", "iso8859-7"),
    "ISO 2022 IR 127": _upper(b"G", "iso8859-6"),
    "ISO 2022 IR 138": _upper(b"H", "iso8859-8"),
    "ISO 2022 IR 144": _upper(b"L", "iso8859-5"),
    "ISO 2022 IR 148": _upper(b"M", "iso8859-9"),
    "ISO 2022 IR 166": _upper(b"T", "iso8859-11"),
    "ISO 2022 IR 203": _upper(b"b", "iso8859-15"),
    "ISO 2022 IR 13": (Designation(b"\x1b)I", "shift_jis", 1, replaces_ascii=False), _ROMAJI),
    "ISO 2022 IR 87": (Designation(b"\x1b$B", "iso2022_jp", 2, replaces_ascii=True),),
    "ISO 2022 IR 159": (Designation(b"\x1b$(D", "iso2022_jp_2", 2, replaces_ascii=True),),
    "ISO 2022 IR 149": (Designation(b"\x1b$)C", "euc_kr", 2, replaces_ascii=False),),
    "ISO 2022 IR 58": (Designation(b"\x1b$)A", "gb2312", 2, replaces_ascii=False),),
}

_BY_ESCAPE = {each.escape: each for designations in DESIGNATIONS.values() for each in designations}
_BACK_TO_SINGLE_BYTES = frozenset({_ASCII.escape, _ROMAJI.escape})
_ESCAPES = re.compile(b"(" + b"|".join(re.escape(escape) for escape in _BY_ESCAPE) + b")")


def decode_extended(raw: bytes, codec: str, resets: bytes) -> str:
    """Return the text; `codec` is that of the first value of (0008,0005), in force at the start and after each byte of `resets`."""
    first, *rest = _ESCAPES.split(raw)
    text, upper, lower = [first.decode(codec, "replace")], codec, None
    for escape, part in zip(rest[::2], rest[1::2], strict=True):
        designation = _BY_ESCAPE[escape]
        if escape in _BACK_TO_SINGLE_BYTES:
            lower = None
        elif designation.replaces_ascii:
            lower = designation
        else:
            upper = designation.codec
        if lower is not None:
            text.append((lower.escape + part).decode(lower.codec, "replace"))
            continue
        end = next((place for place, byte in enumerate(part) if byte in resets), len(part))
        text.append(part[:end].decode(upper, "replace") + part[end:].decode(codec, "replace"))
        upper = codec if end < len(part) else upper
    return "".join(text)


def _bytes_of(character: str, designation: Designation) -> bytes | None:
    """Return a character in a set, without escape sequences; None when the set does not have it."""
    try:
        raw = character.encode(designation.codec)
    except UnicodeEncodeError:
        return None
    if designation.replaces_ascii:
        length = len(designation.escape)
        return raw[length : length + designation.width] if raw.startswith(designation.escape) else None
    return raw if len(raw) == designation.width and min(raw) >= 0x80 else None


def _switches(
    text: str, upper: Designation, designations: Iterable[Designation]
) -> Iterable[tuple[Designation | None, bytes]]:
    """Give each character's bytes with the set they are in, None for ASCII; the set in use is kept as long as it has the character."""
    in_use = upper
    for character in text:
        if character.isascii():
            yield None, character.encode("ascii")
            continue
        for designation in (in_use, *designations):
            raw = _bytes_of(character, designation)
            if raw is not None:
                in_use = designation
                yield designation, raw
                break
        else:
            raise ValueError(f"{character!r} is in none of the character sets")


def _encode_part(text: str, initial: Designation, designations: Iterable[Designation]) -> bytes:
    """Encode text without delimiters, from the initial state and back to it as far as the lower half goes (PS3.5 6.1.2.5.3)."""
    out = bytearray()
    home = _ROMAJI if initial.codec == _ROMAJI.codec else _ASCII
    upper, lower = initial, home
    for designation, raw in _switches(text, initial, designations):
        wanted = designation if designation is not None and designation.replaces_ascii else home
        if wanted != lower:
            out += wanted.escape
            lower = wanted
        if designation is not None and designation is not wanted and designation.codec != upper.codec:
            out += designation.escape
            upper = designation
        out += raw
    if lower != home:
        out += home.escape
    return bytes(out)


def encode_extended(text: str, codec: str, designations: Iterable[Designation], resets: str) -> bytes:
    """Return the bytes; raises ValueError when none of the sets has a character. `codec` and `resets` are as for decoding."""
    sets = tuple(designations)
    initial = next((each for each in sets if each.codec == codec), _ASCII)
    parts = re.split(f"([{re.escape(resets)}])", text)
    return b"".join(_encode_part(part, initial, sets) for part in parts)
