"""What is proposed to learn what a peer accepts, and what its answers say."""

from __future__ import annotations

from collections import Counter

from dicomjobs.dicom.sop_classes import VERIFICATION
from dicomjobs.dicom.uids import UidKind, kind_of
from dicomjobs.model.association import (
    AcceptedContext,
    AcceptedRoles,
    AsynchronousWindow,
    Negotiation,
    Proposal,
    Role,
)
from dicomjobs.plan.probing import acceptance_of, probed_classes, probed_syntaxes, role_proposals, storage_proposals

CT, MR, US = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.6.1"
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"


def answer(
    *accepted: tuple[str, str], roles: tuple[AcceptedRoles, ...] = (), window: AsynchronousWindow | None = None
) -> Negotiation:
    """Return an answer that accepts these classes in these transfer syntaxes, and Verification."""
    return Negotiation(
        accepted=tuple(
            AcceptedContext(context_id=2 * place + 1, abstract_syntax=uid, transfer_syntax=syntax)
            for place, (uid, syntax) in enumerate(((VERIFICATION, IMPLICIT), *accepted))
        ),
        rejected=(),
        peer_max_pdu_length=16384,
        peer_implementation_class_uid="1.2.3",
        peer_implementation_version="PEER_1",
        tls=None,
        roles=roles,
        asynchronous_window=window,
    )


def pairs(proposals: tuple[Proposal, ...]) -> list[tuple[str, str]]:
    """Return every class with each transfer syntax proposed for it, but for Verification."""
    return [
        (context.abstract_syntax, syntax)
        for proposal in proposals
        for context in proposal.contexts
        for syntax in context.transfer_syntaxes
        if context.abstract_syntax != VERIFICATION
    ]


def test_every_class_is_proposed_in_every_transfer_syntax_once() -> None:
    """Each on a context of its own, so that an answer tells of this pair alone."""
    proposals = storage_proposals()

    assert set(Counter(pairs(proposals)).values()) == {1}
    assert set(pairs(proposals)) == {(uid, syntax) for uid in probed_classes() for syntax in probed_syntaxes()}
    assert all(len(context.transfer_syntaxes) == 1 for proposal in proposals for context in proposal.contexts)
    assert {kind_of(uid) for uid in probed_classes()} == {UidKind.STORAGE}
    assert len(probed_classes()) > 150
    assert len(probed_syntaxes()) > 40


def test_as_few_associations_as_128_contexts_allow() -> None:
    """All but the last are full; each has Verification on its first context, for peers that accept nothing else of it."""
    proposals = storage_proposals()

    assert [len(proposal.contexts) for proposal in proposals[:-1]] == [128] * (len(proposals) - 1)
    assert len(proposals) == -(-len(probed_classes()) * len(probed_syntaxes()) // 127)
    assert {proposal.contexts[0].abstract_syntax for proposal in proposals} == {VERIFICATION}
    assert [context.context_id for context in proposals[0].contexts] == list(range(1, 256, 2))


def test_roles_are_asked_for_what_was_accepted() -> None:
    """One context for each class, both roles, and a window without a limit."""
    [proposal] = role_proposals([answer((CT, EXPLICIT), (CT, IMPLICIT)), answer((MR, IMPLICIT))])

    assert pairs((proposal,)) == [(CT, EXPLICIT), (MR, IMPLICIT)]
    assert [(role.sop_class_uid, role.role) for role in proposal.roles] == [(CT, Role.BOTH), (MR, Role.BOTH)]
    assert proposal.asynchronous_window == AsynchronousWindow(invoked=0, performed=0)


def test_nothing_accepted_asks_for_no_roles() -> None:
    """There would be nothing to ask about."""
    assert role_proposals([answer()]) == ()


def test_the_answers_are_put_together() -> None:
    """Classes over several associations, and what the peer says of itself."""
    roles = (
        AcceptedRoles(sop_class_uid=CT, scu=True, scp=True),
        AcceptedRoles(sop_class_uid=MR, scu=True, scp=False),
    )
    window = AsynchronousWindow(invoked=4, performed=2)

    found = acceptance_of(
        [answer((CT, EXPLICIT)), answer((CT, IMPLICIT), (MR, IMPLICIT))], [answer(roles=roles, window=window)]
    )

    assert found.storage == {CT: (EXPLICIT, IMPLICIT), MR: (IMPLICIT,)}
    assert found.scp_role == (CT,)
    assert found.asynchronous_window == window
    assert (found.max_pdu, found.implementation_class_uid, found.implementation_version) == (16384, "1.2.3", "PEER_1")


def test_a_peer_that_says_nothing_of_a_window_does_one_operation_at_a_time() -> None:
    """PS3.7 D.3.3.3: without the item there is no asynchronous operation."""
    found = acceptance_of([answer((US, IMPLICIT))], [answer()])

    assert found.asynchronous_window == AsynchronousWindow(invoked=1, performed=1)
