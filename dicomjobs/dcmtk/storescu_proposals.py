"""What storescu's -x options propose: a preferred transfer syntax, and whether the uncompressed ones are offered as well."""

from __future__ import annotations

PROPOSALS = {
    "--propose-uncompr": "ExplicitVRLittleEndian",
    "--propose-little": "ExplicitVRLittleEndian",
    "--propose-big": "ExplicitVRBigEndian",
    "--propose-implicit": "ImplicitVRLittleEndian",
    "--propose-lossless": "JPEGLosslessSV1",
    "--propose-jpeg8": "JPEGBaseline8Bit",
    "--propose-jpeg12": "JPEGExtended12Bit",
    "--propose-j2k-lossless": "JPEG2000Lossless",
    "--propose-j2k-lossy": "JPEG2000",
    "--propose-jls-lossless": "JPEGLSLossless",
    "--propose-jls-lossy": "JPEGLSNearLossless",
    "--propose-mpeg2": "MPEG2MPML",
    "--propose-mpeg2-high": "MPEG2MPHL",
    "--propose-mpeg4": "MPEG4HP41",
    "--propose-mpeg4-bd": "MPEG4HP41BD",
    "--propose-mpeg4-2-2d": "MPEG4HP422D",
    "--propose-mpeg4-2-3d": "MPEG4HP423D",
    "--propose-mpeg4-2-st": "MPEG4HP42STEREO",
    "--propose-hevc": "HEVCMP51",
    "--propose-hevc10": "HEVCM10P51",
    "--propose-rle": "RLELossless",
    "--propose-deflated": "DeflatedExplicitVRLittleEndian",
}
"""Each -x option in the order in which storescu looks for them, and the transfer syntax that it prefers."""

_ALONE = frozenset({"--propose-implicit", *list(PROPOSALS)[11:20]})
"""Those with which nothing else is offered, not even in a context of its own: the default transfer syntax, and video."""


def preferred_of(option: str) -> str:
    """Return the name of the transfer syntax that an option prefers; without an option it is -x=."""
    return PROPOSALS[option or "--propose-uncompr"]


def has_fallback(option: str) -> bool:
    """Say whether the uncompressed transfer syntaxes are offered besides the preferred one."""
    return option not in _ALONE
