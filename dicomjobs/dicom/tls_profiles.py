"""The Secure Transport Connection Profiles of PS3.15 B and of DCMTK: what each lets a TLS handshake end in.

It knows names of protocol versions and cipher suites, and nothing of how a library is told them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class TlsProfile(Enum):
    """The profiles; the values are the words of the YAML."""

    BCP195_RFC8996 = "bcp195-rfc8996"
    BCP195_RFC8996_MODIFIED = "bcp195-rfc8996-modified"
    BCP195_RFC8996_MODIFIED_SUBSET = "bcp195-rfc8996-modified-subset"
    BCP195_NON_DOWNGRADING = "bcp195-non-downgrading"
    BCP195 = "bcp195"
    BCP195_EXTENDED = "bcp195-extended"
    BASIC = "basic"
    AES = "aes"
    UNENCRYPTED = "unencrypted"


class TlsVersion(Enum):
    """Protocol versions, by the names that OpenSSL gives them in a session."""

    TLS_1_0 = "TLSv1"
    TLS_1_1 = "TLSv1.1"
    TLS_1_2 = "TLSv1.2"
    TLS_1_3 = "TLSv1.3"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileTerms:
    """What a profile lets be negotiated; a suite of TLS 1.3 is as good as any other wherever that version is allowed.

    Without a suite in `needed` the profile cannot be kept; one in `welcome` is offered where the library has it.
    """

    title: str
    dcmtk_option: str
    """DCMTK's option for it, "" where it has none."""
    lowest: TlsVersion
    highest: TlsVersion
    needed: tuple[str, ...]
    welcome: tuple[str, ...] = ()
    retired: bool = True
    more_suites: bool = True
    """Whether suites may be added to it."""


_FORWARD_SECRET = (
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
)
_NON_DOWNGRADING = (
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
)
_CCM_AND_CHACHA20 = (
    "TLS_ECDHE_ECDSA_WITH_AES_128_CCM",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CCM",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
)
_CAMELLIA = (
    "TLS_ECDHE_RSA_WITH_CAMELLIA_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_CAMELLIA_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CAMELLIA_256_GCM_SHA384",
)
_AES_CBC = "TLS_RSA_WITH_AES_128_CBC_SHA"
_TRIPLE_DES = "TLS_RSA_WITH_3DES_EDE_CBC_SHA"

PROFILES: Mapping[TlsProfile, ProfileTerms] = {
    TlsProfile.BCP195_RFC8996: ProfileTerms(  # PS3.15 B.12
        title="BCP 195 RFC 8996 TLS Profile",
        dcmtk_option="+pg",
        lowest=TlsVersion.TLS_1_2,
        highest=TlsVersion.TLS_1_3,
        needed=_FORWARD_SECRET,
        retired=False,
    ),
    TlsProfile.BCP195_RFC8996_MODIFIED: ProfileTerms(  # PS3.15 B.13
        title="Modified BCP 195 RFC 8996 TLS Profile",
        dcmtk_option="+pm",
        lowest=TlsVersion.TLS_1_2,
        highest=TlsVersion.TLS_1_3,
        needed=(*_FORWARD_SECRET, *_CCM_AND_CHACHA20, *_CAMELLIA),
        retired=False,
    ),
    TlsProfile.BCP195_RFC8996_MODIFIED_SUBSET: ProfileTerms(
        title="what there is of the Modified BCP 195 RFC 8996 TLS Profile",
        dcmtk_option="",
        lowest=TlsVersion.TLS_1_2,
        highest=TlsVersion.TLS_1_3,
        needed=_FORWARD_SECRET,
        welcome=(*_CCM_AND_CHACHA20, *_CAMELLIA),
        retired=False,
    ),
    TlsProfile.BCP195_NON_DOWNGRADING: ProfileTerms(  # PS3.15 B.10, until 2024
        title="Non-Downgrading BCP 195 TLS Profile",
        dcmtk_option="+py",
        lowest=TlsVersion.TLS_1_2,
        highest=TlsVersion.TLS_1_3,
        needed=_NON_DOWNGRADING,
    ),
    TlsProfile.BCP195: ProfileTerms(  # PS3.15 B.9, until 2024
        title="BCP 195 TLS Profile",
        dcmtk_option="+px",
        lowest=TlsVersion.TLS_1_0,
        highest=TlsVersion.TLS_1_3,
        needed=(*_NON_DOWNGRADING, _AES_CBC),
        welcome=(_TRIPLE_DES,),
    ),
    TlsProfile.BCP195_EXTENDED: ProfileTerms(  # PS3.15 B.11, until 2024
        title="Extended BCP 195 TLS Profile",
        dcmtk_option="+pz",
        lowest=TlsVersion.TLS_1_2,
        highest=TlsVersion.TLS_1_2,
        needed=(
            *_NON_DOWNGRADING,
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        ),
        more_suites=False,
    ),
    TlsProfile.BASIC: ProfileTerms(  # PS3.15 B.1, until 2018
        title="Basic TLS Secure Transport Connection Profile",
        dcmtk_option="+pb",
        lowest=TlsVersion.TLS_1_0,
        highest=TlsVersion.TLS_1_2,
        needed=(_TRIPLE_DES,),
    ),
    TlsProfile.AES: ProfileTerms(  # PS3.15 B.3, until 2018
        title="AES TLS Secure Transport Connection Profile",
        dcmtk_option="+pa",
        lowest=TlsVersion.TLS_1_0,
        highest=TlsVersion.TLS_1_2,
        needed=(_AES_CBC,),
        welcome=(_TRIPLE_DES,),
    ),
    TlsProfile.UNENCRYPTED: ProfileTerms(  # once a choice of IHE ATNA
        title="Authenticated unencrypted communication",
        dcmtk_option="+pn",
        lowest=TlsVersion.TLS_1_0,
        highest=TlsVersion.TLS_1_2,
        needed=("TLS_RSA_WITH_NULL_SHA",),
    ),
}

CURRENT_SUITES = frozenset((*_FORWARD_SECRET, *_CCM_AND_CHACHA20, *_CAMELLIA))
"""Suites of the profiles that are not retired."""

ANONYMOUS = ProfileTerms(  # no profile of PS3.15
    title="anonymous key exchange",
    dcmtk_option="",
    lowest=TlsVersion.TLS_1_2,
    highest=TlsVersion.TLS_1_2,
    needed=("TLS_DH_anon_WITH_AES_256_GCM_SHA384", "TLS_DH_anon_WITH_AES_128_GCM_SHA256"),
    retired=False,
    more_suites=False,
)
"""What is negotiated with a peer that shows no certificate."""
