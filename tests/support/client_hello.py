"""What a TLS client offers, read from the bytes of its ClientHello (RFC 8446 4.1.2), whoever the client is."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass

_VERSIONS = {0x0301: "TLSv1", 0x0302: "TLSv1.1", 0x0303: "TLSv1.2", 0x0304: "TLSv1.3"}
_SERVER_NAME, _SUPPORTED_VERSIONS = 0, 43
_SIGNALS = {0x00FF, 0x5600}  # renegotiation info and fallback are no suites


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientHello:
    """Versions by their names, suites by their numbers in the order of preference, and the name that is asked for."""

    versions: frozenset[str]
    suites: tuple[int, ...]
    server_name: str


def offered_by(client: Callable[[int], object]) -> ClientHello:
    """Let a client connect to a port, read what it offers, and hang up."""
    heard: list[bytes] = []

    def listen(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.settimeout(10)
            data = b""
            while len(data) < 5 or len(data) < 5 + int.from_bytes(data[3:5], "big"):
                data += connection.recv(65536)
            heard.append(data)

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        thread = threading.Thread(target=listen, args=(server,), daemon=True)
        thread.start()
        client(server.getsockname()[1])
        thread.join(20)
    assert heard, "nobody connected"
    return parse(heard[0])


def parse(record: bytes) -> ClientHello:
    """Take a record with a ClientHello apart."""
    body = record[9:]
    legacy, position = int.from_bytes(body[:2], "big"), 34
    _, position = _counted(body, position, 1)
    suites, position = _counted(body, position, 2)
    _, position = _counted(body, position, 1)
    extensions, versions, name = body[position + 2 :], [legacy], ""
    place = 0
    while place < len(extensions):
        kind = int.from_bytes(extensions[place : place + 2], "big")
        value, place = _counted(extensions, place + 2, 2)
        if kind == _SUPPORTED_VERSIONS:
            versions = _numbers(value[1:])
        elif kind == _SERVER_NAME:
            name = value[5:].decode()
    return ClientHello(
        versions=frozenset(_VERSIONS[number] for number in versions),
        suites=tuple(number for number in _numbers(suites) if number not in _SIGNALS),
        server_name=name,
    )


def _counted(data: bytes, position: int, size: int) -> tuple[bytes, int]:
    """A value behind its length of so many bytes, and where it ends."""
    start = position + size
    end = start + int.from_bytes(data[position:start], "big")
    return data[start:end], end


def _numbers(data: bytes) -> list[int]:
    """Numbers of two bytes."""
    return [int.from_bytes(data[place : place + 2], "big") for place in range(0, len(data), 2)]
