"""How an element begins in each uncompressed transfer syntax: tag, VR and where its length and value are (PS3.5 7.1).

It knows nothing of values or of nesting.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from dicomjobs.answers.value_reader import ValueReader, value_readers
from dicomjobs.dicom.attributes import by_tag
from dicomjobs.dicom.transfer_syntaxes import (
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
)
from dicomjobs.dicom.value_representations import ALL, LONG
from dicomjobs.errors import ProtocolError


@dataclass(frozen=True, slots=True)
class Head:
    """What the first bytes of an element say: its VR, its key in JSON, how its length is written, and who reads its value.

    `length` unpacks the length at `length_at`; the value begins at `size`. A delimiter has no VR and no reader, a sequence
    no reader, a group length no key (PS3.18 F.2.2 leaves it out). `unknown` is true where the VR was written as UN.
    """

    tag: int
    vr: str
    key: str
    length: Callable[[bytes, int], tuple[int]]
    length_at: int
    size: int
    read: ValueReader | None
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Syntax:
    """How elements are encoded: the byte order, how many bytes make a head, and what takes a head apart."""

    order: str
    explicit: bool
    width: int
    head: Callable[[bytes], Head]
    item: Callable[[bytes, int], tuple[int, int, int]]


def damaged(words: str) -> ProtocolError:
    """Return the error for an identifier that is not as PS3.5 says."""
    return ProtocolError(f"the identifier is damaged: {words}")


def written(tag: int) -> str:
    """Return a tag as people write it, with its keyword."""
    attribute = by_tag(tag)
    return f"({tag >> 16:04x},{tag & 0xFFFF:04x})" + (f" {attribute.keyword}" if attribute else "")


def _tag_of(raw: bytes, order: str) -> int:
    """Return the tag at the start of an element; PS3.5 7.1 and 7.8.1 keep some groups out of data sets."""
    if len(raw) < 4:
        raise damaged("it ends in the middle of an element")
    group, element = struct.unpack_from(order + "HH", raw)
    if group < 0x0008 or group == 0xFFFF:
        raise damaged(f"({group:04x},{element:04x}) does not belong in a data set")
    return int(group) << 16 | int(element)


def _key(tag: int) -> str:
    """Return the name of an attribute in the DICOM JSON Model, "" for a group length."""
    return f"{tag:08X}" if tag & 0xFFFF else ""


def _dictionary_vr(tag: int) -> str:
    """Return the VR that the dictionary has for a tag, LO for a private creator (PS3.5 7.8.1), UN when nothing is known."""
    attribute = by_tag(tag)
    if attribute:
        return attribute.vr
    return "LO" if tag & 0x10000 and 0x10 <= tag & 0xFFFF <= 0xFF else "UN"


def _implicit_syntax() -> Syntax:
    """Make the implicit VR little endian syntax (PS3.5 A.1)."""
    readers = value_readers("<")
    length = struct.Struct("<I").unpack_from

    @lru_cache(maxsize=4096)
    def head(raw: bytes) -> Head:
        """Take four bytes apart: a tag, whose VR the dictionary has."""
        tag = _tag_of(raw, "<")
        vr = "" if tag >> 16 == 0xFFFE else _dictionary_vr(tag)
        return Head(tag, vr, _key(tag), length, 4, 8, readers.get(vr))

    return Syntax("<", explicit=False, width=4, head=head, item=struct.Struct("<HHI").unpack_from)


def _explicit_vr(raw: bytes, tag: int) -> str:
    """Return the VR that is written in the fifth and sixth byte of an element."""
    vr = raw[4:6].decode("latin-1")
    if not (len(vr) == 2 and vr.isascii() and vr.isalpha() and vr.isupper()):
        raise damaged(f"{written(tag)} has no VR")
    return vr


def _explicit_syntax(order: str) -> Syntax:
    """Make an explicit VR syntax (PS3.5 A.2, A.3)."""
    readers = value_readers(order)
    short, long = struct.Struct(order + "H").unpack_from, struct.Struct(order + "I").unpack_from

    @lru_cache(maxsize=4096)
    def head(raw: bytes) -> Head:
        """Take six bytes apart; the dictionary knows better than UN, and an unknown VR has a long length (PS3.5 6.2)."""
        tag = _tag_of(raw, order)
        if tag >> 16 == 0xFFFE:
            return Head(tag, "", _key(tag), long, 4, 8, None)
        vr_written = _explicit_vr(raw, tag)
        vr = _dictionary_vr(tag) if vr_written == "UN" and order == "<" else vr_written if vr_written in ALL else "UN"
        length, length_at, size = (short, 6, 8) if vr_written in ALL - LONG else (long, 8, 12)
        return Head(tag, vr, _key(tag), length, length_at, size, readers.get(vr), unknown=vr_written == "UN")

    return Syntax(order, explicit=True, width=6, head=head, item=struct.Struct(order + "HHI").unpack_from)


IMPLICIT = _implicit_syntax()
SYNTAXES = {
    IMPLICIT_VR_LITTLE_ENDIAN: IMPLICIT,
    EXPLICIT_VR_LITTLE_ENDIAN: _explicit_syntax("<"),
    EXPLICIT_VR_BIG_ENDIAN: _explicit_syntax(">"),
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN: _explicit_syntax("<"),
}
"""How a data set is written in each transfer syntax, in the deflated one before it is deflated (PS3.5 A.5)."""
