"""What to propose to a peer to learn everything it accepts, and what its answers say; pure.

Each transfer syntax has a presentation context of its own, so that an answer tells of this one and no other (PS3.8 9.3.3.2).
Every association proposes Verification as well, so that a peer which accepts nothing else does not end it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from dicomjobs.dicom.sop_classes import VERIFICATION
from dicomjobs.dicom.transfer_syntaxes import IMPLICIT_VR_LITTLE_ENDIAN, NOT_OF_INSTANCES
from dicomjobs.dicom.uids import UidKind, uids_of_kind
from dicomjobs.model.acceptance import Acceptance
from dicomjobs.model.association import (
    MAXIMUM_CONTEXTS,
    AsynchronousWindow,
    ContextTemplate,
    Negotiation,
    Proposal,
    Role,
    RoleSelection,
)
from dicomjobs.plan.contexts import number_contexts

_ECHO = ContextTemplate(abstract_syntax=VERIFICATION, transfer_syntaxes=(IMPLICIT_VR_LITTLE_ENDIAN,))
_ONE_AT_A_TIME = AsynchronousWindow(invoked=1, performed=1)
_NO_LIMIT = AsynchronousWindow(invoked=0, performed=0)


def probed_classes() -> tuple[str, ...]:
    """Return every storage SOP class."""
    return uids_of_kind(UidKind.STORAGE)


def probed_syntaxes() -> tuple[str, ...]:
    """Return every transfer syntax that an instance can be stored in."""
    return tuple(uid for uid in uids_of_kind(UidKind.TRANSFER_SYNTAX) if uid not in NOT_OF_INSTANCES)


def storage_proposals() -> tuple[Proposal, ...]:
    """Return the proposals for every storage SOP class in every transfer syntax, as few as 128 contexts each allow."""
    syntaxes = probed_syntaxes()
    return tuple(_proposals((uid, syntax) for uid in probed_classes() for syntax in syntaxes))


def role_proposals(answers: Sequence[Negotiation]) -> tuple[Proposal, ...]:
    """Return the proposals for both roles of each class that was accepted, and for operations without a limit."""
    accepted = _accepted(answers)
    return tuple(
        Proposal(
            contexts=proposal.contexts,
            roles=tuple(
                RoleSelection(sop_class_uid=context.abstract_syntax, role=Role.BOTH)
                for context in proposal.contexts
                if context.abstract_syntax in accepted
            ),
            asynchronous_window=_NO_LIMIT,
        )
        for proposal in _proposals((uid, syntaxes[0]) for uid, syntaxes in accepted.items())
    )


def _proposals(pairs: Iterable[tuple[str, str]]) -> Iterator[Proposal]:
    """Yield proposals with a context for each pair of a class and a transfer syntax."""
    left = (ContextTemplate(abstract_syntax=uid, transfer_syntaxes=(syntax,)) for uid, syntax in pairs)
    while group := tuple(islice(left, MAXIMUM_CONTEXTS - 1)):
        yield Proposal(contexts=number_contexts((_ECHO, *group)))


def _accepted(answers: Iterable[Negotiation]) -> dict[str, tuple[str, ...]]:
    """Return the transfer syntaxes accepted for each class but Verification."""
    found: dict[str, list[str]] = {}
    for answer in answers:
        for context in answer.accepted:
            if context.abstract_syntax != VERIFICATION:
                found.setdefault(context.abstract_syntax, []).append(context.transfer_syntax)
    return {uid: tuple(syntaxes) for uid, syntaxes in found.items()}


def acceptance_of(storage: Sequence[Negotiation], roles: Sequence[Negotiation]) -> Acceptance:
    """Return what the answers to both kinds of proposals say; there is at least one to the first kind."""
    accepted = _accepted(storage)
    granted = (each.sop_class_uid for answer in roles for each in answer.roles if each.scp)
    windows = (answer.asynchronous_window for answer in roles)
    return Acceptance(
        storage=accepted,
        scp_role=tuple(uid for uid in dict.fromkeys(granted) if uid in accepted),
        max_pdu=storage[0].peer_max_pdu_length,
        implementation_class_uid=storage[0].peer_implementation_class_uid,
        implementation_version=storage[0].peer_implementation_version,
        asynchronous_window=next((window for window in windows if window is not None), _ONE_AT_A_TIME),
    )
