"""Certificates, keys and revocation lists from their files into a TLS context, in PEM or DER; a key never gets to a disk anew.

It knows nothing of profiles or of what is verified.
"""

from __future__ import annotations

import binascii
import os
import re
import ssl
import stat
import tempfile
from base64 import b64decode, encodebytes
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from dicomjobs.errors import TlsHandshakeFailed
from dicomjobs.model.tls import CertificateFormat, TlsSettings
from dicomjobs.wire.der import (
    NotDer,
    certificate_expires,
    is_authority_without_key_usage,
    key_kind,
    revocation_list_expires,
)

_NOT_THE_OWNERS = 0o177
"""Permission bits that a private key must not have: as for a secret, 0600 is the most."""
_PEM_BEGINS = b"-----BEGIN "
_PEM_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----([^-]+)-----END \1-----")
_CERTIFICATE, _REVOCATION_LIST = "CERTIFICATE", "X509 CRL"
"""What PEM calls them (RFC 7468)."""

Password = Callable[[], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contents:
    """The certificates and revocation lists of a file, in DER."""

    certificates: tuple[bytes, ...]
    revocation_lists: tuple[bytes, ...]


def trust(context: ssl.SSLContext, path: str) -> None:
    """Trust the certificates of a file, or of every file in a folder; revocation lists among them are used as well.

    Raises TlsHandshakeFailed.
    """
    try:
        found = [_read(file) for file in _files_at(path)]
        certificates = b"".join(certificate for contents in found for certificate in contents.certificates)
        if not certificates:
            _unusable(path, "trusted certificates", "there is no certificate in it")
        context.load_verify_locations(cadata=certificates)
        _add_revocation_lists(context, [each for contents in found for each in contents.revocation_lists])
    except (OSError, ValueError) as error:
        _unusable(path, "trusted certificates", error)


def _files_at(path: str) -> list[str]:
    """Return a file, or every file in a folder. Raises OSError."""
    return sorted(str(file) for file in Path(path).iterdir() if file.is_file()) if Path(path).is_dir() else [path]


def revoke(context: ssl.SSLContext, path: str) -> None:
    """Use the certificate revocation lists of a file. Raises TlsHandshakeFailed."""
    try:
        lists = _read(path).revocation_lists
        if not lists:
            _unusable(path, "certificate revocation list", "there is none in it")
        _add_revocation_lists(context, lists)
    except (OSError, ValueError) as error:
        _unusable(path, "certificate revocation list", error)


def identify(context: ssl.SSLContext, settings: TlsSettings, password: Password) -> None:
    """Show our own certificate to a peer that asks for one; `password` is called for a key that is encrypted, and only then.

    Raises TlsHandshakeFailed, and what `password` raises.
    """
    certificate, key = settings.certificate or "", settings.key or settings.certificate or ""
    try:
        if (mode := stat.S_IMODE(Path(key).stat().st_mode)) & _NOT_THE_OWNERS:
            words = f"the key {key} has mode {mode:04o}, where a private key has 0600 or 0400"
            raise TlsHandshakeFailed(words, hint=f"chmod 600 {key}")
        if settings.format is CertificateFormat.DER:
            _load_der(context, certificate, key, password)
        else:
            _refuse_der(certificate, key)
            context.load_cert_chain(certificate, settings.key, password)
    except (OSError, ValueError) as error:
        _unusable(certificate if key == certificate else f"{certificate}, {key}", "certificate and key", error)


def expiries(settings: TlsSettings) -> Iterator[tuple[str, datetime]]:
    """Give until when our certificate and each revocation list are good, with what to call them; what cannot be read is left out."""
    for what, path in (("certificate", settings.certificate), *(("revocation list", path) for path in settings.crl)):
        with suppress(OSError, ValueError):
            if path is None:
                continue
            contents = _read(path)
            times = [certificate_expires(data) for data in contents.certificates[:1]]
            times += filter(None, map(revocation_list_expires, contents.revocation_lists))
            yield from ((f"the {what} {path}", time) for time in times)


def authorities_without_key_usage(settings: TlsSettings) -> Iterator[str]:
    """Give the trusted files with an authority that OpenSSL lets sign nothing; what cannot be read is left out."""
    for path in settings.trust:
        with suppress(OSError, ValueError):
            yield from (
                file for file in _files_at(path) if any(map(is_authority_without_key_usage, _read(file).certificates))
            )


def _load_der(context: ssl.SSLContext, certificate: str, key: str, password: Password) -> None:
    """Load a certificate and key in DER, for which OpenSSL has no function that Python calls: wrapped, an encrypted key as it is."""
    parts = _bytes_of(certificate), _bytes_of(key)
    for path, data in zip((certificate, key), parts, strict=True):
        if data.lstrip().startswith(_PEM_BEGINS):
            raise TlsHandshakeFailed(f"{path} is not in DER but in PEM", hint="write `format: pem`, or nothing")
    chain = _as_pem(_CERTIFICATE, parts[0]) + _as_pem(key_kind(parts[1]).value, parts[1])
    with _as_file(chain) as path:
        context.load_cert_chain(path, None, password)


def _refuse_der(*paths: str) -> None:
    """Say of a file in DER what it is, instead of OpenSSL's `PEM lib`."""
    for path in paths:
        if _PEM_BEGINS not in (data := _bytes_of(path)) and data.startswith(b"\x30"):
            raise TlsHandshakeFailed(f"{path} is not in PEM but in DER", hint="write `format: der`")


def _bytes_of(path: str) -> bytes:
    """Read a file, which must be one: opening a pipe would wait for somebody to write to it. Raises OSError, ValueError."""
    if not stat.S_ISREG(Path(path).stat().st_mode):
        raise ValueError("it is not a regular file")
    return Path(path).read_bytes()


def _read(path: str) -> _Contents:
    """Take the certificates and revocation lists out of a file, in whichever form they are. Raises OSError, ValueError."""
    data = _bytes_of(path)
    if _PEM_BEGINS in data:
        blocks = [(label.decode(), b64decode(body)) for label, body in _PEM_BLOCK.findall(data) if b":" not in body]
    else:
        blocks = [(_kind(data), data)]
    return _Contents(
        certificates=tuple(body for label, body in blocks if label in {_CERTIFICATE, "X509 CERTIFICATE"}),
        revocation_lists=tuple(body for label, body in blocks if label == _REVOCATION_LIST),
    )


def _kind(data: bytes) -> str:
    """Return what PEM would call a file in DER, "" for neither certificate nor revocation list."""
    for label, expires in ((_CERTIFICATE, certificate_expires), (_REVOCATION_LIST, revocation_list_expires)):
        with suppress(NotDer):
            expires(data)
            return label
    return ""


def _add_revocation_lists(context: ssl.SSLContext, lists: list[bytes] | tuple[bytes, ...]) -> None:
    """Load revocation lists, which Python takes from files in PEM only."""
    if lists:
        with _as_file(b"".join(_as_pem(_REVOCATION_LIST, each) for each in lists)) as path:
            context.load_verify_locations(cafile=path)


def _as_pem(label: str, data: bytes) -> bytes:
    """Wrap DER into PEM."""
    return f"-----BEGIN {label}-----\n".encode() + encodebytes(data) + f"-----END {label}-----\n".encode()


@contextmanager
def _as_file(data: bytes) -> Iterator[str]:
    """Give a path under which OpenSSL can read data that are in memory; where the system can do no better, in a file of ours alone."""
    if not (hasattr(os, "memfd_create") and Path("/proc/self/fd").is_dir()):
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            yield file.name
        return
    descriptor = os.memfd_create("dicomjobs", os.MFD_CLOEXEC)
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(data)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _unusable(path: str, what: str, why: Exception | str) -> NoReturn:
    """Raise the error for a file that cannot be read or does not hold what it should."""
    reason = why if isinstance(why, str) else _reason(why)
    hint = next((hint for part, hint in _HINTS.items() if part in reason), "")
    words = f"the {what} cannot be loaded from {path}: {reason}"
    raise TlsHandshakeFailed(words, hint=hint) from (None if isinstance(why, str) else why)


_HINTS = {
    "mismatch": "the key belongs to another certificate",
    "too small": "the key is too short for this profile: have a new one made, RSA with 2048 bits for example",
    "too weak": "the certificate is signed with a digest that is too weak for this profile: have a new one made",
    "password": "compare the files, tls.format and tls.key_password",
}
"""By a part of the reason."""


def _reason(error: Exception) -> str:
    """Return why in the words of whoever said so."""
    if isinstance(error, binascii.Error):
        return "what is between its lines of PEM is not base64"
    if "PEM lib" in str(error):  # OpenSSL gives Python no better reason
        return "one of them is no certificate or key, or the password of the key is wrong"
    return str(getattr(error, "reason", "") or getattr(error, "strerror", "") or error).replace("_", " ").lower()
