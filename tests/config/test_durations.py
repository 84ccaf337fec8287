"""Lengths of time as people write them."""

from __future__ import annotations

import pytest

from dicomjobs.config.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0.0), ("90", 90.0), ("1.5", 1.5), ("90s", 90.0), ("10m", 600.0), ("2h", 7200.0), ("7d", 604_800.0)],
)
def test_a_number_is_seconds_and_a_unit_multiplies_it(text: str, seconds: float) -> None:
    """The forms of a duration that the schema describes."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "-5s", "10 min", "1h30m", "5M", "\u0661s", "1e3"])
def test_anything_else_is_no_duration(text: str) -> None:
    """Nothing is guessed: digits of other scripts and combined units are refused."""
    assert parse_duration(text) is None
