"""Certificates for TLS tests, made with the `openssl` program: an authority, what it signs, and what is wrong on purpose."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.peers import need_program

_AUTHORITY = """
[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = {name}
[extensions]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""
_LEAF = """
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = {names}
"""
_EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate and its key as PEM files; the key has mode 0600."""

    certificate: Path
    key: Path


def make_authority(folder: Path, name: str = "authority") -> Certificate:
    """A self-signed certificate authority."""
    made = Certificate(certificate=folder / f"{name}.pem", key=folder / f"{name}.key")
    config = folder / f"{name}.cnf"
    config.write_text(_AUTHORITY.format(name=name))
    _openssl(
        "req", "-x509", *_EC, "-noenc", "-config", config, "-days", 2, "-keyout", made.key, "-out", made.certificate
    )
    made.key.chmod(0o600)
    return made


def issue(
    authority: Certificate,
    name: str,
    *,
    names: str = "IP:127.0.0.1, DNS:localhost",
    days: int = 2,
    password: str = "",
) -> Certificate:
    """A certificate for both ends of TLS, beside its authority; a negative number of days makes one that has expired."""
    folder = authority.certificate.parent
    made = Certificate(certificate=folder / f"{name}.pem", key=folder / f"{name}.key")
    request, extensions = folder / f"{name}.csr", folder / f"{name}.ext"
    extensions.write_text(_LEAF.format(names=names))
    protection = ("-passout", f"pass:{password}") if password else ("-noenc",)
    _openssl("req", "-new", *_EC, *protection, "-subj", f"/CN={name}", "-keyout", made.key, "-out", request)
    _openssl(
        *("x509", "-req", "-in", request, "-CA", authority.certificate, "-CAkey", authority.key, "-CAcreateserial"),
        *("-days", days, "-extfile", extensions, "-out", made.certificate),
    )
    made.key.chmod(0o600)
    return made


def as_der(certificate: Certificate) -> Path:
    """The certificate, without its key, in DER beside the PEM file."""
    path = certificate.certificate.with_suffix(".der")
    _openssl("x509", "-in", certificate.certificate, "-outform", "DER", "-out", path)
    return path


def _openssl(*arguments: object) -> None:
    """Run openssl; its complaints are the test's."""
    command = [need_program("openssl"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
