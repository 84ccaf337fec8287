"""A peer: an application entity on the network, or one that we start ourselves for demos and tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from dicomjobs.model.secret import SecretReference
from dicomjobs.model.tls import TlsSettings


class AddressFamily(Enum):
    """Which IP versions may be used to reach a peer."""

    AUTO = "auto"
    IPV4 = "ipv4"
    IPV6 = "ipv6"


class Allowance(Enum):
    """What weakens the protection of patient data and must therefore be named in the peer's `allow:`."""

    RETIRED_TLS = "retired_tls"
    UNENCRYPTED_TLS = "unencrypted_tls"
    ANONYMOUS_TLS = "anonymous_tls"
    UNVERIFIED_PEER = "unverified_peer"
    IDENTITY_WITHOUT_TLS = "identity_without_tls"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """The four clocks of an association, all finite, in seconds."""

    connect: float
    """TCP connect and TLS handshake together."""
    acse: float
    """Each answer to A-ASSOCIATE-RQ and A-RELEASE-RQ."""
    dimse: float
    """From the last byte of a request to the (next) answer."""
    network: float
    """Without progress inside a PDU, and for one whole PDU once its first byte was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaximumPdu:
    """Maximum PDU lengths in bytes (PS3.8 D.1): what we announce, and a cap on what we send whatever the peer allows."""

    receive: int
    send: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UserIdentity:
    """User identity negotiation (PS3.7 D.3.3.7) with exactly one of username (types 1 and 2), ticket, assertion and token.

    Whatever the type, an association without the positive response that is asked for is not used.
    """

    username: str | None
    passcode: SecretReference | None
    kerberos: SecretReference | None
    saml: SecretReference | None
    jwt: SecretReference | None
    positive_response: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Where we listen for a peer that opens associations to us, by our calling AE title; `address` is that of an interface."""

    address: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A remote or embedded AE; `embedded_directory` is set for an SCP of our own, whose host and port are then unknown until it runs."""

    name: str
    host: str
    port: int
    called_ae_title: str
    calling_ae_title: str
    address_family: AddressFamily
    timeouts: Timeouts
    max_pdu: MaximumPdu
    max_associations: int
    character_set: str
    tls: TlsSettings | None
    user_identity: UserIdentity | None
    allow: frozenset[Allowance]
    embedded_directory: str | None
    reports_at: Listener | None
    queries_at: Peer | None
    """Where instances sent to this peer are looked up when that is another AE; its own `queries_at` is None."""


def weaknesses_of(peer: Peer) -> Iterator[Allowance]:
    """Give every weakness that a peer's settings have; each must be allowed, and each is told in the report."""
    if tls := peer.tls:
        if tls.is_retired:
            yield Allowance.RETIRED_TLS
        if tls.is_unencrypted:
            yield Allowance.UNENCRYPTED_TLS
        if tls.anonymous:
            yield Allowance.ANONYMOUS_TLS
        if tls.leaves_peer_unverified:
            yield Allowance.UNVERIFIED_PEER
    if peer.user_identity and not tls:
        yield Allowance.IDENTITY_WITHOUT_TLS


def secrets_of(peer: Peer) -> Iterator[tuple[str, SecretReference]]:
    """Give every secret that has to be opened before a peer can be talked to, by the keys that lead to it."""
    if peer.tls and peer.tls.key_password:
        yield "tls.key_password", peer.tls.key_password
    if identity := peer.user_identity:
        for key in ("passcode", "kerberos", "saml", "jwt"):
            if secret := getattr(identity, key):
                yield f"user_identity.{key}", secret
