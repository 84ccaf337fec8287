"""TLS towards a peer: the BCP 195 RFC 8996 profile (PS3.15 B.12) from its settings, and the handshake under the connect deadline.

It knows no DICOM.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from dicomjobs.errors import TlsHandshakeFailed
from dicomjobs.model.association import TlsSession
from dicomjobs.model.peer import Allowance, Peer, TlsSettings
from dicomjobs.model.secret import SecretReference
from dicomjobs.wire.deadline import Deadline
from dicomjobs.wire.reasons import handshake_failed
from dicomjobs.wire.waiter import READ, WRITE, Waiter

OpenSecret = Callable[[SecretReference], bytes]

CIPHERS = (
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
)
"""TLS 1.2 suites of the profile; those of TLS 1.3 are all fit for it."""

_OTHERS = 0o077  # permission bits of group and others


def client_context(peer: Peer, settings: TlsSettings, open_secret: OpenSecret) -> ssl.SSLContext:
    """The context for a peer. Raises TlsHandshakeFailed for a file that cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(":".join(CIPHERS))
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    if not settings.verify_peer and Allowance.UNVERIFIED_PEER in peer.allow:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if settings.system_trust:
        context.load_default_certs()
    for path in settings.trust:
        _trust(context, path)
    if settings.certificate is not None:
        _identify(context, settings.certificate, settings, open_secret)
    return context


def handshake(
    sock: socket.socket, context: ssl.SSLContext, *, server_name: str, address: str, deadline: Deadline, wake_fd: int
) -> ssl.SSLSocket:
    """The connected, non-blocking socket as a TLS socket. Raises TlsHandshakeFailed, Timeout, Interrupted; the socket is closed then."""
    try:
        tls = context.wrap_socket(sock, server_hostname=server_name, do_handshake_on_connect=False)
    except (OSError, ValueError) as error:
        sock.close()
        raise handshake_failed(address, error) from error
    try:
        _shake_hands(tls, deadline, wake_fd)
    except OSError as error:
        tls.close()
        raise handshake_failed(address, error) from error
    except BaseException:
        tls.close()
        raise
    return tls


def _shake_hands(tls: ssl.SSLSocket, deadline: Deadline, wake_fd: int) -> None:
    """Do the handshake, waiting for what it asks for."""
    waiter = Waiter(tls.fileno())
    while True:
        try:
            return tls.do_handshake()
        except ssl.SSLWantReadError:
            waiter.wait(READ, deadline, wake_fd)
        except ssl.SSLWantWriteError:
            waiter.wait(WRITE, deadline, wake_fd)


def session(tls: ssl.SSLSocket) -> TlsSession:
    """What the handshake agreed on."""
    cipher = tls.cipher()
    certificate = tls.getpeercert(binary_form=True)
    return TlsSession(
        version=tls.version() or "",
        cipher=cipher[0] if cipher else "",
        peer_certificate_sha256=hashlib.sha256(certificate).hexdigest() if certificate else "",
    )


def _trust(context: ssl.SSLContext, path: str) -> None:
    """Add the authorities, or certificates, of a PEM or DER file."""
    try:
        data = Path(path).read_bytes()
        if b"-----BEGIN" in data:
            context.load_verify_locations(cafile=path)
        else:
            context.load_verify_locations(cadata=data)
    except OSError as error:
        _unusable(path, "trusted certificates", error)


def _identify(context: ssl.SSLContext, certificate: str, settings: TlsSettings, open_secret: OpenSecret) -> None:
    """Load our own certificate and key; without a callable OpenSSL would ask for the password on the terminal."""
    key = settings.key or certificate

    def password() -> bytes:
        if settings.key_password is None:
            raise TlsHandshakeFailed(f"the key {key} is encrypted", hint="give its password as tls.key_password")
        return open_secret(settings.key_password)

    try:
        if Path(key).stat().st_mode & _OTHERS:
            raise TlsHandshakeFailed(f"the key {key} can be read or changed by others", hint=f"chmod 600 {key}")
        context.load_cert_chain(certificate, settings.key, password)
    except OSError as error:
        _unusable(f"{certificate}, {key}", "certificate and key", error)


def _unusable(path: str, what: str, error: OSError) -> NoReturn:
    """Raise the error for a file that cannot be read or does not hold what it should."""
    reason = str(getattr(error, "reason", "") or error.strerror or error).replace("_", " ").lower()
    raise TlsHandshakeFailed(f"the {what} cannot be loaded from {path}: {reason}") from error
