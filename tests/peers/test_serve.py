"""`dicomjobs serve` as DCMTK's own tools meet it: echo, store, find, and a clean end by a signal."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import SECONDS, command_line, dicomjobs
from tests.support.instances import make_study
from tests.support.peers import run_program


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A running `serve`, and its port, which it said itself."""
    process = subprocess.Popen(
        command_line("serve", "--directory", tmp_path / "kept", "--port", 0, "--ae-title", "HERE"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("HERE@127.0.0.1:")
    yield process, int(line.split(":")[1].split()[0])
    process.kill()
    process.communicate()


def test_dcmtk_s_tools_echo_store_and_find(tmp_path: Path, served: tuple[subprocess.Popen[str], int]) -> None:
    """What storescu sent is found by findscu; SIGTERM is a clean end."""
    process, port = served
    made = make_study(tmp_path / "files", 3, rows=4)

    echo = run_program("echoscu", "-aec", "HERE", "127.0.0.1", port)
    store = run_program("storescu", "-aec", "HERE", "127.0.0.1", port, *(each.path for each in made))
    keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID", "-k", "NumberOfStudyRelatedInstances")
    find = run_program("findscu", "-v", "-S", "-aec", "HERE", *keys, "127.0.0.1", port)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=SECONDS)

    assert (echo.returncode, store.returncode, find.returncode) == (0, 0, 0)
    assert made[0].study_instance_uid in find.stdout + find.stderr
    assert (process.returncode, err) == (0, "")
    assert len(list((tmp_path / "kept").rglob("*.dcm"))) == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP], ids=str)
def test_every_ending_signal_is_a_clean_end(served: tuple[subprocess.Popen[str], int], number: signal.Signals) -> None:
    """Nothing is said about it."""
    process, _ = served
    process.send_signal(number)
    out, err = process.communicate(timeout=SECONDS)

    assert (process.returncode, out, err) == (0, "", "")


def test_a_port_that_is_taken_gives_code_7(tmp_path: Path, served: tuple[subprocess.Popen[str], int]) -> None:
    """With the reason."""
    ended = dicomjobs("serve", "--directory", tmp_path / "other", "--port", served[1])

    assert (ended.code, ended.out) == (7, "")
    assert "in use" in ended.err
