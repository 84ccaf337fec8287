"""The live view of a run on a terminal: a line a job with instances, bytes, rate, time left and failures.

Drawn at most four times a second from the thread that handles events; rich is imported nowhere else at run time.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from dicomjobs.cli.pipes import unless_unread
from dicomjobs.dicom.escape import one_line
from dicomjobs.events import (
    AssociationEnded,
    AssociationEstablished,
    EchoFinished,
    Event,
    InstanceFinished,
    InstanceMissing,
    JobFinished,
    JobOutcome,
    JobStarted,
    MatchesReceived,
    Outcome,
)
from dicomjobs.execute.executor import StampedBatch
from dicomjobs.execute.tally import SPOILING
from dicomjobs.plan.plan import Plan
from dicomjobs.report.units import duration_in_words, size_in_words

SECONDS_BETWEEN_FRAMES = 0.25
_BAR_WIDTH = 24


@dataclass(slots=True)
class JobProgress:
    """How far one job is; `began` and `ended` on the event's clock, in seconds."""

    name: str
    instances: int = 0
    planned_bytes: int = 0
    done: int = 0
    failures: int = 0
    skipped: int = 0
    bytes: int = 0
    matches: int = 0
    began: float | None = None
    ended: float | None = None
    outcome: JobOutcome | None = None
    words: str = ""
    trouble: str = ""
    """Why the last association failed, while there is no other: all that can be told while a peer is waited for."""

    def add(self, event: Event, at: float) -> None:
        """Take one event of this job into account."""
        match event:
            case JobStarted():
                self.began, self.instances, self.planned_bytes = at, event.instances, event.bytes
            case InstanceFinished():
                self.done += 1
                self.bytes += event.bytes
                self.failures += event.outcome in SPOILING
                self.skipped += event.outcome is Outcome.SKIPPED
            case AssociationEstablished():
                self.trouble = ""
            case AssociationEnded(words=words) if words:
                self.trouble = words
            case InstanceMissing():
                self.failures += 1
            case MatchesReceived():
                self.matches += len(event.identifiers)
            case EchoFinished(status=int() as status):
                self.words = f"answered {status:04X}H in {event.seconds * 1000:.1f} ms"
            case JobFinished():
                self.ended, self.outcome, self.trouble = at, event.outcome, ""
                self.words = event.words or self.words
            case _:
                pass

    def rate(self, now: float) -> float:
        """Return the instances dealt with in a second."""
        began = now if self.began is None else self.began
        return self.done / max(1e-3, (now if self.ended is None else self.ended) - began)

    def seconds_left(self, now: float) -> float | None:
        """Return an estimate of the time left in seconds, None when there is nothing to go by.

        Small instances cost time by their number and large ones by their bytes: the part less far on decides.
        """
        if self.began is None or self.ended or not self.bytes or not self.done:
            return None
        part = min(self.done / self.instances, self.bytes / max(self.bytes, self.planned_bytes))
        return (now - self.began) * (1 - part) / part


class LiveView:
    """The view on the screen, gone when the summary comes; a terminal that goes away is no reason to stop sending."""

    def __init__(self, plan: Plan, console: Console) -> None:
        """Begin with all jobs waiting."""
        self._jobs = {job.name: JobProgress(job.name) for job in plan.jobs}
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._note = ""
        self._drawn = 0.0
        self._at = 0.0

    def show(self, batch: StampedBatch) -> None:
        """Take a batch into account, and draw when the last frame is old enough."""
        for stamped in batch:
            job = self._jobs.get(getattr(stamped.event, "job", ""))
            if job:
                job.add(stamped.event, stamped.at)
        self._at = batch[-1].at
        now = time.monotonic()
        if now - self._drawn >= SECONDS_BETWEEN_FRAMES:
            self._drawn = now
            self._draw()

    def announce(self, words: str) -> None:
        """Show a sentence below the jobs from now on, at once: there may be no event for a while."""
        self._note = words
        self._draw()

    def _draw(self) -> None:
        """Draw a frame."""
        with unless_unread(sys.stderr):
            jobs = list(self._jobs.values())
            notes = [f"{job.name}: {one_line(job.trouble)}; tried again in a while" for job in jobs if job.trouble]
            below = [Text(words) for words in (*notes, self._note) if words]
            self._live.update(Group(draw(jobs, self._at), *below), refresh=True)

    @contextmanager
    def on_screen(self) -> Iterator[None]:
        """Show the view while work goes on; its last frame leaves nothing out."""
        with unless_unread(sys.stderr):
            self._live.start()
        try:
            yield
        finally:
            self._draw()
            with unless_unread(sys.stderr):
                self._live.stop()


def draw(jobs: list[JobProgress], now: float) -> Table:
    """Return the view as it is at one moment."""
    table = Table.grid(padding=(0, 2))
    for job in jobs:
        table.add_row(_mark(job), Text(one_line(job.name)), *_figures(job, now))
    return table


def _mark(job: JobProgress) -> Text:
    """Return the sign for how a job stands."""
    if job.began is None:
        return Text("·", style="dim")
    if job.outcome is None:
        return Text("▸", style="bold cyan")
    return Text("✓", style="green") if job.outcome is JobOutcome.SUCCEEDED else Text("✗", style="red")


def _figures(job: JobProgress, now: float) -> tuple[Text, ...]:
    """Return a job's columns: bar, counts, bytes, rate, time left, failures."""
    if not job.instances:
        words = f"{job.matches} matches" if job.matches else one_line(job.words)
        return (Text(words, style="" if job.began else "dim"),)
    left = job.seconds_left(now)
    return (
        _bar(job.done / job.instances),
        Text(f"{job.done}/{job.instances}", justify="right"),
        Text(size_in_words(job.bytes), justify="right"),
        Text(_rate(job.rate(now)), style="dim"),
        Text(f"{duration_in_words(left)} left" if left else "", style="dim"),
        Text(f"{job.failures} failed", style="bold red") if job.failures else Text(""),
    )


def _rate(instances: float) -> str:
    """Return a rate that does not look like standstill as long as it is none."""
    return f"{instances:,.0f}/s" if instances >= 10 or not instances else f"{instances:.1f}/s"


def _bar(part: float) -> Text:
    """Return a bar filled to a part between 0 and 1."""
    full = round(part * _BAR_WIDTH)
    return Text.assemble(("━" * full, "cyan"), ("━" * (_BAR_WIDTH - full), "grey37"))
