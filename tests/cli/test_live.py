"""The live view: a line a job with what is known of it, drawn as seldom as it may be."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from dicomjobs.cli import live
from dicomjobs.cli.live import JobProgress, LiveView, draw
from dicomjobs.events import (
    AssociationEnded,
    AssociationEstablished,
    EchoFinished,
    EndedBy,
    Event,
    InstanceFinished,
    JobFinished,
    JobOutcome,
    JobStarted,
    Outcome,
    Stamped,
)
from tests.support.runs import make_plan, matches_received, store_job

STARTED = JobStarted(job="send", instances=4, bytes=4000)


def finished(outcome: Outcome, item: int = 0) -> InstanceFinished:
    """Return the last word on an instance of 1,000 bytes."""
    return InstanceFinished(job="send", item=item, outcome=outcome, bytes=1000)


def drawn(*events: tuple[float, Event], now: float, name: str = "send") -> str:
    """Return what a job looks like after some events."""
    job = JobProgress(name)
    for at, event in events:
        job.add(event, at)
    console = Console(file=io.StringIO(), width=120, color_system=None)
    with console.capture() as captured:
        console.print(draw([job], now))
    return " ".join(captured.get().split())


def test_a_job_that_waits_has_its_name_only() -> None:
    """With a dot before it."""
    assert drawn(now=0.0) == "· send"


def test_a_job_at_work_shows_counts_bytes_rate_and_time_left() -> None:
    """After a quarter of the bytes in ten seconds, thirty are left."""
    text = drawn((0.0, STARTED), (10.0, finished(Outcome.DELIVERED)), now=10.0)

    assert text.startswith("▸ send ━")
    assert text.endswith("1/4 1.00 kB 0.1/s 30.0 s left")


def test_failures_are_counted_and_skipped_instances_are_none() -> None:
    """What spoils the exit code is what is counted."""
    events = [(1.0, finished(outcome)) for outcome in (Outcome.FAILED, Outcome.UNKNOWN, Outcome.SKIPPED)]

    assert drawn((0.0, STARTED), *events, now=1.0).endswith("2 failed")


@pytest.mark.parametrize(
    ("outcome", "mark"), [(JobOutcome.SUCCEEDED, "✓"), (JobOutcome.FAILED, "✗"), (JobOutcome.NOT_RUN, "✗")]
)
def test_a_finished_job_has_a_mark_and_no_time_left(outcome: JobOutcome, mark: str) -> None:
    """The rate is that of the whole job, however long ago it ended."""
    events = (0.0, STARTED), (1.0, finished(Outcome.DELIVERED)), (2.0, JobFinished(job="send", outcome=outcome))

    text = drawn(*events, now=100.0)

    assert text.startswith(mark)
    assert "left" not in text


def test_an_echo_and_a_query_say_what_they_got() -> None:
    """They have no instances."""
    started = JobStarted(job="ask", instances=0, bytes=0)
    echo = EchoFinished(job="ask", status=0, seconds=0.0042)
    match = matches_received("ask", 1, *[b""] * 7)

    assert drawn((0.0, started), (1.0, echo), now=1.0) == "▸ send answered 0000H in 4.2 ms"
    assert drawn((0.0, started), (1.0, match), now=1.0) == "▸ send 7 matches"


def test_a_job_s_name_cannot_steer_the_terminal() -> None:
    """Nor can it be taken for rich's markup."""
    assert "\x1b" not in drawn(now=0.0, name="\x1b[31mred")
    assert drawn(now=0.0, name="[red]x[/]") == "· [red]x[/]"


def test_it_is_drawn_seldom_and_once_more_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand batches at once are one frame, and the last frame leaves nothing out."""
    frames: list[float] = []

    def counted(jobs: list[JobProgress], now: float) -> object:
        frames.append(now)
        return draw(jobs, now)

    monkeypatch.setattr(live, "draw", counted)
    monkeypatch.setattr("time.monotonic", lambda: 1000.0)
    view = LiveView(make_plan(store_job("send")), Console(file=io.StringIO(), force_terminal=True, width=120))
    with view.on_screen():
        for number in range(1000):
            view.show((Stamped(at=float(number), sequence=number, event=STARTED),))

    assert frames == [0.0, 999.0]


def test_an_announcement_is_drawn_at_once_and_stays() -> None:
    """What a signal leads to must be seen although nothing happens for a while."""
    out = io.StringIO()
    view = LiveView(make_plan(store_job("send")), Console(file=out, force_terminal=True, width=120))
    with view.on_screen():
        view.announce("finishing")
        announced = out.getvalue().count("finishing")
        view.show((Stamped(at=0.0, sequence=0, event=STARTED),))
        shown = out.getvalue().count("finishing")

    assert (announced, shown) == (1, 2)


def test_why_a_peer_is_waited_for_is_shown_until_it_is_back() -> None:
    """A run that seems to stand still says what it met, and takes it back when an association is there."""
    lost = AssociationEnded(
        job="send",
        number=1,
        proposed=1,
        ended_by=EndedBy.NOT_ESTABLISHED,
        reason="connection_failed",
        words="Connection refused",
        hint="",
    )
    back = AssociationEstablished(
        job="send", number=2, proposed=(), accepted=(), rejected=(), max_pdu_length=16384, tls=None
    )
    job = JobProgress("send")

    told = []
    for event in (STARTED, lost, back):
        job.add(event, 0.0)
        told.append(job.trouble)

    assert told == ["", "Connection refused", ""]


def test_the_reason_for_waiting_stands_below_the_jobs() -> None:
    """On the screen, with the job's name."""
    out = io.StringIO()
    view = LiveView(make_plan(store_job("send")), Console(file=out, force_terminal=True, width=120))
    lost = AssociationEnded(
        job="send", number=1, proposed=1, ended_by=EndedBy.LOST, reason="connection_lost", words="gone", hint=""
    )
    with view.on_screen():
        view.show((Stamped(at=0.0, sequence=0, event=lost),))
        shown = out.getvalue()

    assert "send: gone; tried again in a while" in shown
