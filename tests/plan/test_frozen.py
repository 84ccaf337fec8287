"""Values that are made fast are the values that the dataclass makes."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, replace

import pytest

from dicomjobs.plan.frozen import maker


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Two fields, one of them with a default."""

    name: str
    number: int = 0


make_place = maker(Place)


def test_a_value_is_equal_to_the_one_made_by_name() -> None:
    """Of the same class, with the same hash and the same look, and it can be replaced."""
    made, plain = make_place("here", 7), Place(name="here", number=7)

    assert type(made) is Place
    assert (made, hash(made), repr(made)) == (plain, hash(plain), repr(plain))
    assert replace(made, number=8) == Place(name="here", number=8)


def test_a_value_is_frozen() -> None:
    """From the moment that it is handed out."""
    with pytest.raises(FrozenInstanceError):
        make_place("here", 7).name = "there"  # type: ignore[misc]  # the mistake that is meant


def test_no_field_may_be_left_out() -> None:
    """Not even one that has a default."""
    with pytest.raises(TypeError):
        make_place("here")
