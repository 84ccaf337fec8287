"""Whether a data set is all there: its elements end exactly where the file does, and its pixels are as many as it says.

Values are skipped, not read, so that a file of any size costs a few reads. It knows nothing of sending.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from dicomjobs.dicom.encoding import Encoding
from dicomjobs.disk.elements import elements
from dicomjobs.disk.skim import VALUE, plain_elements
from dicomjobs.disk.window import Damaged, InflatedWindow, Window

_SAMPLES, _PHOTOMETRIC, _FRAMES = 0x00280002, 0x00280004, 0x00280008
_ROWS, _COLUMNS, _BITS = 0x00280010, 0x00280011, 0x00280100
_PIXEL_DATA = 0x7FE00010
_DIMENSIONS = (_SAMPLES, _PHOTOMETRIC, _FRAMES, _ROWS, _COLUMNS, _BITS)
_LONGEST_DIMENSION = 16

_Dimensions = tuple[bytes | None, ...]
"""What is behind the tags of the elements of _DIMENSIONS: four bytes, then the value; None for those that were not met."""

# Chrominance is sampled at half the columns, or half the columns and rows (PS3.3 C.7.6.3.1.2); samples per pixel in quarters.
_SUBSAMPLED = {b"YBR_FULL_422": 8, b"YBR_PARTIAL_422": 8, b"YBR_PARTIAL_420": 6}


def check_complete(window: Window, offset: int, encoding: Encoding, *, native: bool) -> None:
    """Raise Damaged unless the data set that begins at `offset` is complete; may raise OSError.

    `native` says that pixel data is not encapsulated (PS3.5 8.1.1), so that its length can be told from its dimensions.
    """
    if encoding.deflated:
        window.move(offset)
        window, offset = InflatedWindow(window), 0
    if window.base != offset or len(window.data) < 8:
        window.move(offset, 8)
    if not window.data:
        raise Damaged("the file has no data set")
    plain = plain_elements(
        encoding.byte_order, _DIMENSIONS, _PIXEL_DATA, explicit=encoding.explicit, longest=_LONGEST_DIMENSION
    )
    known: _Dimensions = (None,) * len(_DIMENSIONS)
    while offset != window.size:
        at = offset - window.base
        match = plain.match(window.data, at)
        if match and match.end() > at:
            offset = window.base + match.end()
            known = _updated(known, match.groups())
        element = next(elements(window, offset, encoding), None)
        if element is None:
            return
        tag, _vr, begin, length = element
        if tag == _PIXEL_DATA and native and length < _least_length(encoding.byte_order, *known):
            raise Damaged("the pixel data is shorter than rows, columns and frames say")
        if tag in _DIMENSIONS and length <= _LONGEST_DIMENSION:
            found = bytes(VALUE) + window.value(begin, length)
            known = _updated(known, tuple(found if each == tag else None for each in _DIMENSIONS))
        offset = begin + length


def _updated(known: _Dimensions, found: _Dimensions) -> _Dimensions:
    """Return what is known when more was found."""
    return tuple(new or old for new, old in zip(found, known, strict=True)) if any(known) else found


@lru_cache
def _least_length(byte_order: Literal["little", "big"], *dimensions: bytes | None) -> int:
    """Return how many bytes native pixel data has at least (PS3.5 8.1.1), 0 when that is not known; padding makes it longer.

    Remembered, because the dimensions are the same in all of a series.
    """
    values = {tag: found[VALUE:] for tag, found in zip(_DIMENSIONS, dimensions, strict=True) if found}
    rows, columns, bits, samples = (
        int.from_bytes(values.get(tag, b""), byte_order) for tag in (_ROWS, _COLUMNS, _BITS, _SAMPLES)
    )
    quarters = _SUBSAMPLED.get(values.get(_PHOTOMETRIC, b"").strip(b" \0"), 4 * max(samples, 1))
    frames = values.get(_FRAMES, b"1").strip(b" \0")
    return -(-rows * columns * bits * quarters * int(frames) // 32) if frames.isdigit() else 0
