"""instances.csv has one line for every planned instance, whatever became of it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import pytest

from dicomjobs.events import Cause, InstanceFinished, Outcome
from dicomjobs.plan.plan import Instances, Plan
from dicomjobs.report.instances_csv import render_rows
from tests.support.golden import Golden
from tests.support.runs import (
    HOSTILE,
    RUN_ID,
    MadeInstances,
    delivered,
    echo_job,
    excluded,
    make_plan,
    no_answer,
    not_sent,
    refused,
    store_job,
)

PLAN = make_plan(store_job(count=6), echo_job(), store_job("copy_them", first=6, count=2))
WORDS = {
    0: delivered(0),
    1: replace(delivered(1), outcome=Outcome.DELIVERED_WITH_WARNING, status=0xB000, reason="warning"),
    2: refused(2),
    3: no_answer(3),
    5: excluded(5),
    6: not_sent(6, "copy_them", reason="needed_job_failed", cause=Cause.NEEDED_JOB_FAILED),
}


def not_begun(_job: str, _item: int) -> Outcome:
    """What is known of a row of which the log says nothing."""
    return Outcome.NOT_SENT


def rows_of(
    finished: Callable[[int], InstanceFinished | None], plan: Plan = PLAN, instances: Instances | None = None
) -> list[Mapping[str, str]]:
    """Return the lines as another program reads them."""
    lines = render_rows(plan, instances or MadeInstances(plan.instances.count), finished, not_begun, run_id=RUN_ID)
    return list(csv.DictReader(lines))


def test_the_table_looks_as_it_always_did(golden: Golden) -> None:
    """Columns and forms are a contract with the programs that read them."""
    lines = render_rows(PLAN, MadeInstances(8), WORDS.get, not_begun, run_id=RUN_ID)

    golden.check("reports/instances.csv", "".join(lines))


@pytest.mark.parametrize("heard", range(9))
def test_there_is_a_line_for_every_planned_instance(heard: int) -> None:
    """However early the log ends, every path is there, in the order of the plan."""
    rows = rows_of(lambda item: delivered(item) if item < heard else None)

    assert [row["path"] for row in rows] == [f"/data/in/00000{item}.dcm" for item in range(8)]
    assert [row["outcome"] for row in rows] == ["delivered"] * heard + ["not_sent"] * (8 - heard)


def test_what_is_known_without_the_log_is_told() -> None:
    """As when the disk with the log was full; what nobody knows was interrupted."""
    outcomes = [Outcome.DELIVERED, Outcome.UNKNOWN, Outcome.FAILED]

    lines = render_rows(
        make_plan(store_job(count=3)), MadeInstances(3), lambda _: None, lambda _, item: outcomes[item], run_id=RUN_ID
    )

    told = [(row["outcome"], row["reason"], row["delivered_in_run"]) for row in csv.DictReader(lines)]
    assert told == [("delivered", "", RUN_ID), ("unknown", "interrupted", ""), ("failed", "", "")]


def test_only_what_was_delivered_has_a_proof() -> None:
    """Proof and run are empty for everything else."""
    proven = [(row["proof"], row["delivered_in_run"]) for row in rows_of(WORDS.get)]

    assert proven == [("status", RUN_ID)] * 2 + [("", "")] * 6


def test_jobs_have_their_own_rows() -> None:
    """Rows stand under the job that planned them."""
    assert [row["job"] for row in rows_of(WORDS.get)] == ["send_them"] * 6 + ["copy_them"] * 2


def test_hostile_paths_are_escaped() -> None:
    """A file name with line ends and escape sequences is one field of one line."""
    plan = make_plan(store_job(count=1))

    (row,) = rows_of(lambda _: None, plan, MadeInstances(1, folder="=cmd" + HOSTILE))

    assert row["path"] == "'=cmd\\x1b[31mred\\x0d\\x0anext\\u202egnp.exe\\x00\\udc80\ufffe<&>/000000.dcm"


def test_rows_that_are_missing_are_an_error() -> None:
    """A plan whose rows were cut off does not make a shorter table."""
    with pytest.raises(ValueError, match="shorter"):
        rows_of(WORDS.get, PLAN, MadeInstances(7))


def lazily(items: Iterable[int]) -> list[int]:
    """Return which events were asked for when only the first lines are taken."""
    asked: list[int] = []

    def finished(item: int) -> InstanceFinished | None:
        asked.append(item)
        return None

    lines = render_rows(PLAN, MadeInstances(8), finished, not_begun, run_id=RUN_ID)
    for _ in items:
        next(lines)
    return asked


def test_lines_are_made_as_they_are_taken() -> None:
    """A table of a million lines is never in memory as a whole."""
    assert lazily(range(3)) == [0, 1]
