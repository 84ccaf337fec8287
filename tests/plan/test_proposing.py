"""From `propose:` to associations: which contexts, in which order, and which files go on them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomjobs.dicom.sop_classes import DCMTK_64
from dicomjobs.dicom.transfer_syntaxes import FALLBACK
from dicomjobs.model.association import Over128Contexts, ProposalPolicy, ProposedContext, Role, RoleSelection
from dicomjobs.plan.proposing import Proposed, TooManyContexts, scheme_of
from dicomjobs.plan.route import NativeRoute

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
DEFLATED, JPEG = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.70"

POLICY = ProposalPolicy(
    name="like_storescu",
    sop_classes=(),
    preferred=(EXPLICIT,),
    fallback=FALLBACK,
    combine=False,
    over_128_contexts=Over128Contexts.SPLIT,
    roles=(),
    extended_negotiation=(),
)


def _proposed(policy: ProposalPolicy, *files: tuple[str, str]) -> Proposed:
    """Return what is proposed for files, each of which is a study, given by class and transfer syntax."""
    scheme = scheme_of(policy)
    needs = [frozenset({need}) for each in files if isinstance(need := scheme.need(*each), int)]
    proposed = scheme.proposed(needs)
    assert isinstance(proposed, Proposed)
    return proposed


def _contexts(policy: ProposalPolicy, *files: tuple[str, str]) -> list[tuple[int, str, tuple[str, ...]]]:
    """Return the contexts of the only proposal."""
    (proposal,) = _proposed(policy, *files).proposals
    return [_told(context) for context in proposal.contexts]


def _told(context: ProposedContext) -> tuple[int, str, tuple[str, ...]]:
    """Return a context as a tuple."""
    return context.context_id, context.abstract_syntax, context.transfer_syntaxes


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (POLICY, [(EXPLICIT,), (BIG, IMPLICIT)]),
        (replace(POLICY, combine=True), [(EXPLICIT, BIG, IMPLICIT)]),
        (replace(POLICY, preferred=(IMPLICIT,), fallback=()), [(IMPLICIT,)]),
        (replace(POLICY, preferred=(JPEG,)), [(JPEG,), FALLBACK]),
        (replace(POLICY, preferred=(JPEG,), fallback=(), combine=True), [(JPEG,)]),
        (replace(POLICY, preferred=(JPEG, DEFLATED), fallback=(IMPLICIT,)), [(JPEG, DEFLATED), (IMPLICIT,)]),
    ],
)
def test_each_class_has_the_preferred_and_the_fallback_side_by_side(
    policy: ProposalPolicy, expected: list[tuple[str, ...]]
) -> None:
    """In the order in which classes were met, whatever the files' transfer syntaxes."""
    contexts = _contexts(policy, (MR, IMPLICIT), (CT, EXPLICIT), (MR, EXPLICIT))

    assert [each[1:] for each in contexts] == [(uid, syntaxes) for uid in (MR, CT) for syntaxes in expected]
    assert [each[0] for each in contexts] == list(range(1, 4 * len(expected), 2))


def test_a_class_whose_files_fit_no_context_is_proposed_all_the_same() -> None:
    """As by storescu, which looks at the class alone; and the file is told what it lacks."""
    scheme = scheme_of(POLICY)
    words = scheme.need(CT, JPEG)

    assert words == (
        "`propose` (like_storescu) makes no presentation context for CTImageStorage in JPEGLosslessSV1; "
        "it proposes only ExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian for this SOP class"
    )
    assert [each[1] for each in _contexts(POLICY, (CT, JPEG), (MR, EXPLICIT))] == [CT, CT, MR, MR]


def test_listed_classes_are_proposed_whatever_the_files_are() -> None:
    """And a file of another class has no context."""
    policy = replace(POLICY, sop_classes=(MR,))

    assert [each[1] for each in _contexts(policy, (CT, EXPLICIT))] == [MR, MR]
    assert scheme_of(policy).need(CT, EXPLICIT) == (
        "`propose` (like_storescu) makes no presentation context for CTImageStorage in ExplicitVRLittleEndian; "
        "it proposes nothing for this SOP class"
    )


def test_the_list_of_dcmtk_fills_an_association() -> None:
    """64 classes with two contexts each."""
    contexts = _contexts(replace(POLICY, sop_classes=DCMTK_64, over_128_contexts=Over128Contexts.FAIL))

    assert (len(contexts), len(set(DCMTK_64))) == (128, 64)
    assert contexts[20] == (41, CT, (EXPLICIT,))


def test_more_contexts_than_one_association_has_are_refused_when_they_shall_not_be_split() -> None:
    """The words have both numbers."""
    scheme = scheme_of(replace(POLICY, over_128_contexts=Over128Contexts.FAIL))
    needs = [frozenset({need}) for n in range(65) if isinstance(need := scheme.need(f"1.2.3.{n}", EXPLICIT), int)]

    assert scheme.proposed(needs) == TooManyContexts(
        words="130 presentation contexts are to be proposed, and an association has at most 128"
    )


def test_roles_are_proposed_on_the_association_that_has_their_class() -> None:
    """And nowhere else (PS3.7 D.3.3.4)."""
    role = RoleSelection(sop_class_uid="1.2.3.64", role=Role.BOTH)
    files = [(f"1.2.3.{n}", EXPLICIT) for n in range(65)]

    proposals = _proposed(replace(POLICY, roles=(role,)), *files).proposals

    assert [proposal.roles for proposal in proposals] == [(), (role,)]


@pytest.mark.parametrize(
    ("preferred", "natives"), [(DEFLATED, NativeRoute.DEFLATED), (EXPLICIT, NativeRoute.OWN_SYNTAX)]
)
def test_who_prefers_deflated_has_native_files_deflated(preferred: str, natives: NativeRoute) -> None:
    """The plan says so, and puts them on the deflated context."""
    scheme = scheme_of(replace(POLICY, preferred=(preferred,)))

    assert scheme.natives is natives
    assert scheme.need(CT, EXPLICIT) == 0


CLASSES = st.integers(0, 150).map(lambda n: f"1.2.3.{n}")
STUDIES = st.lists(
    st.lists(st.tuples(CLASSES, st.sampled_from([EXPLICIT, IMPLICIT, JPEG, DEFLATED])), min_size=1), max_size=30
)


@given(STUDIES, st.booleans(), st.sampled_from([EXPLICIT, JPEG, DEFLATED]), st.booleans())
def test_every_file_that_fits_has_a_context_of_its_class_and_syntax(
    studies: list[list[tuple[str, str]]], combine: bool, preferred: str, listed: bool
) -> None:
    """Whatever the files: no association over 128 contexts, none that nobody asked for, all contexts of a class together."""
    classes = list(dict.fromkeys(sop_class for files in studies for sop_class, _ in files))
    policy = replace(POLICY, combine=combine, preferred=(preferred,), sop_classes=tuple(classes) if listed else ())
    scheme = scheme_of(policy)
    needs = [[need for file in files if isinstance(need := scheme.need(*file), int)] for files in studies]
    proposed = scheme.proposed([frozenset(each) for each in needs])

    assert isinstance(proposed, Proposed)
    assert all(len(proposal.contexts) <= 128 for proposal in proposed.proposals)
    together = [sorted({context.abstract_syntax for context in p.contexts}) for p in proposed.proposals]
    assert sorted({uid for group in together for uid in group}) == sorted(classes)
    if len(classes) * len(policy.transfer_syntaxes) <= 128:
        assert [c.abstract_syntax for p in proposed.proposals for c in p.contexts][
            :: len(policy.transfer_syntaxes)
        ] == classes
    for files, study in zip(studies, needs, strict=True):
        fitting = [file for file in files if isinstance(scheme.need(*file), int)]
        for (sop_class, syntax), need in zip(fitting, study, strict=True):
            group = proposed.placed(frozenset(study), need)
            contexts = {context.context_id: context for context in proposed.proposals[group].contexts}
            chosen = contexts[proposed.ids[group][need]]
            assert chosen.abstract_syntax == sop_class
            assert syntax in chosen.transfer_syntaxes or syntax != JPEG
