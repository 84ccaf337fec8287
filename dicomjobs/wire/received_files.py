"""Received instances as PS3.10 files: named by checked UIDs, durable before their name appears, found again later.

Nothing that a peer sent becomes a path unless it is a UID. The bytes of a data set are never changed, and nothing here
knows of associations or queries.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from dicomjobs.dicom.implementation import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from dicomjobs.dicom.uids import is_uid

_PREAMBLE = bytes(128) + b"DICM"  # zeroed: a preamble that a peer could choose may be a program (CVE-2019-11687)
_LONG_LENGTH = frozenset({b"OB"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedInstance:
    """An instance to be written; `data` is the encoded data set as it came, the other fields fill the File Meta Information."""

    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    transfer_syntax: str
    calling_ae_title: str
    data: memoryview


class NotPart10(Exception):
    """A file is no DICOM file (PS3.10 7.1)."""


def write_instance(directory: str, instance: ReceivedInstance) -> None:
    """Write to `<directory>/<study>/<SOP instance>.dcm`, replacing what is there at once, and return when it is durable.

    Files get mode 0600 and folders 0700. Raises OSError, after which no trace is left.
    """
    study, name = file_name(instance.study_instance_uid), f"{file_name(instance.sop_instance_uid)}.dcm"
    with _folder(directory, study) as folder:
        part = f".{name}.{os.urandom(8).hex()}.part"
        try:
            _write_durably(part, folder, file_head(instance), instance.data)
            os.replace(part, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(part, dir_fd=folder)
            raise
        os.fsync(folder)


def file_name(uid: str) -> str:
    """A name that a UID gives a file or folder: itself if it is one (PS3.5 9.1), otherwise the digest of what was sent instead."""
    return uid if is_uid(uid) else hashlib.sha256(uid.encode("utf-8", "surrogatepass")).hexdigest()


@contextlib.contextmanager
def _folder(directory: str, name: str) -> Iterator[int]:
    """A descriptor of the folder `name` in the directory, made if it is missing; a symbolic link is not followed."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    root = os.open(directory, flags)
    try:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=root)
            os.fsync(root)
        folder = os.open(name, flags | os.O_NOFOLLOW, dir_fd=root)
    finally:
        os.close(root)
    try:
        yield folder
    finally:
        os.close(folder)


def _write_durably(name: str, folder: int, *parts: bytes | memoryview) -> None:
    """Write a new file and wait until the disk has it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, 0o600, dir_fd=folder)
    try:
        for part in parts:
            rest = memoryview(part)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def file_head(instance: ReceivedInstance) -> bytes:
    """Preamble, prefix and File Meta Information (PS3.10 7.1)."""
    meta = b"".join(
        (
            _element(0x0001, b"OB", b"\x00\x01"),
            _element(0x0002, b"UI", instance.sop_class_uid.encode("ascii", "replace")),
            _element(0x0003, b"UI", instance.sop_instance_uid.encode("ascii", "replace")),
            _element(0x0010, b"UI", instance.transfer_syntax.encode("ascii", "replace")),
            _element(0x0012, b"UI", IMPLEMENTATION_CLASS_UID.encode("ascii")),
            _element(0x0013, b"SH", IMPLEMENTATION_VERSION_NAME.encode("ascii")),
            _element(0x0016, b"AE", instance.calling_ae_title.encode("ascii", "replace")),
        )
    )
    return _PREAMBLE + _element(0x0000, b"UL", struct.pack("<I", len(meta))) + meta


def _element(element: int, vr: bytes, value: bytes) -> bytes:
    """An element of group 0002, always explicit VR little endian."""
    padded = value + (b"\0" if vr == b"UI" else b" ") * (len(value) % 2)
    if vr in _LONG_LENGTH:
        return struct.pack("<HH2sxxI", 2, element, vr, len(padded)) + padded
    return struct.pack("<HH2sH", 2, element, vr, len(padded)) + padded


def held_files(directory: str) -> Iterator[str]:
    """The regular files below a directory, oldest first, that are neither hidden nor behind a symbolic link."""
    return (path for _, path in sorted(_dated(directory)))


def _dated(folder: str) -> Iterator[tuple[int, str]]:
    """The files of a folder and those below with their times of change; a folder that cannot be read has none."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _dated(entry.path)
            elif entry.is_file(follow_symlinks=False):
                yield entry.stat(follow_symlinks=False).st_mtime_ns, entry.path


def skip_file_meta(stream: BinaryIO) -> str:
    """Read a file up to its data set and return the transfer syntax; raises NotPart10."""
    if stream.read(132)[128:] != b"DICM":
        raise NotPart10("no DICM prefix")
    transfer_syntax, end = "", sys.maxsize
    while stream.tell() < end:
        begin = stream.tell()
        head = stream.read(8)
        group, element, vr, length = struct.unpack("<HH2sH", head) if len(head) == 8 else (0, 0, b"", 0)
        if group != 2:
            stream.seek(begin)
            break
        if vr in _LONG_LENGTH:
            (length,) = struct.unpack("<I", stream.read(4).ljust(4, b"\0"))
        value = stream.read(length)
        match element:
            case 0x0000:
                end = stream.tell() + int.from_bytes(value, "little")
            case 0x0010:
                transfer_syntax = value.rstrip(b"\0 ").decode("ascii", "replace")
    if not transfer_syntax:
        raise NotPart10("no Transfer Syntax UID")
    return transfer_syntax
