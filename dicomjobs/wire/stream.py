"""One non-blocking byte stream, plain or TLS: try first, and only then wait for the socket, a wake or the deadline.

It knows no PDU. Whoever owns it feeds what it receives to the upper layer.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Final

from dicomjobs.errors import ConnectionLost, Timeout, TlsHandshakeFailed
from dicomjobs.wire.deadline import Deadline, deadline_in
from dicomjobs.wire.reasons import handshake_failed
from dicomjobs.wire.send_queue import unacknowledged
from dicomjobs.wire.waiter import READ, WRITE, Waiter

Part = bytes | memoryview
Listener = Callable[[memoryview], None]

_RECEIVE_BUFFER: Final = 256 * 1024
_TLS_PART: Final = 256 * 1024
"""Bytes joined for one SSLSocket.send; more is copied without going faster."""
_IOV_MAX: Final = 1024
"""Buffers that one sendmsg may gather on Linux and the BSDs."""
_PROGRESS: Final = 4096
"""Bytes a peer must take within the network timeout: one that takes less has stopped reading, or drips."""
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)


class Stream:
    """A connected socket that never blocks by itself; `peer` is its host:port for words."""

    def __init__(self, sock: socket.socket, peer: str, *, network: float) -> None:
        """Take over a connected socket; `network` is in seconds how long the peer may take nothing of what we write."""
        sock.setblocking(False)
        self._quickack = _QUICKACK if sock.family != socket.AF_UNIX else None
        with suppress(OSError):  # a socket that is broken already tells so at the first write
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.peer = peer
        self.clean = True
        """Whether nothing was written in part: only then does a PDU that is sent now mean anything to the peer."""
        self._socket = sock
        self._tls = sock if isinstance(sock, ssl.SSLSocket) else None
        self._network = network
        self._room = bytearray(_RECEIVE_BUFFER)
        self._view = memoryview(self._room)
        self._waiter = Waiter(sock.fileno())
        self._heard = False
        self._sent = 0

    def receive(self, deadline: Deadline, wake_fd: int) -> memoryview:
        """What has arrived, valid until the next call; empty at the end of the stream.

        Raises Timeout at the deadline, Interrupted when `wake_fd` is readable, ConnectionLost when the socket broke.
        """
        wanted = READ if self._tls is None else 0  # TLS may hold decrypted bytes that no wait would tell of
        while True:
            if self._quickack is not None:  # not sticky; without it peers that use Nagle's algorithm answer 40 ms late
                self._socket.setsockopt(socket.IPPROTO_TCP, self._quickack, 1)
            if wanted:
                self._waiter.wait(wanted, deadline, wake_fd)
            try:
                return self._receive()
            except ssl.SSLWantWriteError:
                wanted = WRITE
            except (BlockingIOError, ssl.SSLWantReadError):
                wanted = READ

    def receive_now(self) -> memoryview | None:
        """What has arrived, without waiting; None when nothing has. Raises ConnectionLost."""
        if self._tls is None and not self._waiter.is_readable():
            return None
        try:
            return self._receive()
        except _WOULD_BLOCK:
            return None

    def write(self, parts: Sequence[Part], wake_fd: int, arrived: Listener) -> None:
        """Send all parts, and give to `arrived` what the peer sends meanwhile.

        Raises Timeout when the peer takes nothing for the network timeout, Interrupted, ConnectionLost.
        """
        self.clean = False
        if self._tls is None:
            self._write(list(parts), wake_fd, arrived)
        else:
            for part in _joined(parts):
                self._write([part], wake_fd, arrived)
        self.clean = True

    def end(self, farewell: bytes) -> None:
        """Try to send a last PDU without waiting, if the peer could still make sense of it, and close; never raises."""
        with suppress(OSError, ValueError):
            if farewell and self.clean:
                self._socket.send(farewell)
            self._drain()
            if self._tls is not None:
                self._tls.unwrap()  # close_notify leaves at once; the peer's own is not waited for
        self._socket.close()

    def _drain(self) -> None:
        """Read a little of what is here already: closing on unread bytes resets the connection, and the farewell is lost."""
        with suppress(OSError):
            for _ in range(8):
                if not self._socket.recv_into(self._room):
                    return

    def _receive(self) -> memoryview:
        """Read once, without waiting."""
        try:
            data = self._view[: self._socket.recv_into(self._room)]
        except _WOULD_BLOCK:
            raise
        except OSError as error:
            raise self._broken(error) from error
        self._heard = True
        return data

    def _write(self, rest: list[Part], wake_fd: int, arrived: Listener) -> None:
        """Send parts, as many in one system call as it takes."""
        pace: _Pace | None = None
        while rest:
            try:
                sent = self._socket.sendmsg(rest[:_IOV_MAX]) if self._tls is None else self._tls.send(rest[0])
            except _WOULD_BLOCK as error:
                pace = pace or _Pace(self.peer, self._network, self._taken)
                self._wait_for_room(error, pace, wake_fd, arrived)
            except OSError as error:
                self._hear_out(arrived)
                raise self._broken(error) from error
            else:
                self._sent += sent
                _drop(rest, sent)

    def _wait_for_room(self, why: OSError, pace: _Pace, wake_fd: int, arrived: Listener) -> None:
        """Wait until something can be written, and listen meanwhile: the peer may say why it takes nothing."""
        pace.renew()
        try:
            flags = self._waiter.wait(
                READ if isinstance(why, ssl.SSLWantReadError) else READ | WRITE, pace.deadline, wake_fd
            )
        except Timeout:
            if not pace.renew():
                raise
            return
        if flags & ~WRITE and (data := self.receive_now()) is not None:
            if not data:
                raise ConnectionLost(f"{self.peer} closed the connection while we were sending")
            arrived(data)

    def _hear_out(self, arrived: Listener) -> None:
        """After a failed write pass on all that is left to read: an A-ABORT may be there."""
        with suppress(ConnectionLost):
            while data := self.receive_now():
                arrived(data)

    def _taken(self) -> int:
        """Bytes that have reached the peer, as far as the kernel tells."""
        return self._sent - unacknowledged(self._socket)

    def _broken(self, error: OSError) -> ConnectionLost | TlsHandshakeFailed:
        """The error for a socket that broke; in TLS 1.3 a refused client certificate is told at the first read."""
        if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError) and not self._heard:
            return handshake_failed(self.peer, error)
        return ConnectionLost(f"the connection to {self.peer} broke: {error.strerror or error}")


class _Pace:
    """Whether the peer takes what we write: the deadline moves on as long as it does."""

    def __init__(self, peer: str, network: float, taken: Callable[[], int]) -> None:
        """Begin to watch the count that `taken` gives, in bytes; `network` is in seconds."""
        self._peer, self._network, self._taken = peer, network, taken
        self._begin(taken())

    def _begin(self, taken: int) -> None:
        """Start a new period."""
        self._mark = taken
        missing = f"{self._peer} took less than {_PROGRESS} bytes of what we sent"
        self.deadline = deadline_in(self._network, "network", missing)

    def renew(self) -> bool:
        """Start a new period if the peer took enough in this one; whether it did."""
        if (taken := self._taken()) - self._mark < _PROGRESS:
            return False
        self._begin(taken)
        return True


def _joined(parts: Sequence[Part]) -> Iterator[bytes]:
    """Parts put together for TLS, which cannot gather: as few as keep the copies small."""
    batch: list[Part] = []
    size = 0
    for part in parts:
        if batch and size + len(part) > _TLS_PART:
            yield b"".join(batch)
            batch, size = [], 0
        batch.append(part)
        size += len(part)
    yield b"".join(batch)


def _drop(parts: list[Part], sent: int) -> None:
    """Take so many bytes off the front."""
    if sent == sum(map(len, parts)):
        parts.clear()
        return
    whole = 0
    while whole < len(parts) and sent >= len(parts[whole]):
        sent -= len(parts[whole])
        whole += 1
    del parts[:whole]
    if sent:
        parts[0] = memoryview(parts[0])[sent:]
