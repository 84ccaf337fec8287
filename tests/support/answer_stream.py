"""An archive in a process of its own that answers every query with so many made-up studies as fast as a socket takes them.

`python -m tests.support.answer_stream COUNT` prints its port and serves until it is ended. What it sends was encoded before.
"""

from __future__ import annotations

import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

DIFFERENT = 1000
"""Answers that differ; they are sent over and over."""

KEYS = (
    *("SpecificCharacterSet", "StudyDate", "StudyTime", "AccessionNumber", "RetrieveAETitle", "ModalitiesInStudy"),
    *("StudyDescription", "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyID"),
    *("NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances"),
)
"""What a query for the studies asks for, beside the level."""

ROOT = Path(__file__).parents[2]


def study(number: int) -> bytes:
    """Encode a study as an archive tells of it: every fifth with an umlaut, every third of two modalities, every tenth with a comma."""
    description = f"Thorax{',' if number % 10 == 0 else ''} {number}"
    values = (
        (0x00080005, b"CS", b"ISO_IR 100"),
        (0x00080020, b"DA", b"2026%02d%02d" % (number % 12 + 1, number % 28 + 1)),
        (0x00080030, b"TM", b"%02d3000" % (number % 24)),
        (0x00080050, b"SH", b"A%07d" % number),
        (0x00080052, b"CS", b"STUDY"),
        (0x00080054, b"AE", b"ARCHIVE"),
        (0x00080061, b"CS", b"CT\\PT" if number % 3 == 0 else b"CT"),
        (0x00081030, b"LO", description.encode()),
        (0x00100010, b"PN", (b"M\xfcller" if number % 5 == 0 else b"Doe") + b"^Hans^%d" % number),
        (0x00100020, b"LO", b"P%06d" % number),
        (0x00100030, b"DA", b"19500101"),
        (0x00100040, b"CS", b"MF"[number % 2 : number % 2 + 1]),
        (0x0020000D, b"UI", b"1.2.826.0.1.3680043.8.498.%030d" % (10**29 + number)),
        (0x00200010, b"SH", b"%d" % number),
        (0x00201206, b"IS", b"3"),
        (0x00201208, b"IS", b"%d" % (number % 900)),
    )
    return b"".join(_element(*value) for value in values)


def _element(tag: int, vr: bytes, value: bytes) -> bytes:
    """Encode an element in Explicit VR Little Endian."""
    value += (b"\0" if vr == b"UI" else b" ") * (len(value) % 2)
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def _data(control: int, fragment: bytes) -> bytes:
    """Encode a P-DATA-TF on presentation context 1."""
    return struct.pack(">BxIIBB", 4, len(fragment) + 6, len(fragment) + 2, 1, control) + fragment


def _response(status: int, *, data_set: int) -> bytes:
    """Encode a C-FIND-RSP to message 1."""

    def element(number: int, value: bytes) -> bytes:
        return struct.pack("<HHI", 0, number, len(value)) + value

    body = element(0x0002, b"1.2.840.10008.5.1.4.1.2.2.1\0") + element(0x0100, b"\x20\x80") + element(0x0120, b"\1\0")
    body += element(0x0800, struct.pack("<H", data_set)) + element(0x0900, struct.pack("<H", status))
    return _data(3, element(0x0000, struct.pack("<I", len(body))) + body)


def _accepted(request: bytes) -> bytes:
    """Encode the A-ASSOCIATE-AC to a request: context 1 with Explicit VR Little Endian."""

    def item(kind: int, value: bytes) -> bytes:
        return struct.pack(">BxH", kind, len(value)) + value

    context = bytes((1, 0, 0, 0)) + item(0x40, b"1.2.840.10008.1.2.1")
    user = item(0x51, struct.pack(">I", 16384)) + item(0x52, b"1.2.3")
    body = request[:68] + item(0x10, b"1.2.840.10008.3.1.1.1") + item(0x21, context) + item(0x50, user)
    return struct.pack(">BxI", 2, len(body)) + body


def _read(sock: socket.socket, size: int) -> bytes:
    """Read exactly so many bytes; raises ConnectionError at the end."""
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        if not more:
            raise ConnectionError
        data += more
    return data


def _serve(sock: socket.socket, block: bytes, answers: int) -> None:
    """Serve one association."""
    match = _response(0xFF00, data_set=1)
    while True:
        kind, length = struct.unpack(">BxI", _read(sock, 6))
        body = _read(sock, length)
        if kind == 1:
            sock.sendall(_accepted(body))
        elif kind == 5:
            sock.sendall(bytes.fromhex("06 00 00000004 00000000"))
            return
        elif kind == 4 and not body[5] & 1:
            whole, rest = divmod(answers, DIFFERENT)
            for _ in range(whole):
                sock.sendall(block)
            sock.sendall(
                b"".join(match + _data(2, study(number)) for number in range(rest)) + _response(0, data_set=0x0101)
            )
        elif kind == 7:
            return


def main() -> None:
    """Serve for ever, one association after the other."""
    match = _response(0xFF00, data_set=1)
    block = b"".join(match + _data(2, study(number)) for number in range(DIFFERENT))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)  # noqa: T201  what who started it waits for
        for _ in count():
            sock, _ = listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with sock, suppress(OSError):
                _serve(sock, block, int(sys.argv[1]))


@contextmanager
def answer_stream(answers: int) -> Iterator[int]:
    """Serve in a process of its own; yields the port."""
    command = [sys.executable, "-m", "tests.support.answer_stream", str(answers)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


if __name__ == "__main__":
    main()
