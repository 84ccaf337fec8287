"""A run's report made again: found where it is kept; a log that was damaged, or is not that of its plan, is told as such."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command import RunDirectory, dicomjobs, latest, peer_yaml, store_yaml
from tests.support.instances import make_study
from tests.support.job_files import write
from tests.support.peers import free_port
from tests.support.recording_scp import recording_scp


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """A run that sent two files."""
    folder = tmp_path_factory.mktemp("run")
    make_study(folder / "files", 2, rows=4)
    with recording_scp() as scp:
        dicomjobs("run", write(folder, store_yaml(scp.port, folder / "files")), "--reports", folder / "reports")
    return latest(folder / "reports")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda log: log.replace('"event":', '"evnt":', 1), "line 1 of the event log cannot be read"),
        (lambda log: log + log, "says twice what became of row 0"),
        (lambda log: log.replace('"job":"send"', '"job":"sent"'), "the log is that of another plan"),
    ],
    ids=["line", "twice", "job"],
)
@pytest.mark.parametrize("output_format", ["text", "csv"])
def test_a_damaged_log_is_a_wrong_input(
    run: RunDirectory, tmp_path: Path, damage: Callable[[str], str], words: str, output_format: str
) -> None:
    """A sentence and code 2, whatever form was asked for; this is no bug of ours."""
    for path in run.path.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "events.jsonl").write_text(damage(run.text("events.jsonl")))

    told = dicomjobs("report", tmp_path, "--format", output_format)

    assert (told.code, told.out) == (2, "")
    assert "DJ611" in told.err
    assert words in told.err


def test_a_log_that_ends_in_the_middle_is_told_as_far_as_it_goes(run: RunDirectory, tmp_path: Path) -> None:
    """A torn last line is what a crash leaves."""
    for path in run.path.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "events.jsonl").write_text(run.text("events.jsonl")[:-10])

    told = dicomjobs("report", tmp_path)

    assert (told.code, told.err) == (0, "")
    assert "The log of this run ends in the middle." in told.out


@pytest.mark.parametrize(
    "folders",
    ["reports: {directory: told}", "state: {directory: kept}", "reports: {directory: told}\nstate: {directory: kept}"],
)
def test_a_run_is_found_where_its_job_file_keeps_it(tmp_path: Path, folders: str) -> None:
    """From any folder; the parameter that a run must be given does not matter here."""
    jobs = f"parameters: {{port: null}}\njobs: {{ask: {{echo: {{peer: {peer_yaml(free_port())}}}}}}}\n"
    file = write(tmp_path, f"dicomjobs: 1\n{folders}\n{jobs}")
    ran = dicomjobs("run", file, "--set", "port=1")
    told = dicomjobs("report", "latest", "-f", file)
    elsewhere = dicomjobs("report", "latest")

    assert (ran.code, told.code, elsewhere.code) == (4, 0, 2)
    assert told.out.startswith("Run ")
    assert "-f FILE" in elsewhere.err
