"""From a peer's TLS settings to a context that can negotiate nothing else: profile, verification, our own certificate.

It does no handshake; `tls.py` does, and holds what came of it against the settings once more.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable

from dicomjobs.dicom.cipher_suites import OPENSSL_NAMES
from dicomjobs.dicom.tls_profiles import TlsVersion
from dicomjobs.errors import TlsHandshakeFailed
from dicomjobs.model.peer import Peer, weaknesses_of
from dicomjobs.model.secret import OpenSecret
from dicomjobs.model.tls import CrlCheck, TlsSettings
from dicomjobs.wire.tls_files import identify, revoke, trust

_REVOCATION = {
    CrlCheck.NONE: ssl.VerifyFlags(0),
    CrlCheck.LEAF: ssl.VERIFY_CRL_CHECK_LEAF,
    CrlCheck.CHAIN: ssl.VERIFY_CRL_CHECK_CHAIN,
}


def client_context(peer: Peer, settings: TlsSettings, open_secret: OpenSecret) -> ssl.SSLContext:
    """The context for a peer. Raises TlsHandshakeFailed for what this OpenSSL cannot do, or a file that cannot be used."""
    if unnamed := sorted(weakness.value for weakness in set(weaknesses_of(peer)) - peer.allow):
        words = f"the settings of this peer have weaknesses that it does not allow: {', '.join(unnamed)}"
        raise TlsHandshakeFailed(words, hint="name them under the peer's `allow:`")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    _limit(context, settings)
    _verify(context, settings)
    if settings.certificate is not None:
        identify(context, settings, lambda: _password(settings, open_secret))
    return context


def offered_suites(settings: TlsSettings) -> tuple[str, ...]:
    """Every suite before TLS 1.3 that may be negotiated, by OpenSSL's name, in our order of preference."""
    terms = settings.terms
    return tuple(OPENSSL_NAMES[name] for name in dict.fromkeys((*terms.needed, *settings.ciphers, *terms.welcome)))


def _limit(context: ssl.SSLContext, settings: TlsSettings) -> None:
    """Leave only the versions and suites of the profile, and of what is added to it; refuse what is not there."""
    terms = settings.terms
    # the lowest and highest that there are have these names, and using them is the one way without a DeprecationWarning
    old = terms.lowest is TlsVersion.TLS_1_0
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED if old else ssl.TLSVersion.TLSv1_2
    newest = terms.highest is TlsVersion.TLS_1_3
    context.maximum_version = ssl.TLSVersion.MAXIMUM_SUPPORTED if newest else ssl.TLSVersion.TLSv1_2
    wanted = offered_suites(settings)
    try:
        context.set_ciphers(f"{':'.join(wanted)}:@SECLEVEL={_security_level(settings)}")
        there = {suite["name"] for suite in context.get_ciphers()}
    except ssl.SSLError:
        there = set()
    if missing := [name for name in (*terms.needed, *settings.ciphers) if OPENSSL_NAMES[name] not in there]:
        raise _impossible(settings, missing)


def _security_level(settings: TlsSettings) -> int:
    """OpenSSL's security level: 2 asks for 112 bits and TLS 1.2, and only 0 knows suites that do not encrypt or are anonymous."""
    if settings.is_unencrypted or settings.anonymous:
        return 0
    return 1 if settings.terms.lowest is TlsVersion.TLS_1_0 else 2


def _impossible(settings: TlsSettings, missing: Iterable[str]) -> TlsHandshakeFailed:
    """The error for suites that this OpenSSL does not have."""
    what = "tls.anonymous" if settings.anonymous else f"the security profile `{settings.profile.value}`"
    added = set(missing) - set(settings.terms.needed)
    words = (
        f"{ssl.OPENSSL_VERSION} here lacks cipher suites of {'tls.ciphers' if added else what}: {', '.join(missing)}"
    )
    return TlsHandshakeFailed(
        words, hint=_IMPOSSIBLE_HINTS.get(settings.profile.value, "use another profile, for example bcp195-rfc8996")
    )


_IMPOSSIBLE_HINTS = {
    "bcp195-rfc8996-modified": "profile: bcp195-rfc8996-modified-subset offers those that there are",
    "basic": "Triple DES is gone from current OpenSSL: the peer has to learn a current profile",
}


def _verify(context: ssl.SSLContext, settings: TlsSettings) -> None:
    """Say what is asked of the peer's certificate."""
    if settings.anonymous or not settings.verify_peer:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.check_hostname = settings.verify_host_name
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | _REVOCATION[settings.revocation]
    if not settings.terms.retired:  # certificates made for old profiles are older than these rules
        context.verify_flags |= ssl.VERIFY_X509_STRICT
    if settings.system_trust:
        context.load_default_certs()
    for path in settings.trust:
        trust(context, path)
    for path in settings.crl:
        revoke(context, path)


def _password(settings: TlsSettings, open_secret: OpenSecret) -> bytes:
    """The key's password; were there no callable to ask for it, OpenSSL would ask on the terminal."""
    if settings.key_password is None:
        key = settings.key or settings.certificate
        raise TlsHandshakeFailed(f"the key {key} is encrypted", hint="give its password as tls.key_password")
    return open_secret(settings.key_password)
