"""The demo that is shipped: it needs no peer of yours, and running it twice does no harm."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.command import RunDirectory, dicomjobs, runs

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunDirectory, RunDirectory, Path]:
    """The demo, run twice beside a folder of its own."""
    folder = tmp_path_factory.mktemp("demo")
    (folder / "jobs").mkdir()
    shutil.copy(ROOT / "jobs" / "demo.yaml", folder / "jobs")
    for name in ("one", "two"):
        ended = dicomjobs("run", folder / "jobs" / "demo.yaml", "--reports", folder / name)
        assert (ended.code, ended.err) == (0, "")
    return next(runs(folder / "one")), next(runs(folder / "two")), folder / "received"


def test_it_echoes_stores_and_finds(two_runs: tuple[RunDirectory, RunDirectory, Path]) -> None:
    """What can be sent is delivered, and each of its studies is found."""
    first, _, _ = two_runs
    delivered = [row for row in first.rows if row["outcome"] == "delivered"]

    assert (first.job("check")["outcome"], first.job("find")["outcome"]) == ("succeeded", "succeeded")
    assert len(delivered) >= 20
    assert first.job("find")["counts"]["matches"] == len({row["study_instance_uid"] for row in delivered})


def test_a_second_run_sends_nothing_twice(
    two_runs: tuple[RunDirectory, RunDirectory, Path],
) -> None:
    """What the first one delivered is spared, everything else ends as before, and there is a file for each instance."""
    first, second, kept = two_runs

    assert first.report["exit_code"] == second.report["exit_code"]
    assert [(row["outcome"], row["reason"]) for row in second.rows] == [
        ("skipped", "already_delivered") if row["outcome"] == "delivered" else (row["outcome"], row["reason"])
        for row in first.rows
    ]
    assert sorted(first.text("studies.csv").splitlines()) == sorted(second.text("studies.csv").splitlines())
    assert len(list(kept.rglob("*.dcm"))) == first.job("send")["counts"]["delivered"]
