"""Query files: a DICOM file, a bare data set, or a dump as text, read whole as an identifier.

It knows nothing of the keys that are laid over them. Values are kept as they stand in the file: from them the same bytes are made.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from dicomjobs.dcmtk.dump_text import NotADump, looks_like_a_dump, parse_dump
from dicomjobs.dicom.attributes import by_tag
from dicomjobs.dicom.character_sets import CharacterSet, character_set_of
from dicomjobs.dicom.data_dictionary import NOTHING_ELSE, DataDictionary, creator_tag, is_creator, is_private
from dicomjobs.dicom.deflate import inflate
from dicomjobs.dicom.encoding import (
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    NO_VR,
    UNDEFINED_LENGTH,
    Encoding,
    encoding_of,
)
from dicomjobs.dicom.transfer_syntaxes import EXPLICIT_VR_BIG_ENDIAN
from dicomjobs.dicom.value_representations import ALL, BINARY, CHARACTER_SET_TEXT, NUMBERS, PLAIN_TEXT, SINGLE_TEXT
from dicomjobs.disk.elements import MAXIMUM_DEPTH, elements
from dicomjobs.disk.header import read_file_meta
from dicomjobs.disk.window import Damaged, Window
from dicomjobs.model.query import Element, Identifier

LARGEST = 16 * 1024 * 1024
"""Bytes; a query has a few hundred."""

_CHARACTER_SET, _PIXEL_DATA, _TRANSFER_SYNTAX = 0x00080005, 0x7FE00010, 0x00020010
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_AN_ITEM, _A_SEQUENCE_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0\0\0\0\0"
_PADDING_AT_THE_END = 0xFFFCFFFC
_STREAMS = {"OD": "d", "OF": "f", "OL": "I", "OV": "Q"}
_RESETS = b"^=\\\t\n\f\r"


class NotAQuery(Exception):
    """The file is no query; the message says why."""


def read_query(data: bytes, assumed: str, dictionary: DataDictionary = NOTHING_ELSE) -> Identifier:
    """Return the data set in a query file, without group 0002 and group lengths; raises NotAQuery.

    `assumed` is the Specific Character Set of text in a file that declares none; the dictionary is for private attributes
    whose VRs are not written.
    """
    if len(data) > LARGEST:
        raise NotAQuery(f"it has more than {LARGEST} bytes, and so more than any query")
    text = data.decode("latin-1")
    if data[128:132] != b"DICM" and looks_like_a_dump(text):
        return _from_dump(data, assumed)
    return _from_bytes(data, assumed, dictionary)


def _from_dump(data: bytes, assumed: str) -> Identifier:
    """Read a dump: in UTF-8 as an editor leaves it, else in the character set that it declares, as dcmdump prints it."""
    try:
        try:
            return parse_dump(data.decode("utf-8-sig"))
        except UnicodeDecodeError:
            declared = next((e.values for e in parse_dump(data.decode("latin-1")) if e.tag == _CHARACTER_SET), ())
            return parse_dump(_decoded(data, _named("\\".join(declared) or assumed), "the text"))
    except NotADump as error:
        raise NotAQuery(str(error)) from error


def _from_bytes(data: bytes, assumed: str, dictionary: DataDictionary) -> Identifier:
    """Read a DICOM file, or a bare data set, whose transfer syntax is then guessed."""
    try:
        offset, encoding = _begin(data)
        body = inflate(data[offset:], most=LARGEST) if encoding.deflated else data[offset:]
        found = _data_set(body, encoding, _Around(character_set=_named(assumed), dictionary=dictionary, depth=0))
    except (Damaged, struct.error, ValueError) as error:
        raise NotAQuery(f"it is no dump, and as a data set it is damaged: {error}") from error
    if not found:
        raise NotAQuery("there is no element in it")
    return found


def _begin(data: bytes) -> tuple[int, Encoding]:
    """Return where the data set begins, and how it is encoded."""
    if data[128:132] == b"DICM":
        offset, meta = read_file_meta(Window(-1, len(data), data))
        return offset, encoding_of(meta.get(_TRANSFER_SYNTAX, b"").rstrip(b"\0 ").decode("ascii", "replace"))
    if data[4:6].decode("latin-1") not in ALL:
        return 0, IMPLICIT_LITTLE
    return 0, encoding_of(EXPLICIT_VR_BIG_ENDIAN) if data[:1] == b"\0" else EXPLICIT_LITTLE


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """What is known around a data set or item: its character set unless it declares one, private attributes, the sequences it is in."""

    character_set: CharacterSet
    dictionary: DataDictionary
    depth: int


def _data_set(data: bytes, encoding: Encoding, around: _Around) -> Identifier:
    """Return the elements of a data set or item that fills `data`."""
    if around.depth > MAXIMUM_DEPTH:
        raise Damaged(f"sequences are nested more than {MAXIMUM_DEPTH} deep")
    found: dict[int, Element] = {}
    character_set = around.character_set
    for tag, written, begin, length in elements(Window(-1, len(data), data), 0, encoding):
        if not tag & 0xFFFF or tag >> 16 <= 0x0002 or tag in {_ITEM_END, _PADDING_AT_THE_END}:
            continue
        raw, vr = data[begin : begin + length], _vr(tag, written, found, around.dictionary)
        if vr == "SQ" or (vr == "UN" and raw.startswith(_AN_ITEM) and raw.endswith(_A_SEQUENCE_END)):
            inner = IMPLICIT_LITTLE if vr == "UN" else encoding  # PS3.5 6.2.2
            inside = replace(around, character_set=character_set, depth=around.depth + 1)
            items = tuple(_data_set(item, inner, inside) for item in _items(raw, inner))
            found[tag] = Element(tag=tag, vr="SQ", items=items)
        elif raw.startswith(_AN_ITEM) and tag == _PIXEL_DATA:
            raise NotAQuery(f"{_written(tag)} has encapsulated pixel data")
        else:
            found[tag] = Element(tag=tag, vr=vr, values=tuple(_values(tag, vr, raw, character_set, encoding)))
        if tag == _CHARACTER_SET and raw.strip():
            character_set = _named(raw.decode("ascii", "replace").strip())
    return tuple(found.values())


def _items(data: bytes, encoding: Encoding) -> Iterator[bytes]:
    """Yield the bytes of each item in the value of a sequence."""
    at = 0
    while at < len(data):
        group, element, length = encoding.item.unpack_from(data, at)
        tag, at = group << 16 | element, at + 8
        if tag == _SEQUENCE_END:
            return
        if tag != _ITEM:
            raise Damaged("something else stands where an item should")
        if length == UNDEFINED_LENGTH:
            window = Window(-1, len(data), data)
            end = next(end for tag, _, end, _ in elements(window, at, encoding, (_ITEM_END,), depth=1))
            yield data[at : end - 8]
            at = end
        else:
            yield data[at : at + length]
            at += length
    if at > len(data):
        raise Damaged("an item is cut off")


def _vr(tag: int, written: bytes, before: Mapping[int, Element], dictionary: DataDictionary) -> str:
    """Return the VR of an element: the one that is written, else that of a data dictionary; the elements before name the creator."""
    if written != NO_VR:
        vr = written.decode("ascii", "replace")
        return vr if vr in ALL else "UN"
    if known := by_tag(tag):
        return known.vr
    if is_creator(tag):
        return "LO"
    reserved = before.get(creator_tag(tag)) if is_private(tag) else None
    entry = dictionary.find(tag, "\\".join(reserved.values) if reserved else "")
    return entry.vr if entry else "UN"


def _values(tag: int, vr: str, raw: bytes, character_set: CharacterSet, encoding: Encoding) -> Iterator[str]:
    """Yield the values of an element as text, from which the same bytes are made again."""
    order = "<" if encoding.byte_order == "little" else ">"
    if not raw:
        return
    if vr in CHARACTER_SET_TEXT or vr in PLAIN_TEXT:
        text = _decoded(_unpadded(vr, raw), character_set, _written(tag))
        yield from [text] if vr in SINGLE_TEXT else text.split("\\")
    elif vr == "AT":
        pairs = struct.iter_unpack(order + "HH", raw)
        yield from (f"({group:04x},{element:04x})" for group, element in pairs)
    elif letter := NUMBERS.get(vr) or _STREAMS.get(vr):
        yield from (str(number) for (number,) in struct.iter_unpack(order + letter, raw))
    else:
        size = BINARY[vr]
        words = (raw[at : at + size] for at in range(0, len(raw), size))
        yield from ((word[::-1] if order == "<" else word).hex() for word in words)


def _unpadded(vr: str, raw: bytes) -> bytes:
    """Take off the one byte of padding that encoding puts on again."""
    return raw[:-1] if len(raw) % 2 == 0 and raw.endswith(b"\0" if vr == "UI" else b" ") else raw


def _named(name: str) -> CharacterSet:
    """Return a character set; raises NotAQuery for one that is none."""
    found = character_set_of(name)
    if found is None:
        raise NotAQuery(f"it declares {name!r}, which is no character set")
    return found


def _decoded(raw: bytes, character_set: CharacterSet, what: str) -> str:
    """Return text; raises NotAQuery for bytes that mean nothing in its character set."""
    text = character_set.decode(raw, _RESETS)
    if "\ufffd" in text:
        hint = "; say in the file which character set it has" if character_set.name == "ISO_IR 6" else ""
        raise NotAQuery(f"{what} has bytes that are no text in {character_set.name}{hint}")
    return text


def _written(tag: int) -> str:
    """Write a tag as (gggg,eeee)."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def read_query_file(path: str) -> bytes:
    """Return the bytes of a query file, one more than is read at most; raises OSError, also for a pipe, which could block for ever."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:  # noqa: PTH123 a descriptor
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("not a regular file")
        return file.read(LARGEST + 1)
