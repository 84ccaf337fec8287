"""What is proposed for an association, and what came of it (PS3.8 9.3.2, PS3.7 D.3.3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dicomjobs.model.peer import Allowance

MAXIMUM_CONTEXTS = 128
"""Presentation contexts of one association: their IDs are the odd numbers from 1 to 255 (PS3.8 9.3.2.2)."""


class Role(Enum):
    """The role proposed for a SOP class by the association requestor (PS3.7 D.3.3.4)."""

    SCU = "scu"
    SCP = "scp"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedContext:
    """A presentation context as proposed: an odd ID, one abstract syntax UID, transfer syntax UIDs in order of preference."""

    context_id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedContext:
    """A presentation context that the peer accepted with one of the proposed transfer syntaxes."""

    context_id: int
    abstract_syntax: str
    transfer_syntax: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedContext:
    """A presentation context the peer did not accept; `result` is 1 to 4 (PS3.8 table 9-18), or 0xFF when it was not answered."""

    context_id: int
    abstract_syntax: str
    result: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSelection:
    """One SCP/SCU role selection item (PS3.7 D.3.3.4)."""

    sop_class_uid: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendedNegotiation:
    """One SOP class extended negotiation item: service class application information as hexadecimal digits (PS3.7 D.3.3.5)."""

    sop_class_uid: str
    information: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedRoles:
    """The peer's answer to a role selection: the roles of the requestor that it accepts for a SOP class (PS3.7 D.3.3.4.2)."""

    sop_class_uid: str
    scu: bool
    scp: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AsynchronousWindow:
    """How many operations the requestor may have outstanding, and how many it may be asked to perform; 0 is no limit (PS3.7 D.3.3.3)."""

    invoked: int
    performed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What one A-ASSOCIATE-RQ proposes, apart from the AE titles and lengths that belong to the peer; at most 128 contexts.

    Whatever window comes of an asynchronous one, an association of ours has one operation outstanding at a time.
    """

    contexts: tuple[ProposedContext, ...]
    roles: tuple[RoleSelection, ...] = ()
    extended_negotiation: tuple[ExtendedNegotiation, ...] = ()
    asynchronous_window: AsynchronousWindow | None = None


class EndedBy(Enum):
    """How an association ended."""

    RELEASE = "release"
    ABORT = "abort"
    PEER_ABORT = "peer_abort"
    LOST = "lost"
    REJECTED = "rejected"
    NOT_ESTABLISHED = "not_established"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSession:
    """What the TLS handshake agreed on; the peer certificate as SHA-256 in hexadecimal digits, and the day on which it expires.

    Both are "" for a peer that showed no certificate.
    """

    version: str
    cipher: str
    peer_certificate_sha256: str
    peer_certificate_expires: str
    """As YYYY-MM-DD, in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Negotiation:
    """What came of an A-ASSOCIATE: contexts in the order proposed, the peer's maximum PDU length in bytes (0: no limit).

    Roles, extended negotiation and asynchronous window are the peer's answers as they came; None is a window of one operation.
    """

    accepted: tuple[AcceptedContext, ...]
    rejected: tuple[RejectedContext, ...]
    peer_max_pdu_length: int
    peer_implementation_class_uid: str
    peer_implementation_version: str
    tls: TlsSession | None
    roles: tuple[AcceptedRoles, ...] = ()
    extended_negotiation: tuple[ExtendedNegotiation, ...] = ()
    asynchronous_window: AsynchronousWindow | None = None
    weakened_by: tuple[Allowance, ...] = ()
    """What the peer's `allow:` had to permit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextTemplate:
    """One entry of an association profile's `presentation_contexts`, before it is given an ID."""

    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociationProfile:
    """A named, fixed list of presentation contexts with roles and extended negotiation."""

    name: str
    contexts: tuple[ContextTemplate, ...]
    roles: tuple[RoleSelection, ...]
    extended_negotiation: tuple[ExtendedNegotiation, ...]


class Over128Contexts(Enum):
    """What becomes of files that need more presentation contexts than one association has (PS3.8 9.3.2.2)."""

    SPLIT = "split"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalPolicy:
    """How presentation contexts are made from the files of a job: for each SOP class one with `preferred`, one with `fallback`.

    `combine` makes one context of both. `sop_classes` are UIDs in the order in which they are proposed, whatever the files are;
    when empty, the classes of the files in the order in which they are met.
    """

    name: str
    sop_classes: tuple[str, ...]
    preferred: tuple[str, ...]
    fallback: tuple[str, ...]
    combine: bool
    over_128_contexts: Over128Contexts
    roles: tuple[RoleSelection, ...]
    extended_negotiation: tuple[ExtendedNegotiation, ...]

    @property
    def transfer_syntaxes(self) -> tuple[tuple[str, ...], ...]:
        """The transfer syntaxes of each context that a SOP class has, none of them twice."""
        fallback = tuple(uid for uid in self.fallback if uid not in self.preferred)
        if self.combine or not fallback:
            return (self.preferred + fallback,)
        return self.preferred, fallback


Proposing = AssociationProfile | ProposalPolicy
"""What a job may have under `association_profile`."""
