"""What the octets of an A-ASSOCIATE-RJ, an A-ABORT and a refused presentation context mean, and what to try.

It knows words only, not how the octets came.
"""

from __future__ import annotations

import ssl

from dicomjobs.errors import AssociationAborted, AssociationRejected, TlsHandshakeFailed
from dicomjobs.model.peer import Peer

_RESULTS = {1: "for good", 2: "for now"}

_REJECTED = {
    (1, 1): "no reason given",
    (1, 2): "application context name not supported",
    (1, 3): "calling AE title not recognized",
    (1, 7): "called AE title not recognized",
    (2, 1): "no reason given (ACSE)",
    (2, 2): "protocol version not supported",
    (3, 1): "temporary congestion",
    (3, 2): "local limit exceeded",
}
"""(source, reason) of an A-ASSOCIATE-RJ (PS3.8 table 9-21)."""

_ABORTED = {
    0: "reason not specified",
    1: "unrecognized PDU",
    2: "unexpected PDU",
    4: "unrecognized PDU parameter",
    5: "unexpected PDU parameter",
    6: "invalid PDU parameter value",
}
"""Reason of an A-ABORT whose source is the upper layer (PS3.8 table 9-26)."""

_CONTEXT_RESULTS = {
    1: "rejected by the user",
    2: "rejected without a reason",
    3: "abstract syntax not supported",
    4: "transfer syntaxes not supported",
    0xFF: "not answered",
}
"""Result of a presentation context (PS3.8 table 9-18)."""


AUTHORITY_MADE_ANEW = (
    "have it made anew, with `-addext keyUsage=critical,keyCertSign,cRLSign` where that is `openssl req -x509`"
)
"""What becomes of an authority that may sign nothing (RFC 5280 4.2.1.3)."""

_NO_COMMON_VERSION = "the peer knows no version of TLS that tls.profile allows: it may be too old for TLS 1.2"
_BREAKS_A_RULE = (
    "the certificate breaks a rule of RFC 5280: have it made anew, "
    "or vouch for it with tls.pinned_sha256 and verify_peer: false"
)


def rejected(peer: Peer, address: str, *, result: int, source: int, diagnostic: int) -> AssociationRejected:
    """The error for an A-ASSOCIATE-RJ with these octets."""
    reason = _REJECTED.get((source, diagnostic), "a reason that PS3.8 does not know")
    octets = f"result {result}, source {source}, reason {diagnostic}"
    words = f"{address} rejected the association {_RESULTS.get(result, 'with an unknown result')}: {reason} ({octets})"
    hint = _rejection_hint(peer, source, diagnostic)
    return AssociationRejected(words, hint=hint, result=result, source=source, diagnostic=diagnostic)


def _rejection_hint(peer: Peer, source: int, diagnostic: int) -> str:
    """What to do about a rejection."""
    match source, diagnostic:
        case 1, 3:
            return (
                f"have the calling AE title {peer.calling_ae_title!r} registered at the peer, with this machine's address; "
                "upper and lower case and the 16 characters count"
            )
        case 1, 7:
            return (
                f"check called_ae_title {peer.called_ae_title!r}: upper and lower case and the 16 characters count, "
                "and the port may belong to another AE"
            )
        case 3, (1 | 2):
            fewer = "use fewer associations at once (max_associations), or " if peer.max_associations > 1 else ""
            return f"the peer is busy: {fewer}run again later"
        case ((1 | 2), 1):
            return "the peer's log says why; often it does not know our AE title or address, or it is full"
        case _:
            return "the peer's log may say why"


def aborted(address: str, *, source: int, diagnostic: int) -> AssociationAborted:
    """The error for an A-ABORT with these octets."""
    if source == 2:
        reason = _ABORTED.get(diagnostic, f"unknown reason {diagnostic}")
        words = (
            f"{address} aborted the association: its upper layer says {reason} (A-ABORT source 2, reason {diagnostic})"
        )
    else:
        words = f"{address} aborted the association: its application gave up (A-ABORT source {source})"
    return AssociationAborted(words, hint="the peer's log may say why", source=source, diagnostic=diagnostic)


def context_refusal(result: int) -> str:
    """What the result of a presentation context that was not accepted means."""
    return _CONTEXT_RESULTS.get(result, f"unknown result {result}")


def handshake_failed(address: str, error: Exception) -> TlsHandshakeFailed:
    """The error for a TLS handshake that broke, in OpenSSL's own words."""
    reason = str(getattr(error, "verify_message", "") or getattr(error, "reason", "") or "")
    if reason:
        words = reason.replace("_", " ").lower()
        unknown = _BREAKS_A_RULE if isinstance(error, ssl.SSLCertVerificationError) else ""
        return TlsHandshakeFailed(f"the TLS handshake with {address} failed: {words}", hint=_tls_hint(words) or unknown)
    words = f"the TLS handshake with {address} failed: {getattr(error, 'strerror', '') or error or 'it closed the connection'}"
    return TlsHandshakeFailed(
        words, hint="the port may not speak TLS, or the peer does not accept our certificate or address"
    )


def _tls_hint(words: str) -> str:
    """What to do about a TLS failure, by what OpenSSL calls it."""
    return next((hint for part, hint in _TLS_HINTS.items() if part in words), "")


_TLS_HINTS = {
    "alert unknown ca": "the peer does not trust our certificate: its authority has to be made known there",
    "alert bad certificate": "the peer does not accept our certificate",
    "alert handshake failure": "no common version or cipher, or the peer wants a client certificate",
    "alert protocol version": _NO_COMMON_VERSION,
    "alert certificate expired": "our certificate has expired",
    "alert certificate revoked": "our certificate was revoked",
    "wrong version number": "the port does not speak TLS: check the port, or leave out `tls:`",
    "http request": "the port does not speak TLS: check the port, or leave out `tls:`",
    "unexpected eof": "the port may not speak TLS, or the peer does not accept our certificate or address",
    "crl has expired": "fetch the authority's current certificate revocation list",
    "certificate crl": "name the authority's certificate revocation list in tls.crl, or look nobody up (tls.crl_check)",
    "revoked": "the peer's certificate was taken back: whoever runs it has to have a new one made",
    "not yet valid": "the peer's certificate is not valid yet, or the clock here is wrong",
    "key too weak": "the peer's key is too short to protect anything: it needs a new one, RSA with 2048 bits for example",
    "digest algorithm too weak": "the peer's certificate is signed with a digest that protects nothing any more: it needs a new one",
    "certificate purpose": "the peer shows a certificate that is not for servers: it needs one with extended key usage serverAuth",
    "not include key usage": f"the authority in tls.trust that signed it lacks keyUsage: {AUTHORITY_MADE_ANEW}",
    "issuer certificate": "name the authority that signed the peer's certificate in tls.trust",
    "self-signed": "name the peer's certificate, or the authority that signed it, in tls.trust",
    "expired": "the peer's certificate needs renewing",
    "mismatch": "the certificate is for another name: give that name as tls.server_name",
    "certificate required": "the peer wants a client certificate: give tls.certificate and tls.key",
    "unsupported protocol": _NO_COMMON_VERSION,
}
"""By a part of what OpenSSL says, the first that is in it counts: alerts are about us, all else about the peer."""
