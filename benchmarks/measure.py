"""Whole processes measured from outside: seconds, peak memory, in pairs so that a machine's moods hit both sides alike."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.instances import make_instance

DICOMJOBS = (sys.executable, "-m", "dicomjobs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One run of a process: wall seconds, peak resident bytes, exit code."""

    seconds: float
    peak_bytes: int
    code: int


def measure(
    command: Sequence[str], *, environment: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Measured:
    """Run a command to its end with its output thrown away."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**_installed_environment(), **(environment or {})},
        cwd=cwd,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    return Measured(seconds=seconds, peak_bytes=usage.ru_maxrss * 1024, code=process.returncode)


def _installed_environment() -> dict[str, str]:
    """Return the environment as a user of an installed package has it: byte code is kept."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def in_pairs(first: Callable[[], float], second: Callable[[], float], *, runs: int) -> tuple[float, float, float]:
    """Take turns; returns the medians of both and the median of the ratios second/first, pair by pair."""
    pairs = [(first(), second()) for _ in range(runs)]
    ratio = statistics.median(b / a for a, b in pairs)
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs), ratio


def make_small(folder: Path, count: int, *, study_of: int = 100) -> Path:
    """Make small instances, about 1 kB each, in studies of so many."""
    return _make(folder, count, rows=16, study_of=study_of)


def make_ct(folder: Path, count: int) -> Path:
    """Make CT slices of 512 x 512, about 0.5 MB each, in studies of 100."""
    return _make(folder, count, rows=512)


def _make(folder: Path, count: int, *, rows: int, study_of: int = 100) -> Path:
    """Make instances where there are none yet."""
    if not folder.exists():
        folder.mkdir(parents=True)
        for number in range(count):
            make_instance(folder / f"{number:07}.dcm", study=number // study_of, number=number, rows=rows)
    return folder


def store_job(folder: Path, *, port: int, called_ae_title: str, paths: Path, associations: int = 1) -> Path:
    """Write a job that stores a folder on so many associations, with a fresh ledger of its own; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    job = folder / "job.yaml"
    job.write_text(
        f"dicomjobs: 1\nstate: {{directory: {folder / 'state'}}}\n"
        f"jobs:\n  send:\n    store:\n"
        f"      peer: {{host: 127.0.0.1, port: {port}, called_ae_title: {called_ae_title}, "
        f"max_associations: {associations}}}\n"
        f"      send_set: {{paths: [{paths}]}}\n",
        encoding="utf-8",
    )
    return job


def run_job(job: Path, reports: Path, *, delivered: int | None = None) -> tuple[Measured, float]:
    """Run a job and make sure that it did what it should; returns the process and the job's own seconds (its sending phase)."""
    measured = measure([*DICOMJOBS, "run", str(job), "--reports", str(reports), "-q"])
    report = json.loads((reports / "latest" / "report.json").read_text(encoding="utf-8"))
    if measured.code or (delivered is not None and report["jobs"][0]["counts"]["delivered"] != delivered):
        raise SystemExit(f"the run did not deliver what it should: exit code {measured.code}, see {reports}/latest")
    return measured, float(report["jobs"][0]["seconds"])


def row(*cells: object) -> None:
    """Print a row of a Markdown table."""
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)
