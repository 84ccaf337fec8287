"""The protocol data units of the DICOM upper layer as values (PS3.8 9.3); `pdu_encode` and `pdu_decode` turn them into bytes and back.

Nothing here knows sockets, states or what a DIMSE message is.
"""

from __future__ import annotations

from dataclasses import dataclass

from dicomjobs.model.association import AsynchronousWindow, ExtendedNegotiation, ProposedContext

ASSOCIATE_RQ, ASSOCIATE_AC, ASSOCIATE_RJ, P_DATA_TF, RELEASE_RQ, RELEASE_RP, ABORT = 1, 2, 3, 4, 5, 6, 7
"""PDU types (PS3.8 9.3.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleItem:
    """SCP/SCU role selection sub-item 54H: whether each role is proposed, or accepted (PS3.7 D.3.3.4)."""

    sop_class_uid: str
    scu: bool
    scp: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityItem:
    """User identity sub-item 58H (PS3.7 D.3.3.7.1).

    Type 1 is a username, 2 one with a passcode, 3 a Kerberos service ticket, 4 a SAML assertion, 5 a JSON Web Token.
    """

    identity_type: int
    positive_response: bool
    primary: bytes
    secondary: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class UserInformation:
    """The sub-items of item 50H that we know; lengths in bytes, a maximum length of 0 is no limit, None is not given (PS3.8 D.1)."""

    max_pdu_length: int | None
    implementation_class_uid: str = ""
    implementation_version: str = ""
    asynchronous_window: AsynchronousWindow | None = None
    roles: tuple[RoleItem, ...] = ()
    extended_negotiation: tuple[ExtendedNegotiation, ...] = ()
    identity: IdentityItem | None = None
    identity_response: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociateRequest:
    """A-ASSOCIATE-RQ (PS3.8 9.3.2)."""

    called_ae_title: str
    calling_ae_title: str
    contexts: tuple[ProposedContext, ...]
    user: UserInformation


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextAnswer:
    """A presentation context item of an A-ASSOCIATE-AC: result 0 is acceptance, and only then the transfer syntax counts."""

    context_id: int
    result: int
    transfer_syntax: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociateAccept:
    """A-ASSOCIATE-AC (PS3.8 9.3.3); the AE titles are only echoed and never to be tested."""

    called_ae_title: str
    calling_ae_title: str
    contexts: tuple[ContextAnswer, ...]
    user: UserInformation


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociateReject:
    """A-ASSOCIATE-RJ (PS3.8 9.3.4); `diagnostic` is the reason octet."""

    result: int
    source: int
    diagnostic: int


@dataclass(frozen=True, slots=True)
class DataValue:
    """A presentation data value: one fragment of a command set or of a data set (PS3.8 9.3.5.1, E.2)."""

    context_id: int
    is_command: bool
    is_last: bool
    fragment: bytes


@dataclass(frozen=True, slots=True)
class DataTransfer:
    """P-DATA-TF (PS3.8 9.3.5)."""

    values: tuple[DataValue, ...]


@dataclass(frozen=True, slots=True)
class ReleaseRequest:
    """A-RELEASE-RQ (PS3.8 9.3.6)."""


@dataclass(frozen=True, slots=True)
class ReleaseResponse:
    """A-RELEASE-RP (PS3.8 9.3.7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abort:
    """A-ABORT (PS3.8 9.3.8): source 0 is the application, 2 the upper layer; `diagnostic` is the reason octet."""

    source: int
    diagnostic: int


Pdu = AssociateRequest | AssociateAccept | AssociateReject | DataTransfer | ReleaseRequest | ReleaseResponse | Abort
