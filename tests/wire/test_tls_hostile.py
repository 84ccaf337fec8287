"""A hostile network: whatever becomes of the bytes of TLS on their way, an error with a name ends it within its deadline."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from dicomjobs.errors import AssociationError, ConnectionLost, Timeout, TlsHandshakeFailed
from dicomjobs.model.peer import Peer
from dicomjobs.wire.connect import connect
from tests.support.scripted_scp import (
    Step,
    accept,
    close,
    drip,
    hang,
    read_message,
    repeat,
    respond,
    scripted_scp,
    send,
)
from tests.support.tls_keys import TlsKeys, server_context, trusting
from tests.support.wire import CT, SHORT, Stop, Stopwatch, a_peer, no_secret, proposing, store, timeouts

SLACK = 2.0
"""Seconds after its deadline by which every fault must have ended."""
HANDSHAKE, ALERT, DATA = 22, 21, 23

Change = Callable[[bytes, int], bytes]
"""What becomes of some bytes from the peer, and where in its stream they begin."""


@contextmanager
def in_between(port: int, change: Change) -> Iterator[int]:
    """Somebody between us and a peer: what we say gets there as it is, what it says is changed; gives the port to connect to."""

    def pass_on(source: socket.socket, target: socket.socket, change: Change) -> None:
        place = 0
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(change(data, place))
                place += len(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RD if end is source else socket.SHUT_WR)

    def serve(server: socket.socket) -> None:
        with suppress(OSError):
            near, _ = server.accept()
            with near, socket.create_connection(("127.0.0.1", port), timeout=10) as far:
                near.settimeout(10)
                there = threading.Thread(target=pass_on, args=(near, far, lambda data, _: data), daemon=True)
                there.start()
                pass_on(far, near, change)
                there.join(10)

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        thread = threading.Thread(target=serve, args=(server,), daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(10)
    assert not thread.is_alive()


def flipped(place: int, mask: int) -> Change:
    """Change one byte of the stream."""

    def change(data: bytes, start: int) -> bytes:
        if not start <= place < start + len(data):
            return data
        at = place - start
        return data[:at] + bytes((data[at] ^ mask,)) + data[at + 1 :]

    return change


OUTCOMES = ("stored", "tls_failed", "connection_lost", "timeout")
"""What may become of it; a PDU that cannot be decoded is not among it, since nothing that was changed gets that far."""


def outcome_of_store(peer: Peer, stop: Stop) -> str:
    """Store an instance; gives the reason of the error that came of it, or `stored`."""
    try:
        association = connect(peer, proposing(CT), open_secret=no_secret, stop=stop)
        status = store(association).status
        association.abort()
    except AssociationError as error:
        return error.reason
    return "stored" if status == 0 else f"status {status}"


CHANCES = [(seed, random.Random(seed)) for seed in range(60)]


@pytest.mark.parametrize(("seed", "chance"), CHANCES, ids=lambda value: str(value) if isinstance(value, int) else "")
def test_a_changed_byte_never_goes_unnoticed(tls_keys: TlsKeys, stop: Stop, seed: int, chance: random.Random) -> None:
    """In the handshake, in the association or in an answer: the store fails by name, or the byte was not part of what counts."""
    del seed
    place, mask = chance.choice((chance.randrange(1500), chance.randrange(5))), chance.randrange(1, 256)
    watch = Stopwatch()
    script = accept(), read_message(), respond(), hang()
    with (
        scripted_scp(*script, tls=server_context(tls_keys)) as real,
        in_between(real, flipped(place, mask)) as port,
    ):
        peer = a_peer(port, timeouts=timeouts(SHORT), tls=trusting(tls_keys))
        outcome = outcome_of_store(peer, stop)

    assert outcome in OUTCOMES

    assert watch.seconds <= 3 * SHORT + SLACK


def test_a_changed_answer_is_told_as_a_broken_connection(tls_keys: TlsKeys, stop: Stop) -> None:
    """TLS sees that it was changed; the outcome of the instance is then not known."""
    place: list[int] = []

    def change(data: bytes, start: int) -> bytes:
        return data[:-1] + bytes((data[-1] ^ 1,)) if place and start >= place[0] else data

    script = accept(), read_message(), lambda _: place.append(0), respond(), hang()
    with scripted_scp(*script, tls=server_context(tls_keys)) as real, in_between(real, change) as port:
        peer = a_peer(port, tls=trusting(tls_keys))
        association = connect(peer, proposing(CT), open_secret=no_secret, stop=stop)
        with pytest.raises(ConnectionLost, match="bad record mac"):
            store(association)

    assert association.fully_sent


def test_a_stream_that_is_cut_is_no_orderly_end(tls_keys: TlsKeys, stop: Stop) -> None:
    """Without the alert close_notify anybody could have ended it."""
    with scripted_scp(accept(), read_message(), close(), tls=server_context(tls_keys)) as port:
        association = connect(a_peer(port, tls=trusting(tls_keys)), proposing(CT), open_secret=no_secret, stop=stop)
        with pytest.raises(ConnectionLost):
            store(association)


def record(kind: int, body: bytes, *, length: int | None = None) -> bytes:
    """A TLS record, whose length may be a lie."""
    return bytes((kind, 3, 3)) + (len(body) if length is None else length).to_bytes(2, "big") + body


LIES: list[tuple[str, Step, type[AssociationError]]] = [
    ("noise", send(bytes(range(256)) * 8), TlsHandshakeFailed),
    ("zeros", repeat(bytes(4096)), TlsHandshakeFailed),
    ("a record too long", send(record(HANDSHAKE, bytes(20_000))), TlsHandshakeFailed),
    ("a record that does not end", send(record(HANDSHAKE, b"\2", length=16_000)), Timeout),
    ("a hello that is none", send(record(HANDSHAKE, b"\2\0\0\4abcd")), TlsHandshakeFailed),
    ("a hello of 16 MB", repeat(record(HANDSHAKE, b"\2\xff\xff\xff" + bytes(16_000))), TlsHandshakeFailed),
    ("empty records", repeat(record(HANDSHAKE, b"")), TlsHandshakeFailed),
    ("warnings without end", repeat(record(ALERT, b"\1\x64")), TlsHandshakeFailed),
    ("a fatal alert", send(record(ALERT, b"\2\x28")), TlsHandshakeFailed),
    ("an alert that is none", send(record(ALERT, b"\2")), TlsHandshakeFailed),
    ("data before the handshake", send(record(DATA, bytes(64))), TlsHandshakeFailed),
    ("a byte now and then", drip(record(HANDSHAKE, bytes(64)), pause=0.05), AssociationError),
    ("half a record and the end", send(record(HANDSHAKE, b"\2", length=99)), AssociationError),
]


@pytest.mark.parametrize(("name", "step", "error"), LIES, ids=[name for name, _, _ in LIES])
def test_a_peer_that_only_pretends_to_speak_tls(
    tls_keys: TlsKeys, stop: Stop, name: str, step: Step, error: type[AssociationError]
) -> None:
    """A named error within the connect timeout, whatever comes."""
    last = close() if "the end" in name else hang()
    watch = Stopwatch()
    settings = trusting(tls_keys)
    with scripted_scp(step, last) as port, pytest.raises(error) as caught:
        connect(a_peer(port, seconds=SHORT, tls=settings), proposing(CT), open_secret=no_secret, stop=stop)

    assert f"127.0.0.1:{port}" in caught.value.words
    assert watch.seconds <= SHORT + SLACK
