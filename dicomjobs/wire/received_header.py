"""Top-level attributes of an encoded data set as text, for the SCP of our own: of what it holds, and of what it is asked.

It reads with pydicom's element reader but decodes values itself; it knows nothing of files, levels or matching.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from dicomjobs.dicom.attributes import by_tag
from dicomjobs.dicom.character_sets import DEFAULT, CharacterSet, character_set_of
from dicomjobs.dicom.transfer_syntaxes import (
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
)
from dicomjobs.dicom.value_representations import (
    CHARACTER_SET_TEXT,
    LEADING_SPACES_IGNORED,
    NUMBERS,
    PLAIN_TEXT,
    SINGLE_TEXT,
)

MAXIMUM_HEADER_BYTES = 16 * 1024 * 1024
MAXIMUM_VALUE_BYTES = 4096
_SPECIFIC_CHARACTER_SET = 0x00080005


@dataclass(frozen=True, slots=True, kw_only=True)
class TextElement:
    """An element with its values as text; a sequence, bulk data or a value over 4,096 bytes has none."""

    tag: int
    vr: str
    values: tuple[str, ...]


def read_elements(
    stream: BinaryIO, transfer_syntax: str, *, last_tag: int = 0xFFFFFFFF, wanted: Mapping[int, object] | None = None
) -> Iterator[TextElement]:
    """Yield the top-level elements up to `last_tag`, in order; only those in `wanted` when it is given.

    pydicom raises what it likes on bytes that are no data set; callers treat any exception as one that cannot be understood.
    """
    from pydicom.filereader import data_element_generator

    if transfer_syntax == DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN:
        stream = _inflated(stream)
    elements = data_element_generator(
        stream,
        transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN,
        transfer_syntax != EXPLICIT_VR_BIG_ENDIAN,
        stop_when=_after(last_tag),
        specific_tags=list(wanted) if wanted is not None else None,
    )
    order = ">" if transfer_syntax == EXPLICIT_VR_BIG_ENDIAN else "<"
    text_set = DEFAULT
    for element in elements:
        tag, raw = int(element.tag), element.value if isinstance(element.value, bytes) else b""
        if tag == _SPECIFIC_CHARACTER_SET:
            text_set = character_set_of(raw.decode("ascii", "replace").strip(" \0")) or DEFAULT
        vr = _vr(tag, element.VR)
        yield TextElement(tag=tag, vr=vr, values=_values(vr, raw, text_set, order))


def _after(last_tag: int) -> Callable[[int, str | None, int], bool]:
    """The condition on which reading stops."""
    return lambda tag, _vr, _length: tag > last_tag


def _inflated(stream: BinaryIO) -> BinaryIO:
    """The beginning of a deflated data set (PS3.5 A.5), never more than a header should be."""
    return BytesIO(zlib.decompressobj(-zlib.MAX_WBITS).decompress(stream.read(), MAXIMUM_HEADER_BYTES))


def _vr(tag: int, written: str | None) -> str:
    """The VR as written, or the one PS3.6 gives where none or UN is written."""
    if written is not None and written != "UN":
        return str(written)
    known = by_tag(tag)
    return known.vr if known is not None else "UN"


def _values(vr: str, raw: bytes, text_set: CharacterSet, order: str) -> tuple[str, ...]:
    """The values of an element as text, none for what is empty, too long or no text."""
    if not raw or len(raw) > MAXIMUM_VALUE_BYTES:
        return ()
    if vr in CHARACTER_SET_TEXT:
        return _split(vr, text_set.decode(raw, b"\\^=" if vr == "PN" else b"\\\t\n\f\r"))
    if vr in PLAIN_TEXT:
        return _split(vr, raw.decode("ascii", "replace"))
    if vr in NUMBERS:
        return tuple(str(number) for (number,) in struct.iter_unpack(order + NUMBERS[vr], raw))
    return ()


def _split(vr: str, text: str) -> tuple[str, ...]:
    """The values of a text without their padding (PS3.5 6.2), none when all are empty."""
    parts = [text] if vr in SINGLE_TEXT else text.split("\\")
    stripped = [part.strip(" \0") if vr in LEADING_SPACES_IGNORED else part.rstrip(" \0") for part in parts]
    return tuple(stripped) if any(stripped) else ()
