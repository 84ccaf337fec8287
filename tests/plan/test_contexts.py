"""Which contexts files need, and how they are packed into associations of at most 128."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dicomjobs.model.association import ContextTemplate, ProposedContext
from dicomjobs.plan.contexts import ContextNeeds, Packing, number_contexts, planned_context

CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
DEFLATED, JPEG, J2K = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.90"


def test_native_files_of_a_class_share_a_context_with_the_fallback() -> None:
    """The syntaxes found come first, then the uncompressed ones that are missing."""
    needs = ContextNeeds()

    assert needs.number(CT, IMPLICIT) == needs.number(CT, EXPLICIT) == 0
    assert needs.templates() == (ContextTemplate(abstract_syntax=CT, transfer_syntaxes=(IMPLICIT, EXPLICIT, BIG)),)


def test_each_encapsulated_syntax_has_a_context_of_its_own() -> None:
    """The peer must not be able to choose away from what the files are in."""
    needs = ContextNeeds()

    numbers = [needs.number(CT, JPEG), needs.number(CT, J2K), needs.number(MR, JPEG), needs.number(CT, JPEG)]

    assert numbers == [0, 1, 2, 0]
    assert [each.transfer_syntaxes for each in needs.templates()] == [(JPEG,), (J2K,), (JPEG,)]


def test_deflated_files_have_a_context_of_their_own_with_the_fallback() -> None:
    """A peer without deflate can still take them inflated."""
    needs = ContextNeeds()
    needs.number(CT, EXPLICIT)
    needs.number(CT, DEFLATED)

    assert needs.templates()[1].transfer_syntaxes == (DEFLATED, EXPLICIT, BIG, IMPLICIT)


def test_context_ids_are_odd_and_in_order() -> None:
    """PS3.8 9.3.2.2."""
    templates = [ContextTemplate(abstract_syntax=CT, transfer_syntaxes=(syntax,)) for syntax in (JPEG, J2K, EXPLICIT)]

    assert [context.context_id for context in number_contexts(templates)] == [1, 3, 5]


def _contexts(*pairs: tuple[str, tuple[str, ...]]) -> list[ProposedContext]:
    """Return contexts with IDs for pairs of abstract syntax and transfer syntaxes."""
    return list(
        number_contexts(ContextTemplate(abstract_syntax=each, transfer_syntaxes=syntaxes) for each, syntaxes in pairs)
    )


def test_a_planned_context_prefers_the_exact_syntax_over_a_conversion() -> None:
    """Even when a convertible one comes first."""
    contexts = _contexts((CT, (IMPLICIT,)), (CT, (EXPLICIT,)))

    assert planned_context(contexts, CT, IMPLICIT) == 1
    assert planned_context(contexts, CT, EXPLICIT) == 3


def test_a_planned_conversion_is_to_explicit_vr_before_implicit() -> None:
    """In the order in which the accepted contexts will be tried."""
    contexts = _contexts((CT, (IMPLICIT,)), (CT, (EXPLICIT,)))

    assert planned_context(contexts, CT, BIG) == 3
    assert planned_context(contexts[:1], CT, BIG) == 1


def test_there_is_no_context_for_another_class_or_for_what_cannot_be_converted() -> None:
    """Zero says so."""
    contexts = _contexts((CT, (IMPLICIT, EXPLICIT)))

    assert planned_context(contexts, MR, EXPLICIT) == 0
    assert planned_context(contexts, CT, JPEG) == 0


def test_three_hundred_contexts_are_three_groups() -> None:
    """One study a context: 128, 128 and 44."""
    packing = Packing()
    for need in range(300):
        packing.place(frozenset({need}))

    assert [len(group) for group in packing.groups] == [128, 128, 44]


def test_one_study_that_needs_three_hundred_contexts_is_split() -> None:
    """Into as few groups as it takes."""
    packing = Packing()
    placed = packing.place(frozenset(range(300)))

    assert [len(group) for group in packing.groups] == [128, 128, 44]
    assert [placed[need] for need in (0, 127, 128, 255, 256, 299)] == [0, 0, 1, 1, 2, 2]


def test_what_a_study_needs_stays_together_when_it_fits() -> None:
    """A study that does not fit what is left goes to the next group as a whole."""
    packing = Packing()
    packing.place(frozenset(range(100)))

    placed = packing.place(frozenset(range(90, 140)))

    assert set(placed.values()) == {1}


@given(st.lists(st.frozensets(st.integers(0, 30), min_size=1), max_size=40), st.integers(1, 12))
def test_packing_places_every_need_of_every_study_in_a_group_within_the_limit(
    studies: list[frozenset[int]], limit: int
) -> None:
    """Whatever the studies."""
    packing = Packing(limit=limit)
    for needs in studies:
        packing.place(needs)

    assert all(len(group) <= limit for group in packing.groups)
    for needs in studies:
        placed = packing.place(needs)
        assert set(placed) == set(needs)
        assert all(need in packing.groups[group] for need, group in placed.items())
        if len(needs) <= limit:
            assert len(set(placed.values())) == 1
