"""One run a job file: the second one ends with 11 and says who is at work, or waits; a killed one holds nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_IMODE

import pytest

from dicomjobs.cli.lock import Locked, lock_path, run_lock
from tests.support.command import SECONDS, command_line, dicomjobs, dicomjobs_process, store_yaml
from tests.support.instances import make_study
from tests.support.job_files import write
from tests.support.recording_scp import recording_scp

HOLDER = """
import sys, time
from pathlib import Path
from dicomjobs.cli.lock import run_lock
with run_lock(Path(sys.argv[1]), sys.argv[2], run_id="the-other", wait=0):
    print("held", flush=True)
    time.sleep(60)
"""


@contextmanager
def held_elsewhere(state: Path, job: str) -> Iterator[subprocess.Popen[str]]:
    """Have another process hold the lock of a job file."""
    command = [sys.executable, "-c", HOLDER, str(state), job]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def waiting_run(job: str) -> Iterator[subprocess.Popen[str]]:
    """Start a run that waits for the lock, and wait until it says so."""
    command = command_line("run", job, "--wait", "1h")
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr
        assert "waiting for it to end, 3600 s at most" in process.stderr.readline()
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def job(tmp_path: Path) -> Iterator[str]:
    """A job file that could run, with its state beside it."""
    make_study(tmp_path / "files", 1, rows=0)
    with recording_scp() as scp:
        text = store_yaml(scp.port, tmp_path / "files") + f"state: {{directory: {tmp_path}/state}}\n"
        yield write(tmp_path, text)


def test_a_second_run_ends_with_11_and_says_who_is_at_work(tmp_path: Path, job: str) -> None:
    """Nothing is planned, sent or left behind."""
    with held_elsewhere(tmp_path / "state", job) as other:
        ended = dicomjobs("run", job)

    assert (ended.code, ended.out) == (11, "")
    for part in (f"another run of {job} is at work", f"process {other.pid} on ", "run the-other", "--wait"):
        assert part in ended.err
    assert not (tmp_path / "state" / "reports").exists()


def test_it_waits_as_long_as_it_is_told(tmp_path: Path, job: str) -> None:
    """And then runs, having said what it waits for."""
    with held_elsewhere(tmp_path / "state", job) as other, waiting_run(job) as waiting:
        other.kill()
        waiting.communicate(timeout=SECONDS)

    assert waiting.returncode == 0


def test_a_wait_that_is_too_short_ends_with_11(tmp_path: Path, job: str) -> None:
    """After that time and not much later."""
    with held_elsewhere(tmp_path / "state", job):
        began = time.monotonic()
        ended = dicomjobs("run", job, "--wait", "0.3")

    assert ended.code == 11
    assert 0.3 <= time.monotonic() - began < SECONDS


def test_a_quiet_run_waits_in_silence(tmp_path: Path, job: str) -> None:
    """From cron, a mail is for what went wrong: here that the wait was in vain, which is told once."""
    with held_elsewhere(tmp_path / "state", job):
        loud, quiet = (dicomjobs_process("run", job, "--wait", "0.1", *volume) for volume in ([], ["-q"]))

    assert (loud.err.count("another run of"), quiet.err.count("another run of")) == (2, 1)
    assert (quiet.code, quiet.out) == (11, "")


def test_a_signal_ends_the_wait(tmp_path: Path, job: str) -> None:
    """As it ends anything else before the work begins."""
    with held_elsewhere(tmp_path / "state", job), waiting_run(job) as waiting:
        waiting.send_signal(signal.SIGTERM)
        waiting.communicate(timeout=SECONDS)

    assert waiting.returncode == 143


def test_a_killed_run_holds_nothing(tmp_path: Path, job: str) -> None:
    """The kernel lets go of the lock; the file stays and does no harm."""
    with held_elsewhere(tmp_path / "state", job) as other:
        other.send_signal(signal.SIGKILL)
        other.wait()

        assert dicomjobs("run", job).code == 0
    assert lock_path(tmp_path / "state", job).exists()


def test_every_spelling_of_a_path_is_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative, absolute, and through a link."""
    (tmp_path / "night.yaml").touch()
    (tmp_path / "link.yaml").symlink_to("night.yaml")
    monkeypatch.chdir(tmp_path)
    spellings = ("night.yaml", "./night.yaml", str(tmp_path / "night.yaml"), "link.yaml")

    assert len({lock_path(tmp_path, each) for each in spellings}) == 1
    assert lock_path(tmp_path, "other.yaml") != lock_path(tmp_path, "night.yaml")


def test_the_lock_is_for_its_owner_and_says_who_that_is(tmp_path: Path) -> None:
    """What stands in it is for people; a torn one is no reason to fail."""
    path = lock_path(tmp_path, "night.yaml")
    with run_lock(tmp_path, "night.yaml", run_id="run", wait=0):
        assert S_IMODE(path.stat().st_mode) == 0o600
        assert json.loads(path.read_text())["pid"] == os.getpid()
        path.write_text("{")
        with pytest.raises(Locked, match="who holds the lock"), run_lock(tmp_path, "night.yaml", run_id="b", wait=0):
            pass


@pytest.mark.parametrize("text", ["soon", "-1", "10 minutes"])
def test_a_wait_that_is_no_time_is_refused(text: str) -> None:
    """By the command line itself."""
    ended = dicomjobs("run", "job.yaml", f"--wait={text}")

    assert ended.code == 2
    assert "is no length of time" in ended.err
