"""Fixtures and guards for every test: nothing leaves loopback, nothing is written to the home folder."""

from __future__ import annotations

import ipaddress
import itertools
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.golden import Golden
from tests.support.tls_keys import TlsKeys, make_keys


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that rewrites golden files; the difference is then read in git."""
    parser.addoption("--update-golden", action="store_true", help="rewrite the files under tests/golden/")


@pytest.fixture
def golden(pytestconfig: pytest.Config) -> Golden:
    """Compare a text with a golden file."""
    return Golden(update=bool(pytestconfig.getoption("--update-golden")))


class NotLoopbackError(AssertionError):
    """A test tried to reach something outside this machine."""


@pytest.fixture(scope="session", autouse=True)
def loopback_only() -> Iterator[None]:
    """Refuse to connect a socket to anything but loopback and Unix sockets."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _loopback_only(getattr(socket.socket, name)))
        yield


def _loopback_only(connect: Callable[[socket.socket, Any], Any]) -> Callable[[socket.socket, Any], Any]:
    """`connect`, guarded."""

    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family != socket.AF_UNIX and not _is_loopback(str(address[0])):
            raise NotLoopbackError(f"a test may not connect to {address!r}")
        return connect(self, address)

    return guarded


def _is_loopback(host: str) -> bool:
    """Whether a host given to connect() is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Home folders for the tests to come, a fresh one each."""
    root = tmp_path_factory.mktemp("homes")
    return (root / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def no_home_writes(_homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point HOME and the XDG folders to a fresh folder, which is returned."""
    home = next(_homes)
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for kind in ("STATE", "CONFIG", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(home / kind.lower()))
    return home


@pytest.fixture(scope="session")
def tls_keys(tmp_path_factory: pytest.TempPathFactory) -> TlsKeys:
    """Authorities, certificates and revocation lists, good and bad."""
    return make_keys(tmp_path_factory.mktemp("tls"))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clear every DICOMJOBS_* variable and whatever would change how a peer or a TLS library behaves."""
    for name in os.environ:
        if name.startswith("DICOMJOBS_") or name in {"TCP_NODELAY", "SSLKEYLOGFILE", "DCMDICTPATH"}:
            monkeypatch.delenv(name)
