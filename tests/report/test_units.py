"""Numbers in the words a person uses."""

from __future__ import annotations

import pytest

from dicomjobs.report.units import duration_in_words, rate_in_words, size_in_words


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.00 kB"),
        (1500, "1.50 kB"),
        (12_345, "12.3 kB"),
        (999_499, "999 kB"),
        (999_500, "1.00 MB"),
        (9_995_000, "10.0 MB"),
        (150_000_000, "150 MB"),
        (2_500_000_000, "2.50 GB"),
        (7 * 10**15, "7000 TB"),
    ],
)
def test_bytes_are_told_with_three_digits(count: int, words: str) -> None:
    """Decimal units, and never `1000 kB`."""
    assert size_in_words(count) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 ms"),
        (0.0124, "12 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.00 s"),
        (1.239, "1.24 s"),
        (9.994, "9.99 s"),
        (9.996, "10.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min"),
        (125.25, "2 min 5 s"),
        (3599.4, "59 min 59 s"),
        (3599.6, "1 h"),
        (4830, "1 h 20 min"),
        (86_399, "1 d"),
        (100_000, "1 d 4 h"),
    ],
)
def test_seconds_are_told_in_at_most_two_units(seconds: float, words: str) -> None:
    """Nothing rolls over to `60 s` or `60 min`."""
    assert duration_in_words(seconds) == words


@pytest.mark.parametrize(
    ("count", "seconds", "words"), [(12_400_000, 1, "12.4 MB/s"), (1000, 4, "250 bytes/s"), (0, 1, ""), (5, 0, "")]
)
def test_a_rate_is_told_when_there_is_one(count: int, seconds: float, words: str) -> None:
    """Without bytes or time there is nothing to say."""
    assert rate_in_words(count, seconds) == words
