"""A query asked in windows, for a peer that caps its answers: one with too many matches is asked again in two halves.

What windows there are is in `windows.py`. The matches of a window are told when it is known to be whole; until then at most
as many are held as the cap.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from dicomjobs.dicom.attributes import by_keyword
from dicomjobs.dicom.status import Category, category
from dicomjobs.errors import AssociationError
from dicomjobs.execute.asking import Answered, Asking
from dicomjobs.execute.faults import failed_by_error
from dicomjobs.execute.find_verdicts import ENDS_ALL, interrupted, judged, not_to_be_split, window_at_cap
from dicomjobs.execute.match_account import MatchAccount
from dicomjobs.execute.windows import Window, halves, narrowed, time_of, whole_window
from dicomjobs.model.dimse import PendingResponses
from dicomjobs.model.job import Split
from dicomjobs.model.stop import StopState

_TOO_MANY = range(0xA700, 0xA800)
"""Refused: out of resources (PS3.4 C.4.1.1.4), which some peers answer in place of too many matches."""


@dataclass(slots=True)
class _Held:
    """The matches of a window that is not known to be whole, as many as the cap at most; `count` is of all that came."""

    cap: int
    count: int = 0
    runs: list[PendingResponses] = field(default_factory=list)

    def take(self, matches: PendingResponses) -> None:
        """Hold matches."""
        if room := self.cap - min(self.count, self.cap):
            self.runs.append(PendingResponses(matches.status, matches.identifiers[:room]))
        self.count += len(matches.identifiers)


def ask_in_windows(place: int, asking: Asking, account: MatchAccount) -> Answered:
    """Ask one query in as many windows as it takes, in order; returns how the last one ended."""
    split = asking.step.split
    assert split is not None
    identifier = asking.step.queries[place].identifier
    whole = whole_window(identifier, split.by)
    answered = Answered(status=0, cancelled_by="")
    if whole is None:
        account.ended(place, "", 0, None, not_to_be_split(account.job, split.by))
        return answered
    time = by_keyword(time_of(split.by))
    asked_time = time is None or any(each.tag == time.tag and any(each.values) for each in identifier)
    splitter = _Splitter(place, split, asking, account, by_time=not asked_time)
    left = [whole]
    while left:
        if asking.ports.stop.state is not StopState.RUNNING:
            account.failed = account.failed or interrupted(account.job)
            return answered
        answered, cut = splitter.ask(left.pop())
        if answered.status is None or answered.cancelled_by in ENDS_ALL or splitter.broken_off:
            return answered
        left.extend(reversed(cut))
    return answered


@dataclass(slots=True)
class _Splitter:
    """Asks windows of the query at a place; `broken_off` once one cannot be had, which spoils the whole answer."""

    place: int
    split: Split
    asking: Asking
    account: MatchAccount
    by_time: bool = field(kw_only=True)
    broken_off: bool = False

    def ask(self, window: Window) -> tuple[Answered, tuple[Window, ...]]:
        """Ask one window; returns how it ended and the windows to ask in its place, none when it is whole or cannot be cut."""
        asking, held = self.asking, _Held(self.split.cap)
        asking.came = self.account.kept  # matches that are dropped count for nothing
        response = asking.responses + 1
        keys = narrowed(asking.step.queries[self.place].identifier, self.split.by, window)
        try:
            answered = asking.ask(keys, held.take)
        except AssociationError as error:
            self.account.ended(self.place, str(window), 0, None, failed_by_error(self.account.job, error))
            raise
        if self._too_many(answered, held.count) and (cut := self._halves(window)):
            words = f"{held.count} matches, asked again in {len(cut)} windows"
            self.account.cut(self.place, str(window), answered.status, words)
            return answered, cut
        self._tell(held, response)
        failed = judged(self.account.job, asking.step, answered)
        if failed is None and held.count >= self.split.cap:
            failed = window_at_cap(self.account.job, str(window), held.count, self.split.cap)
        self.broken_off = failed is not None
        self.account.ended(self.place, str(window), min(held.count, self.split.cap), answered.status, failed)
        return answered, ()

    def _too_many(self, answered: Answered, count: int) -> bool:
        """Whether a window should be cut: at the cap, or not answered to its end for its size."""
        if answered.cancelled_by or answered.status is None:
            return False
        ended_early = answered.status in _TOO_MANY or category(answered.status) is Category.CANCEL
        return count >= self.split.cap or ended_early

    def _halves(self, window: Window) -> tuple[Window, ...]:
        """Cut a window."""
        today = datetime.fromtimestamp(self.asking.ports.wall(), UTC).date()
        return halves(window, today=today, by_time=self.by_time)

    def _tell(self, held: _Held, response: int) -> None:
        """Write and tell the matches of a window; the first was the response of this number."""
        for run in held.runs:
            self.account.take(self.place, run, response)
            response += len(run.identifiers)
