"""Reports and what is printed tell no more of instances than `reports: phi` lets them, and never what a peer answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import dicomjobs, latest
from tests.support.instances import CANARY, CANARY_ID, make_instance, make_uid
from tests.support.job_files import write

UID = make_uid("seed", 1, 1, 1)


@pytest.fixture
def ran(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[str, str]:
    """Run a job whose second file is in conflict with its first; returns what it printed and what its reports say."""
    phi, *verbosity = request.param
    files = tmp_path / "CANARY files"
    files.mkdir()
    make_instance(files / "first.dcm", rows=4)
    make_instance(files / "other.dcm", rows=8)
    text = f"""\
        dicomjobs: 1
        reports: {{phi: {phi}}}
        state: {{directory: {tmp_path / "state"}}}
        jobs:
          send: {{store: {{peer: {{embedded: {{directory: {tmp_path / "received"}}}}}, send_set: {{paths: ["{files}"]}}}}}}
          ask:
            find:
              peer: {{embedded: {{directory: {tmp_path / "received"}}}}}
              query: {{model: study, level: STUDY, keys: {{StudyInstanceUID: , PatientName: , PatientID: }}}}
        """
    ended = dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports", *verbosity)
    assert ended.code == 3
    run = latest(tmp_path / "reports")
    assert run.job("ask")["counts"]["matches"] == 1
    reports = "".join(run.text(name) for name in ("report.json", "instances.csv", "junit.xml"))
    for form in ("text", "json", "csv", "junit"):
        reports += dicomjobs("report", run.path, "--format", form).out
    return ended.out + ended.err, reports


LEVELS = [[phi, *verbosity] for phi in ("none", "uids", "paths") for verbosity in ((), ("-v",), ("-d",))]


@pytest.mark.parametrize("ran", LEVELS, indirect=True, ids="".join)
def test_no_report_and_no_line_names_a_patient(ran: tuple[str, str]) -> None:
    """Whatever is printed of a peer's answers."""
    printed, reports = ran

    assert not any(name in printed + reports for name in (CANARY, CANARY_ID))
    assert '"identifiers":"' not in printed.replace('"identifiers":""', "")


@pytest.mark.parametrize("ran", [level for level in LEVELS if level[0] != "paths"], indirect=True, ids="".join)
def test_a_path_is_told_by_nothing_when_it_may_not_be(ran: tuple[str, str]) -> None:
    """Not as an example, not as a column, and not in the words about another file."""
    printed, reports = ran

    assert "CANARY files" not in printed + reports
    assert "the same SOP Instance UID stands for other content" in reports


@pytest.mark.parametrize("ran", [level for level in LEVELS if level[0] == "none"], indirect=True, ids="".join)
def test_no_uid_is_told_when_none_may_be(ran: tuple[str, str]) -> None:
    """Rows are named by their number in the plan."""
    printed, reports = ran

    assert UID not in printed + reports
    assert "row 1" in reports


@pytest.mark.parametrize("ran", [["uids"], ["paths"]], indirect=True, ids="".join)
def test_otherwise_instances_are_named(ran: tuple[str, str]) -> None:
    """By UID, or by path as well."""
    assert UID in ran[1]


@pytest.mark.parametrize(("phi", "told"), [("none", False), ("uids", False), ("paths", True)])
def test_no_file_of_a_run_but_its_plan_names_a_folder_that_may_not_be_told(
    tmp_path: Path, phi: str, *, told: bool
) -> None:
    """Not by the words for a duplicate and a conflict, nor by a file that could not be put away."""
    files = tmp_path / "DOE^JOHN"
    files.mkdir()
    for name, rows in (("first.dcm", 4), ("again.dcm", 4), ("other.dcm", 8)):
        make_instance(files / name, rows=rows)
    (tmp_path / "sent").write_text("no folder")
    peer = f"{{embedded: {{directory: {tmp_path / 'received'}}}}}"
    text = f"""\
        dicomjobs: 1
        reports: {{phi: {phi}}}
        state: {{directory: {tmp_path / "state"}}}
        jobs:
          send: {{store: {{peer: {peer}, send_set: {{paths: ["{files}"]}}, sent_files: {{move: {tmp_path / "sent"}}}}}}}
        """
    ended = dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports")
    run = latest(tmp_path / "reports")
    naming = {path.name for path in run.path.iterdir() if "DOE^JOHN" in path.read_text(encoding="utf-8")}

    reasons = [row["reason"] for row in run.rows]
    assert (ended.code, sorted(reasons)) == (7, ["", "duplicate", "uid_conflict"])
    assert "sent_files_kept" in run.text("events.jsonl")
    assert naming - {"plan-instances.jsonl", "plan.json"} == (
        {"events.jsonl", "instances.csv", "junit.xml", "report.json"} if told else set()
    )
