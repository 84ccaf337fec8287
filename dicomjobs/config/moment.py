"""The one "now" of a run, in the document's timezone, and what is some time before or after it; it knows no YAML."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache

from dicomjobs.config.durations import SECONDS_PER_UNIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One offset of a time expression: -7d is amount -7 with unit d."""

    amount: int
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An aware time and the timezone its calendar days are counted in; zone None is the host's, daylight saving included."""

    time: datetime
    zone: tzinfo | None

    def shifted(self, shifts: tuple[Shift, ...]) -> Moment:
        """Return the moment some shifts away: days and weeks keep the wall clock, hours and less are elapsed time."""
        days = sum(s.amount * SECONDS_PER_UNIT[s.unit] // 86_400 for s in shifts if s.unit in "dw")
        seconds = sum(s.amount * SECONDS_PER_UNIT[s.unit] for s in shifts if s.unit in "hms")
        wall = self.time.replace(tzinfo=None) + timedelta(days=days)
        elapsed = _aware(wall, self.zone).astimezone(UTC) + timedelta(seconds=seconds)
        return Moment(time=elapsed.astimezone(self.zone), zone=self.zone)

    def midnight(self) -> Moment:
        """Return the beginning of the moment's calendar day."""
        wall = self.time.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        return Moment(time=_aware(wall, self.zone), zone=self.zone)


def _aware(wall: datetime, zone: tzinfo | None) -> datetime:
    """Return a wall clock time as an aware one."""
    return wall.astimezone() if zone is None else wall.replace(tzinfo=zone)


def moment_of(now: datetime, *, at: str | None, zone: tzinfo | None) -> Moment | None:
    """Return the run's one moment: `at` when it was given (ISO 8601, a date alone is its midnight), else now; None when it is no time."""
    if at is None:
        return Moment(time=now.astimezone(zone), zone=zone)
    try:
        given = datetime.fromisoformat(at.strip())
    except ValueError:
        return None
    aware = given if given.tzinfo else _aware(given, zone)
    return Moment(time=aware.astimezone(zone), zone=zone)


@cache
def timezone_names() -> frozenset[str]:
    """Return the names of the IANA time zone database that is installed."""
    from zoneinfo import available_timezones

    return frozenset(available_timezones())


def zone_of(name: str) -> tzinfo | None:
    """Return the timezone of an IANA name such as Europe/Berlin, None for anything else."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
