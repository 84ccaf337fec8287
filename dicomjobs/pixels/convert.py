"""A data set rewritten: in another native transfer syntax (PS3.5 A.1, A.2, A.3, A.5), with other VRs, or with some values replaced.

pydicom would decode and encode every value, and leaves the words of pixel data alone when the byte order changes; here bytes
are moved and words turned, and all other values kept byte for byte. It knows nothing of files or of sending.
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Mapping
from functools import lru_cache
from itertools import groupby
from struct import calcsize

from dicomjobs.dicom.attributes import by_tag
from dicomjobs.dicom.encoding import SHORT_VRS, UNDEFINED_LENGTH, Encoding, encoding_of
from dicomjobs.dicom.transfer_syntaxes import is_native
from dicomjobs.dicom.uids import name_of
from dicomjobs.dicom.value_representations import BINARY, CHARACTER_SET_TEXT, NEW_VRS, NUMBERS, PLAIN_TEXT
from dicomjobs.errors import NotSendable
from dicomjobs.model.data_set_form import DataSetForm, NewVrs
from dicomjobs.pixels.data_set import Element, NotADataSet, parse

PIXEL_REPRESENTATION = 0x00280103
TRAILING_PADDING = 0xFFFCFFFC
SIGNED_AS_PIXELS = frozenset(
    {0x00189810, 0x00221452, 0x00280071, *range(0x00280104, 0x0028010A), 0x00280110, 0x00280111, 0x00280120, 0x00280121}
    | {*range(0x00281100, 0x00281104), *range(0x00281111, 0x00281114), 0x00283002, 0x00409211, 0x00409216}
    | {0x00603004, 0x00603006}
)
"""The attributes to which PS3.6 gives the VRs US or SS: they are SS where Pixel Representation (0028,0103) is 1."""

_TYPECODES = {2: "H", 4: "I", 8: "Q"}
_WORDS = {vr.encode("ascii"): _TYPECODES[size] for vr, size in BINARY.items() if size > 1} | {b"AT": "H"}
_WORDS |= {vr.encode("ascii"): _TYPECODES[calcsize("<" + number)] for vr, number in NUMBERS.items()}
"""The VRs whose bytes turn with the byte order, with the array type of their words (PS3.5 7.3)."""

_NEW_VRS = frozenset(vr.encode("ascii") for vr in NEW_VRS)
_PADDED_WITH_BLANKS = frozenset(vr.encode("ascii") for vr in CHARACTER_SET_TEXT | PLAIN_TEXT - {"UI"})
_LONGEST_SHORT = 0xFFFE
_INFLATED_AT_LEAST, _INFLATED_PER_BYTE = 64 * 1024 * 1024, 200
_PIECE = 1024 * 1024
"""What a deflated data set may inflate to, in bytes: a bomb must not take the machine's memory."""

Parts = list[bytes | memoryview]


def convert(data: bytes, transfer_syntax: str, form: DataSetForm) -> bytes:
    """Return the data set in another form; raises NotSendable("not_convertible").

    Sequences get explicit lengths, group lengths that are there are made right (PS3.5 7.2), trailing padding is dropped (PS3.10
    7.2), and attributes that the dictionary does not know become UN when they had no VR (PS3.5 6.2.2). Only native transfer
    syntaxes are converted into each other.
    """
    if form.transfer_syntax != transfer_syntax:
        for syntax in (transfer_syntax, form.transfer_syntax):
            if not is_native(syntax):
                raise NotSendable("not_convertible", f"{name_of(syntax)} is not one of the native transfer syntaxes")
    wanted = encoding_of(form.transfer_syntax)
    try:
        elements = _elements(data, transfer_syntax)
        writer = _Writer(wanted, form.new_vrs, encapsulated=not is_native(transfer_syntax))
        converted = b"".join(writer.encode(_replaced(elements, dict(form.replaced)), signed=False))
    except NotADataSet as damage:
        raise NotSendable("not_convertible", str(damage)) from damage
    return _deflate(converted, form.compression_level) if wanted.deflated else converted


def _elements(data: bytes, transfer_syntax: str) -> tuple[Element, ...]:
    """Take a data set apart; raises NotADataSet."""
    encoding = encoding_of(transfer_syntax)
    return parse(memoryview(_inflate(data) if encoding.deflated else data), encoding)


def _replaced(elements: tuple[Element, ...], texts: Mapping[int, str]) -> tuple[Element, ...]:
    """Return the elements with other texts for some of those that are there; the writer pads them."""
    if not texts:
        return elements
    return tuple(
        (*element[:3], memoryview(texts[element[0]].encode("ascii")), (), False) if element[0] in texts else element
        for element in elements
    )


class _Writer:
    """Writes elements in an encoding; `encapsulated` says whether pixel data may be so (PS3.5 A.4)."""

    def __init__(self, target: Encoding, new_vrs: NewVrs, *, encapsulated: bool) -> None:
        """Note the encoding, and what it may say of VRs."""
        self._target = target
        self._as_ob = _NEW_VRS if new_vrs is NewVrs.AS_OB and target.explicit else frozenset()
        self._encapsulated = encapsulated

    def encode(self, elements: tuple[Element, ...], *, signed: bool) -> Parts:
        """Return the elements' bytes; `signed` is what Pixel Representation says in the data set around them (PS3.3 C.7.6.3)."""
        has_lengths = False
        for element in elements:
            if element[0] == PIXEL_REPRESENTATION:
                signed = any(element[3])
            elif not element[0] & 0xFFFF:
                has_lengths = True
        parts: Parts = []
        if has_lengths:
            for _, group in groupby(elements, key=_group_of):
                self._put_group(parts, tuple(group), signed=signed)
        else:
            for element in elements:
                self._put(parts, element, signed=signed)
        return parts

    def _put_group(self, parts: Parts, group: tuple[Element, ...], *, signed: bool) -> None:
        """Add the elements of one group; the length of all that follows in it is made right when it is there (PS3.5 7.2)."""
        encoded: Parts = []
        has_length = not group[0][0] & 0xFFFF
        for element in group[1:] if has_length else group:
            self._put(encoded, element, signed=signed)
        if has_length:
            length = self._target.long_length.pack(sum(map(len, encoded)))
            parts += [self._head(group[0][0], b"UL", len(length)), length]
        parts += encoded

    def _put(self, parts: Parts, element: Element, *, signed: bool) -> None:
        """Add one element's bytes."""
        tag, vr, encoding, value, _items, encapsulated = element
        vr = vr or _vr_of(tag, signed=signed)
        if vr == b"SQ" or encapsulated or tag == TRAILING_PADDING:
            self._put_special(parts, element, signed=signed)
            return
        length = len(value)
        if length > _LONGEST_SHORT and vr in SHORT_VRS and self._target.explicit:
            vr = b"UN"  # PS3.5 6.2.2: too long for a length of two bytes
        as_ob = vr in self._as_ob
        byte_order = "little" if as_ob else self._target.byte_order  # so does DCMTK with -u
        written: bytes | memoryview = value
        if encoding.byte_order != byte_order and vr in _WORDS:
            written = _turned(value, _WORDS[vr])
        parts.append(self._head(tag, b"OB" if as_ob else vr, length + length % 2))
        parts.append(written)
        if length % 2:
            parts.append(b" " if vr in _PADDED_WITH_BLANKS and not as_ob else b"\0")  # PS3.5 6.2

    def _put_special(self, parts: Parts, element: Element, *, signed: bool) -> None:
        """Add a sequence, its items each with its explicit length, or fragments; padding at the end of a file is nothing."""
        tag, vr, _encoding, value, items, encapsulated = element
        if encapsulated:
            if not self._encapsulated:
                raise NotADataSet("pixel data is encapsulated, against the transfer syntax")
            parts += [self._head(tag, vr, UNDEFINED_LENGTH), value]
        elif tag != TRAILING_PADDING:
            encoded: Parts = []
            for item in items:
                of_item = self.encode(item, signed=signed)
                encoded += [self._target.item.pack(0xFFFE, 0xE000, sum(map(len, of_item))), *of_item]
            parts += [self._head(tag, b"SQ", sum(map(len, encoded))), *encoded]

    def _head(self, tag: int, vr: bytes, length: int) -> bytes:
        """Return what stands before a value."""
        target = self._target
        if not target.explicit:
            return target.item.pack(tag >> 16, tag & 0xFFFF, length)
        if vr in SHORT_VRS:
            return target.head.pack(tag >> 16, tag & 0xFFFF, vr, length)
        return target.head.pack(tag >> 16, tag & 0xFFFF, vr, 0) + target.long_length.pack(length)


def _group_of(element: Element) -> int:
    """Return the group of an element."""
    return element[0] >> 16


@lru_cache(maxsize=8192)
def _vr_of(tag: int, *, signed: bool) -> bytes:
    """Return the VR of an attribute that was in implicit VR; that of a private one is not ours to guess, but its creator's is known."""
    if tag >> 16 & 1:
        return b"LO" if 0x10 <= tag & 0xFFFF <= 0xFF else b"UN"
    if signed and tag in SIGNED_AS_PIXELS:
        return b"SS"
    attribute = by_tag(tag)
    return attribute.vr.encode("ascii") if attribute else b"UN"


def _turned(value: memoryview, typecode: str) -> bytes:
    """Return a value's words in the other byte order; raises NotADataSet when it is not made of whole words."""
    words = array(typecode)
    if len(value) % words.itemsize:
        raise NotADataSet("a value is not made of whole words")
    words.frombytes(value)
    words.byteswap()
    return words.tobytes()


def _inflate(data: bytes) -> bytes:
    """Return a deflated data set inflated (PS3.5 A.5); raises NotADataSet when it is cut off, broken or a bomb."""
    try:
        length = _inflated_length(data, max(_INFLATED_AT_LEAST, _INFLATED_PER_BYTE * len(data)))
        return zlib.decompressobj(-15).decompress(data, length)
    except zlib.error as error:
        raise NotADataSet("the deflated data set cannot be inflated") from error


def _inflated_length(data: bytes, limit: int) -> int:
    """Return how long a deflated data set gets, found out piece by piece, so that a bomb never lies in memory."""
    inflater, rest, length = zlib.decompressobj(-15), data, 0
    while (piece := inflater.decompress(rest, _PIECE)) and length <= limit:
        length += len(piece)
        rest = inflater.unconsumed_tail  # may be nothing although there is more to come of what was taken
    if not inflater.eof or length > limit:
        raise NotADataSet("the deflated data set is cut off, or inflates beyond all measure")
    return length


def _deflate(data: bytes, level: int) -> bytes:
    """Return a data set deflated and padded to an even length (PS3.5 A.5)."""
    deflater = zlib.compressobj(level, wbits=-15)
    deflated = deflater.compress(data) + deflater.flush()
    return deflated + b"\0" * (len(deflated) % 2)
