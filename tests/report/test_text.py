"""What a person reads after a run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dicomjobs.dicom.escape import one_line
from dicomjobs.events import Cause, JobOutcome, RunFinished
from dicomjobs.report.fold import Fold
from dicomjobs.report.report import Report, RunOutcome
from dicomjobs.report.text import render_line, render_text
from tests.support.golden import Golden
from tests.support.runs import (
    delivered,
    echo_events,
    echo_job,
    excluded,
    find_events,
    find_job,
    make_plan,
    no_answer,
    not_sent,
    report_of,
    store_events,
    store_job,
    whole_run,
)
from tests.support.told_runs import RUNS, clean_run


@pytest.mark.parametrize("name", RUNS)
def test_the_summary_looks_as_it_always_did(name: str, golden: Golden) -> None:
    """The golden files are there to be read: they are what one finds in the morning's mail."""
    golden.check(f"reports/{name}.txt", render_text(RUNS[name]()))


@pytest.mark.parametrize("name", RUNS)
def test_the_line_looks_as_it_always_did(name: str, golden: Golden) -> None:
    """One line a run, whatever happened."""
    line = render_line(RUNS[name]())

    assert "\n" not in line
    golden.check(f"reports/{name}.line.txt", line + "\n")


def test_nothing_hostile_reaches_the_terminal() -> None:
    """Escape sequences, line ends and bidirectional overrides of peers and file names are spelled out."""
    text = render_text(RUNS["hostile"]())

    assert [one_line(line, 1000) for line in text.splitlines()] == text[:-1].split("\n")
    assert "\\x1b[31mred" in text
    assert text.encode("utf-8")


def test_a_clean_summary_is_plain_ascii() -> None:
    """A cron mail in the C locale is no obstacle."""
    assert render_text(clean_run()).isascii()


def sentence(report: Report) -> str:
    """Return the last but one line, which sums it up."""
    return render_text(report).splitlines()[-2]


STORE = make_plan(store_job(count=2))


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (report_of(STORE, whole_run(store_events(map(delivered, range(2))))), "2 instances were delivered."),
        (
            report_of(STORE, whole_run(store_events([delivered(0), excluded(1)]))),
            "1 instance was delivered, 1 skipped.",
        ),
        (
            report_of(STORE, whole_run(store_events([excluded(0), excluded(1)]))),
            "Nothing had to be sent: 2 instances skipped.",
        ),
        (
            report_of(STORE, whole_run(store_events([delivered(0), no_answer(1)], outcome=JobOutcome.FAILED))),
            "1 of 2 instances is not known to have been delivered: see instances.csv.",
        ),
        (report_of(make_plan(echo_job()), whole_run(echo_events())), "The job succeeded."),
        (
            report_of(make_plan(echo_job(), find_job()), whole_run(echo_events(), find_events())),
            "All jobs succeeded.",
        ),
        (
            report_of(make_plan(echo_job(), find_job()), whole_run(echo_events())),
            "1 of 2 jobs did not succeed.",
        ),
        (
            report_of(make_plan(find_job(), store_job(count=1)), whole_run(store_events([delivered(0)]))),
            "1 instance was delivered. 1 of 2 jobs did not succeed.",
        ),
        (
            report_of(
                STORE,
                whole_run(
                    store_events(
                        [delivered(0), not_sent(1, reason="interrupted", cause=Cause.INTERRUPTED)],
                        outcome=JobOutcome.INTERRUPTED,
                    ),
                    last=RunFinished(interrupted_by=2),
                ),
            ),
            "The run was interrupted. 1 of 2 instances is not known to have been delivered: see instances.csv.",
        ),
    ],
)
def test_one_sentence_sums_it_up(report: Report, expected: str) -> None:
    """What a person wants to know first is said in a sentence."""
    assert sentence(report) == expected


def test_the_exit_code_is_said_with_its_meaning() -> None:
    """A number alone helps nobody."""
    report = replace(clean_run(), exit_code=9, outcome=RunOutcome.FAILED)

    assert render_text(report).endswith("Exit code 9: the peer refused us, or is not where it should be.\n")
    assert render_line(report).endswith("exit code 9: the peer refused us, or is not where it should be")


def test_an_empty_log_is_summed_up_as_well() -> None:
    """A run of which nothing is known has no name and no time."""
    text = render_text(Fold(make_plan(store_job())).report())

    assert text.startswith("A run without a name\n")
    assert "The log of this run ends in the middle. 3 of 3 instances are not known" in text


def test_a_plan_without_jobs_says_so() -> None:
    """There is always something to read."""
    assert "No jobs." in render_text(report_of(make_plan(), whole_run()))
