"""Peers whose TLS is not what was agreed on (faults 45 to 48): said at once, never tried again, and nothing goes out unprotected."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from tests.faults.kit import Scenario
from tests.support.scripted_scp import Conversation, Step, accept, close, hang, repeat, reset, send
from tests.support.tls_keys import TlsKeys, server_context

REFUSED, RUN_AGAIN = 9, 4
ACCEPTING: tuple[Step, ...] = (accept(), hang())


def securing(
    row: int,
    name: str,
    code: int,
    *,
    server: Callable[[TlsKeys], ssl.SSLContext | None] = server_context,
    script: Sequence[Step] = ACCEPTING,
) -> Scenario:
    """Return a scenario in which no association comes about, because of TLS."""
    return Scenario(
        name=name,
        row=row,
        script=script,
        outcome="failed",
        reason="association_failed",
        code=code,
        tls=True,
        server=server,
        clocks=8,
    )


def _with(name: str) -> Callable[[TlsKeys], ssl.SSLContext]:
    """Return what makes a server with one of the certificates."""
    return lambda keys: server_context(keys, getattr(keys, name))


def _old(keys: TlsKeys) -> ssl.SSLContext:
    """Return a server that knows nothing newer than TLS 1.1."""
    return server_context(keys, version=ssl.TLSVersion.TLSv1_1, ciphers="ALL:@SECLEVEL=0")


def _weak(keys: TlsKeys) -> ssl.SSLContext:
    """Return a server whose key is too short for today."""
    return server_context(keys, keys.weak, ciphers="ALL:@SECLEVEL=0")


def _read_hello(scp: Conversation) -> None:
    """Read the beginning of the ClientHello, and no more."""
    scp.read(5)


def _no_tls(_: TlsKeys) -> None:
    """Return no TLS at all."""


def _plain_client(scenario: Scenario) -> Scenario:
    """Return the scenario with a client that does not know that TLS is wanted."""
    return replace(scenario, client=lambda _: "")


SCENARIOS = [
    *[
        securing(45, name.replace("_", " "), REFUSED, server=_with(name))
        for name in ("expired", "soon", "other_name", "for_clients", "self_signed", "stranger")
    ],
    securing(45, "weak", REFUSED, server=_weak),
    securing(45, "TLS 1.1 alone", REFUSED, server=_old),
    securing(
        45,
        "client certificate wanted in TLS 1.2",
        REFUSED,
        server=partial(server_context, client=True, version=ssl.TLSVersion.TLSv1_2),
    ),
    securing(
        46,
        "client certificate wanted in TLS 1.3",
        REFUSED,
        server=partial(server_context, client=True, version=ssl.TLSVersion.TLSv1_3),
    ),
    securing(47, "silent", RUN_AGAIN, server=_no_tls, script=[hang()]),
    securing(47, "closes", REFUSED, server=_no_tls, script=[close()]),
    securing(47, "HTTP", REFUSED, server=_no_tls, script=[send(b"HTTP/1.1 400 Bad Request\r\n\r\n"), hang()]),
    securing(47, "zeros", REFUSED, server=_no_tls, script=[repeat(bytes(4096))]),
    securing(47, "resets", REFUSED, server=_no_tls, script=[_read_hello, reset()]),
    _plain_client(securing(48, "plain client", RUN_AGAIN)),
]
