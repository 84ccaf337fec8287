"""The rules that peers have to keep, most of them so that patient data stays protected; they know no files."""

from __future__ import annotations

from collections.abc import Iterator

from dicomjobs.config.build import Site
from dicomjobs.config.findings import Finding
from dicomjobs.config.suggest import did_you_mean
from dicomjobs.dicom.character_sets import CODECS, is_defined_term
from dicomjobs.model.peer import Allowance


def character_sets_are_defined_terms(site: Site) -> Iterator[Finding]:
    """PS3.3 C.12.1.1.2: a character set has one of the defined terms."""
    for at, peer in site.peers.items():
        if not is_defined_term(peer.character_set):
            hint = did_you_mean(peer.character_set, filter(None, CODECS)) or "for example ISO_IR 192 (UTF-8)"
            summary = f"`{peer.character_set}` is no defined term of Specific Character Set (0008,0005)"
            yield Finding(at=(*at, "character_set"), code="DJ512", summary=summary, hint=hint)


def identities_travel_under_tls(site: Site) -> Iterator[Finding]:
    """PS3.7 D.3.3.7 sends the user identity as it is, so that only TLS protects it."""
    for at, peer in site.peers.items():
        if peer.user_identity and not peer.tls and Allowance.IDENTITY_WITHOUT_TLS not in peer.allow:
            summary = "the user identity would travel unprotected: this peer has no `tls`"
            hint = "add `tls:`, or say that it may: allow: [identity_without_tls]"
            given = ((*at, "allow"), (*at, "tls"))
            yield Finding(at=(*at, "user_identity"), code="DJ513", summary=summary, hint=hint, at_key=True, given=given)


def embedded_peers_speak_plain_dicom(site: Site) -> Iterator[Finding]:
    """Our own SCP for demos and tests has no TLS and knows no users."""
    for at, peer in site.peers.items():
        if peer.embedded_directory:
            for key, given in (("tls", peer.tls), ("user_identity", peer.user_identity)):
                if given:
                    summary = f"an embedded peer has no `{key}`"
                    yield Finding(at=(*at, key), code="DJ521", summary=summary, hint="leave it out", at_key=True)
