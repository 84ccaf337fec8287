"""The transfer syntaxes of PS3.5 annex A, and which of them hold pixel data as it is.

It knows nothing of codecs or of what a peer accepts.
"""

from __future__ import annotations

from typing import Final

IMPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2"
EXPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1"
EXPLICIT_VR_BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"
DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1.99"

FALLBACK: Final = (EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)
"""The uncompressed transfer syntaxes in the order in which they are proposed where a job names none; the order is DCMTK's."""

NATIVE: Final = frozenset({*FALLBACK, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN})
"""Those whose pixel data is in native format (PS3.5 A.1, A.2, A.3, A.5): one converts into another without a codec."""

CONVERSION_ORDER: Final = (
    frozenset({EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN}),
    frozenset({IMPLICIT_VR_LITTLE_ENDIAN}),
    frozenset({DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN}),
)
"""What a native data set is converted to, best first, any of a set being as good as another; the order is DCMTK's."""


NOT_OF_INSTANCES: Final = frozenset(
    {
        "1.2.840.10008.1.2.6.1",
        "1.2.840.10008.1.2.6.2",
        "1.2.840.10008.1.2.7.1",
        "1.2.840.10008.1.2.7.2",
        "1.2.840.10008.1.2.7.3",
    }
)
"""Those of other media than associations: MIME and XML encapsulation (PS3.10), real-time video and audio (PS3.22)."""


def is_native(uid: str) -> bool:
    """Say whether pixel data is in native format in a transfer syntax (PS3.5 8.1.1)."""
    return uid in NATIVE
