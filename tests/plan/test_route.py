"""Which accepted context an instance goes on: every cell of file syntax by accepted contexts, with no network."""

from __future__ import annotations

import pytest

from dicomjobs.model.association import AcceptedContext
from dicomjobs.plan.route import NativeRoute, NoRoute, Route, choose_route

CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
DEFLATED, JPEG, J2K = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.90"


def _accepted(*syntaxes: str, sop_class: str = CT) -> list[AcceptedContext]:
    """Return accepted contexts of one class with the IDs 1, 3, 5 and so on."""
    return [
        AcceptedContext(context_id=2 * number + 1, abstract_syntax=sop_class, transfer_syntax=syntax)
        for number, syntax in enumerate(syntaxes)
    ]


def _route(
    file: str, accepted: tuple[str, ...], *, sop_class: str = CT, natives: NativeRoute = NativeRoute.OWN_SYNTAX
) -> Route | NoRoute:
    """Return the route of a file over accepted contexts of CT."""
    offers = _accepted(*accepted)
    return choose_route(sop_class_uid=sop_class, transfer_syntax=file, accepted=offers, natives=natives)


@pytest.mark.parametrize(
    ("file", "accepted", "expected"),
    [
        (IMPLICIT, (BIG, EXPLICIT), (1, BIG, True)),
        (DEFLATED, (IMPLICIT, BIG), (3, BIG, True)),
        (EXPLICIT, (IMPLICIT, EXPLICIT), (3, EXPLICIT, False)),
        (IMPLICIT, (EXPLICIT, IMPLICIT), (3, IMPLICIT, False)),
        (DEFLATED, (DEFLATED,), (1, DEFLATED, False)),
        (JPEG, (EXPLICIT, JPEG), (3, JPEG, False)),
        (EXPLICIT, (IMPLICIT,), (1, IMPLICIT, True)),
        (BIG, (IMPLICIT, EXPLICIT), (3, EXPLICIT, True)),
        (EXPLICIT, (IMPLICIT, BIG), (3, BIG, True)),
        (EXPLICIT, (DEFLATED, BIG), (3, BIG, True)),
        (EXPLICIT, (DEFLATED,), (1, DEFLATED, True)),
        (DEFLATED, (IMPLICIT,), (1, IMPLICIT, True)),
        (EXPLICIT, (JPEG, IMPLICIT), (3, IMPLICIT, True)),
    ],
)
def test_the_route_is_the_best_accepted_context(
    file: str, accepted: tuple[str, ...], expected: tuple[int, str, bool]
) -> None:
    """The file's own syntax first, then a conversion among the native ones, in DCMTK's order."""
    route = _route(file, accepted)

    assert route == Route(context_id=expected[0], transfer_syntax=expected[1], convert=expected[2])


@pytest.mark.parametrize(
    ("file", "accepted", "expected"),
    [
        (EXPLICIT, (EXPLICIT, DEFLATED), (3, DEFLATED, True)),
        (IMPLICIT, (IMPLICIT, BIG), (3, BIG, True)),
        (DEFLATED, (EXPLICIT, DEFLATED), (3, DEFLATED, False)),
        (JPEG, (DEFLATED, JPEG), (3, JPEG, False)),
    ],
)
def test_a_preference_for_deflated_takes_the_place_of_the_files_own_syntax(
    file: str, accepted: tuple[str, ...], expected: tuple[int, str, bool]
) -> None:
    """In native files, as storescu does with -xd; what is encapsulated stays so."""
    route = _route(file, accepted, natives=NativeRoute.DEFLATED)

    assert route == Route(context_id=expected[0], transfer_syntax=expected[1], convert=expected[2])


@pytest.mark.parametrize(("file", "accepted"), [(JPEG, (EXPLICIT, J2K)), (EXPLICIT, (JPEG,)), (J2K, (JPEG,))])
def test_encapsulated_data_is_neither_made_nor_undone(file: str, accepted: tuple[str, ...]) -> None:
    """And the words name what was accepted."""
    route = _route(file, accepted)

    assert isinstance(route, NoRoute)
    assert "the peer accepted only" in route.words


def test_a_context_of_another_class_is_no_route() -> None:
    """The words name class and syntax."""
    route = _route(EXPLICIT, (EXPLICIT,), sop_class=MR)

    assert route == NoRoute(words="no presentation context was accepted for MRImageStorage in ExplicitVRLittleEndian")
