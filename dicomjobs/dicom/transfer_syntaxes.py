"""The transfer syntaxes of PS3.5 annex A, and how each holds pixel data.

It knows nothing of codecs or of what a peer accepts.
"""

from __future__ import annotations

from typing import Final

from dicomjobs.dicom.uids import UidKind, kind_of

IMPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2"
EXPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1"
EXPLICIT_VR_BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"
DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1.99"

FALLBACK: Final = (EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)
"""The uncompressed transfer syntaxes in the order in which they are proposed where a job names none; the order is DCMTK's."""

NATIVE: Final = frozenset({*FALLBACK, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN})
"""Those whose pixel data is in native format (PS3.5 A.1, A.2, A.3, A.5): one converts into another without a codec."""

_NOT_ENCAPSULATED: Final = NATIVE | {
    "1.2.840.10008.1.2.6.1",  # RFC 2557 MIME encapsulation, a media format (PS3.10, retired)
    "1.2.840.10008.1.2.6.2",  # XML Encoding (PS3.10, retired)
    "1.2.840.10008.1.2.7.1",  # SMPTE ST 2110, real-time video (PS3.22)
    "1.2.840.10008.1.2.7.2",
    "1.2.840.10008.1.2.7.3",
    "1.2.840.10008.1.2.4.94",  # JPIP: the pixel data is a URL (PS3.5 A.6)
    "1.2.840.10008.1.2.4.95",
    "1.2.840.10008.1.2.4.204",
    "1.2.840.10008.1.2.4.205",
    "1.2.840.113619.5.2",  # GE private: implicit little endian with big endian pixel data
}


def is_transfer_syntax(uid: str) -> bool:
    """Say whether a UID is a known transfer syntax (PS3.6 table A-1, and those that only DCMTK names)."""
    return kind_of(uid) is UidKind.TRANSFER_SYNTAX


def is_native(uid: str) -> bool:
    """Say whether pixel data is in native format in a transfer syntax (PS3.5 8.1.1)."""
    return uid in NATIVE


def is_encapsulated(uid: str) -> bool:
    """Say whether a known transfer syntax encapsulates pixel data in fragments (PS3.5 A.4)."""
    return is_transfer_syntax(uid) and uid not in _NOT_ENCAPSULATED
