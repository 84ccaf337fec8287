"""A run leaves a private directory that accounts for everything that was planned, and not one patient's name in it."""

from __future__ import annotations

import csv
import io
import json
import stat
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from dicomjobs.resources import schema_text
from tests.support.command import RunDirectory, dicomjobs, dicomjobs_process, latest, peer_yaml, runs, store_yaml
from tests.support.instances import CANARY, CANARY_ID, make_study
from tests.support.job_files import write
from tests.support.recording_scp import recording_scp

FILES = 12


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """A run of every kind of job in which most things went well: its directory, with what it printed beside it."""
    folder = tmp_path_factory.mktemp("run")
    make_study(folder / "files", FILES, series=3, rows=4)
    (folder / "files" / "notes.txt").write_text("not DICOM")
    statuses = Counter[str]()

    def answer(uid: str) -> int:
        statuses[uid] += 1
        return {3: 0xB000, 5: 0xA700}.get(len(statuses), 0)

    with recording_scp(lambda received: answer(received.command.sop_instance_uid)) as scp:
        text = f"""\
dicomjobs: 1
state: {{directory: {folder}/state}}
peers: {{pacs: {peer_yaml(scp.port)}}}
jobs:
  check: {{echo: {{peer: pacs}}}}
  send: {{needs: [check], store: {{peer: pacs, send_set: {{paths: [files]}}, retry: {{attempts: 1}}}}}}
"""
        ended = dicomjobs("run", write(folder, text), "--reports", folder / "reports", "-v")
    (folder / "out.txt").write_text(ended.out)
    (folder / "err.txt").write_text(ended.err)
    assert ended.code == 4
    return latest(folder / "reports")


def test_the_directory_holds_exactly_these_files_for_their_owner_alone(run: RunDirectory) -> None:
    """0700 and 0600, whatever the umask."""
    assert stat.S_IMODE(run.path.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in run.path.iterdir()} == dict.fromkeys(
        ("plan.json", "plan-instances.jsonl", "events.jsonl", "report.json", "instances.csv", "junit.xml"), 0o600
    )


def test_latest_is_a_relative_link_beside_the_run(run: RunDirectory) -> None:
    """It survives a move of the whole folder."""
    assert (run.path.parent / "latest").readlink() == Path(run.path.name)


def test_the_run_is_called_by_when_it_began_its_file_and_a_random_end(run: RunDirectory) -> None:
    """So that they sort by time; the same id stands in the report."""
    assert run.report["run_id"] == run.path.name
    assert len(run.path.name.split("-")) == 3
    assert run.path.name.split("-")[1] == "job"


def test_the_report_is_valid(run: RunDirectory) -> None:
    """Against the schema that is shipped."""
    jsonschema.Draft202012Validator(json.loads(schema_text("report.schema.json"))).validate(run.report)


def test_the_counts_add_up_to_what_was_planned(run: RunDirectory) -> None:
    """In the report, and in the table row by row."""
    counts = run.job("send")["counts"]
    assert counts["planned"] == FILES + 1 == sum(counts.values()) - counts["planned"] - counts["matches"]
    assert (counts["delivered"], counts["delivered_with_warning"], counts["failed"], counts["skipped"]) == (10, 1, 1, 1)
    by_outcome = Counter(row["outcome"] for row in run.rows)
    assert by_outcome == {outcome: counts[outcome] for outcome in by_outcome}


def test_the_table_has_a_line_for_each_row_of_the_plan(run: RunDirectory) -> None:
    """In the order of the plan, with the columns that are promised."""
    planned = [json.loads(line)["path"] for line in run.text("plan-instances.jsonl").splitlines()]
    header = run.text("instances.csv").splitlines()[0]

    assert [row["path"] for row in run.rows] == planned
    assert header == (
        "job,path,study_instance_uid,series_instance_uid,sop_instance_uid,sop_class_uid,transfer_syntax,"
        "sent_transfer_syntax,bytes,sha256,outcome,reason,status,proof,attempts,seconds,association,message_id,"
        "delivered_in_run"
    )


def test_the_log_has_one_last_word_on_each_instance(run: RunDirectory) -> None:
    """The sequence has no gap, and the run has a beginning and an end."""
    events = run.events
    kinds = Counter(event["event"] for event in events)

    assert [event["sequence"] for event in events] == list(range(len(events)))
    assert kinds["instance_finished"] == FILES + 1
    assert (events[0]["event"], events[-1]["event"]) == ("run_started", "run_finished")


def test_junit_can_be_read_and_counts_the_jobs(run: RunDirectory) -> None:
    """A case for each job, and one for the group of failures."""
    root = ET.fromstring(run.text("junit.xml"))
    names = [case.get("name", "") for case in root.iter("testcase")]

    assert (root.get("tests"), root.get("failures")) == ("3", "2")
    assert names[:2] == ["check", "send"]
    assert names[2].startswith("send: ")


@pytest.mark.parametrize(
    ("output_format", "name"), [("json", "report.json"), ("csv", "instances.csv"), ("junit", "junit.xml")]
)
def test_report_makes_the_same_files_again_from_the_log(run: RunDirectory, output_format: str, name: str) -> None:
    """Byte for byte."""
    again = dicomjobs("report", "latest", "--reports", run.path.parent, "--format", output_format)

    assert (again.code, again.err) == (0, "")
    assert again.out == run.text(name)


def test_report_prints_the_text_that_the_run_printed(run: RunDirectory) -> None:
    """Also when it is named by its id or its path; the run said besides where its directory is."""
    printed = (run.path.parents[1] / "out.txt").read_text()

    assert printed.endswith(f"Report: {run.path}\n")
    for name, where in ((run.path.name, ("--reports", run.path.parent)), (str(run.path), ())):
        assert dicomjobs("report", name, *where).out == printed.removesuffix(f"Report: {run.path}\n")


def test_no_patient_is_named_anywhere(run: RunDirectory) -> None:
    """Neither by name nor by ID: in the files, on the terminal, in the ledger."""
    folder = run.path.parents[1]
    places = [*run.path.iterdir(), folder / "out.txt", folder / "err.txt", *(folder / "state").rglob("*")]
    read = [path for path in places if path.is_file()]

    assert any(path.parent.name == "state" for path in read)
    assert len(read) > 8
    for path in read:
        data = path.read_bytes()
        assert CANARY.encode() not in data, path
        assert CANARY_ID.encode() not in data, path
        assert b"CANARY" not in data, path


def test_a_run_of_one_job_is_called_by_its_name(tmp_path: Path) -> None:
    """It is what somebody looks for."""
    with recording_scp() as scp:
        make_study(tmp_path / "files", 1, rows=4)
        dicomjobs("run", write(tmp_path, store_yaml(scp.port, tmp_path / "files")), "--reports", tmp_path / "reports")

    assert latest(tmp_path / "reports").path.name.split("-")[1] == "send"


def test_reports_lie_where_the_document_says_and_else_in_the_state_folder(tmp_path: Path, no_home_writes: Path) -> None:
    """--reports comes before `reports:`, and this before the user's own folder."""
    with recording_scp() as scp:
        make_study(tmp_path / "files", 1, rows=4)
        text = store_yaml(scp.port, tmp_path / "files")
        dicomjobs("run", write(tmp_path, text))
        dicomjobs("run", write(tmp_path, text + "reports: {directory: here}\n"))
        dicomjobs("run", tmp_path / "job.yaml", "--reports", tmp_path / "there")

    for folder in (no_home_writes / "state" / "dicomjobs" / "reports", tmp_path / "here", tmp_path / "there"):
        assert len(list(runs(folder))) == 1


def test_a_run_that_cannot_be_planned_leaves_no_directory(tmp_path: Path) -> None:
    """A folder without a run in it would look like a crash."""
    write(tmp_path, store_yaml(104, tmp_path).replace("store:", "stoer:"))

    ran = dicomjobs("run", tmp_path / "job.yaml", "--reports", tmp_path / "reports")

    assert (ran.code, ran.out) == (2, "")
    assert "did you mean `store`?" in ran.err
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize("name", ["nowhere.yaml", "nowhere.json"])
def test_a_file_that_is_not_there_is_a_wrong_input(tmp_path: Path, name: str) -> None:
    """Code 2: nothing on this computer has failed."""
    ran = dicomjobs("run", tmp_path / name, "--reports", tmp_path / "reports")

    assert (ran.code, ran.out) == (2, "")
    assert name in ran.err


def test_a_run_that_is_not_there_is_a_wrong_input(tmp_path: Path) -> None:
    """The message names what was looked for, and where."""
    told = dicomjobs("report", "latest", "--reports", tmp_path)

    assert told.code == 2
    assert str(tmp_path) in told.err


def test_an_empty_send_set_is_fine_unless_the_job_says_otherwise(tmp_path: Path) -> None:
    """Nothing is connected to for nothing."""
    (tmp_path / "files").mkdir()
    with recording_scp() as scp:
        fine = dicomjobs("run", write(tmp_path, store_yaml(scp.port, tmp_path / "files")), "--reports", tmp_path / "a")
        text = store_yaml(scp.port, tmp_path / "files", more="if_empty: fail")
        failed = dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "b")

    assert (fine.code, failed.code, scp.requests) == (0, 3, [])
    assert "if_empty" in failed.out


def test_a_file_may_be_called_anything_and_its_row_says_so(tmp_path: Path) -> None:
    """A comma, a quote, a line break and an escape sequence: exact in the report, one line in the table, harmless on the terminal."""
    folder = tmp_path / "files"
    (made,) = make_study(folder, 1, rows=4)
    name = '=1+1,"a"\nb\x1b[31m.dcm'
    made.path.rename(folder / name)
    with recording_scp(lambda _: 0xA700) as scp:
        ran = dicomjobs("run", write(tmp_path, store_yaml(scp.port, folder)), "--reports", tmp_path / "reports", "-v")

    run = latest(tmp_path / "reports")
    table = (run.path / "instances.csv").read_bytes().decode()
    (row,) = csv.DictReader(io.StringIO(table, newline=""))
    assert row["path"] == str(folder) + '/=1+1,"a"\\x0ab\\x1b[31m.dcm'
    assert run.job("send")["failures"][0]["examples"] == [str(folder / name)]
    assert "\x1b" not in ran.out + ran.err + run.text("junit.xml")


def test_a_process_of_its_own_gives_the_same(tmp_path: Path) -> None:
    """The console script's exit code is the report's, and Python's development warnings find nothing."""
    make_study(tmp_path / "files", 2, rows=4)
    with recording_scp(lambda _: 0xA700) as scp:
        text = store_yaml(scp.port, tmp_path / "files")
        ran = dicomjobs_process("run", write(tmp_path, text), "--reports", tmp_path / "reports")

    assert (ran.code, ran.err) == (4, "")
    assert "Exit code 4" in ran.out
