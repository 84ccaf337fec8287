"""Every reason of PS3.8 and every failure of a socket or of TLS becomes an error of ours, in words."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from typing import NoReturn

import pytest

from dicomjobs.errors import AssociationError, ConnectionFailed, ConnectionLost, Remedy, TlsHandshakeFailed
from dicomjobs.wire.connect import connect
from dicomjobs.wire.deadline import deadline_in
from dicomjobs.wire.reasons import aborted, context_refusal, handshake_failed, rejected
from dicomjobs.wire.stream import Stream
from dicomjobs.wire.waiter import NEVER
from tests.support.wire import CT, Stop, a_peer, no_secret, proposing

PEER = a_peer(104)
REASONS = [(1, 1), (1, 2), (1, 3), (1, 7), (2, 1), (2, 2), (3, 1), (3, 2)]
"""(source, reason) of PS3.8 table 9-21 that are not reserved."""


@pytest.mark.parametrize(("source", "diagnostic"), REASONS)
@pytest.mark.parametrize("result", [1, 2])
def test_every_rejection_has_words_a_hint_and_its_octets(result: int, source: int, diagnostic: int) -> None:
    """Permanent ones are for the configuration, transient ones for another try."""
    error = rejected(PEER, "archive:104", result=result, source=source, diagnostic=diagnostic)

    assert "PS3.8 does not know" not in error.words
    assert f"result {result}, source {source}, reason {diagnostic}" in error.words
    assert error.hint
    assert error.remedy is (Remedy.FIX_CONFIGURATION if result == 1 else Remedy.TRY_AGAIN)


def test_a_busy_peer_is_relieved_of_associations_only_where_there_are_several() -> None:
    """One cannot become fewer."""
    one, four = (
        rejected(replace(PEER, max_associations=number), "a:1", result=2, source=3, diagnostic=2).hint
        for number in (1, 4)
    )

    assert one == "the peer is busy: run again later"
    assert "max_associations" in four


def test_no_two_rejections_have_the_same_words() -> None:
    """Each says something of its own."""
    words = {rejected(PEER, "a:1", result=1, source=source, diagnostic=reason).words for source, reason in REASONS}

    assert len(words) == len(REASONS)


def test_any_octets_have_words() -> None:
    """Reserved values too."""
    for source, diagnostic in product(range(0, 256, 5), range(0, 256, 5)):
        assert rejected(PEER, "a:1", result=1, source=source, diagnostic=diagnostic).words
        assert aborted("a:1", source=source, diagnostic=diagnostic).words
    assert all(map(context_refusal, range(256)))


@pytest.mark.parametrize("diagnostic", [0, 1, 2, 4, 5, 6])
def test_every_abort_of_the_upper_layer_is_named(diagnostic: int) -> None:
    """PS3.8 table 9-26."""
    assert "unknown" not in aborted("a:1", source=2, diagnostic=diagnostic).words


@pytest.mark.parametrize(
    "code", [errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT, errno.ECONNRESET, errno.EACCES]
)
def test_every_failure_to_connect_is_a_connection_failed(
    code: int, stop: Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the system's words."""
    monkeypatch.setattr(socket.socket, "connect_ex", lambda *_: code)
    with pytest.raises(ConnectionFailed, match=os.strerror(code)):
        connect(PEER, proposing(CT), open_secret=no_secret, stop=stop)


def test_no_free_descriptor_is_a_connection_failed(stop: Stop, monkeypatch: pytest.MonkeyPatch) -> None:
    """EMFILE is not the peer's fault, and no traceback either."""

    def no_socket(*_: object) -> NoReturn:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(socket, "socket", no_socket)
    with pytest.raises(ConnectionFailed, match="Too many open files"):
        connect(PEER, proposing(CT), open_secret=no_secret, stop=stop)


class _Broken(socket.socket):
    """A socket that can neither be read nor written."""

    code = 0

    def sendmsg(self, *_: object) -> NoReturn:
        """Fail."""
        raise OSError(self.code, os.strerror(self.code))

    def recv_into(self, *_: object) -> NoReturn:
        """Fail."""
        raise OSError(self.code, os.strerror(self.code))


@pytest.fixture
def broken() -> Iterator[_Broken]:
    """One end of a connection, readable but broken."""
    here, there = socket.socketpair()
    there.close()
    with _Broken(fileno=here.detach()) as sock:
        yield sock


@pytest.mark.parametrize("code", [errno.ECONNRESET, errno.EPIPE, errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETDOWN])
@pytest.mark.parametrize("direction", ["reading", "writing"])
def test_every_failure_of_an_open_socket_is_a_connection_lost(broken: _Broken, code: int, direction: str) -> None:
    """With the peer and the system's words."""
    broken.code = code
    stream = Stream(broken, "archive:104", network=1.0)
    failing: dict[str, Callable[[], object]] = {
        "reading": lambda: stream.receive(deadline_in(1.0, "dimse", "nothing came"), NEVER),
        "writing": lambda: stream.write([b"data"], NEVER, lambda _: None),
    }
    with pytest.raises(ConnectionLost, match=f"archive:104 broke: {os.strerror(code)}"):
        failing[direction]()


@pytest.mark.parametrize(
    "error",
    [
        ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)"),
        ssl.SSLEOFError(8, "EOF occurred in violation of protocol"),
        ssl.SSLZeroReturnError(6, "TLS/SSL connection has been closed"),
        ssl.SSLCertVerificationError(1, "certificate verify failed"),
        ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"),
        ValueError("check_hostname requires server_hostname"),
        OSError(0, "Error"),
    ],
)
def test_every_failure_of_a_handshake_is_a_tls_handshake_failed(error: Exception) -> None:
    """With words, whatever OpenSSL left in it."""
    failed = handshake_failed("archive:104", error)

    assert isinstance(failed, TlsHandshakeFailed)
    assert failed.words.startswith("the TLS handshake with archive:104 failed: ")
    assert len(failed.words) > len("the TLS handshake with archive:104 failed: ")


def test_every_error_of_the_tree_has_a_reason_of_its_own() -> None:
    """The report groups by it."""
    classes = [AssociationError]
    for entry in classes:
        classes += entry.__subclasses__()
    reasons = [entry.reason for entry in classes]

    assert len(set(reasons)) == len(reasons)
