"""What the TLS tests have in their key rings, made once for all of them: `tests/conftest.py` hands it out as `tls_keys`."""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dicomjobs.model.tls import TlsSettings
from tests.support.certificates import (
    RSA,
    WEAK,
    Certificate,
    issue,
    make_authority,
    revocation_list,
    revoke,
    self_signed,
)
from tests.support.wire import tls_settings

PASSWORD = "open sesame"
"""What locks the key `locked`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsKeys:
    """An authority with one below it, what they signed, and a stranger whom nobody knows; the lists are the authority's."""

    authority: Certificate
    below: Certificate
    server: Certificate
    ipv6: Certificate
    rsa: Certificate
    client: Certificate
    locked: Certificate
    expired: Certificate
    soon: Certificate
    other_name: Certificate
    for_clients: Certificate
    weak: Certificate
    weakly_signed: Certificate
    revoked: Certificate
    of_below: Certificate
    of_revoked: Certificate
    self_signed: Certificate
    stranger: Certificate
    sloppy: Certificate
    of_sloppy: Certificate
    plain: Certificate
    of_plain: Certificate
    list: Path
    stale_list: Path
    list_of_below: Path


def make_keys(folder: Path) -> TlsKeys:
    """Make them all; about a second."""
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    authority = make_authority(folder)
    below, taken_back = (make_authority(folder, name, under=authority) for name in ("below", "taken_back"))
    revoked = issue(authority, "revoked")
    for certificate in (revoked, taken_back):
        revoke(authority, certificate)
    sloppy = make_authority(folder, "sloppy", extensions="sloppy")
    plain = make_authority(folder, "plain", extensions="plain")
    return TlsKeys(
        authority=authority,
        below=below,
        server=issue(authority, "server"),
        ipv6=issue(authority, "ipv6", names="IP:::1"),
        rsa=issue(authority, "rsa", kind=RSA),
        client=issue(authority, "client"),
        locked=issue(authority, "locked", password=PASSWORD),
        expired=issue(authority, "expired", days=-1),
        soon=issue(authority, "soon", starts=1),
        other_name=issue(authority, "other", names="DNS:pacs.example"),
        for_clients=issue(authority, "for_clients", usage="clientAuth"),
        weak=issue(authority, "weak", kind=WEAK),
        weakly_signed=issue(authority, "weakly_signed", digest="sha1"),
        revoked=revoked,
        of_below=_with_chain(issue(below, "of_below"), below),
        of_revoked=_with_chain(issue(taken_back, "of_revoked"), taken_back),
        self_signed=self_signed(folder, "self_signed"),
        stranger=issue(make_authority(elsewhere), "stranger"),
        sloppy=sloppy,
        of_sloppy=issue(sloppy, "of_sloppy", kind=RSA),
        plain=plain,
        of_plain=issue(plain, "of_plain"),
        list=revocation_list(authority, "list"),
        stale_list=revocation_list(authority, "stale_list", days=-1),
        list_of_below=revocation_list(below, "list_of_below"),
    )


def _with_chain(certificate: Certificate, authority: Certificate) -> Certificate:
    """The certificate with that of its authority behind it, as a peer sends them."""
    with certificate.certificate.open("ab") as file:
        file.write(authority.certificate.read_bytes())
    return certificate


def server_context(
    keys: TlsKeys,
    certificate: Certificate | None = None,
    *,
    client: bool = False,
    version: ssl.TLSVersion | None = None,
    ciphers: str = "",
) -> ssl.SSLContext:
    """A server's context; `client` asks for a client certificate, `version` is the only one, `ciphers` are OpenSSL's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if ciphers:
        context.set_ciphers(ciphers)
    used = certificate or keys.server
    context.load_cert_chain(used.certificate, used.key)
    if client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(keys.authority.certificate)
        context.load_verify_locations(keys.list)
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


def trusting(keys: TlsKeys, **changes: Any) -> TlsSettings:
    """Settings that trust the authority."""
    return tls_settings(**{"trust": (str(keys.authority.certificate),), **changes})


def own(certificate: Certificate) -> dict[str, str]:
    """The settings for a client certificate."""
    return {"certificate": str(certificate.certificate), "key": str(certificate.key)}


def digest_of(certificate: Certificate) -> str:
    """The SHA-256 of a certificate as it is pinned."""
    pem = certificate.certificate.read_text()
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem[: pem.index("-----END") + 26])).hexdigest()
