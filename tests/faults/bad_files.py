"""The corpus of bad files, made anew for every test from nothing but this script: what each is, and what becomes of it in a run.

`BAD_FILES` is one table: the file's name, how it is made, and the outcome and reason that it must have when a scan comes across it.
"""

from __future__ import annotations

import io
import os
import socket
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    RLELossless,
)

from tests.support.instances import (
    CANARY,
    Elements,
    encode_data_set,
    encode_elements,
    file_meta,
    make_uid,
    pixel_module,
)

Make = Callable[[Path], None]
DELIVERED, SKIPPED, FAILED = "delivered", "skipped", "failed"
_UNDEFINED = b"\xff\xff\xff\xff"
_SEQUENCE_END = b"\xfe\xff\xdd\xe0\0\0\0\0"


@dataclass(frozen=True, slots=True)
class BadFile:
    """A file of the corpus: how to make it at a path, and what a scan that comes across it must make of it."""

    make: Make
    outcome: str
    reason: str = ""


def _of(data: bytes) -> Make:
    """Return what writes these bytes."""

    def make(path: Path) -> None:
        path.write_bytes(data)

    return make


def _elements(
    name: str, *, extra: Elements = (), without: tuple[int, ...] = (), syntax: str = "", rows: int = 4
) -> Elements:
    """Return the elements of a small instance; those in `extra` replace or join the usual ones."""
    usual = [
        (0x00080016, "UI", CTImageStorage),
        (0x00080018, "UI", make_uid("corpus", name)),
        (0x00100010, "PN", CANARY),
        (0x0020000D, "UI", make_uid("corpus", "study", name)),
        (0x0020000E, "UI", make_uid("corpus", "series", name)),
        *pixel_module(rows, rows, 1, syntax or ExplicitVRLittleEndian),
    ]
    left_out = {*without, *(tag for tag, _, _ in extra)}
    return sorted([e for e in usual if e[0] not in left_out] + list(extra), key=lambda e: e[0])


def instance(
    name: str,
    *,
    extra: Elements = (),
    without: tuple[int, ...] = (),
    syntax: str = ExplicitVRLittleEndian,
    written_as: str = "",
    rows: int = 4,
    sop_class: str = CTImageStorage,
    uid: str = "",
) -> bytes:
    """Return a file; `written_as` is the transfer syntax that its File Meta claims, where that is another."""
    head = file_meta(
        sop_class_uid=sop_class, sop_instance_uid=uid or make_uid("corpus", name), transfer_syntax=written_as or syntax
    )
    return head + encode_data_set(_elements(name, extra=extra, without=without, syntax=syntax, rows=rows), syntax)


def with_tail(name: str, tail: bytes, *, rows: int = 0, written_as: str = ExplicitVRLittleEndian) -> bytes:
    """Return a file whose data set ends with these bytes."""
    return instance(name, rows=rows, written_as=written_as) + tail


def explicit(tag: int, vr: bytes, value: bytes, length: bytes | None = None) -> bytes:
    """Return an element of a VR with a 32 bit length."""
    return (
        struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr + b"\0\0" + (length or struct.pack("<I", len(value))) + value
    )


def nested(depth: int) -> bytes:
    """Return a sequence with so many others in it, all of explicit length."""
    content = b""
    for _ in range(depth):
        item = b"\xfe\xff\x00\xe0" + struct.pack("<I", len(content)) + content
        content = explicit(0x00081140, b"SQ", item)
    return content


def nested_undefined(depth: int) -> bytes:
    """Return a sequence with so many others in it, none of which says how long it is."""
    begin = explicit(0x00081140, b"SQ", b"", _UNDEFINED) + b"\xfe\xff\x00\xe0" + _UNDEFINED
    return begin * depth + (b"\xfe\xff\x0d\xe0\0\0\0\0" + _SEQUENCE_END) * depth


def _zip() -> bytes:
    """Return a ZIP file."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("a.dcm", instance("zipped"))
    return data.getvalue()


def _bomb(name: str) -> bytes:
    """Return a deflated instance of half a megabyte that inflates to half a gigabyte."""
    head = file_meta(
        sop_class_uid=CTImageStorage,
        sop_instance_uid=make_uid("corpus", name),
        transfer_syntax=DeflatedExplicitVRLittleEndian,
    )
    deflater = zlib.compressobj(9, wbits=-15)
    parts = [deflater.compress(encode_elements(_elements(name, rows=0), ExplicitVRLittleEndian))]
    parts.append(deflater.compress(explicit(0x00091001, b"OB", b"", struct.pack("<I", 512 << 20))))
    parts += [deflater.compress(bytes(1 << 20)) for _ in range(512)]
    data = head + b"".join(parts) + deflater.flush()
    return data + b"\0" * (len(data) % 2)


def _fifo(path: Path) -> None:
    """Make a FIFO that nobody writes to: opening it would wait for ever."""
    os.mkfifo(path)


def _socket(path: Path) -> None:
    """Make a socket."""
    with socket.socket(socket.AF_UNIX) as made:
        here = Path.cwd()
        os.chdir(path.parent)  # the path of a socket may have 108 bytes
        try:
            made.bind(path.name)
        finally:
            os.chdir(here)


def _link(target: str) -> Make:
    """Return what makes a symbolic link."""
    return lambda path: path.symlink_to(path if target == "itself" else target)


def _cut(name: str, keep: float, *, syntax: str = ExplicitVRLittleEndian) -> Make:
    """Return what writes a part of a file, of even length."""
    whole = instance(name, rows=8, syntax=syntax)
    return _of(whole[: int(len(whole) * keep) // 2 * 2])


def _cut_at(percent: int) -> BadFile:
    """Return a file of which so much is left: without its prefix, within its header, exactly before its pixels, or within these."""
    make = _cut(f"cut{percent}", percent / 100)
    if percent <= 15:
        return BadFile(make, SKIPPED, "not_dicom")
    if percent <= 65:
        return BadFile(make, FAILED, "incomplete_header")
    return BadFile(make, DELIVERED) if percent == 70 else BadFile(make, FAILED, "truncated_file")


_PIXELS = explicit(0x7FE00010, b"OW", bytes(32))

_NOT_DICOM = {
    "empty": _of(b""),
    "text": _of(b"this is a letter, not an image\n" * 20),
    "zip": _of(_zip()),
    "png": _of(b"\x89PNG\r\n\x1a\n" + bytes(200)),
    "html": _of(b"<!DOCTYPE html><html><body>moved</body></html>"),
    "zeros": _of(bytes(1000)),
    "ones": _of(b"\xff" * 1000),
    "one_byte": _of(b"D"),
    "prefix_too_early": _of(b"DICM" + bytes(300)),
    "almost_the_prefix": _of(bytes(128) + b"DICN" + bytes(300)),
    "gzip": _of(b"\x1f\x8b\x08\0" + bytes(200)),
}
_NOT_REGULAR = {"fifo": _fifo, "socket": _socket}

BAD_FILES: dict[str, BadFile] = {
    **{name: BadFile(make, SKIPPED, "not_dicom") for name, make in _NOT_DICOM.items()},
    **{name: BadFile(make, SKIPPED, "not_a_regular_file") for name, make in _NOT_REGULAR.items()},
    **{f"cut_at_{percent}_percent": _cut_at(percent) for percent in range(5, 100, 5)},
    "link_to_itself": BadFile(_link("itself"), FAILED, "unreadable"),
    "link_to_nowhere": BadFile(_link("nowhere"), FAILED, "symlink_broken"),
    "link_to_a_device": BadFile(_link("/dev/zero"), SKIPPED, "symlink_outside"),
    "prefix_only": BadFile(_of(bytes(128) + b"DICM"), FAILED, "incomplete_header"),
    "meta_only": BadFile(
        _of(file_meta(sop_class_uid=CTImageStorage, sop_instance_uid="1.2.3", transfer_syntax=ExplicitVRLittleEndian)),
        FAILED,
        "incomplete_header",
    ),
    "meta_of_4_gb": BadFile(
        _of(bytes(128) + b"DICM" + b"\x02\0\0\0UL\x04\0\xff\xff\xff\xff"), FAILED, "incomplete_header"
    ),
    "group_length_too_small": BadFile(
        _of(instance("small_group", rows=0)[:140] + struct.pack("<I", 20) + instance("small_group", rows=0)[144:]),
        DELIVERED,
    ),
    "group_length_too_large": BadFile(
        _of(instance("large_group", rows=0)[:140] + struct.pack("<I", 2000) + instance("large_group", rows=0)[144:]),
        DELIVERED,
    ),
    "no_preamble": BadFile(_of(instance("no_preamble")[132:]), DELIVERED),
    "no_meta_implicit": BadFile(
        _of(encode_data_set(_elements("bare", syntax=ImplicitVRLittleEndian), ImplicitVRLittleEndian)), DELIVERED
    ),
    "meta_uid_differs": BadFile(_of(instance("differs", uid="1.2.3.999")), DELIVERED),
    "no_transfer_syntax": BadFile(_of(instance("no_syntax", written_as=" ")), FAILED, "incomplete_header"),
    "unknown_transfer_syntax": BadFile(_of(instance("unknown_syntax", written_as="1.2.3.4.5")), DELIVERED),
    "transfer_syntax_of_letters": BadFile(_of(instance("letters", written_as="explicit")), FAILED, "incomplete_header"),
    "transfer_syntax_with_an_escape": BadFile(
        _of(instance("escape", written_as="1.2\x1b[31m")), FAILED, "incomplete_header"
    ),
    "deflated_bomb": BadFile(_of(_bomb("bomb")), FAILED, "not_convertible"),
    "deflated_cut": BadFile(
        _cut("deflated_cut", 0.7, syntax=DeflatedExplicitVRLittleEndian), FAILED, "incomplete_header"
    ),
    "deflated_garbage": BadFile(
        _of(instance("garbage", rows=0, written_as=DeflatedExplicitVRLittleEndian)), FAILED, "incomplete_header"
    ),
    "nested_60": BadFile(_of(with_tail("nested60", nested(60) + _PIXELS)), DELIVERED),
    "nested_3000": BadFile(_of(with_tail("nested3000", nested(3000) + _PIXELS)), DELIVERED),
    "nested_3000_undefined": BadFile(
        _of(with_tail("nested3000u", nested_undefined(3000) + _PIXELS)), FAILED, "truncated_file"
    ),
    "nested_without_end": BadFile(_of(with_tail("endless", nested_undefined(50)[: 50 * 20])), FAILED, "truncated_file"),
    "pixels_of_2_gb": BadFile(
        _of(with_tail("2gb", explicit(0x7FE00010, b"OW", bytes(10), struct.pack("<I", 1 << 31)))),
        FAILED,
        "truncated_file",
    ),
    "pixels_without_end": BadFile(
        _of(
            with_tail(
                "no_end",
                explicit(0x7FE00010, b"OB", b"\xfe\xff\x00\xe0\0\0\0\0", _UNDEFINED),
                written_as=JPEGBaseline8Bit,
            )
        ),
        FAILED,
        "truncated_file",
    ),
    "pixels_with_a_fragment_cut": BadFile(
        _of(
            with_tail(
                "fragment",
                explicit(0x7FE00010, b"OB", b"\xfe\xff\x00\xe0\x64\0\0\0ab", _UNDEFINED),
                written_as=RLELossless,
            )
        ),
        FAILED,
        "truncated_file",
    ),
    "pixels_fewer_than_rows_say": BadFile(
        _of(instance("fewer", extra=[(0x7FE00010, "OW", bytes(8))])), FAILED, "truncated_file"
    ),
    "pixels_more_than_rows_say": BadFile(_of(instance("more", extra=[(0x7FE00010, "OW", bytes(400))])), DELIVERED),
    "rows_of_65535": BadFile(
        _of(instance("rows", extra=[(0x00280010, "US", 65535), (0x00280011, "US", 65535)])), FAILED, "truncated_file"
    ),
    "frames_of_letters": BadFile(_of(instance("frames", extra=[(0x00280008, "IS", "many")])), DELIVERED),
    "frames_of_10_to_the_12": BadFile(
        _of(instance("frames12", extra=[(0x00280008, "IS", "999999999999")])), FAILED, "truncated_file"
    ),
    "value_undefined_length": BadFile(
        _of(with_tail("undefined", explicit(0x00104000, b"UT", b"abc", _UNDEFINED))), FAILED, "truncated_file"
    ),
    "value_longer_than_the_file": BadFile(
        _of(with_tail("longer", explicit(0x00204000, b"UT", b"abcd", struct.pack("<I", 5000)))),
        FAILED,
        "truncated_file",
    ),
    "odd_length": BadFile(_of(instance("odd") + b"\0"), FAILED, "truncated_file"),
    "trailing_padding": BadFile(_of(instance("padding") + explicit(0xFFFCFFFC, b"OB", bytes(64))), DELIVERED),
    "trailing_garbage": BadFile(_of(instance("trailing") + b"garbage behind it all "), FAILED, "truncated_file"),
    "trailing_zeros": BadFile(_of(instance("trailing0") + bytes(64)), FAILED, "truncated_file"),
    "unknown_vr": BadFile(_of(with_tail("vr", b"\x20\0\x00\x40??\x04\0abcd" + _PIXELS)), FAILED, "truncated_file"),
    "lower_case_vr": BadFile(
        _of(with_tail("vrlow", b"\x20\0\x00\x40lo\x04\0abcd" + _PIXELS)), FAILED, "truncated_file"
    ),
    "un_of_undefined_length": BadFile(
        _of(with_tail("un", explicit(0x00211001, b"UN", _SEQUENCE_END, _UNDEFINED) + _PIXELS)), DELIVERED
    ),
    "tags_in_descending_order": BadFile(
        _of(
            with_tail(
                "descending",
                encode_elements([(0x00200013, "IS", "1"), (0x00080060, "CS", "CT")], ExplicitVRLittleEndian),
            )
        ),
        DELIVERED,
    ),
    "a_tag_twice": BadFile(
        _of(
            with_tail(
                "twice", encode_elements([(0x00200013, "IS", "1"), (0x00200013, "IS", "2")], ExplicitVRLittleEndian)
            )
        ),
        DELIVERED,
    ),
    "group_0000": BadFile(_of(with_tail("group0", explicit(0x00000002, b"UT", b"1.2 "))), DELIVERED),
    "item_at_the_top": BadFile(_of(with_tail("item", b"\xfe\xff\x00\xe0\x04\0\0\0abcd")), FAILED, "truncated_file"),
    "delimiter_at_the_top": BadFile(_of(with_tail("delimiter", _SEQUENCE_END)), FAILED, "truncated_file"),
    "name_with_escapes": BadFile(
        _of(instance("escapes", extra=[(0x00100010, "PN", f"{CANARY}\x1b[31m\x00\r\n\u202e")])), DELIVERED
    ),
    "unknown_character_set": BadFile(_of(instance("charset", extra=[(0x00080005, "CS", "ISO_IR 999")])), DELIVERED),
    "big_endian": BadFile(_of(instance("big", syntax=ExplicitVRBigEndian)), DELIVERED),
    "big_endian_that_is_little": BadFile(
        _of(instance("notbig", written_as=ExplicitVRBigEndian)), FAILED, "incomplete_header"
    ),
    "implicit_that_is_explicit": BadFile(
        _of(instance("notimplicit", written_as=ImplicitVRLittleEndian)), FAILED, "incomplete_header"
    ),
    "private_sop_class": BadFile(_of(instance("private", extra=[(0x00080016, "UI", "1.2.3.4.5.6")])), DELIVERED),
    "no_sop_class": BadFile(_of(instance("noclass", without=(0x00080016,))), FAILED, "incomplete_header"),
    "no_sop_instance_uid": BadFile(_of(instance("nouid", without=(0x00080018,))), FAILED, "incomplete_header"),
    "no_study": BadFile(_of(instance("nostudy", without=(0x0020000D, 0x0020000E))), DELIVERED),
    "empty_sop_instance_uid": BadFile(
        _of(instance("emptyuid", extra=[(0x00080018, "UI", "")])), FAILED, "incomplete_header"
    ),
    "uid_of_letters": BadFile(
        _of(instance("uidletters", extra=[(0x00080018, "UI", "image one")])), FAILED, "incomplete_header"
    ),
    "uid_that_is_a_path": BadFile(
        _of(instance("uidpath", extra=[(0x00080018, "UI", "../../../tmp/x")])), FAILED, "incomplete_header"
    ),
    "uid_of_65_characters": BadFile(
        _of(instance("uidlong", extra=[(0x00080018, "UI", "1." + "2" * 63)])), FAILED, "incomplete_header"
    ),
    "uid_of_4000_characters": BadFile(
        _of(instance("uidvery", extra=[(0x00080018, "UI", "1." * 2000)])), FAILED, "incomplete_header"
    ),
    "two_uids": BadFile(_of(instance("uids", extra=[(0x00080018, "UI", "1.2.3\\1.2.4")])), FAILED, "incomplete_header"),
    "uid_with_an_escape": BadFile(
        _of(instance("uidesc", extra=[(0x00080018, "UI", "1.2\x1b[2J.3")])), FAILED, "incomplete_header"
    ),
    "dicomdir": BadFile(
        _of(instance("dicomdir", sop_class="1.2.840.10008.1.3.10", extra=[(0x00080016, "UI", "1.2.840.10008.1.3.10")])),
        SKIPPED,
        "media_storage_directory",
    ),
}
