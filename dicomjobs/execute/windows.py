"""The windows of a split query: ranges of a date, and of the time of one day, cut in two until each has few enough matches; pure.

All windows that come of cutting one cover what it covered and nothing twice (PS3.4 C.2.2.2.5 has ranges with both ends in them).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from dicomjobs.dicom.attributes import by_keyword
from dicomjobs.model.query import Element, Identifier

_FIRST_OF_NOTE = date(1900, 1, 1)
"""Before it an archive has nothing, or dates that were never meant; where an open range begins to be cut."""
_DAY = timedelta(days=1)
_LAST_SECOND = 24 * 3600 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A range of dates, None where it is open; of one day only the seconds from `begin` to `end`, both in it.

    `whole` is the query as it was written, before anything was cut.
    """

    first: date | None
    last: date | None
    begin: int = 0
    end: int = _LAST_SECOND
    whole: bool = False

    def __str__(self) -> str:
        """Write the window as a range, a part of a day as the day and a range of its time; nothing for the whole query."""
        if self.whole:
            return ""
        first, last = (f"{each:%Y%m%d}" if each else "" for each in (self.first, self.last))
        return f"{first} {self.time}" if self.is_part_of_day else f"{first}-{last}"

    @property
    def is_part_of_day(self) -> bool:
        """Whether it is narrowed by time as well."""
        return (self.begin, self.end) != (0, _LAST_SECOND)

    @property
    def time(self) -> str:
        """The range of times, up to the last moment of its last second."""
        return f"{_time(self.begin)}-{_time(self.end)}.999999"


def _time(second: int) -> str:
    """Write a second of the day."""
    return f"{second // 3600:02d}{second // 60 % 60:02d}{second % 60:02d}"


def whole_window(identifier: Identifier, by: str) -> Window | None:
    """Return the window that a query asks for, None when its value of the attribute is no date and no range."""
    attribute = by_keyword(by)
    assert attribute is not None
    values = next((each.values for each in identifier if each.tag == attribute.tag), ())
    if not any(values):
        return Window(first=None, last=None, whole=True)
    first, hyphen, last = values[0].replace(".", "").partition("-")
    try:
        begins = _date(first)
        return Window(first=begins, last=_date(last) if hyphen else begins, whole=True) if len(values) == 1 else None
    except ValueError:
        return None


def _date(text: str) -> date | None:
    """Read one end of a range."""
    return date(int(text[:4]), int(text[4:6]), int(text[6:])) if text else None


def halves(window: Window, *, today: date, by_time: bool) -> tuple[Window, ...]:
    """Cut a window in two, an open one where what is of note begins or ends; nothing when it cannot be cut any more.

    `by_time` says whether a day can be cut by its time.
    """
    first, last = window.first, window.last
    if first is None or last is None:
        return _open_halves(first, last, today)
    if first < last:
        middle = first + (last - first) // 2
        return Window(first=first, last=middle), Window(first=middle + _DAY, last=last)
    if not by_time or window.begin >= window.end:
        return ()
    middle_second = (window.begin + window.end) // 2
    parts = (window.begin, middle_second), (middle_second + 1, window.end)
    return tuple(replace(window, begin=begin, end=end, whole=False) for begin, end in parts)


def _open_halves(first: date | None, last: date | None, today: date) -> tuple[Window, ...]:
    """Cut an open range at 1900 and today, as far as it has them inside."""
    if first is None and (last is None or last >= _FIRST_OF_NOTE):
        return Window(first=None, last=_FIRST_OF_NOTE - _DAY), Window(first=_FIRST_OF_NOTE, last=last)
    if last is None and first is not None and first <= today:
        return Window(first=first, last=today), Window(first=today + _DAY, last=None)
    return ()


def narrowed(identifier: Identifier, by: str, window: Window) -> Identifier:
    """Return the keys of a query for a window."""
    if window.whole:
        return identifier
    first, last = (f"{each:%Y%m%d}" if each else "" for each in (window.first, window.last))
    wanted = {by: first if first == last else f"{first}-{last}"}
    if window.is_part_of_day:
        wanted[time_of(by)] = window.time
    attributes = {attribute.tag: (attribute, value) for key, value in wanted.items() if (attribute := by_keyword(key))}
    kept = [each for each in identifier if each.tag not in attributes]
    laid = [Element(tag=tag, vr=attribute.vr, values=(value,)) for tag, (attribute, value) in attributes.items()]
    return tuple(sorted((*kept, *laid), key=lambda each: each.tag))


def time_of(by: str) -> str:
    """Return the attribute that has the time of a date (StudyTime of StudyDate), "" when there is none."""
    name = by.removesuffix("Date") + "Time"
    return name if by.endswith("Date") and by_keyword(name) else ""
