"""Windows of dates: whatever is cut, the parts cover it and nothing twice."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomjobs.execute.windows import Window, halves, narrowed, time_of, whole_window
from tests.support.identifiers import key

TODAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("value", "first", "last"),
    [
        ((), None, None),
        (("",), None, None),
        (("20260101-20260131",), date(2026, 1, 1), date(2026, 1, 31)),
        (("2026.01.01-",), date(2026, 1, 1), None),
        (("-20260131",), None, date(2026, 1, 31)),
        (("20260101",), date(2026, 1, 1), date(2026, 1, 1)),
    ],
)
def test_a_query_asks_for_a_range(value: tuple[str, ...], first: date | None, last: date | None) -> None:
    """Also without a key for the date."""
    assert whole_window((key("StudyDate", *value),), "StudyDate") == Window(first=first, last=last, whole=True)
    assert whole_window((), "StudyDate") == Window(first=None, last=None, whole=True)


@pytest.mark.parametrize("value", [("2026*",), ("20260101", "20260102"), ("20269999",)])
def test_what_is_no_range_cannot_be_cut(value: tuple[str, ...]) -> None:
    """A wildcard, a list, a day that there is not."""
    assert whole_window((key("StudyDate", *value),), "StudyDate") is None


def _seconds(window: Window) -> tuple[float, float]:
    """Return the first and last second of a window."""
    day = 24 * 3600
    first = window.first.toordinal() * day + window.begin if window.first else float("-inf")
    return first, window.last.toordinal() * day + window.end if window.last else float("inf")


DATES = st.dates(date(1800, 1, 1), date(2100, 1, 1))


@given(st.none() | DATES, st.none() | DATES, st.lists(st.integers(0, 3), max_size=30), st.booleans())
def test_parts_cover_what_was_cut_and_nothing_twice(
    first: date | None, last: date | None, ways: list[int], by_time: bool
) -> None:
    """However deep."""
    if first and last and first > last:
        first, last = last, first
    window = Window(first=first, last=last, whole=True)
    for way in ways:
        parts = halves(window, today=TODAY, by_time=by_time)
        if not parts:
            return
        spans = list(map(_seconds, parts))
        assert spans[0][0] == _seconds(window)[0]
        assert spans[-1][1] == _seconds(window)[1]
        assert all(after[0] == before[1] + 1 for before, after in pairwise(spans))
        window = parts[way % len(parts)]


def test_a_second_cannot_be_cut_nor_a_day_without_a_time() -> None:
    """What is at the cap then is said."""
    day = date(2026, 1, 1)

    assert halves(Window(first=day, last=day), today=TODAY, by_time=False) == ()
    assert halves(Window(first=day, last=day, begin=5, end=5), today=TODAY, by_time=True) == ()


def test_keys_are_narrowed_to_a_window() -> None:
    """The others stay, in order of tags."""
    keys = (key("StudyDate", "20260101-"), key("PatientID", "P1"))
    day = date(2026, 1, 31)
    part = Window(first=day, last=day, begin=3600, end=7199)

    asked = narrowed(keys, "StudyDate", part)

    assert asked == (key("StudyDate", "20260131"), key("StudyTime", "010000-015959.999999"), key("PatientID", "P1"))
    assert str(part) == "20260131 010000-015959.999999"
    assert narrowed(keys, "StudyDate", Window(first=None, last=day))[0].values == ("-20260131",)
    assert narrowed(keys, "StudyDate", Window(first=day, last=day + timedelta(1)))[0].values == ("20260131-20260201",)
    assert narrowed(keys, "StudyDate", Window(first=None, last=None, whole=True)) == keys


def test_the_time_of_a_date_is_known_by_its_name() -> None:
    """Not every date has one."""
    assert (time_of("StudyDate"), time_of("InstanceCoercionDateTime"), time_of("DateOfSecondaryCapture")) == (
        "StudyTime",
        "",
        "",
    )
