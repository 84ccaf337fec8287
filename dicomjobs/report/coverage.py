"""What a split query proves: whether its windows cover all that was asked without a gap, and whether one of them is at the cap.

It looks at the windows as they were told, not at how they were made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from dicomjobs.dicom.attributes import by_keyword
from dicomjobs.events import QueryFinished
from dicomjobs.model.job import Split
from dicomjobs.model.query import Identifier

WINDOWS: Final = 1000
"""How many windows of a job are listed."""

_DAYS = re.compile(r"([0-9]{8})?-([0-9]{8})?")
_PART = re.compile(r"([0-9]{8}) ([0-9]{6})-([0-9]{6})\.999999")
_LAST_SECOND = 24 * 3600 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowReport:
    """One window that was not cut any further; `window` is "" for a query that was asked whole."""

    query: int
    window: str
    matches: int
    status: int | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What is proven of a split query; `asked` counts C-FIND requests, those for windows that were then cut among them."""

    by: str
    cap: int
    asked: int
    windows: tuple[WindowReport, ...]
    windows_left_out: int
    complete: bool
    words: str


def coverage_of(split: Split, told: Sequence[QueryFinished], queries: Sequence[Identifier]) -> Coverage:
    """Return what the windows of a job's queries prove."""
    leaves = [each for each in told if each.reason != "cut"]
    problem = next(_problems(split, leaves, queries), "")
    matches = sum(each.matches for each in leaves)
    listed = leaves[:WINDOWS]
    return Coverage(
        by=split.by,
        cap=split.cap,
        asked=len(told),
        windows=tuple(
            WindowReport(query=e.query, window=e.window, matches=e.matches, status=e.status, reason=e.reason)
            for e in listed
        ),
        windows_left_out=len(leaves) - len(listed),
        complete=not problem,
        words=problem or _proof(split, leaves, matches),
    )


def _proof(split: Split, leaves: Sequence[QueryFinished], matches: int) -> str:
    """Say what is proven, and what windows cannot prove."""
    windows = "1 window" if len(leaves) == 1 else f"{len(leaves):,} windows"
    most = max((each.matches for each in leaves), default=0)
    words = f"{matches:,} matches in {windows} of {split.by} that leave no gap; the fullest has {most}, below the cap of {split.cap}"
    if any(each.window for each in leaves):
        words += f"; matches without a {split.by} are in no window"
    if any(_PART.fullmatch(each.window) for each in leaves):
        words += ", and those without a time are in none of a day that was cut"
    return words


def _problems(split: Split, leaves: Sequence[QueryFinished], queries: Sequence[Identifier]) -> Iterator[str]:
    """Yield why the windows prove nothing."""
    for place, identifier in enumerate(queries):
        windows = [each for each in leaves if each.query == place]
        if not windows:
            yield "not everything was asked"
        for each in windows:
            if each.reason:
                yield f"the window {each.window or 'of all dates'} was not answered whole: {each.words}"
            if each.matches >= split.cap:
                yield f"the window {each.window} is at the cap of {split.cap}"
        if any(each.window for each in windows):
            yield from _gaps(_asked(identifier, split.by), sorted(_span(each.window) for each in windows))


def _asked(identifier: Identifier, by: str) -> tuple[float, float]:
    """Return the first and the last second that a query asks for."""
    attribute = by_keyword(by)
    values = (each.values for each in identifier if attribute and each.tag == attribute.tag)
    text = "".join(next(values, ())).replace(".", "")
    return _span(text if "-" in text else f"{text}-{text}")


def _gaps(asked: tuple[float, float], spans: Sequence[tuple[float, float]]) -> Iterator[str]:
    """Yield where windows, in order, leave a gap in what was asked."""
    for (_, before), (after, _) in pairwise(spans):
        if after != before + 1:
            yield f"the windows leave a gap after {_moment(before)}" if after > before else "two windows overlap"
    if (spans[0][0], spans[-1][1]) != asked:
        yield "the windows do not reach as far as the query"


def _span(window: str) -> tuple[float, float]:
    """Return the first and the last second of a window, counted from the beginning of all dates."""
    if part := _PART.fullmatch(window):
        day = _seconds(part[1])
        return day + _of_day(part[2]), day + _of_day(part[3])
    days = _DAYS.fullmatch(window)
    assert days is not None, window
    first = _seconds(days[1]) if days[1] else float("-inf")
    return first, _seconds(days[2]) + _LAST_SECOND if days[2] else float("inf")


def _seconds(text: str) -> int:
    """Return the first second of a day."""
    return date(int(text[:4]), int(text[4:6]), int(text[6:])).toordinal() * (_LAST_SECOND + 1)


def _of_day(text: str) -> int:
    """Return the second of a day."""
    return int(text[:2]) * 3600 + int(text[2:4]) * 60 + int(text[4:])


def _moment(second: float) -> str:
    """Return a second as people write it."""
    day, rest = divmod(int(second), _LAST_SECOND + 1)
    return f"{date.fromordinal(day):%Y-%m-%d} {timedelta(seconds=rest)}"
