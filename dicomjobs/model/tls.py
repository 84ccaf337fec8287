"""How TLS is negotiated with a peer, as its `tls:` says; the profiles' own terms are in `dicom/tls_profiles.py`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dicomjobs.dicom.cipher_suites import is_unencrypted
from dicomjobs.dicom.tls_profiles import ANONYMOUS, CURRENT_SUITES, PROFILES, ProfileTerms, TlsProfile
from dicomjobs.model.secret import SecretReference


class CertificateFormat(Enum):
    """How our certificate and key are written; what is trusted, and revocation lists, are read in either form."""

    PEM = "pem"
    DER = "der"


class CrlCheck(Enum):
    """Whose revocation is looked up: nobody's, that of the peer's certificate, or also that of its authorities."""

    NONE = "none"
    LEAF = "leaf"
    CHAIN = "chain"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """How TLS is negotiated with a peer (PS3.15 B); paths are absolute, cipher suites have the names of the IANA's registry.

    `crl_check` None is `leaf` where there are revocation lists; `pinned_sha256` are digests in lower-case hexadecimal digits.
    """

    certificate: str | None
    key: str | None
    key_password: SecretReference | None
    format: CertificateFormat
    anonymous: bool
    trust: tuple[str, ...]
    system_trust: bool
    crl: tuple[str, ...]
    crl_check: CrlCheck | None
    profile: TlsProfile
    ciphers: tuple[str, ...]
    server_name: str | None
    verify_peer: bool
    verify_host_name: bool
    pinned_sha256: tuple[str, ...]

    @property
    def terms(self) -> ProfileTerms:
        """What may be negotiated, apart from `ciphers`."""
        return ANONYMOUS if self.anonymous else PROFILES[self.profile]

    @property
    def revocation(self) -> CrlCheck:
        """Whose revocation is looked up."""
        return self.crl_check or (CrlCheck.LEAF if self.crl else CrlCheck.NONE)

    @property
    def is_retired(self) -> bool:
        """Whether the profile, or a suite added to it, is one that is not to be used any more."""
        return self.terms.retired or not CURRENT_SUITES.issuperset(self.ciphers)

    @property
    def is_unencrypted(self) -> bool:
        """Whether patient data may travel as it is."""
        return any(map(is_unencrypted, (*self.terms.needed, *self.ciphers)))

    @property
    def leaves_peer_unverified(self) -> bool:
        """Whether somebody else with a certificate that is easily had could pose as the peer.

        A pinned certificate is proof enough. So is one of an authority that is named under `trust`, for whatever host:
        public authorities, those of `system_trust`, give one to everybody, and only the host name tells them apart.
        """
        if self.anonymous or self.pinned_sha256:
            return False
        return not self.verify_peer or (self.system_trust and not self.verify_host_name)
