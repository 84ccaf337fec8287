"""Answers in the XML of DCMTK's findscu 3.6.7, byte for byte where that is XML at all; it knows nothing of files.

What is different: an answer in a character set that findscu cannot convert is kept, in UTF-8 (findscu leaves it out, or writes
bytes as characters); text in an answer that declares none is read in the peer's; an item that declares one of its own is read
in that; control characters that XML cannot hold are written as their numbers, where findscu writes what is no XML. What encloses several
answers in one file is HEAD and FOOT.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from dicomjobs.answers.dcmtk_values import HIDDEN, values_and_text
from dicomjobs.answers.element_head import SYNTAXES
from dicomjobs.answers.raw_elements import UNDEFINED, RawElement
from dicomjobs.answers.value_reader import NAME_RESETS, TEXT_RESETS
from dicomjobs.dicom.attributes import by_tag, is_retired
from dicomjobs.dicom.character_sets import DEFAULT, CharacterSet, character_set_of
from dicomjobs.dicom.transfer_syntaxes import (
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
)
from dicomjobs.dicom.value_representations import CHARACTER_SET_TEXT, PLAIN_TEXT
from dicomjobs.model.job import Padding

HEAD: Final = b'<?xml version="1.0" encoding="UTF-8"?>\n<responses type="C-FIND">\n'
FOOT: Final = b"</responses>\n"

_SYNTAX_NAMES: Final = {
    IMPLICIT_VR_LITTLE_ENDIAN: "Little Endian Implicit",
    EXPLICIT_VR_LITTLE_ENDIAN: "Little Endian Explicit",
    EXPLICIT_VR_BIG_ENDIAN: "Big Endian Explicit",
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN: "Deflated Explicit VR Little Endian",
}

_ENCODINGS: Final = {
    "ISO_IR 6": "UTF-8",
    "ISO_IR 192": "UTF-8",
    "ISO_IR 100": "ISO-8859-1",
    "ISO_IR 101": "ISO-8859-2",
    "ISO_IR 109": "ISO-8859-3",
    "ISO_IR 110": "ISO-8859-4",
    "ISO_IR 144": "ISO-8859-5",
    "ISO_IR 127": "ISO-8859-6",
    "ISO_IR 126": "ISO-8859-7",
    "ISO_IR 138": "ISO-8859-8",
    "ISO_IR 148": "ISO-8859-9",
}
"""The character sets for which findscu knows an encoding of XML; the bytes of values then stay as they are."""

_SPECIFIC_CHARACTER_SET = 0x00080005
_MARKUP: Final = {
    b"&": b"&amp;",
    b"<": b"&lt;",
    b">": b"&gt;",
    b'"': b"&quot;",
    b"'": b"&apos;",
    b"\r": b"&#13;",
    b"\n": b"&#10;",
}
_SPECIAL: Final = re.compile(rb"[&<>\"'\r\n]")
_NO_XML: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")


@dataclass(frozen=True, slots=True)
class _Style:
    """How the values of one answer are written: as they are or in UTF-8, with their padding or without, and what a tab becomes."""

    converts: bool
    padding: Padding
    tab: bytes = b"\t"


def xml_response(elements: tuple[RawElement, ...], transfer_syntax: str, fallback: str, padding: Padding) -> bytes:
    """Return one answer as it stands in the one file of all answers, in UTF-8."""
    return _Writer(_Style(True, padding), transfer_syntax, fallback).data_set(elements)


def xml_file(elements: tuple[RawElement, ...], transfer_syntax: str, fallback: str, padding: Padding) -> bytes:
    """Return one answer as a file of its own, in the encoding of its character set."""
    declared = _declared(elements)
    encoding = _ENCODINGS.get(declared, "")
    if encoding and _holds(elements, declared, encoding):
        style = _Style(False, padding)
    elif _holds(elements, declared, "ascii"):  # without an encoding, as findscu has it
        encoding, there = "", any(element.tag == _SPECIFIC_CHARACTER_SET for element in elements)
        style = _Style(False, padding, tab=b"&#9;" if there else b"\t")
    else:
        encoding, style = "UTF-8", _Style(True, padding)
    said = f' encoding="{encoding}"' if encoding else ""
    return f'<?xml version="1.0"{said}?>\n'.encode() + _Writer(style, transfer_syntax, fallback).data_set(elements)


def _declared(elements: tuple[RawElement, ...]) -> str:
    """Return the Specific Character Set of a data set or item, "" without one."""
    found = (each.value for each in elements if each.tag == _SPECIFIC_CHARACTER_SET)
    return "\\".join(term.strip(" \0") for term in next(found, b"").decode("latin-1").split("\\"))


def _holds(elements: tuple[RawElement, ...], declared: str, encoding: str) -> bool:
    """Whether the bytes of all texts mean in an encoding of XML what they mean in the answer, in items as outside."""
    for element in elements:
        if element.vr in CHARACTER_SET_TEXT | PLAIN_TEXT:
            try:
                text = element.value.decode(encoding)
            except UnicodeDecodeError:
                return False
            if "\x1b" in text and encoding == "ascii":  # it may begin what the character set is needed for
                return False
        for item in element.items:
            other = _declared(item.elements) not in {"", declared}
            if not _holds(item.elements, declared, "ascii" if other else encoding):
                return False
    return True


@dataclass(slots=True)
class _Writer:
    """Writes one answer; `fallback` is the character set of text where none is declared."""

    style: _Style
    transfer_syntax: str
    fallback: str

    def data_set(self, elements: tuple[RawElement, ...]) -> bytes:
        """Return the element `data-set`."""
        name = _SYNTAX_NAMES[self.transfer_syntax]
        declared = _declared(elements)
        if self.style.converts and declared not in {"", "ISO_IR 192"}:
            elements = tuple(_UTF_8 if each.tag == _SPECIFIC_CHARACTER_SET else each for each in elements)
        inherited = _meaning(declared) or character_set_of(self.fallback) or DEFAULT
        lines = b"".join(self._lines(elements, inherited))
        return f'<data-set xfer="{self.transfer_syntax}" name="{name}">\n'.encode() + lines + b"</data-set>\n"

    def _lines(self, elements: tuple[RawElement, ...], character_set: CharacterSet) -> Iterator[bytes]:
        """Yield the lines of a data set or item."""
        for element in elements:
            if element.vr == "SQ" or element.items:
                yield from self._sequence(element, character_set)
            else:
                yield self._element(element, character_set)

    def _sequence(self, element: RawElement, character_set: CharacterSet) -> Iterator[bytes]:
        """Yield the lines of a sequence and its items."""
        count, length = len(element.items), _length(element.length)
        name = _name(element.tag)
        yield f'<sequence tag="{_tag(element.tag)}" vr="{element.vr}" card="{count}"{length} name="{name}">\n'.encode()
        for item in element.items:
            yield f'<item card="{len(item.elements)}"{_length(item.length)}>\n'.encode()
            yield from self._lines(item.elements, _meaning(_declared(item.elements)) or character_set)
            yield b"</item>\n"
        yield b"</sequence>\n"

    def _element(self, element: RawElement, character_set: CharacterSet) -> bytes:
        """Return the line of one element."""
        value = self._trimmed(element) if self.style.padding is Padding.TRIM else element.value
        raw = self._in_utf_8(element.vr, value, character_set) if self.style.converts else value
        count, text = values_and_text(element.vr, raw, SYNTAXES[self.transfer_syntax].order)
        length = element.length if raw is value else len(raw)
        hidden = ' binary="hidden"' if element.vr in HIDDEN else ""
        start = f'<element tag="{_tag(element.tag)}" vr="{element.vr}" vm="{count}" len="{length}"'
        return f'{start} name="{_name(element.tag)}"{hidden}>'.encode() + self._escaped(text) + b"</element>\n"

    @staticmethod
    def _trimmed(element: RawElement) -> bytes:
        """Return the value of an element without padding; its length is then still told as it was, as findscu does."""
        value = element.value.replace(b" ", b"") if element.vr == "UI" else element.value
        return value.rstrip(b" \0") if element.vr in CHARACTER_SET_TEXT | PLAIN_TEXT else value

    @staticmethod
    def _in_utf_8(vr: str, value: bytes, character_set: CharacterSet) -> bytes:
        """Return a value in UTF-8, of even length; one that is the same there stays as it is."""
        if vr in CHARACTER_SET_TEXT:
            if value.isascii() and b"\x1b" not in value:
                return value
            text = character_set.decode(value, NAME_RESETS if vr == "PN" else TEXT_RESETS)
        elif vr in PLAIN_TEXT and not value.isascii():
            text = _guessed(value)
        else:
            return value
        converted = text.encode("utf-8", "replace")
        if converted == value:
            return value
        return converted + b" " * (len(converted) & 1)

    def _escaped(self, text: bytes) -> bytes:
        """Return text with what is markup replaced, and control characters that XML cannot hold made visible."""
        if _SPECIAL.search(text):
            text = _SPECIAL.sub(lambda found: _MARKUP[found[0]], text)
        return _NO_XML.sub(_visible, text.replace(b"\t", self.style.tab))


_UTF_8: Final = RawElement(_SPECIFIC_CHARACTER_SET, "CS", 10, b"ISO_IR 192")


def _meaning(declared: str) -> CharacterSet | None:
    """Return what a declared character set means, None where it says nothing of use."""
    return None if declared in {"", "ISO_IR 6"} else character_set_of(declared)


def _guessed(value: bytes) -> str:
    """Return text that should be ASCII and is not."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _visible(found: re.Match[bytes]) -> bytes:
    """Return a character that XML cannot hold as its number."""
    return b"".join(b"\\x%02x" % byte for byte in found[0])


def _length(length: int) -> str:
    """Return the attribute `len`, nothing for a length that was not written."""
    return "" if length == UNDEFINED else f' len="{length}"'


def _tag(tag: int) -> str:
    """Return a tag as DCMTK writes it."""
    return f"{tag >> 16:04x},{tag & 0xFFFF:04x}"


@lru_cache(maxsize=4096)
def _name(tag: int) -> str:
    """Return the name that DCMTK's dictionary has for an attribute, escaped."""
    if not tag & 0xFFFF:
        return "GenericGroupLength"
    if tag & 0x10000:
        return "PrivateCreator" if 0x10 <= tag & 0xFFFF <= 0xFF else "Unknown Tag &amp; Data"
    attribute = by_tag(tag)
    if attribute is None:
        return "Unknown Tag &amp; Data"
    return f"RETIRED_{attribute.keyword}" if is_retired(tag) else attribute.keyword
