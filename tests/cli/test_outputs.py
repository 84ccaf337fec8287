"""The files that a job asks for are written, or refused before anything is sent, or told of in every account of the run."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from dicomjobs.cli.output_obstacles import refuse_outputs
from dicomjobs.diagnostics import InvalidInput
from dicomjobs.model.job import IfExists, Output, OutputFormat
from dicomjobs.plan.plan import FindStep
from tests.support.command import Ended, dicomjobs, latest, runs, store_yaml
from tests.support.instances import make_study
from tests.support.job_files import write
from tests.support.recording_scp import Received, recording_scp
from tests.support.runs import find_job, make_plan
from tests.support.unprivileged import folder_for_anybody, without_root


def find_and_send(port: int, output: str) -> str:
    """Return a document that asks an embedded peer, and sends a file to another afterwards."""
    return (
        store_yaml(port, Path("files"))
        + f"""\
  ask:
    find:
      peer: {{embedded: {{directory: kept}}}}
      query: {{model: study, level: STUDY, keys: {{PatientID: }}}}
      outputs: [{{format: csv, file: {output}}}]
"""
    )


def run_with(tmp_path: Path, output: str) -> tuple[Ended, int]:
    """Run the document; returns how it ended, and how many associations were asked for."""
    make_study(tmp_path / "files", 1, rows=4)
    with recording_scp() as scp:
        job = write(tmp_path, find_and_send(scp.port, output))
        ran = dicomjobs("run", job, "--reports", tmp_path / "reports")
    return ran, len(scp.requests)


def test_an_output_is_written_where_it_was_asked_for(tmp_path: Path) -> None:
    """A bare name lands in the run's directory, another beside the job file."""
    for name, folder in (("table.csv", None), ("./table.csv", tmp_path)):
        ran, _ = run_with(tmp_path, name)

        assert ran.code == 0
        assert ((folder or latest(tmp_path / "reports").path) / "table.csv").is_file()


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("nowhere/table.csv", "there is no folder"),
        ("./files", "is a folder"),
        ("..", "is a folder"),
        ("files/../job.yaml", "is a file that the jobs were read from"),
        ("link/job.yaml", "is a file that the jobs were read from"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused_before_anything_is_sent(
    tmp_path: Path, output: str, words: str
) -> None:
    """Nobody is asked, nothing is overwritten, and no directory is left."""
    (tmp_path / "link").symlink_to(tmp_path)

    ran, requests = run_with(tmp_path, output)

    assert (ran.code, ran.out, requests) == (2, "", 0)
    assert "DJ609" in ran.err
    assert words in ran.err
    assert (tmp_path / "job.yaml").read_text().startswith("dicomjobs: 1")
    assert not list(runs(tmp_path / "reports"))


@pytest.mark.parametrize("name", ["closed/table.csv", "dark/inside/table.csv"])
@pytest.mark.parametrize("if_exists", IfExists)
def test_an_output_in_a_closed_folder_is_refused(name: str, if_exists: IfExists) -> None:
    """The permission is looked at beforehand, not found missing afterwards."""
    with folder_for_anybody() as folder:
        output = Output(
            format=OutputFormat.CSV, file=str(folder / name), directory=None, columns=(), if_exists=if_exists
        )
        job = find_job()
        assert isinstance(job.step, FindStep)
        plan = make_plan(replace(job, step=replace(job.step, outputs=(output,))))
        (folder / "closed").mkdir(mode=0o555)
        (folder / "dark" / "inside").mkdir(parents=True)
        (folder / "dark").chmod(0)

        with without_root(), pytest.raises(InvalidInput, match=name.partition("/")[0]) as caught:
            refuse_outputs(plan, folder)

    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["DJ609"]


def test_an_output_whose_folder_goes_away_is_part_of_the_account(tmp_path: Path) -> None:
    """The job failed, on the screen, in report.json and for JUnit, and the log says so as well."""
    make_study(tmp_path / "files", 1, rows=4)
    (tmp_path / "out").mkdir()

    def take_away(_: Received) -> int:
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        return 0

    with recording_scp(take_away) as scp:
        job = write(tmp_path, find_and_send(scp.port, "out/table.csv"))
        ran = dicomjobs("run", job, "--reports", tmp_path / "reports")

    run = latest(tmp_path / "reports")
    (failure,) = run.job("ask")["failures"]
    assert (ran.code, run.report["exit_code"], run.report["outcome"]) == (7, 7, "failed")
    assert (run.job("ask")["outcome"], failure["reason"]) == ("failed", "output_failed")
    assert f"{tmp_path}/out/table.csv could not be written: No such file or directory" in ran.out
    assert [event["event"] for event in run.events if event["event"].endswith("_failed")] == ["output_failed"]
    assert ET.fromstring(run.text("junit.xml")).get("failures") == "2"
    for output_format, name in (("json", "report.json"), ("junit", "junit.xml")):
        assert dicomjobs("report", run.path, "--format", output_format).out == run.text(name)
