"""Specific Character Set (0008,0005): what its defined terms mean, and text in such a character set to bytes and back (PS3.3 C.12.1.1.2).

It knows nothing of elements; escape sequences are left to `code_extensions.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from dicomjobs.dicom.code_extensions import DESIGNATIONS, Designation, decode_extended, encode_extended

CODECS: Mapping[str, str] = {
    "": "ascii",
    "ISO_IR 6": "ascii",
    "ISO_IR 100": "iso8859-1",
    "ISO_IR 101": "iso8859-2",
    "ISO_IR 109": "iso8859-3",
    "ISO_IR 110": "iso8859-4",
    "ISO_IR 144": "iso8859-5",
    "ISO_IR 127": "iso8859-6",
    "ISO_IR 126": "iso8859-7",
    "ISO_IR 138": "iso8859-8",
    "ISO_IR 148": "iso8859-9",
    "ISO_IR 203": "iso8859-15",
    "ISO_IR 13": "shift_jis",
    "ISO_IR 166": "iso8859-11",
    "ISO_IR 192": "utf-8",
    "GB18030": "gb18030",
    "GBK": "gbk",
}
"""The terms without code extensions (PS3.3 tables C.12-2 and C.12-5), with the codec that Python has for each."""

_TEXT_RESETS = "\\\t\n\f\r"
_NAME_RESETS = "^=" + _TEXT_RESETS
_VARIABLE_WIDTH = frozenset({"utf-8", "gb18030", "gbk"})
_MISSPELT = re.compile(r"ISO[ _-]?(?:(2022)[ _-]?)?IR[ _-]?([0-9]+)")
_ESCAPE = b"\x1b"


@dataclass(frozen=True, slots=True)
class CharacterSet:
    """One value of (0008,0005), by name: the codec that text begins with, and the sets that escape sequences may switch to."""

    name: str
    codec: str
    designations: tuple[Designation, ...] = ()

    def decode(self, raw: bytes, resets: bytes) -> str:
        """Return the text; U+FFFD stands where a byte has no meaning. The bytes of `resets` end what an escape sequence began."""
        if not self.designations or _ESCAPE not in raw:
            return raw.decode(self.codec, "replace")
        return decode_extended(raw, self.codec, resets)

    def encode(self, text: str, resets: str) -> bytes:
        """Return the bytes; raises ValueError when the character set lacks a character."""
        if self.designations and not text.isascii():
            return encode_extended(text, self.codec, self.designations, resets)
        raw = text.encode(self.codec)
        # The codecs of Python know a few characters more than the standard's sets, and write some of them as a backslash.
        if raw.decode(self.codec) != text or (self.codec not in _VARIABLE_WIDTH and len(raw) != len(text)):
            raise ValueError("a character is not in the character set")
        return raw


DEFAULT = CharacterSet("ISO_IR 6", "ascii")
"""The default character repertoire, ISO_IR 6."""


def resets_of(vr: str) -> str:
    """Return the characters that end what an escape sequence began, in a value of a VR (PS3.5 6.1.2.5.3)."""
    return _NAME_RESETS if vr == "PN" else _TEXT_RESETS


def is_defined_term(text: str) -> bool:
    """Say whether a text is a defined term of (0008,0005), or several with a backslash between them."""
    terms = text.split("\\")
    if len(terms) == 1 and text in CODECS:
        return text != ""
    return all(term in DESIGNATIONS or (term == "" and place == 0) for place, term in enumerate(terms))


def _respelt(term: str) -> str:
    """Return a term as the standard spells it, from one of the spellings that are met in practice (`ISO-IR 100`)."""
    term = term.strip(" \0").upper()
    match = _MISSPELT.fullmatch(term)
    if match is None:
        return term
    return f"ISO 2022 IR {match[2]}" if match[1] else f"ISO_IR {match[2]}"


@lru_cache(maxsize=64)
def character_set_of(text: str) -> CharacterSet | None:
    """Return what a value of (0008,0005) means, several terms with backslashes between them; None when its first term is unknown."""
    terms = [_respelt(term) for term in text.split("\\")]
    if terms == [""]:
        return DEFAULT
    alone = CODECS.get(terms[0])
    if alone is not None and (alone in _VARIABLE_WIDTH or len(terms) == 1):
        return CharacterSet(terms[0], alone)
    extended = [term.replace("ISO_IR", "ISO 2022 IR") or "ISO 2022 IR 6" for term in terms]
    if extended[0] not in DESIGNATIONS:
        return None
    designations = [designation for term in extended for designation in DESIGNATIONS.get(term, ())]
    first = designations[0]
    return CharacterSet("\\".join(terms), "ascii" if first.replaces_ascii else first.codec, tuple(designations))
