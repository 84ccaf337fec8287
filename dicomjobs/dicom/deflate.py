"""A deflated data set (PS3.5 A.5): bytes to fewer bytes and back, never to more than is wanted."""

from __future__ import annotations

import zlib

_RAW = -15
"""No zlib header and no checksum, the largest window."""


def deflate(data: bytes) -> bytes:
    """Return a data set deflated, padded to an even length as PS3.5 A.5 asks for."""
    deflater = zlib.compressobj(wbits=_RAW)
    deflated = deflater.compress(data) + deflater.flush()
    return deflated + b"\0" * (len(deflated) & 1)


def inflate(data: bytes, *, most: int) -> bytes:
    """Return a deflated data set inflated; raises ValueError for damaged bytes, and when it has more than `most` bytes."""
    inflater = zlib.decompressobj(_RAW)
    try:
        inflated = inflater.decompress(data, most + 1)
    except zlib.error as error:
        raise ValueError("the deflated data set cannot be inflated") from error
    if len(inflated) > most:
        raise ValueError(f"the deflated data set has more than the {most} bytes that are read")
    if not inflater.eof:
        raise ValueError("the deflated data set is cut off")
    return inflated
