"""Certificates for TLS tests, made with the `openssl` program: authorities, what they sign and revoke, and what is wrong on purpose."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.peers import need_program

_AUTHORITY = """
[req]
distinguished_name = name
prompt = no
[name]
CN = {name}
[extensions]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[plain]
basicConstraints = critical, CA:TRUE
subjectKeyIdentifier = hash
[sloppy]
basicConstraints = CA:TRUE
subjectKeyIdentifier = hash
[signing]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[ca]
default_ca = this
[this]
database = {folder}/{name}.index
certificate = {folder}/{name}.pem
private_key = {folder}/{name}.key
new_certs_dir = {folder}
default_md = sha256
rand_serial = yes
unique_subject = no
policy = any
[any]
commonName = supplied
"""
_LEAF = """
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
extendedKeyUsage = {usage}
subjectAltName = {names}
"""
EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
"""A key that takes no time to make."""
RSA = ("-newkey", "rsa:2048")
"""What a peer with the older profiles needs."""
WEAK = ("-newkey", "rsa:1024")
"""A key that is too short for security level 2."""
HERE = "IP:127.0.0.1, DNS:localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate and its key as PEM files; the key has mode 0600."""

    certificate: Path
    key: Path


def make_authority(
    folder: Path, name: str = "authority", *, under: Certificate | None = None, extensions: str = "extensions"
) -> Certificate:
    """A certificate authority, self-signed or `under` another.

    With the extensions `sloppy` it is not as RFC 5280 has it, nor with `plain`, as `openssl req -x509` makes it unasked.
    """
    made = Certificate(certificate=folder / f"{name}.pem", key=folder / f"{name}.key")
    config = folder / f"{name}.cnf"
    config.write_text(_AUTHORITY.format(name=name, folder=folder))
    (folder / f"{name}.index").touch()
    request = ("req", *EC, "-noenc", "-config", config, "-keyout", made.key)
    if under is None:
        _openssl(*request, "-x509", "-extensions", extensions, "-days", 30, "-out", made.certificate)
    else:
        _openssl(*request, "-new", "-out", folder / f"{name}.csr")
        _sign(under, folder / f"{name}.csr", made.certificate, "-days", 30, "-extensions", "signing")
    made.key.chmod(0o600)
    return made


def issue(
    authority: Certificate,
    name: str,
    *,
    names: str = HERE,
    days: float = 30,
    starts: float = -3,
    password: str = "",
    kind: tuple[str, ...] = EC,
    usage: str = "serverAuth, clientAuth",
    digest: str = "sha256",
) -> Certificate:
    """A certificate for both ends of TLS, beside its authority; good from `starts` until `days` from now, both may be negative."""
    folder = authority.certificate.parent
    made = Certificate(certificate=folder / f"{name}.pem", key=folder / f"{name}.key")
    request, extensions = folder / f"{name}.csr", folder / f"{name}.ext"
    extensions.write_text(_LEAF.format(names=names, usage=usage))
    protection = ("-passout", f"pass:{password}") if password else ("-noenc",)
    _openssl("req", "-new", *kind, *protection, "-subj", f"/CN={name}", "-keyout", made.key, "-out", request)
    time = ("-startdate", _moment(starts), "-enddate", _moment(days))
    _sign(authority, request, made.certificate, *time, "-extfile", extensions, "-md", digest)
    made.key.chmod(0o600)
    return made


def self_signed(folder: Path, name: str) -> Certificate:
    """A certificate for this host that nobody else has signed."""
    made = Certificate(certificate=folder / f"{name}.pem", key=folder / f"{name}.key")
    config = folder / f"{name}.cnf"
    extensions = _LEAF.format(names=HERE, usage="serverAuth, clientAuth")
    config.write_text(f"[req]\ndistinguished_name = name\nprompt = no\n[name]\nCN = {name}\n[own]{extensions}")
    arguments = ("req", "-x509", *EC, "-noenc", "-config", config, "-extensions", "own", "-days", 2)
    _openssl(*arguments, "-keyout", made.key, "-out", made.certificate)
    made.key.chmod(0o600)
    return made


def revoke(authority: Certificate, certificate: Certificate) -> None:
    """Take a certificate back; the lists of its authority that are made from now on say so."""
    _openssl("ca", "-config", _config(authority), "-revoke", certificate.certificate)


def revocation_list(authority: Certificate, name: str, *, days: float = 30) -> Path:
    """The authority's revocation list, the next one of which is due so many days from now, or was."""
    path = authority.certificate.with_name(f"{name}.crl")
    time = ("-crl_lastupdate", _moment(-3), "-crl_nextupdate", _moment(days))
    _openssl("ca", "-config", _config(authority), "-gencrl", *time, "-out", path)
    return path


def as_der(path: Path, what: str = "x509") -> Path:
    """A certificate (`x509`) or revocation list (`crl`) in DER, beside the PEM file."""
    der = path.with_suffix(f"{path.suffix}.der")
    _openssl(what, "-in", path, "-outform", "DER", "-out", der)
    return der


def key_as_der(key: Path, form: str, *, password: str = "") -> Path:
    """A key in DER: as `pkcs8`, `traditional` (PKCS#1 or SEC 1), or with a password as encrypted PKCS#8."""
    der = key.with_suffix(f".{form}.der")
    shape = {"pkcs8": ("pkcs8", "-topk8", "-nocrypt"), "traditional": ("pkey", "-traditional")}
    command = ("pkcs8", "-topk8", "-passout", f"pass:{password}") if password else shape[form]
    _openssl(*command, "-in", key, "-outform", "DER", "-out", der)
    der.chmod(0o600)
    return der


def make_dh_parameters(folder: Path) -> Path:
    """A well-known Diffie-Hellman group (RFC 7919), without which a server in Python has no anonymous key exchange."""
    path = folder / "dh.pem"
    _openssl("genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048", "-out", path)
    return path


def _sign(authority: Certificate, request: Path, out: Path, *arguments: object) -> None:
    """Have an authority sign a request."""
    command = ("ca", "-batch", "-notext", "-config", _config(authority), "-in", request, "-out", out)
    _openssl(*command, *arguments)


def _config(authority: Certificate) -> Path:
    """Where an authority keeps its configuration."""
    return authority.certificate.with_suffix(".cnf")


def _moment(days: float) -> str:
    """The time so many days from now, as openssl wants it."""
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y%m%d%H%M%SZ")


def _openssl(*arguments: object) -> None:
    """Run openssl; its complaints are the test's."""
    command = [need_program("openssl"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
