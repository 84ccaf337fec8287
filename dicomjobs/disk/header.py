"""The head of a PS3.10 file, or of a bare data set: File Meta Information, and the few attributes of the data set that a plan needs.

It reads no further than the last attribute that is asked for, and knows nothing of folders or plans.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from dicomjobs.dicom.encoding import EXPLICIT_LITTLE, NO_VR, SHORT_VRS, Encoding, encoding_of
from dicomjobs.dicom.transfer_syntaxes import (
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
)
from dicomjobs.dicom.value_representations import ALL
from dicomjobs.disk.elements import elements
from dicomjobs.disk.skim import VALUE, plain_elements
from dicomjobs.disk.window import Damaged, InflatedWindow, Window
from dicomjobs.model.send_set import ReadMode
from dicomjobs.plan.frozen import maker

MAXIMUM_HEADER_BYTES = 16 * 1024 * 1024
LARGEST_VALUE = 64 * 1024

_SOP_CLASS, _SOP_INSTANCE, _STUDY, _SERIES = 0x00080016, 0x00080018, 0x0020000D, 0x0020000E
_UIDS = frozenset({_SOP_CLASS, _SOP_INSTANCE, _STUDY, _SERIES})
_SORTED_UIDS = tuple(sorted(_UIDS))
_MEDIA_SOP_CLASS, _TRANSFER_SYNTAX = 0x00020002, 0x00020010
_META_ELEMENTS = frozenset({0x0000, 0x0002, 0x0010})
_PREFIX_END = 132
_FIRST_OF_META = frozenset({b"\x02\0\0\0", b"\x02\0\x01\0", b"\x02\0\x02\0"})
_DIRECTORY = b"1.2.840.10008.1.3.10"

# Leading zeros in a component are against PS3.5 9.1 but are found in archives, and no peer is the worse for getting them.
_UID = re.compile(rb"[0-9][0-9.]{0,63}")

RawValue = tuple[bytes, bytes]
"""The VR of an element, two blanks in implicit VR, and the bytes of its value."""


class NotAnInstance(Exception):
    """The file cannot be sent as a SOP Instance; `problem` is an instance reason, `words` say it without quoting the file."""

    def __init__(self, problem: str, words: str) -> None:
        """Keep the reason's name and the sentence for the report."""
        super().__init__(words)
        self.problem = problem
        self.words = words


@dataclass(frozen=True, slots=True)
class Header:
    """What the head of a file says; `offset` is where the data set begins, in bytes.

    Study and series are "" in instances that belong to no patient, such as colour palettes (PS3.4 GG).
    """

    offset: int
    transfer_syntax: str
    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    encoding: Encoding
    values: Mapping[int, RawValue]


_make_header = maker(Header)


def read_header(window: Window, wanted: frozenset[int] = frozenset(), *, mode: ReadMode = ReadMode.AUTO) -> Header:
    """Read the head of the file whose first bytes are in the window, and the values of other top-level attributes.

    Raises NotAnInstance for anything that is no whole header of a SOP Instance, and OSError when the file cannot be read.
    """
    meta_begins = _meta_begins(window.data)
    if meta_begins < 0 or mode is ReadMode.DATA_SET:
        return _bare_header(window, wanted, mode)
    try:
        offset, meta = read_file_meta(window, meta_begins)
        if meta.get(_MEDIA_SOP_CLASS, b"").rstrip(b"\0 ") == _DIRECTORY:
            raise NotAnInstance("media_storage_directory", "a DICOMDIR, not an instance")
        transfer_syntax = _uid(meta.get(_TRANSFER_SYNTAX), "Transfer Syntax UID")
        encoding = encoding_of(transfer_syntax)
        values = _values(window, offset, encoding, wanted)
        return _header(offset, transfer_syntax, encoding, values)
    except Damaged as damage:
        raise NotAnInstance("incomplete_header", str(damage)) from damage


def _meta_begins(data: bytes) -> int:
    """Return where the File Meta Information begins: behind preamble and prefix, at once when they are missing; -1 for nowhere."""
    if data[128:_PREFIX_END] == b"DICM":
        return _PREFIX_END
    return 0 if data[:4] in _FIRST_OF_META and data[4:6] in SHORT_VRS else -1


def _bare_header(window: Window, wanted: frozenset[int], mode: ReadMode) -> Header:
    """Read the head of a data set without File Meta Information; raises NotAnInstance."""
    if not window.size:
        raise NotAnInstance("not_dicom", "the file is empty")
    if window.data[128:_PREFIX_END] == b"DICM":
        raise NotAnInstance("not_dicom", "the file has File Meta Information, and `read` says data_set")
    transfer_syntax = _guessed(window.data)
    if mode is ReadMode.FILE or not transfer_syntax:
        raise NotAnInstance("not_dicom", "the file has no DICM prefix")
    encoding = encoding_of(transfer_syntax)
    try:
        return _header(0, transfer_syntax, encoding, _values(window, 0, encoding, wanted))
    except Damaged as damage:
        raise NotAnInstance("incomplete_header", str(damage)) from damage


def _guessed(data: bytes) -> str:
    """Return the transfer syntax of a data set that begins in group 0008, as one with a SOP Class UID does; "" for other bytes.

    Explicit VR has two letters where implicit VR has the lower half of a length.
    """
    explicit = data[4:6].decode("latin-1") in ALL
    if data[:2] == b"\x08\x00":
        small = int.from_bytes(data[2:4], "little") <= _SOP_CLASS & 0xFFFF
        if explicit:
            return EXPLICIT_VR_LITTLE_ENDIAN
        return IMPLICIT_VR_LITTLE_ENDIAN if small and data[6:8] == b"\0\0" else ""
    return EXPLICIT_VR_BIG_ENDIAN if data[:2] == b"\x00\x08" and explicit else ""


def _header(offset: int, transfer_syntax: str, encoding: Encoding, values: Mapping[int, RawValue]) -> Header:
    """Put a header together from what was read; raises Damaged when a UID is missing.

    The UIDs are those of the data set, as the peer will see them; what the File Meta Information says of them does not matter.
    """
    header = _make_header(
        offset,
        transfer_syntax,
        _uid(_bytes_of(values, _SOP_CLASS), "SOP Class UID"),
        _uid(_bytes_of(values, _SOP_INSTANCE), "SOP Instance UID"),
        _uid_or_none(_bytes_of(values, _STUDY), "Study Instance UID"),
        _uid_or_none(_bytes_of(values, _SERIES), "Series Instance UID"),
        encoding,
        values,
    )
    if header.study_instance_uid and not header.series_instance_uid:
        raise Damaged("the header has no Series Instance UID")
    return header


def read_file_meta(window: Window, position: int = _PREFIX_END) -> tuple[int, dict[int, bytes]]:
    """Return where the data set begins, and the values of group 0002 (PS3.10 7.1), whose group length may be wrong or missing.

    Only group length, Media Storage SOP Class UID and Transfer Syntax UID are kept. Raises Damaged, and OSError.
    """
    head = EXPLICIT_LITTLE.head.unpack_from
    meta: dict[int, bytes] = {}
    declared_end = -1
    while True:
        at = position - window.base
        if at + 12 > len(window.data):
            window.move(position)
            at = 0
            if len(window.data) < 12:
                raise Damaged("the file ends before its data set begins")
        group, element, vr, length = head(window.data, at)
        if group != 2 or (
            position == declared_end and encoding_of(_text(meta.get(_TRANSFER_SYNTAX, b"")) or "").deflated
        ):
            return position, meta  # a deflated data set may begin with the two bytes of group 0002
        begin = position + 8
        if vr not in SHORT_VRS:
            if not vr.isalpha():
                raise Damaged("the File Meta Information is not in explicit VR little endian")
            (length,) = EXPLICIT_LITTLE.long_length.unpack_from(window.data, at + 8)
            begin += 4
        position = begin + length
        if element in _META_ELEMENTS and length <= LARGEST_VALUE:
            meta[0x00020000 | element] = value = window.value(begin, length)
            if element == 0:
                declared_end = position + int.from_bytes(value, "little")


def _values(window: Window, offset: int, encoding: Encoding, wanted: frozenset[int]) -> dict[int, RawValue]:
    """Return the values that are there among the UIDs and the wanted attributes; stops behind the last of them."""
    if encoding.deflated:
        window.move(offset)
        window, offset = InflatedWindow(window, MAXIMUM_HEADER_BYTES), 0
    tags = tuple(sorted(_UIDS | wanted)) if wanted else _SORTED_UIDS
    last = tags[-1]
    plain = plain_elements(encoding.byte_order, tags, last, explicit=encoding.explicit)
    values: dict[int, RawValue] = {}
    while True:
        at = offset - window.base
        match = plain.match(window.data, at)
        if match and match.end() > at:
            offset = window.base + match.end()
            for tag, found in zip(tags, match.groups(), strict=True):
                if found:
                    values[tag] = (found[:2] if encoding.explicit else NO_VR), found[VALUE:]
            if match.lastindex == len(tags):
                return values
        element = next(elements(window, offset, encoding, last=last), None)
        if element is None:
            return values
        tag, vr, begin, length = element
        if tag in tags and length <= LARGEST_VALUE and vr != b"SQ":
            values[tag] = vr, window.value(begin, length)
        if tag >= last:
            return values
        offset = begin + length


def _bytes_of(values: Mapping[int, RawValue], tag: int) -> bytes:
    """Return the bytes of a value, none when the attribute is absent."""
    return values.get(tag, (NO_VR, b""))[1]


def _uid(value: bytes | None, name: str) -> str:
    """Return a UID that must be there; raises Damaged."""
    uid = _text(value or b"")
    if not uid:
        raise Damaged(f"the header has no {name}" if uid == "" else f"the {name} in the header is not a UID")
    return uid


def _uid_or_none(value: bytes, name: str) -> str:
    """Return a UID that may be missing; raises Damaged for any other text."""
    return _uid(value, name) if value.rstrip(b"\0 ") else ""


@lru_cache(maxsize=1024)
def _text(value: bytes) -> str | None:
    """Return a UID without its padding, None for what is no UID; remembered, because few of them differ from file to file."""
    stripped = value.rstrip(b"\0 ")
    return None if stripped and not _UID.fullmatch(stripped) else stripped.decode("ascii")
