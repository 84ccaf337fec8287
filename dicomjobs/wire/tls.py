"""The TLS handshake with a peer under the connect deadline, and a look at what came of it: nothing may be less than was asked for.

How the context came about is in `tls_context.py`; nothing here knows DICOM.
"""

from __future__ import annotations

import hashlib
import socket
import ssl

from dicomjobs.dicom.cipher_suites import TLS_1_3
from dicomjobs.dicom.tls_profiles import TlsVersion
from dicomjobs.errors import TlsHandshakeFailed
from dicomjobs.model.association import TlsSession
from dicomjobs.model.tls import TlsSettings
from dicomjobs.wire.deadline import Deadline
from dicomjobs.wire.der import NotDer, certificate_expires
from dicomjobs.wire.reasons import handshake_failed
from dicomjobs.wire.tls_context import offered_suites
from dicomjobs.wire.waiter import READ, WRITE, Waiter

_VERSIONS = [version.value for version in TlsVersion]


def handshake(
    sock: socket.socket,
    context: ssl.SSLContext,
    *,
    server_name: str | None,
    address: str,
    deadline: Deadline,
    wake_fd: int,
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


def session(tls: ssl.SSLSocket, settings: TlsSettings, address: str) -> TlsSession:
    """What the handshake agreed on. Raises TlsHandshakeFailed when that is not within the profile, or the certificate not pinned."""
    cipher = tls.cipher()
    certificate = tls.getpeercert(binary_form=True)
    agreed = TlsSession(
        version=tls.version() or "",
        cipher=cipher[0] if cipher else "",
        peer_certificate_sha256=hashlib.sha256(certificate).hexdigest() if certificate else "",
        peer_certificate_expires=_expires(certificate) if certificate else "",
    )
    if not _within_profile(agreed, settings):
        words = f"the TLS handshake with {address} ended in {agreed.version}, {agreed.cipher}, which was not offered"
        raise TlsHandshakeFailed(words)
    if settings.pinned_sha256 and agreed.peer_certificate_sha256 not in settings.pinned_sha256:
        words = f"the certificate of {address} is not the pinned one: its SHA-256 is {agreed.peer_certificate_sha256}"
        hint = "if the peer got a new certificate, and that is known from somewhere else, add it to tls.pinned_sha256"
        raise TlsHandshakeFailed(words, hint=hint)
    return agreed


def _expires(certificate: bytes) -> str:
    """The day on which a certificate expires, "" for one that only OpenSSL understands."""
    try:
        return f"{certificate_expires(certificate):%Y-%m-%d}"
    except NotDer:
        return ""


def _within_profile(agreed: TlsSession, settings: TlsSettings) -> bool:
    """Whether version and suite are among those that were offered."""
    terms = settings.terms
    versions = _VERSIONS[_VERSIONS.index(terms.lowest.value) : _VERSIONS.index(terms.highest.value) + 1]
    suites = TLS_1_3 if agreed.version == TlsVersion.TLS_1_3.value else offered_suites(settings)
    return agreed.version in versions and agreed.cipher in suites
