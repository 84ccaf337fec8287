"""Queries in windows, to an archive that gives no more than so many matches: all are found, and the report proves it."""

from __future__ import annotations

import csv
import json
import random
from datetime import date, timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from dicomjobs.resources import schema_text
from tests.support.capped_scp import CappedArchive, Study, capped_archive
from tests.support.command import Ended, RunDirectory, dicomjobs, latest, peer_yaml
from tests.support.job_files import write


def ask(
    tmp_path: Path, port: int, *, keys: str = "StudyDate: , StudyTime: , PatientID: ", cap: int = 500, more: str = ""
) -> Ended:
    """Run a split query that writes studies.csv beside the job."""
    text = f"""\
dicomjobs: 1
jobs:
  ask:
    find:
      peer: {peer_yaml(port)}
      query: {{model: study, level: STUDY, keys: {{{keys}}}}}
      split: {{by: StudyDate, cap: {cap}}}
      outputs: [{{format: csv, file: ./studies.csv}}]
      {more}
"""
    return dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports")


def the_run(tmp_path: Path) -> RunDirectory:
    """Return the run, whose report is valid."""
    run = latest(tmp_path / "reports")
    Draft202012Validator(json.loads(schema_text("report.schema.json"))).validate(run.report)
    return run


def found(tmp_path: Path) -> list[str]:
    """Return the patients of the studies in the output."""
    with (tmp_path / "studies.csv").open(newline="") as file:
        return [row["PatientID"] for row in csv.DictReader(file)]


def studies(count: int, *, days: int = 1500) -> list[Study]:
    """Make studies up, more of them on some days than on others."""
    dice = random.Random(1)
    first = date(2022, 1, 1)
    made = ((first + timedelta(int(dice.triangular(0, days))), dice.randrange(86400)) for _ in range(count))
    return [
        Study(number, f"{day:%Y%m%d}", f"{s // 3600:02}{s // 60 % 60:02}{s % 60:02}")
        for number, (day, s) in enumerate(made)
    ]


def test_thirty_thousand_studies_come_out_of_an_archive_that_gives_five_hundred(tmp_path: Path) -> None:
    """Each once; the windows with their counts are in the report, without a gap and none at the cap."""
    with capped_archive(studies(30_000), cap=500) as (port, archive):
        ended = ask(tmp_path, port)

    job = the_run(tmp_path).job("ask")
    coverage = job["coverage"]
    assert (ended.code, job["counts"]["matches"], job["truncated"]) == (0, 30_000, False)
    assert sorted(found(tmp_path)) == [f"{n:06d}" for n in range(30_000)]
    assert (coverage["complete"], coverage["by"], coverage["cap"]) == (True, "StudyDate", 500)
    assert coverage["asked"] == job["queries"] == len(archive.asked)
    assert sum(window["matches"] for window in coverage["windows"]) == 30_000
    assert max(window["matches"] for window in coverage["windows"]) < 500
    assert coverage["words"].startswith("30,000 matches in ")
    assert "leave no gap" in coverage["words"]
    assert coverage["words"] in dicomjobs("report", "latest", "--reports", tmp_path / "reports").out


def test_an_answer_below_the_cap_is_asked_once(tmp_path: Path) -> None:
    """Nothing is cut that need not be."""
    with capped_archive(studies(499), cap=500) as (port, archive):
        ended = ask(tmp_path, port)

    coverage = the_run(tmp_path).job("ask")["coverage"]
    assert (ended.code, archive.asked, len(found(tmp_path))) == (0, [("", "")], 499)
    assert (coverage["complete"], [window["window"] for window in coverage["windows"]]) == (True, [""])


def test_a_day_at_the_cap_is_cut_by_its_time(tmp_path: Path) -> None:
    """And what times cannot prove is said."""
    day = [Study(n, "20260101", f"{n // 60:02}{n % 60:02}00") for n in range(1200)]
    with capped_archive(day, cap=500) as (port, archive):
        ended = ask(tmp_path, port)

    coverage = the_run(tmp_path).job("ask")["coverage"]
    assert (ended.code, len(found(tmp_path)), coverage["complete"]) == (0, 1200, True)
    assert ("20260101", "000000-115959.999999") in archive.asked
    assert "those without a time are in none of a day that was cut" in coverage["words"]


def test_studies_beyond_all_reason_are_in_a_window_too(tmp_path: Path) -> None:
    """Dates before 1900 and after today are covered by windows that are open at one end."""
    odd = [Study(9001, "18500101", "120000"), Study(9002, "29991231", "120000")]
    with capped_archive([*studies(1000), *odd], cap=500) as (port, _):
        ask(tmp_path, port)

    windows = [window["window"] for window in the_run(tmp_path).job("ask")["coverage"]["windows"]]
    assert {"009001", "009002"} <= set(found(tmp_path))
    assert windows[0] == "-18991231"
    assert windows[-1].endswith("-")


def test_studies_without_a_date_are_in_no_window_and_that_is_said(tmp_path: Path) -> None:
    """They are not found, and the report does not claim that they were."""
    with capped_archive([*studies(1000), Study(9001, "", "")], cap=500) as (port, _):
        ask(tmp_path, port)

    coverage = the_run(tmp_path).job("ask")["coverage"]
    assert "009001" not in found(tmp_path)
    assert "matches without a StudyDate are in no window" in coverage["words"]


def test_a_window_that_cannot_be_cut_makes_the_answer_incomplete(tmp_path: Path) -> None:
    """More studies in one second than the cap: exit code 3, the output is not written, and the window is named."""
    same = [Study(n, "20260101", "101500") for n in range(40)]
    with capped_archive([*studies(100), *same], cap=30) as (port, _):
        ended = ask(tmp_path, port, cap=30)

    job = the_run(tmp_path).job("ask")
    assert (ended.code, job["truncated"], job["coverage"]["complete"]) == (3, True, False)
    assert job["failures"][0]["reason"] == "window_at_cap"
    assert "20260101 101500-101500.999999" in job["failures"][0]["words"]
    assert not (tmp_path / "studies.csv").exists()


def test_a_range_of_the_query_is_what_is_covered(tmp_path: Path) -> None:
    """Nothing outside it is asked for."""
    with capped_archive(studies(3000), cap=500) as (port, archive):
        ended = ask(tmp_path, port, keys="StudyDate: 20230101-20241231, StudyTime: , PatientID: ")

    wanted = [f"{each.number:06d}" for each in studies(3000) if "20230101" <= each.date <= "20241231"]
    assert (ended.code, sorted(found(tmp_path))) == (0, wanted)
    assert all("20230101" <= end <= "20241231" for asked, _ in archive.asked for end in asked.split("-"))


@pytest.mark.parametrize("full", [0xA700, 0xFE00])
def test_an_archive_that_refuses_for_want_of_resources_is_asked_for_less(tmp_path: Path, full: int) -> None:
    """It says so in place of giving as many as it can."""
    with capped_archive(studies(2000), cap=200, full=full) as (port, _):
        ended = ask(tmp_path, port)

    assert (ended.code, len(found(tmp_path))) == (0, 2000)


def test_max_matches_counts_what_is_kept(tmp_path: Path) -> None:
    """Not what windows at the cap gave before they were cut."""
    with capped_archive(studies(2000), cap=500) as (port, _):
        ended = ask(tmp_path, port, more="max_matches: 2000")
    assert (ended.code, len(found(tmp_path))) == (0, 2000)

    with capped_archive(studies(2000), cap=500) as (port, _):
        ended = ask(tmp_path, port, more="max_matches: 1500")
    job = the_run(tmp_path).job("ask")
    assert (ended.code, job["counts"]["matches"], job["coverage"]["complete"]) == (3, 1500, False)


def test_a_date_that_is_no_range_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    """Two days cannot be cut."""
    with capped_archive([], cap=500) as (port, archive):
        ended = ask(tmp_path, port, keys=r"StudyDate: 20230101\20230103")

    assert (ended.code, archive.asked) == (3, [])
    assert "neither a date nor a range" in ended.out


def test_an_archive_that_does_not_match_dates_is_not_asked_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first window that cannot be cut any more ends it, and the answer is not complete."""
    everything = studies(100)
    monkeypatch.setattr(CappedArchive, "_found", lambda self, _, __: everything[: self.cap + 1])
    with capped_archive(everything, cap=50) as (port, archive):
        ended = ask(tmp_path, port, cap=50)

    job = the_run(tmp_path).job("ask")
    assert (ended.code, job["coverage"]["complete"], job["failures"][0]["reason"]) == (3, False, "window_at_cap")
    assert len(archive.asked) < 60
