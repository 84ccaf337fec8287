"""A signal ends a run in good order: what is in flight finishes, the association is released, everything is accounted for."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import pytest
from pydicom.uid import ExplicitVRLittleEndian

from dicomjobs.cli.main import main
from tests.support.command import SECONDS, RunDirectory, command_line, dicomjobs_process, peer_yaml, runs, store_yaml
from tests.support.instances import encode_elements, make_study
from tests.support.job_files import write
from tests.support.peers import free_port
from tests.support.recording_scp import Received, RecordingScp, recording_scp
from tests.support.scripted_scp import (
    RELEASE_RP,
    Step,
    accept,
    read_message,
    read_one_pdu,
    respond,
    scripted_scp,
    send,
)

FILES = 8
IN_FLIGHT = 3
"""The instance during which the signal comes."""


@dataclass(slots=True)
class SlowPeer:
    """Answers at once, but for one instance it waits until it may."""

    arrived: threading.Event = field(default_factory=threading.Event)
    may_answer: threading.Event = field(default_factory=threading.Event)
    count: int = 0

    def answer(self, _: Received) -> int:
        """Return success, in good time."""
        self.count += 1
        if self.count == IN_FLIGHT:
            self.arrived.set()
            assert self.may_answer.wait(SECONDS)
        return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A run in a process of its own that is in the middle of an instance."""

    peer: SlowPeer
    scp: RecordingScp
    process: subprocess.Popen[str]
    reports: Path

    def signal(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        self.process.send_signal(number)

    def wait_for(self, line: str) -> None:
        """Wait until the process says something on stderr."""
        assert self.process.stderr is not None
        while line not in (said := self.process.stderr.readline()):
            assert said, f"{line!r} was never said"

    def end(self) -> tuple[int, RunDirectory]:
        """Wait for the end; returns the exit code and the run."""
        out, err = self.process.communicate(timeout=SECONDS)
        assert "Traceback" not in out + err
        (run,) = runs(self.reports)
        return self.process.returncode, run


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight files of one study."""
    folder = tmp_path_factory.mktemp("files")
    make_study(folder, FILES, rows=4)
    return folder


def start(*arguments: object) -> subprocess.Popen[str]:
    """Start the command in a process of its own."""
    return subprocess.Popen(
        command_line(*arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def in_the_middle(tmp_path: Path, files: Path) -> Iterator[Scene]:
    """Start a run with -v and wait until the peer has the third instance and has not answered."""
    peer = SlowPeer()
    with recording_scp(peer.answer) as scp:
        job = write(tmp_path, store_yaml(scp.port, files))
        process = start("run", job, "--reports", tmp_path / "reports", "-v")
        try:
            assert peer.arrived.wait(SECONDS)
            yield Scene(peer=peer, scp=scp, process=process, reports=tmp_path / "reports")
        finally:
            peer.may_answer.set()
            process.kill()
            process.communicate()


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=str,
)
def test_a_signal_lets_the_instance_in_flight_finish_and_leaves_the_rest(
    tmp_path: Path, files: Path, number: signal.Signals, code: int
) -> None:
    """The association is released, the report is written, and the exit code names the signal."""
    with in_the_middle(tmp_path, files) as scene:
        scene.signal(number)
        scene.wait_for("finishing what is in flight")
        scene.peer.may_answer.set()
        ended = scene.scp.next_end()
        exit_code, run = scene.end()

    assert (exit_code, run.report["exit_code"], run.report["outcome"]) == (code, code, "interrupted")
    assert (ended, len(scene.scp.stored)) == ("released", IN_FLIGHT)
    assert Counter(row["outcome"] for row in run.rows) == {"delivered": IN_FLIGHT, "not_sent": FILES - IN_FLIGHT}
    assert {row["reason"] for row in run.rows if row["outcome"] == "not_sent"} == {"interrupted"}
    assert run.job("send")["associations"][0]["ended_by"] == "release"
    assert (run.path.parent / "latest").resolve() == run.path


def test_a_second_signal_aborts_and_the_instance_in_flight_is_unknown(tmp_path: Path, files: Path) -> None:
    """Its answer never came: nobody may say that it was delivered, nor that it was not."""
    with in_the_middle(tmp_path, files) as scene:
        scene.signal(signal.SIGINT)
        scene.wait_for("finishing what is in flight")
        scene.signal(signal.SIGINT)
        exit_code, run = scene.end()
        scene.peer.may_answer.set()

    assert (exit_code, run.report["exit_code"]) == (130, 130)
    assert Counter((row["outcome"], row["reason"]) for row in run.rows) == {
        ("delivered", ""): IN_FLIGHT - 1,
        ("unknown", "no_answer"): 1,
        ("not_sent", "interrupted"): FILES - IN_FLIGHT,
    }
    assert run.job("send")["associations"][0]["ended_by"] == "abort"


def test_a_signal_cancels_a_query_and_publishes_nothing(tmp_path: Path) -> None:
    """C-CANCEL goes out, the final answer is waited for, and the match that came is called incomplete (PS3.4 C.4.1.3)."""
    match = encode_elements([(0x00100020, "LO", "P1")], ExplicitVRLittleEndian)
    asked, cancelled = threading.Event(), threading.Event()

    def signalled(event: threading.Event) -> Step:
        return lambda _: event.set()

    script = (
        *(accept(), read_message(), respond(status=0xFF00, data=match), signalled(asked)),
        *(read_message(), signalled(cancelled), respond(field=0x8020, status=0xFE00, message_id=1)),
        *(read_one_pdu(), send(RELEASE_RP)),
    )
    with scripted_scp(*script) as port:
        text = f"""\
dicomjobs: 1
jobs:
  ask:
    find:
      peer: {peer_yaml(port)}
      query: {{model: study, level: STUDY, keys: {{PatientID: }}}}
      outputs: [{{format: csv, file: {tmp_path}/table.csv}}]
"""
        process = start("run", write(tmp_path, text), "--reports", tmp_path / "reports")
        assert asked.wait(SECONDS)
        process.send_signal(signal.SIGINT)
        assert cancelled.wait(SECONDS)
        process.communicate(timeout=SECONDS)

    (run,) = runs(tmp_path / "reports")
    job = run.job("ask")
    assert (process.returncode, job["outcome"], job["truncated"]) == (130, "interrupted", True)
    assert (job["counts"]["matches"], job["associations"][0]["ended_by"]) == (1, "release")
    assert "P1" in run.text("matches.csv")
    assert not (tmp_path / "table.csv").exists()


def test_what_an_interrupted_run_left_is_sent_by_the_next(tmp_path: Path, files: Path) -> None:
    """The same command again sends what is left and nothing else."""
    with in_the_middle(tmp_path, files) as scene:
        scene.signal(signal.SIGTERM)
        scene.wait_for("finishing what is in flight")
        scene.peer.may_answer.set()
        scene.end()
        again = subprocess.run(
            command_line("run", tmp_path / "job.yaml", "--reports", tmp_path / "again"),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    assert (again.returncode, again.stderr) == (0, "")
    rows = next(runs(tmp_path / "again")).rows
    assert Counter(row["reason"] for row in rows) == {"already_delivered": IN_FLIGHT, "": FILES - IN_FLIGHT}
    assert sorted(scene.scp.stored) == sorted(row["sop_instance_uid"] for row in rows)


def test_a_run_killed_outright_can_be_run_again_and_its_report_says_that_it_is_incomplete(
    tmp_path: Path, files: Path
) -> None:
    """The log ends in the middle: `report` makes the most of it; what may have arrived is sent again only on request."""
    with in_the_middle(tmp_path, files) as scene:
        scene.process.kill()
        scene.process.communicate()
        (run,) = runs(scene.reports)
        report = subprocess.run(
            command_line("report", run.path), capture_output=True, text=True, timeout=SECONDS, check=False
        )

        job = write(tmp_path, store_yaml(scene.scp.port, files, more="on_unknown: stop"))
        again = dicomjobs_process("run", job, "--reports", tmp_path / "again")
        sent_before = len(scene.scp.stored)
        once_more = dicomjobs_process("run", job, "--reports", tmp_path / "more", "--resend", "unknown")

    assert "The log of this run ends in the middle." in report.stdout
    assert "Exit code 8" in report.stdout
    assert again.code == 8
    assert again.err.startswith(
        f"dicomjobs: run {run.path.name} died with 1 instance sent and not answered: whether they arrived is not known\n"
    )
    assert (once_more.code, len(scene.scp.stored) - sent_before) == (0, 1)


def test_a_terminal_that_is_hung_up_ends_the_run_in_good_order(tmp_path: Path, files: Path) -> None:
    """As when an SSH session breaks: SIGHUP comes and nothing can be drawn any more, but the report is written."""
    peer = SlowPeer()
    with recording_scp(peer.answer) as scp:
        job = write(tmp_path, store_yaml(scp.port, files))
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            command_line("run", job, "--reports", tmp_path / "reports"), stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        assert peer.arrived.wait(SECONDS)
        os.close(ours)
        process.send_signal(signal.SIGHUP)
        peer.may_answer.set()
        ended = scp.next_end()
        code = process.wait(SECONDS)

    (run,) = runs(tmp_path / "reports")
    assert (code, ended, run.report["exit_code"]) == (129, "released", 129)
    assert run.job("send")["counts"]["delivered"] + run.job("send")["counts"]["not_sent"] == FILES


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_a_signal_while_planning_ends_the_command_and_leaves_no_run_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: int
) -> None:
    """The survey is interrupted where it is."""

    def interrupted(*_: object, **__: object) -> NoReturn:
        signal.raise_signal(number)
        raise AssertionError("the signal was not heard")

    monkeypatch.setattr("dicomjobs.disk.inventory.survey", interrupted)
    job = write(tmp_path, store_yaml(104, tmp_path))

    assert main(["run", str(job), "--reports", str(tmp_path / "reports")]) == code
    assert list((tmp_path / "reports").iterdir()) == []


def test_a_signal_ends_the_wait_for_a_peer_that_is_not_there(tmp_path: Path, files: Path) -> None:
    """At once, however long the wait would have been; nothing was sent, and the report says why."""
    job = write(
        tmp_path, store_yaml(free_port(), files, more="retry: {first_wait: 10m, longest_wait: 10m, budget: 1h}")
    )
    process = start("run", job, "--reports", tmp_path / "reports", "-v")
    assert process.stderr
    while "association 2 not established" not in (line := process.stderr.readline()):
        assert line, "it ended before it waited"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=SECONDS)

    (run,) = runs(tmp_path / "reports")
    assert (process.returncode, run.report["outcome"]) == (143, "interrupted")
    assert {(row["outcome"], row["reason"]) for row in run.rows} == {("not_sent", "interrupted")}
