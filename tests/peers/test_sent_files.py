"""Source files after a run against real peers: gone only when they were delivered, and never taken for new ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import dicomjobs, latest, store_yaml
from tests.support.instances import make_instance
from tests.support.job_files import write
from tests.support.peers import run_program
from tests.support.recording_scp import Received, recording_scp

ONCE = "retry: {attempts: 1}"


def _answer(received: Received) -> int:
    """Refuse the second instance for good, and the third for now."""
    return {2: 0xC000, 3: 0xA700}.get(received.message_id, 0)


def _files(folder: Path) -> Path:
    """Write four instances and a text file."""
    folder.mkdir()
    for n in range(4):
        make_instance(folder / f"{n}.dcm", number=n, rows=4)
    (folder / "notes.txt").write_text("not an instance")
    return folder


def _names(folder: Path) -> list[str]:
    """Return the names in a folder."""
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("sent_files", "left"),
    [
        ("keep", ["0.dcm", "1.dcm", "2.dcm", "3.dcm", "notes.txt"]),
        ("delete", ["1.dcm", "2.dcm", "notes.txt"]),
        ("rename", ["0.dcm.done", "1.dcm.bad", "2.dcm", "3.dcm.done", "notes.txt"]),
        ("{move: sent}", ["1.dcm", "2.dcm", "notes.txt"]),
    ],
)
def test_a_second_run_finds_what_the_first_has_left(tmp_path: Path, sent_files: str, left: list[str]) -> None:
    """What was delivered is put away; what has failed, and what is no instance, stays."""
    folder = _files(tmp_path / "in")
    with recording_scp(_answer) as scp:
        write(tmp_path, store_yaml(scp.port, folder, more=f"sent_files: {sent_files}, {ONCE}"))
        dicomjobs("run", tmp_path / "job.yaml", "--reports", tmp_path / "reports")
    after_first = _names(folder)
    with recording_scp() as scp:
        text = (tmp_path / "job.yaml").read_text()
        port = text.partition("port: ")[2].partition(",")[0]
        write(tmp_path, text.replace(port, str(scp.port)))
        second = dicomjobs("run", tmp_path / "job.yaml", "--reports", tmp_path / "reports")

    assert after_first == left
    if sent_files == "{move: sent}":
        assert _names(tmp_path / "sent") == ["0.dcm", "1.dcm", "2.dcm", "3.dcm"]
    assert second.code == 0
    assert len(scp.stored) == {"keep": 4, "rename": 1}.get(sent_files, 2)


@pytest.mark.parametrize("sent_files", ["delete", "rename", "{move: sent}"])
@pytest.mark.parametrize("paths", ["in", "in/*.dcm"])
def test_links_are_put_away_as_links(tmp_path: Path, sent_files: str, paths: str) -> None:
    """What lies elsewhere stays there, and a link whose file of the same folder was put away fails no later run."""
    folder = _files(tmp_path / "in")
    made = make_instance(tmp_path / "archive.dcm", number=9, rows=4)
    (folder / "elsewhere.dcm").symlink_to("../archive.dcm")
    (folder / "latest.dcm").symlink_to("3.dcm")
    with recording_scp() as scp:
        text = store_yaml(scp.port, folder, more=f"sent_files: {sent_files}")
        write(tmp_path, text.replace(f"paths: [{folder}]", f'paths: ["{tmp_path}/{paths}"], symlinks: follow'))
        codes = [dicomjobs("run", tmp_path / "job.yaml", "--reports", tmp_path / "reports").code for _ in range(2)]

    assert (codes, len(scp.stored)) == ([0, 0], 5)
    assert made.path.stat().st_size == made.size
    assert not (folder / "elsewhere.dcm").is_symlink()
    for link in tmp_path.rglob("elsewhere.dcm*"):
        assert link.resolve() == made.path


def test_what_an_earlier_run_has_delivered_is_put_away_without_being_sent_again(tmp_path: Path) -> None:
    """That run had been told to keep its files, or was killed before it could put them away."""
    folder = _files(tmp_path / "in")
    with recording_scp() as scp:
        text = store_yaml(scp.port, folder)
        dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports")
        write(tmp_path, text.replace("store: {", "store: {sent_files: delete, "))
        ran = dicomjobs("run", tmp_path / "job.yaml", "--reports", tmp_path / "reports")

    assert (ran.code, len(scp.stored)) == (0, 4)
    assert latest(tmp_path / "reports").job("send")["counts"]["skipped"] == 5
    assert _names(folder) == ["notes.txt"]


def test_renaming_is_storescus(tmp_path: Path) -> None:
    """The same names with +rn, but for what was refused for now only."""
    ours, theirs = _files(tmp_path / "ours"), _files(tmp_path / "theirs")
    for folder in (ours, theirs):
        (folder / "2.dcm").unlink()
    with recording_scp(_answer) as scp:
        run_program("storescu", "-nh", "+rn", "127.0.0.1", scp.port, *sorted(theirs.glob("*.dcm")))
    with recording_scp(_answer) as scp:
        write(tmp_path, store_yaml(scp.port, ours, more=f"sent_files: rename, {ONCE}"))
        ran = dicomjobs("run", tmp_path / "job.yaml", "--reports", tmp_path / "reports")

    assert _names(theirs) == ["0.dcm.done", "1.dcm.bad", "3.dcm.bad", "notes.txt"]
    assert _names(ours) == ["0.dcm.done", "1.dcm.bad", "3.dcm", "notes.txt"]
    assert ran.code == 3


def test_a_folder_that_cannot_be_made_is_exit_7_and_the_files_are_kept(tmp_path: Path) -> None:
    """Every instance is delivered, and the report says both."""
    folder = _files(tmp_path / "in")
    (tmp_path / "sent").write_text("a file where a folder should be")
    with recording_scp() as scp:
        write(tmp_path, store_yaml(scp.port, folder, more="sent_files: {move: sent}"))
        planned = dicomjobs("plan", tmp_path / "job.yaml")
        ran = dicomjobs("run", tmp_path / "job.yaml", "--reports", tmp_path / "reports")

    job = latest(tmp_path / "reports").job("send")
    assert f"is moved to {tmp_path}/sent" in planned.out
    assert ran.code == 7
    assert (job["counts"]["delivered"], job["outcome"]) == (4, "failed")
    assert [(failure["reason"], failure["count"]) for failure in job["failures"]] == [("sent_files_kept", 4)]
    assert len(_names(folder)) == 5
