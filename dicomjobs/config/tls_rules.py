"""The rules that TLS settings have to keep, so that no weakness goes unnamed and no key without effect; they know no files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dicomjobs.config.build import Site
from dicomjobs.config.findings import Finding
from dicomjobs.config.places import Pointer
from dicomjobs.diagnostics import Severity
from dicomjobs.dicom.cipher_suites import is_anonymous, is_unencrypted
from dicomjobs.dicom.tls_profiles import CURRENT_SUITES, TlsProfile
from dicomjobs.model.peer import Allowance, Peer, weaknesses_of
from dicomjobs.model.tls import CertificateFormat, CrlCheck, TlsSettings

_WORDS: Mapping[Allowance, tuple[str, str, str]] = {
    Allowance.RETIRED_TLS: (
        "DJ550",
        "the security profile `{profile}` is retired",
        "use a current profile, the default one for example; where the peer knows none, add allow: [retired_tls]",
    ),
    Allowance.UNENCRYPTED_TLS: (
        "DJ551",
        "patient data would travel as it is: TLS without encryption only authenticates",
        "use another profile, or add allow: [unencrypted_tls]",
    ),
    Allowance.ANONYMOUS_TLS: (
        "DJ552",
        "anyone could pose as this peer: it would show no certificate",
        "remove `anonymous: true` and name the peer's certificate under `trust:`, or add allow: [anonymous_tls]",
    ),
    Allowance.UNVERIFIED_PEER: (
        "DJ514",
        "anyone could pose as this peer: its certificate would not be looked at",
        "remove the key, or name the certificate's digest under `pinned_sha256:`, or add allow: [unverified_peer]",
    ),
}
"""Code, summary and hint for each weakness of TLS that is not allowed."""
_RETIRED_SUITE = "the cipher suite {suite} is in no profile but retired ones"
_ANY_HOST = (
    "anyone could pose as this peer: public authorities certify every host, and this one's name would not be looked for"
)


def weaknesses_of_tls_are_allowed(site: Site) -> Iterator[Finding]:
    """What weakens the protection of patient data is named in the peer's `allow:`."""
    for at, peer in site.peers.items():
        for weakness in weaknesses_of(peer):
            if peer.tls is None or weakness in peer.allow:
                continue
            key, summary = _weak_point(peer.tls, weakness)
            code, _, hint = _WORDS[weakness]
            given = ((*at, "allow"), (*at, "tls"))
            yield Finding(at=(*at, "tls", *key), code=code, summary=summary, hint=hint, given=given)


def _weak_point(tls: TlsSettings, weakness: Allowance) -> tuple[Pointer, str]:
    """Return the key below `tls` that brings a weakness about, and what is to be said of it."""
    summary = _WORDS[weakness][1]
    match weakness:
        case Allowance.RETIRED_TLS if not tls.terms.retired:
            weak = ((place, suite) for place, suite in enumerate(tls.ciphers) if suite not in CURRENT_SUITES)
            place, suite = next(weak)
            return ("ciphers", place), _RETIRED_SUITE.format(suite=suite)
        case Allowance.ANONYMOUS_TLS:
            return ("anonymous",), summary
        case Allowance.UNVERIFIED_PEER:
            return (("verify_host_name",), _ANY_HOST) if tls.verify_peer else (("verify_peer",), summary)
        case _:
            return ("profile",), summary.format(profile=tls.profile.value)


def verified_peers_can_be_verified(site: Site) -> Iterator[Finding]:
    """A certificate is verified against something."""
    for at, tls in _tls_of(site):
        if tls.verify_peer and not tls.anonymous and not tls.trust and not tls.system_trust:
            summary = "there is nothing to verify this peer's certificate against: every handshake would fail"
            hint = "add trust: [ca.pem] with the authority that signed it, or system_trust: true"
            yield Finding(at=at, code="DJ515", summary=summary, hint=hint, at_key=True, given=(at,))


def anonymous_peers_need_no_certificates(site: Site) -> Iterator[Finding]:
    """Where nobody shows a certificate, nothing about certificates can be meant."""
    for at, tls in _tls_of(site):
        if tls.anonymous:
            for key in _about_certificates(tls):
                summary = f"`{key}` has no meaning with `anonymous: true`, which has cipher suites of its own and no certificates"
                yield Finding(
                    at=(*at, key), code="DJ553", summary=summary, hint="remove one of them", at_key=True, given=(at,)
                )


def _about_certificates(tls: TlsSettings) -> Iterator[str]:
    """Give the keys that are there and say something about certificates or suites."""
    keys = ("certificate", "trust", "system_trust", "crl", "crl_check", "ciphers", "pinned_sha256")
    yield from (key for key in keys if getattr(tls, key))
    if tls.profile is not TlsProfile.BCP195_RFC8996:
        yield "profile"


def added_suites_suit_the_profile(site: Site) -> Iterator[Finding]:
    """A suite is added only to a profile that takes it."""
    for at, tls in _tls_of(site):
        if tls.anonymous:
            continue
        for place, suite in enumerate(tls.ciphers):
            if problem := _unsuitable(tls, suite):
                summary, hint = problem
                yield Finding(at=(*at, "ciphers", place), code="DJ555", summary=summary, hint=hint, given=(at,))


def _unsuitable(tls: TlsSettings, suite: str) -> tuple[str, str] | None:
    """Return why a suite cannot be added and what to do instead, None when it can."""
    if is_anonymous(suite):
        return f"{suite} shows no certificate", "write `anonymous: true`, which has suites of that kind"
    if is_unencrypted(suite) and tls.profile is not TlsProfile.UNENCRYPTED:
        return f"{suite} does not encrypt, and `{tls.profile.value}` does", "write `profile: unencrypted`"
    if not tls.terms.more_suites:
        return f"the profile `{tls.profile.value}` takes no other cipher suites", "remove it, or use another profile"
    return None


def revocation_lists_are_looked_at(site: Site) -> Iterator[Finding]:
    """A revocation list is there to be used."""
    for at, tls in _tls_of(site):
        if tls.crl and tls.crl_check is CrlCheck.NONE:
            summary = "a certificate revocation list is given, and none is to be looked at"
            hint = "remove `crl`, or say crl_check: leaf"
            yield Finding(at=(*at, "crl_check"), code="DJ556", summary=summary, hint=hint, given=(at,))
        elif tls.revocation is not CrlCheck.NONE and not tls.verify_peer and not tls.anonymous:
            summary = "a certificate that is not verified is not looked up in a revocation list either"
            key = "crl" if tls.crl else "crl_check"
            hint = "remove it, or `verify_peer: false`"
            yield Finding(
                at=(*at, key),
                code="DJ556",
                summary=summary,
                hint=hint,
                at_key=True,
                given=(at,),
                severity=Severity.WARNING,
            )


def der_certificates_have_their_key_beside_them(site: Site) -> Iterator[Finding]:
    """A file in DER holds one thing."""
    for at, tls in _tls_of(site):
        if tls.format is CertificateFormat.DER and tls.certificate and not tls.key:
            summary = "a certificate in DER has no key in its file"
            hint = "name the file of the key as `key`"
            yield Finding(at=(*at, "certificate"), code="DJ557", summary=summary, hint=hint, given=(at,))


def _tls_of(site: Site) -> Iterator[tuple[Pointer, TlsSettings]]:
    """Give the TLS settings of every peer that has some, with the way to them."""
    peers: Iterator[tuple[Pointer, Peer]] = iter(site.peers.items())
    return (((*at, "tls"), peer.tls) for at, peer in peers if peer.tls)
