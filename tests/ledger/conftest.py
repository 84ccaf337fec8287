"""Fixtures of the ledger's tests: a state directory, and senders in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.ledgers import Sender, StartSender, kill

SENDER = Path(__file__).with_name("sender.py")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where a ledger may be made."""
    return tmp_path / "state"


@pytest.fixture
def start_sender(directory: Path) -> Iterator[StartSender]:
    """Start a run in another process and wait until it got to a step; killed at the end, if not before."""
    processes: list[Sender] = []

    def start(step: str, *, run_id: str = "killed", number: int = 1) -> Sender:
        command = [sys.executable, str(SENDER), str(directory), run_id, step, str(number)]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        processes.append(process)
        if step != "for_ever":
            assert process.stdout
            assert process.stdout.readline() == "there\n"
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            kill(process)


@pytest.fixture
def killed_at(start_sender: StartSender) -> Callable[..., None]:
    """Have a run in another process killed at a step."""

    def run(step: str, *, run_id: str = "killed", number: int = 1) -> None:
        kill(start_sender(step, run_id=run_id, number=number))

    return run
