"""Whether a data set is all there: its elements end exactly where the file does, and its pixels are as many as it says.

Values are skipped, not read, so that a file of any size costs a few reads. It knows nothing of sending.
"""

from __future__ import annotations

from dicomjobs.dicom.encoding import Encoding
from dicomjobs.disk.elements import elements
from dicomjobs.disk.window import Damaged, InflatedWindow, Window

_SAMPLES, _PHOTOMETRIC, _FRAMES = 0x00280002, 0x00280004, 0x00280008
_ROWS, _COLUMNS, _BITS = 0x00280010, 0x00280011, 0x00280100
_PIXEL_DATA = 0x7FE00010
_PIXEL_ATTRIBUTES = frozenset({_SAMPLES, _PHOTOMETRIC, _FRAMES, _ROWS, _COLUMNS, _BITS, _PIXEL_DATA})

# Chrominance is sampled at half the columns, or half the columns and rows (PS3.3 C.7.6.3.1.2); samples per pixel in quarters.
_SUBSAMPLED = {b"YBR_FULL_422": 8, b"YBR_PARTIAL_422": 8, b"YBR_PARTIAL_420": 6}


def check_complete(window: Window, offset: int, encoding: Encoding, *, native: bool) -> None:
    """Raise Damaged unless the data set that begins at `offset` is complete; may raise OSError.

    `native` says that pixel data is not encapsulated (PS3.5 8.1.1), so that its length can be told from its dimensions.
    """
    if encoding.deflated:
        window.move(offset)
        window, offset = InflatedWindow(window), 0
    window.move(offset, 8)
    if not window.data:
        raise Damaged("the file has no data set")
    pixels: dict[int, bytes] = {}
    for tag, _vr, begin, length in elements(window, offset, encoding, _PIXEL_ATTRIBUTES):
        if tag == _PIXEL_DATA:
            if native:
                _check_pixels(pixels, length, encoding)
        elif length <= 16:
            pixels[tag] = window.value(begin, length)


def _check_pixels(pixels: dict[int, bytes], length: int, encoding: Encoding) -> None:
    """Raise Damaged when native pixel data is shorter than its dimensions say (PS3.5 8.1.1); padding may make it longer."""
    rows, columns, bits, samples = (
        int.from_bytes(pixels.get(tag, b""), encoding.byte_order) for tag in (_ROWS, _COLUMNS, _BITS, _SAMPLES)
    )
    quarters = _SUBSAMPLED.get(pixels.get(_PHOTOMETRIC, b"").strip(b" \0"), 4 * max(samples, 1))
    frames = pixels.get(_FRAMES, b"1").strip(b" \0")
    if frames.isdigit() and length * 32 < rows * columns * bits * quarters * int(frames):
        raise Damaged("the pixel data is shorter than rows, columns and frames say")
