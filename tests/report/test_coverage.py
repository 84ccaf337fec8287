"""What windows prove, and what they do not: every gap, every window at the cap and every one that is missing is found."""

from __future__ import annotations

import pytest

from dicomjobs.events import QueryFinished
from dicomjobs.model.job import Split
from dicomjobs.report.coverage import WINDOWS, Coverage, coverage_of
from tests.support.identifiers import key

SPLIT = Split(by="StudyDate", cap=500)
YEAR = (key("StudyDate", "20260101-20261231"),)
CUT = "cut"


def told(window: str, matches: int = 10, reason: str = "", query: int = 0) -> QueryFinished:
    """Return the end of a window's query."""
    return QueryFinished(
        job="ask", query=query, window=window, matches=matches, status=0, reason=reason, words=reason and "in words"
    )


def proven(*ends: QueryFinished, asked: str = "20260101-20261231") -> Coverage:
    """Return what ends of queries prove of one query for a range."""
    return coverage_of(SPLIT, ends, [(key("StudyDate", asked),) if asked else ()])


def test_a_query_that_was_not_cut_proves_itself() -> None:
    """It was asked as it was written."""
    coverage = proven(told("", 499))

    assert (coverage.complete, coverage.asked) == (True, 1)
    assert (
        coverage.words
        == "499 matches in 1 window of StudyDate that leave no gap; the fullest has 499, below the cap of 500"
    )


@pytest.mark.parametrize(
    ("windows", "asked"),
    [
        (("20260101-20260630", "20260701-20261231"), "20260101-20261231"),
        (("20260101-20260101", "20260102-20261231"), "2026.01.01-2026.12.31"),
        (("-18991231", "19000101-20261126", "20261127-"), ""),
        (("20260701-20261231", "20260101-20260630"), "20260101-20261231"),
        (("20260101 000000-115959.999999", "20260101 120000-235959.999999"), "20260101"),
        (("20260101 000000-115959.999999", "20260101 120000-235959.999999", "20260102-"), "20260101-"),
    ],
)
def test_windows_next_to_each_other_prove_the_whole(windows: tuple[str, ...], asked: str) -> None:
    """Days, parts of a day, and ranges that are open; in whatever order."""
    coverage = proven(told("", 0, CUT), *map(told, windows), asked=asked)

    assert coverage.complete
    assert coverage.asked == len(windows) + 1
    assert [each.window for each in coverage.windows] == list(windows)


@pytest.mark.parametrize(
    ("windows", "words"),
    [
        (("20260101-20260630", "20260702-20261231"), "leave a gap after 2026-06-30 23:59:59"),
        (("20260101-20260630", "20260630-20261231"), "two windows overlap"),
        (("20260101-20260630",), "do not reach as far as the query"),
        (("20260102-20261231",), "do not reach as far as the query"),
        (
            ("20260101-20260101", "20260102 000000-115959.999999", "20260103-20261231"),
            "a gap after 2026-01-02 11:59:59",
        ),
        ((), "not everything was asked"),
    ],
)
def test_a_gap_is_found(windows: tuple[str, ...], words: str) -> None:
    """Between two windows, or at the ends."""
    coverage = proven(told("", 0, CUT), *map(told, windows))

    assert not coverage.complete
    assert words in coverage.words


def test_a_window_at_the_cap_proves_nothing() -> None:
    """It may hold more than it gave."""
    coverage = proven(told("", 0, CUT), told("20260101-20260630", 500), told("20260701-20261231"))

    assert (coverage.complete, coverage.words) == (False, "the window 20260101-20260630 is at the cap of 500")


def test_a_window_that_was_not_answered_whole_proves_nothing() -> None:
    """Whatever its reason is."""
    coverage = proven(told("", 0, CUT), told("20260101-20260630", 3, "refused"), told("20260701-20261231"))

    assert (coverage.complete, "not answered whole: in words" in coverage.words) == (False, True)


def test_every_query_has_to_be_covered() -> None:
    """One for each row of a table, say."""
    coverage = coverage_of(SPLIT, [told("", 1, query=0)], [YEAR, YEAR])

    assert not coverage.complete


def test_a_thousand_windows_are_listed_and_all_are_counted() -> None:
    """The proof is over all of them."""
    ends = [told("", 0, CUT)] + [told(f"{year}0101-{year}1231") for year in range(1900, 1900 + WINDOWS + 5)]

    coverage = proven(*ends, asked=f"19000101-{1900 + WINDOWS + 4}1231")

    assert (coverage.complete, len(coverage.windows), coverage.windows_left_out) == (True, WINDOWS, 5)
    assert coverage.words.startswith("10,050 matches in 1,005 windows")
