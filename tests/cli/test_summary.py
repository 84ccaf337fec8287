"""What a run prints: one line for a clean run without a terminal, nothing with -q, everything about a failure."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.command import Ended, command_line, dicomjobs, dicomjobs_process, latest, store_yaml
from tests.support.instances import make_study
from tests.support.job_files import write
from tests.support.ledgers import is_sound
from tests.support.recording_scp import recording_scp


def run(tmp_path: Path, status: int, *options: str) -> Ended:
    """Send two files to a peer that answers with a status."""
    make_study(tmp_path / "files", 2, rows=4)
    with recording_scp(lambda _: status) as scp:
        job = write(tmp_path, store_yaml(scp.port, tmp_path / "files"))
        return dicomjobs("run", job, "--reports", tmp_path / "reports", *options)


def test_a_clean_run_without_a_terminal_prints_one_line(tmp_path: Path) -> None:
    """Fit for a cron mail: the job, its peer, and how much in which time."""
    ended = run(tmp_path, 0)

    assert (ended.code, ended.err) == (0, "")
    assert re.fullmatch(r"send \(store .*\): 2 delivered, [\d.]+ \w+ in [\d.]+ m?s \([\d.]+ \w+/s\)\n", ended.out)


def test_quiet_prints_nothing_of_a_clean_run_and_everything_of_a_failure(tmp_path: Path) -> None:
    """Cron sends no mail without output."""
    clean, failed = run(tmp_path, 0, "-q"), run(tmp_path, 0xA900, "-q")

    assert (clean.code, clean.out, clean.err) == (0, "", "")
    assert (failed.code, failed.err) == (3, "")
    assert "(status A900)" in failed.out
    assert "Exit code 3" in failed.out
    assert "\nReport: " in failed.out


def test_verbose_prints_jobs_associations_and_failures_on_stderr(tmp_path: Path) -> None:
    """And the whole summary at the end, also of a clean run."""
    clean, failed = run(tmp_path, 0, "-v"), run(tmp_path, 0xA900, "-v")

    assert clean.err.splitlines()[:2] == [
        "send: 2 instances",
        "send: association 1 established, 1 of 1 context accepted",
    ]
    assert clean.err.splitlines()[2] == "send: association 1 released"
    assert re.fullmatch(r"send: succeeded in [\d.]+ s", clean.err.splitlines()[3])
    assert "Exit code 0: all done." in clean.out
    assert [line for line in failed.err.splitlines() if "000000.dcm failed" in line]


def test_debug_prints_the_events_as_they_stand_in_the_log(tmp_path: Path) -> None:
    """Line by line."""
    ended = run(tmp_path, 0, "-d")

    log = next((tmp_path / "reports").glob("latest/events.jsonl")).read_text()
    assert ended.err == log


def test_verbose_and_quiet_exclude_each_other(tmp_path: Path) -> None:
    """A usage error, as of every command."""
    ended = dicomjobs("run", "job.yaml", "-q", "-v")

    assert ended.code == 2
    assert "not allowed with" in ended.err


def on_a_terminal(arguments: list[str], **environment: str) -> tuple[int, str]:
    """Run a command with a terminal of 120 columns as its output and return its code and everything drawn there."""
    ours, theirs = pty.openpty()
    command = ["sh", "-c", 'stty cols 120 rows 40; exec "$@"', "sh", *arguments]
    process = subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", **environment},
    )
    os.close(theirs)
    drawn = b""
    try:
        while step := os.read(ours, 65536):
            drawn += step
    except OSError:  # EIO: the last one who had the terminal open has closed it
        pass
    os.close(ours)
    return process.wait(), drawn.decode()


@pytest.mark.parametrize(("setting", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_shows_the_jobs_while_they_run_and_then_the_summary(
    tmp_path: Path, setting: dict[str, str], coloured: bool
) -> None:
    """The live view names jobs and counts, is gone when the summary comes, and has no colour where none is wanted."""
    make_study(tmp_path / "files", 20, rows=4)
    with recording_scp() as scp:
        job = write(tmp_path, store_yaml(scp.port, tmp_path / "files"))
        code, drawn = on_a_terminal(command_line("run", job, "--reports", tmp_path / "reports"), **setting)

    assert code == 0
    live, _, summary = drawn.partition("Run 2")
    assert "send" in live
    assert re.search(r"\d+/20", live)
    assert "20 delivered" in summary
    assert "Exit code 0: all done." in summary
    assert bool(re.search(r"\x1b\[[\d;]*3\dm|\x1b\[\d*;?3\dm", drawn)) is coloured


def test_a_reader_that_goes_away_is_no_reason_for_a_traceback(tmp_path: Path) -> None:
    """As in `dicomjobs plan | head`: here nobody reads from the beginning."""
    make_study(tmp_path / "files", 5, rows=4)
    job = write(tmp_path, store_yaml(104, tmp_path / "files"))
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        ended = dicomjobs_process("plan", job, "-v", stdout=pipe)

    assert "Traceback" not in ended.err
    assert "BrokenPipe" not in ended.err
    assert ended.code == 7


def test_a_run_whose_output_nobody_reads_still_accounts_for_everything(tmp_path: Path) -> None:
    """The work is done and the files are written; the exit code is that of the run."""
    make_study(tmp_path / "files", 2, rows=4)
    reading, writing = os.pipe()
    os.close(reading)
    with recording_scp() as scp, os.fdopen(writing, "wb") as pipe:
        job = write(tmp_path, store_yaml(scp.port, tmp_path / "files"))
        ended = dicomjobs_process("run", job, "--reports", tmp_path / "reports", stdout=pipe)

    assert (ended.code, ended.err) == (0, "")
    assert (tmp_path / "reports" / "latest" / "report.json").exists()


@pytest.mark.parametrize("closing", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_was_closed_from_the_beginning_changes_nothing(tmp_path: Path, closing: str) -> None:
    """Neither the exit code, nor what the files hold: none of them gets what is printed."""
    make_study(tmp_path / "files", 2, rows=4)
    with recording_scp() as scp:
        job = write(
            tmp_path, store_yaml(scp.port, tmp_path / "files") + f"state: {{directory: {tmp_path / 'state'}}}\n"
        )
        command = command_line("run", job, "--reports", tmp_path / "reports", "-v")
        ended = subprocess.run(
            ["sh", "-c", f'exec "$@" {closing}', "sh", *command], capture_output=True, text=True, check=False
        )

    assert (ended.returncode, len(scp.stored)) == (0, 2)
    assert ("Exit code 0: all done." in ended.stdout) is (">&-" not in closing.split())
    assert ("send: 2 instances" in ended.stderr) is ("2>&-" not in closing)
    run = latest(tmp_path / "reports")
    assert run.events[-1]["event"] == "run_finished"
    assert not any("send: 2 instances" in path.read_text() for path in run.path.iterdir())
    assert is_sound(tmp_path / "state")


@pytest.mark.parametrize("closing", [">&-", "2>&-", ">&- 2>&-"])
def test_a_mistake_keeps_its_exit_code_where_nobody_can_be_told(tmp_path: Path, closing: str) -> None:
    """Usage and input alike."""
    for arguments in (["run"], ["check", write(tmp_path, "dicomjobs: 2\n")]):
        command = ["sh", "-c", f'exec "$@" {closing}', "sh", *command_line(*arguments)]

        assert subprocess.run(command, capture_output=True, check=False).returncode == 2


def test_what_is_happening_may_go_unread_without_stopping_it(tmp_path: Path) -> None:
    """As in `run -v 2>&1 | head -1`: what was planned is sent all the same."""
    make_study(tmp_path / "files", 5, rows=4)
    reading, writing = os.pipe()
    os.close(reading)
    with recording_scp() as scp:
        job = write(tmp_path, store_yaml(scp.port, tmp_path / "files"))
        ended = subprocess.run(
            command_line("run", job, "--reports", tmp_path / "reports", "-v"),
            stdout=writing,
            stderr=writing,
            check=False,
        )
    os.close(writing)

    assert (ended.returncode, len(scp.stored)) == (0, 5)
