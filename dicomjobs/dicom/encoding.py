"""How each transfer syntax writes the head of a data element (PS3.5 7.1, annex A); it knows nothing of files or of values."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Literal

from dicomjobs.dicom.transfer_syntaxes import (
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
)
from dicomjobs.dicom.value_representations import ALL, LONG

UNDEFINED_LENGTH = 0xFFFFFFFF
NO_VR = b"  "
"""The VR of an element in implicit VR, where none is written."""

SHORT_VRS = frozenset(vr.encode("ascii") for vr in ALL - LONG)
"""The VRs whose length takes two bytes (PS3.5 table 7.1-2); all others have two reserved bytes and a length of four."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """Byte order and VR form of a data set; `deflated` when it has to be inflated first.

    `head` reads group, element, VR and a length of two bytes, `long_length` a length of four bytes, `item` group, element and
    a length of four bytes (all elements in implicit VR, and items and delimiters everywhere).
    """

    explicit: bool
    deflated: bool
    byte_order: Literal["little", "big"]
    head: Struct
    long_length: Struct
    item: Struct


def _encoding(byte_order: Literal["little", "big"], *, explicit: bool = True, deflated: bool = False) -> Encoding:
    """Return the encoding with a byte order."""
    order = "<" if byte_order == "little" else ">"
    return Encoding(explicit, deflated, byte_order, Struct(order + "HH2sH"), Struct(order + "I"), Struct(order + "HHI"))


EXPLICIT_LITTLE = _encoding("little")
IMPLICIT_LITTLE = _encoding("little", explicit=False)
_EXPLICIT_BIG = _encoding("big")
_DEFLATED = _encoding("little", deflated=True)

_ENCODINGS = {
    IMPLICIT_VR_LITTLE_ENDIAN: IMPLICIT_LITTLE,
    EXPLICIT_VR_BIG_ENDIAN: _EXPLICIT_BIG,
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN: _DEFLATED,
    "1.2.840.10008.1.2.4.95": _DEFLATED,  # JPIP Referenced Deflate (PS3.5 A.7)
    "1.2.840.10008.1.2.4.205": _DEFLATED,  # JPIP HTJ2K Referenced Deflate (PS3.5 A.11)
    "1.2.840.113619.5.2": IMPLICIT_LITTLE,  # GE private: big endian in the pixel data alone
}


def encoding_of(transfer_syntax: str) -> Encoding:
    """Return the encoding of a data set; explicit VR little endian wherever PS3.5 A.4 and private syntaxes ask for it."""
    return _ENCODINGS.get(transfer_syntax, EXPLICIT_LITTLE)
