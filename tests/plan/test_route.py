"""Which accepted context an instance goes on: every cell of file syntax by accepted contexts, with no network."""

from __future__ import annotations

import pytest

from dicomjobs.model.association import AcceptedContext
from dicomjobs.plan.route import NoRoute, Route, choose_route

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


@pytest.mark.parametrize(
    ("file", "accepted", "expected"),
    [
        (EXPLICIT, (IMPLICIT, EXPLICIT), (3, EXPLICIT, False)),
        (IMPLICIT, (EXPLICIT, IMPLICIT), (3, IMPLICIT, False)),
        (DEFLATED, (DEFLATED,), (1, DEFLATED, False)),
        (JPEG, (EXPLICIT, JPEG), (3, JPEG, False)),
        (EXPLICIT, (IMPLICIT,), (1, IMPLICIT, True)),
        (BIG, (IMPLICIT, EXPLICIT), (3, EXPLICIT, True)),
        (IMPLICIT, (BIG, EXPLICIT), (3, EXPLICIT, True)),
        (EXPLICIT, (BIG, IMPLICIT), (3, IMPLICIT, True)),
        (EXPLICIT, (DEFLATED, BIG), (3, BIG, True)),
        (EXPLICIT, (DEFLATED,), (1, DEFLATED, True)),
        (DEFLATED, (IMPLICIT,), (1, IMPLICIT, True)),
        (EXPLICIT, (JPEG, IMPLICIT), (3, IMPLICIT, True)),
    ],
)
def test_the_route_is_the_best_accepted_context(
    file: str, accepted: tuple[str, ...], expected: tuple[int, str, bool]
) -> None:
    """The file's own syntax first, then a conversion among the native ones."""
    route = choose_route(sop_class_uid=CT, transfer_syntax=file, accepted=_accepted(*accepted))

    assert route == Route(context_id=expected[0], transfer_syntax=expected[1], convert=expected[2])


@pytest.mark.parametrize(("file", "accepted"), [(JPEG, (EXPLICIT, J2K)), (EXPLICIT, (JPEG,)), (J2K, (JPEG,))])
def test_encapsulated_data_is_neither_made_nor_undone(file: str, accepted: tuple[str, ...]) -> None:
    """And the words name what was accepted."""
    route = choose_route(sop_class_uid=CT, transfer_syntax=file, accepted=_accepted(*accepted))

    assert isinstance(route, NoRoute)
    assert "the peer accepted only" in route.words


def test_a_context_of_another_class_is_no_route() -> None:
    """The words name class and syntax."""
    route = choose_route(sop_class_uid=MR, transfer_syntax=EXPLICIT, accepted=_accepted(EXPLICIT))

    assert route == NoRoute(words="no presentation context was accepted for MRImageStorage in ExplicitVRLittleEndian")
