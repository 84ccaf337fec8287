"""The one "now" of a run and what is some time away from it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from dicomjobs.config.moment import Moment, Shift, moment_of, zone_of

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 21, 22, 30, 45, tzinfo=UTC)


def moment(text: str) -> Moment:
    """A moment in Berlin."""
    found = moment_of(NOW, at=text, zone=BERLIN)
    assert found is not None
    return found


def test_now_is_told_in_the_documents_timezone() -> None:
    """22:30 UTC is 23:30 in Berlin."""
    found = moment_of(NOW, at=None, zone=BERLIN)

    assert found is not None
    assert found.time.isoformat() == "2026-11-21T23:30:45+01:00"


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-07-01", "2026-07-01T00:00:00+02:00"),
        ("2026-07-01T12:00", "2026-07-01T12:00:00+02:00"),
        ("2026-07-01T12:00Z", "2026-07-01T14:00:00+02:00"),
        ("2026-07-01T12:00:00-05:00", "2026-07-01T19:00:00+02:00"),
    ],
)
def test_at_is_read_in_the_documents_timezone_unless_it_has_an_offset(at: str, expected: str) -> None:
    """A date alone is its midnight."""
    assert moment(at).time.isoformat() == expected


def test_what_is_no_time_is_none() -> None:
    """`--at yesterday` is refused by the caller."""
    assert moment_of(NOW, at="yesterday", zone=BERLIN) is None


def test_days_keep_the_wall_clock_over_a_change_of_summer_time() -> None:
    """A day back from Sunday noon is Saturday noon, although 23 hours lie between."""
    found = moment("2026-03-29T12:00").shifted((Shift(amount=-1, unit="d"),))

    assert found.time.isoformat() == "2026-03-28T12:00:00+01:00"


def test_hours_are_elapsed_time_over_a_change_of_summer_time() -> None:
    """24 hours back from Sunday noon is Saturday 11:00."""
    found = moment("2026-03-29T12:00").shifted((Shift(amount=-24, unit="h"),))

    assert found.time.isoformat() == "2026-03-28T11:00:00+01:00"


def test_without_a_timezone_the_hosts_own_is_used() -> None:
    """What the host's clock says at midnight is midnight."""
    found = moment_of(NOW, at="2026-07-01", zone=None)

    assert found is not None
    assert found.time == datetime(2026, 7, 1).astimezone()
    assert found.shifted((Shift(amount=1, unit="w"),)).midnight().time == datetime(2026, 7, 8).astimezone()


@pytest.mark.parametrize("name", ["Europe/Berln", "", "../../etc/passwd", "/etc/localtime", "Europe", "\0"])
def test_a_name_of_no_timezone_is_none(name: str) -> None:
    """Nothing outside of the time zone database is opened."""
    assert zone_of(name) is None
