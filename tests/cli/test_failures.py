"""What this computer does wrong: a disk that is full, a folder that is closed, a port that is taken, a bug of ours."""

from __future__ import annotations

import errno
import itertools
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.failures import explain
from dicomjobs.cli.sinks import EventLog
from dicomjobs.events import JobStarted, Stamped
from dicomjobs.plan.row_codec import StalePlan
from tests.support.command import dicomjobs, dicomjobs_process, latest, peer_yaml, runs, store_yaml
from tests.support.instances import make_study
from tests.support.job_files import write
from tests.support.ledgers import known
from tests.support.peers import skip_or_fail_in_ci
from tests.support.recording_scp import recording_scp


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for 64 KiB."""
    place = tmp_path / "tiny"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        skip_or_fail_in_ci(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.mark.parametrize(
    ("files", "full"),
    [(40, "report.json"), (80, "events.jsonl"), (400, "plan-instances.jsonl")],
    ids=["at-the-end", "while-sending", "while-planning"],
)
def test_a_full_disk_gives_code_7_and_no_torn_file(tmp_path: Path, tiny_disk: Path, files: int, full: str) -> None:
    """The first line names the file, nothing is half-written under its final name, and nothing is sent that was not planned."""
    make_study(tmp_path / "files", files, rows=4)
    with recording_scp() as scp:
        job = write(tmp_path, store_yaml(scp.port, tmp_path / "files"))
        ran = dicomjobs_process("run", job, "--reports", tiny_disk / "reports")

    assert ran.code == 7
    assert re.match(rf"dicomjobs.*: \S+/{re.escape(full)}.*: No space left on device\n", ran.err)
    assert ("Exit code 7" in ran.out) is (full == "report.json")
    assert ("exit code 7" in ran.err) is (full == "events.jsonl")
    assert bool(scp.requests) is (full != "plan-instances.jsonl")
    for run in runs(tiny_disk / "reports"):
        assert full != "plan-instances.jsonl"
        assert not (run.path / "report.json").exists()
        assert not (run.path / "junit.xml").exists() or run.text("junit.xml").endswith("</testsuites>\n")
        assert not list(run.path.glob(".*.part"))


def test_a_log_that_fills_its_disk_while_sending_leaves_an_account_of_what_really_happened(
    tmp_path: Path, tiny_disk: Path
) -> None:
    """What is printed is what the peer and the ledger have, however much of it the log could not hold."""
    files, state = 80, tmp_path / "state"
    make_study(tmp_path / "files", files, rows=4)
    with recording_scp() as scp:
        text = store_yaml(scp.port, tmp_path / "files") + f"state: {{directory: {state}}}\n"
        ran = dicomjobs_process("run", write(tmp_path, text), "--reports", tiny_disk / "reports")
        stored = set(scp.stored)

    counts = Counter({word: int(count) for count, word in re.findall(r"(\d+)(?: of 80)? (\w+)", ran.err)})
    outcomes = Counter(outcome for outcome, _ in known(state).values())
    assert "events.jsonl: No space left on device" in ran.err
    assert (counts["delivered"], counts["unknown"]) == (outcomes["delivered"], outcomes["unknown"])
    assert counts["delivered"] <= len(stored) <= counts["delivered"] + counts["unknown"]
    assert counts["delivered"] + counts["unknown"] + counts["not"] + counts["failed"] == files


def test_a_batch_that_does_not_fit_into_the_log_is_an_error_at_once(tiny_disk: Path) -> None:
    """A nearly full disk takes a part of it without complaint; the error names the log."""
    log = EventLog(tiny_disk / "events.jsonl")
    event = JobStarted(job="send", instances=1, bytes=1)
    batch = tuple(Stamped(at=0.0, sequence=number, event=event) for number in range(33))
    whole = itertools.count()

    def fill() -> None:
        while next(whole) < 1000:
            log.write(batch)

    with pytest.raises(OSError, match="No space left") as caught:
        fill()
    log.close()

    written = (tiny_disk / "events.jsonl").read_bytes().count(b"\n")
    begun = next(whole)
    assert caught.value.filename == str(tiny_disk / "events.jsonl")
    assert (begun - 1) * len(batch) <= written < begun * len(batch)


def test_a_plan_that_does_not_fit_on_the_disk_is_not_saved(tmp_path: Path, tiny_disk: Path) -> None:
    """Neither head nor rows, nor a part of them."""
    make_study(tmp_path / "files", 400, rows=4)
    job = write(tmp_path, store_yaml(104, tmp_path / "files"))

    planned = dicomjobs_process("plan", job, "-o", tiny_disk / "plan.json")

    assert planned.code == 7
    assert "No space left on device" in planned.err
    assert not list(tiny_disk.iterdir())


def test_reports_that_cannot_be_written_give_code_7_before_anything_is_sent(tmp_path: Path) -> None:
    """The folder's name belongs to a file."""
    make_study(tmp_path / "files", 1, rows=4)
    (tmp_path / "reports").write_text("a file\n")
    with recording_scp() as scp:
        ran = dicomjobs(
            "run", write(tmp_path, store_yaml(scp.port, tmp_path / "files")), "--reports", tmp_path / "reports"
        )

    assert (ran.code, ran.out, scp.requests) == (7, "", [])
    assert str(tmp_path / "reports") in ran.err


def test_a_ledger_that_cannot_be_opened_gives_code_7_before_anything_is_sent(tmp_path: Path) -> None:
    """The state folder's name belongs to a file; every instance is accounted for."""
    make_study(tmp_path / "files", 2, rows=4)
    (tmp_path / "state").write_text("a file\n")
    with recording_scp() as scp:
        text = store_yaml(scp.port, tmp_path / "files") + "state: {directory: state}\n"
        ran = dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports")

    assert (ran.code, scp.stored) == (7, [])
    assert "Traceback" not in ran.err
    assert str(tmp_path / "state") in ran.err + ran.out


def test_a_bug_of_ours_is_one_line_and_a_private_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The traceback is kept for the report, not shown."""

    def fail(*_: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("dicomjobs.cli.show.main", fail)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    ended = dicomjobs("show", "job.yaml")

    (log,) = tmp_path.glob("dicomjobs-bug-*.log")
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert str(log) in ended.err
    assert log.stat().st_mode & 0o777 == 0o600
    assert "RuntimeError: boom" in log.read_text()


def echo_and_ask(port: int) -> str:
    """Return a document with a job that ends well, and one that comes after it."""
    return f"""\
dicomjobs: 1
jobs:
  check: {{echo: {{peer: {peer_yaml(port)}}}}}
  ask: {{find: {{peer: {peer_yaml(port)}, query: {{model: study, level: STUDY, keys: {{PatientID: }}}}}}}}
"""


def test_a_bug_in_the_middle_of_a_run_leaves_an_account_of_what_was_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code 1, the traceback in a file, and a run that is incomplete and not lost."""

    def fail(*_: object) -> NoReturn:
        raise RuntimeError("boom")

    monkeypatch.setattr("dicomjobs.execute.find.run_find", fail)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with recording_scp() as scp:
        job = write(tmp_path, echo_and_ask(scp.port))
        ran = dicomjobs("run", job, "--reports", tmp_path / "reports")

    run = latest(tmp_path / "reports")
    assert (ran.code, ran.out) == (1, "")
    assert (run.report["outcome"], run.report["exit_code"]) == ("incomplete", 1)
    assert [job["outcome"] for job in run.report["jobs"]] == ["succeeded", "interrupted"]
    assert "internal error (RuntimeError)" in ran.err
    assert ran.err.endswith(f"exit code 1: an internal error\nReport: {run.path}\n")
    assert 'value="incomplete"' in run.text("junit.xml")


def test_a_log_that_fails_in_the_middle_leaves_an_account_of_what_was_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the log cannot hold any more, the report says all the same."""
    write_batch = EventLog.write

    def fail_at_the_second_job(self: EventLog, batch: tuple[Stamped, ...]) -> None:
        if any(stamped.event == JobStarted(job="ask", instances=0, bytes=0) for stamped in batch):
            raise OSError(errno.ENOSPC, "No space left on device", "events.jsonl")
        write_batch(self, batch)

    monkeypatch.setattr(EventLog, "write", fail_at_the_second_job)
    with recording_scp() as scp:
        job = write(tmp_path, echo_and_ask(scp.port))
        ran = dicomjobs("run", job, "--reports", tmp_path / "reports")

    run = latest(tmp_path / "reports")
    assert (ran.code, ran.out, len(scp.requests)) == (7, "", 1)
    assert (run.report["outcome"], run.report["exit_code"]) == ("incomplete", 7)
    assert [job["outcome"] for job in run.report["jobs"]] == ["succeeded", "not_run"]
    assert "events.jsonl: No space left on device" in ran.err


def test_rows_that_change_during_a_run_are_no_wrong_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code 2 would say that nothing was sent."""

    def fail(*_: object) -> NoReturn:
        raise StalePlan("the rows are not those of the plan")

    monkeypatch.setattr("dicomjobs.execute.find.run_find", fail)
    with recording_scp() as scp:
        job = write(tmp_path, echo_and_ask(scp.port))
        ran = dicomjobs("run", job, "--reports", tmp_path / "reports")

    assert (ran.code, latest(tmp_path / "reports").report["exit_code"]) == (7, 7)


def test_a_bug_that_can_be_kept_nowhere_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a disk that is full the traceback itself is said."""

    def full(*_: object, **__: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", full)

    code = explain(RuntimeError("boom"), Arguments(verb="run"))

    assert (code, "RuntimeError: boom" in capsys.readouterr().err) == (1, True)
