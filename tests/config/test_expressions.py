"""The grammar of `${…}`."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicomjobs.config.expressions import (
    EnvironmentUse,
    Expression,
    Mistake,
    PackageUse,
    ParameterUse,
    TimeUse,
    Written,
    parse_expression,
    split_text,
)
from dicomjobs.config.moment import Shift


def test_a_text_is_taken_apart_into_literals_and_expressions() -> None:
    """A range is two expressions with a hyphen between them."""
    parts, mistakes = split_text("a${today-7d}-${today}")

    assert parts == ("a", Written(body="today-7d", offset=1), "-", Written(body="today", offset=13))
    assert mistakes == ()


def test_two_dollars_are_a_literal_one() -> None:
    """`$${` stays as `${`, and a dollar alone is nothing special."""
    assert split_text("$${x} $5 $$")[0] == ("${", "x} $5 $$")


def test_one_expression_may_stand_inside_another() -> None:
    """The amount of an offset can be a parameter."""
    assert split_text("${today-${days}d}")[0] == (Written(body="today-${days}d", offset=0),)


def test_an_expression_without_end_is_told_with_its_column() -> None:
    """The mistake begins where the `${` does."""
    _, (mistake,) = split_text("ab${today")

    assert (mistake.code, mistake.offset, mistake.width) == ("DJ401", 2, 7)


@settings(deadline=None)  # a busy machine is no failure
@given(st.text(alphabet="${}ab-7d", max_size=30))
def test_nothing_that_can_be_typed_breaks_the_splitting(text: str) -> None:
    """Whatever was taken apart without a mistake can be put together again."""
    parts, mistakes = split_text(text)

    if not mistakes:
        again = "".join("$${" if part == "${" else part if isinstance(part, str) else part.source for part in parts)
        assert again == text


@pytest.mark.parametrize(
    ("body", "expression"),
    [
        ("archive_host", ParameterUse(name="archive_host")),
        ("todays_file", ParameterUse(name="todays_file")),
        ("today", TimeUse(word="today", shifts=(), format="")),
        ("today - 7d", TimeUse(word="today", shifts=(Shift(amount=-7, unit="d"),), format="")),
        ("now-1d+2h", TimeUse(word="now", shifts=(Shift(amount=-1, unit="d"), Shift(amount=2, unit="h")), format="")),
        ("now:%Y%m%dT%H%M", TimeUse(word="now", shifts=(), format="%Y%m%dT%H%M")),
        ("today-1w:%d.%m.%Y", TimeUse(word="today", shifts=(Shift(amount=-1, unit="w"),), format="%d.%m.%Y")),
        ("now:%H-%M", TimeUse(word="now", shifts=(), format="%H-%M")),
        ("env:HOME", EnvironmentUse(variable="HOME")),
        ("package:pydicom", PackageUse(package="pydicom")),
    ],
)
def test_every_kind_of_expression_is_read(body: str, expression: Expression) -> None:
    """The language of expressions."""
    assert parse_expression(body) == expression


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "DJ402"),
        ("a b", "DJ402"),
        ("env:", "DJ402"),
        ("file:x", "DJ402"),
        ("row.", "DJ402"),
        ("today-7", "DJ403"),
        ("today-2h", "DJ403"),
        ("today-1m", "DJ403"),
        ("now-1y", "DJ403"),
        ("now-x", "DJ403"),
        ("now-12345678d", "DJ403"),
        ("now:", "DJ403"),
        ("now:HH", "DJ403"),
        ("now:%Q", "DJ403"),
        ("now:%", "DJ403"),
    ],
)
def test_what_means_nothing_is_a_mistake(body: str, code: str) -> None:
    """Nothing is guessed."""
    found = parse_expression(body)

    assert isinstance(found, Mistake)
    assert found.code == code
