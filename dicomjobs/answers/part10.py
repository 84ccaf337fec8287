"""An answer as a DICOM file (PS3.10 7.1): a File Meta Information before the data set, which stays as it was received.

It knows nothing of where files go.
"""

from __future__ import annotations

import struct
from hashlib import sha256
from typing import Final

from dicomjobs.answers.raw_elements import RawElement
from dicomjobs.dicom.implementation import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from dicomjobs.dicom.uids import is_uid

_NO_CLASS: Final = "1.2.276.0.7230010.3.1.0.1"
"""What DCMTK gives a data set without a SOP Class UID: a private class of its own for such files."""
_SOP_CLASS_UID: Final = 0x00080016


def part10_head(data: bytes, elements: tuple[RawElement, ...], transfer_syntax: str) -> bytes:
    """Return what stands before an answer's bytes in a file of its own.

    Its Media Storage SOP Instance UID is made from the answer: an answer is no instance, whatever UIDs it tells of.
    """
    classes = (each.value.decode("latin-1").strip(" \0") for each in elements if each.tag == _SOP_CLASS_UID)
    named = next(classes, "")
    instance = f"2.25.{int.from_bytes(sha256(data).digest()[:16], 'big')}"
    body = _long(0x0001, b"OB", b"\0\1") + _uid(0x0002, named if is_uid(named) else _NO_CLASS)
    body += _uid(0x0003, instance) + _uid(0x0010, transfer_syntax) + _uid(0x0012, IMPLEMENTATION_CLASS_UID)
    version = IMPLEMENTATION_VERSION_NAME.encode("ascii")
    body += _short(0x0013, b"SH", version + b" " * (len(version) & 1))
    return bytes(128) + b"DICM" + _short(0x0000, b"UL", struct.pack("<I", len(body))) + body


def _uid(number: int, uid: str) -> bytes:
    """Return an element of the File Meta Information that holds a UID."""
    value = uid.encode("ascii")
    return _short(number, b"UI", value + b"\0" * (len(value) & 1))


def _short(number: int, vr: bytes, value: bytes) -> bytes:
    """Return an element with a length of 16 bits."""
    return struct.pack("<HH2sH", 0x0002, number, vr, len(value)) + value


def _long(number: int, vr: bytes, value: bytes) -> bytes:
    """Return an element with a length of 32 bits."""
    return struct.pack("<HH2sHI", 0x0002, number, vr, 0, len(value)) + value
