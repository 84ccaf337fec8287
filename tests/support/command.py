"""The command as its users run it: in this process where that is enough, in one of its own where signals or terminals matter."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from dicomjobs.cli.main import main

SECONDS = 30.0
"""How long a process may take before the test fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended: its exit code and what it printed."""

    code: int
    out: str
    err: str


def dicomjobs(*arguments: object) -> Ended:
    """Run the command in this process; neither stream is a terminal."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as ended:  # argparse, for --help and usage errors
            code = int(ended.code or 0)
    return Ended(code=code, out=out.getvalue(), err=err.getvalue())


def command_line(*arguments: object) -> list[str]:
    """Return the command line of a process of its own; developer's warnings there are errors as they are here."""
    return [sys.executable, "-W", "error", "-m", "dicomjobs", *map(str, arguments)]


def dicomjobs_process(
    *arguments: object,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdout: int | IO[bytes] | None = None,
) -> Ended:
    """Run the command in a process of its own, to its end."""
    ended = subprocess.run(
        command_line(*arguments),
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if stdout is None else stdout,
        stderr=subprocess.PIPE,
        timeout=SECONDS,
        check=False,
    )
    return Ended(code=ended.returncode, out=(ended.stdout or b"").decode(), err=ended.stderr.decode())


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """The directory of a run, read as a program reads it."""

    path: Path

    def text(self, name: str) -> str:
        """Return a file's text."""
        return (self.path / name).read_text(encoding="utf-8")

    @property
    def report(self) -> Any:
        """report.json."""
        return json.loads(self.text("report.json"))

    @property
    def plan(self) -> Any:
        """plan.json."""
        return json.loads(self.text("plan.json"))

    @property
    def rows(self) -> list[dict[str, str]]:
        """instances.csv, a mapping a row."""
        return list(csv.DictReader(io.StringIO(self.text("instances.csv"))))

    @property
    def events(self) -> list[dict[str, Any]]:
        """events.jsonl."""
        return [json.loads(line) for line in self.text("events.jsonl").splitlines()]

    def job(self, name: str) -> Any:
        """Return what report.json says of a job."""
        return next(job for job in self.report["jobs"] if job["name"] == name)


def latest(reports: Path) -> RunDirectory:
    """Return the run that `latest` points at."""
    return RunDirectory((reports / "latest").resolve())


def runs(reports: Path) -> Iterator[RunDirectory]:
    """Yield every run in a folder of reports, the oldest first."""
    yield from (RunDirectory(path) for path in sorted(reports.iterdir()) if path.name != "latest")


def peer_yaml(port: int, *, host: str = "127.0.0.1", called: str = "ANY-SCP", **more: str) -> str:
    """Return a peer as a YAML mapping on one line; `more` are further keys, their values written in YAML."""
    keys = {"host": host, "port": str(port), "called_ae_title": called} | more
    return "{" + ", ".join(f"{key}: {value}" for key, value in keys.items()) + "}"


def store_yaml(port: int, folder: Path, *, peer: str = "", more: str = "") -> str:
    """Return a job file that sends a folder to a peer on loopback, each instance once; `more` are further keys, in flow style."""
    written = peer or peer_yaml(port)
    once = "" if "retry:" in more else ", retry: {attempts: 1}"
    return f"""\
dicomjobs: 1
jobs:
  send:
    store: {{peer: {written}, send_set: {{paths: [{folder}]}}{", " + more if more else ""}{once}}}
"""
