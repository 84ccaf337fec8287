"""What an A-ASSOCIATE-RQ says for a peer and a proposal, and whether the A-ASSOCIATE-AC is a possible answer to it; pure.

Nothing here knows how the two travel.
"""

from __future__ import annotations

from collections import Counter

from dicomjobs.dicom.implementation import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from dicomjobs.errors import IdentityNotConfirmed, NoContextAccepted, ProtocolError
from dicomjobs.model.association import (
    AcceptedContext,
    AcceptedRoles,
    Negotiation,
    Proposal,
    RejectedContext,
    Role,
    TlsSession,
)
from dicomjobs.model.peer import Peer, UserIdentity, weaknesses_of
from dicomjobs.model.secret import OpenSecret, SecretReference
from dicomjobs.wire.pdu import (
    AssociateAccept,
    AssociateRequest,
    ContextAnswer,
    IdentityItem,
    RoleItem,
    UserInformation,
)
from dicomjobs.wire.reasons import context_refusal

_MAX_CONTEXTS = 128
_SMALLEST_PDU = 256
"""Bytes; a command set has to fit, and a peer that says less means something else."""
_UNSAID_PDU = 16384
"""Bytes taken for granted where a peer does not say: what nearly all peers took when it was written."""
_NOT_ANSWERED = 0xFF


def association_request(peer: Peer, proposal: Proposal, open_secret: OpenSecret) -> AssociateRequest:
    """The A-ASSOCIATE-RQ. Raises RequestTooLong, and what `open_secret` raises."""
    assert 0 < len(proposal.contexts) <= _MAX_CONTEXTS, "a proposal has 1 to 128 presentation contexts (PS3.8 9.3.2.2)"
    user = UserInformation(
        max_pdu_length=peer.max_pdu.receive,
        implementation_class_uid=IMPLEMENTATION_CLASS_UID,
        implementation_version=IMPLEMENTATION_VERSION_NAME,
        asynchronous_window=proposal.asynchronous_window,
        roles=tuple(
            RoleItem(sop_class_uid=item.sop_class_uid, scu=item.role is not Role.SCP, scp=item.role is not Role.SCU)
            for item in proposal.roles
        ),
        extended_negotiation=proposal.extended_negotiation,
        identity=_identity(peer.user_identity, open_secret) if peer.user_identity else None,
    )
    return AssociateRequest(
        called_ae_title=peer.called_ae_title,
        calling_ae_title=peer.calling_ae_title,
        contexts=proposal.contexts,
        user=user,
    )


def _identity(identity: UserIdentity, open_secret: OpenSecret) -> IdentityItem:
    """The user identity item: types 1 and 2 have a username, 2 a passcode, the others one secret each (PS3.7 D.3.3.7.1)."""
    name, secondary = (identity.username or "").encode(), b""
    match identity:
        case UserIdentity(kerberos=SecretReference() as ticket):
            identity_type, primary = 3, open_secret(ticket)
        case UserIdentity(saml=SecretReference() as assertion):
            identity_type, primary = 4, open_secret(assertion)
        case UserIdentity(jwt=SecretReference() as token):
            identity_type, primary = 5, open_secret(token)
        case UserIdentity(passcode=SecretReference() as passcode):
            identity_type, primary, secondary = 2, name, open_secret(passcode)
        case _:
            identity_type, primary = 1, name
    return IdentityItem(
        identity_type=identity_type,
        positive_response=identity.positive_response,
        primary=primary,
        secondary=secondary,
    )


def negotiated(
    peer: Peer, proposal: Proposal, accept: AssociateAccept, *, tls: TlsSession | None, address: str
) -> Negotiation:
    """What came of a proposal. Contexts are matched by ID, whatever their order. Raises ProtocolError."""
    answers = _by_id(proposal, accept, address)
    accepted, rejected = [], []
    for context in proposal.contexts:
        answer = answers.get(context.context_id)
        if answer is None or answer.result:
            result = answer.result if answer else _NOT_ANSWERED
            rejected.append(
                RejectedContext(context_id=context.context_id, abstract_syntax=context.abstract_syntax, result=result)
            )
            continue
        if answer.transfer_syntax not in context.transfer_syntaxes:
            raise ProtocolError(
                f"{address} accepted presentation context {context.context_id} with a transfer syntax "
                f"that was not proposed: {answer.transfer_syntax!r}"
            )
        accepted.append(
            AcceptedContext(
                context_id=context.context_id,
                abstract_syntax=context.abstract_syntax,
                transfer_syntax=answer.transfer_syntax,
            )
        )
    return Negotiation(
        accepted=tuple(accepted),
        rejected=tuple(rejected),
        peer_max_pdu_length=_max_pdu_length(accept, address),
        peer_implementation_class_uid=accept.user.implementation_class_uid,
        peer_implementation_version=accept.user.implementation_version,
        tls=tls,
        roles=tuple(
            AcceptedRoles(sop_class_uid=item.sop_class_uid, scu=item.scu, scp=item.scp) for item in accept.user.roles
        ),
        extended_negotiation=accept.user.extended_negotiation,
        asynchronous_window=accept.user.asynchronous_window,
        weakened_by=tuple(weaknesses_of(peer)),
    )


def _by_id(proposal: Proposal, accept: AssociateAccept, address: str) -> dict[int, ContextAnswer]:
    """The answered contexts by ID; each must have been proposed, be there once and have a result of PS3.8 table 9-18."""
    proposed = {context.context_id for context in proposal.contexts}
    answers: dict[int, ContextAnswer] = {}
    for answer in accept.contexts:
        number = answer.context_id
        if number not in proposed:
            raise ProtocolError(f"{address} answered presentation context {number}, which was not proposed")
        if number in answers:
            raise ProtocolError(f"{address} answered presentation context {number} twice")
        if answer.result > 4:
            raise ProtocolError(
                f"{address} answered presentation context {number} with the unknown result {answer.result}"
            )
        answers[number] = answer
    return answers


def _max_pdu_length(accept: AssociateAccept, address: str) -> int:
    """The peer's maximum PDU length in bytes, 0 for no limit; some old peers leave it out, although PS3.8 D.1 requires it."""
    length = accept.user.max_pdu_length
    if length is None:
        return _UNSAID_PDU
    if 0 < length < _SMALLEST_PDU:
        raise ProtocolError(f"{address} takes PDUs of at most {length} bytes, in which no request fits")
    return length


def check_usable(peer: Peer, accept: AssociateAccept, negotiation: Negotiation, address: str) -> None:
    """Refuse an association that stands but is of no use. Raises IdentityNotConfirmed or NoContextAccepted."""
    identity = peer.user_identity
    if identity is not None and identity.positive_response and accept.user.identity_response is None:
        whose = f" of {identity.username!r}" if identity.username else ""
        words = f"{address} did not confirm the user identity{whose}"
        hint = "the peer may not support user identity; without positive_response it is not asked to confirm"
        raise IdentityNotConfirmed(words, hint=hint)
    if not negotiation.accepted:
        counts = Counter(context_refusal(context.result) for context in negotiation.rejected)
        why = ", ".join(f"{words} ({count})" for words, count in counts.items())
        error = NoContextAccepted(
            f"{address} accepted none of the {len(negotiation.rejected)} presentation contexts: {why}",
            hint="the peer does not take these SOP classes in these transfer syntaxes from us",
        )
        error.refused = len(negotiation.rejected)
        raise error
