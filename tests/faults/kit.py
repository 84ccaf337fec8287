"""The fault kit: one scenario is a peer's script and what a whole run must make of it; `play` runs it and holds the run to all of that.

Whatever the peer does, a run ends within its deadlines and 2 s, leaves no thread, descriptor or memory behind, writes a report that
is valid and that says the same as the exit code, and puts nothing of the patient into any of its output.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from jsonschema import Draft202012Validator

from tests.support.command import Ended, RunDirectory, dicomjobs, latest
from tests.support.instances import CANARY, make_instance
from tests.support.job_files import write
from tests.support.scripted_scp import Step, scripted_sessions
from tests.support.tls_keys import TlsKeys, server_context

CLOCK = 0.3
"""Seconds of each of the peer's four clocks."""
TLS_CONNECT = 2
"""Seconds for TCP connect and TLS handshake, which cost both sides more than a moment on a busy machine."""
SLACK = 2.0
"""Seconds after the deadlines by which a run must have ended."""
MEMORY = 150 << 20
"""Bytes that the process may grow by."""
SMALL, LARGE, THREE = "small", "large", "three"

_SCHEMA = Path(__file__).parents[2] / "schemas" / "report.schema.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A peer and what must come of a run with it.

    `row` is that of the fault matrix; `outcome` and `reason` are those of the instances, with a bar between them, or of the job
    where there are none; `clocks` is how many of the peer's clocks may run out one after the other.
    """

    name: str
    row: int
    script: Sequence[Step]
    outcome: str
    reason: str
    code: int
    kind: str = "store"
    files: str = SMALL
    job: str = ""
    clocks: float = 4
    tls: bool = False
    further: Sequence[Sequence[Step]] = ()
    host: str = "127.0.0.1"
    port: int | None = None
    """Another port than the one on which the script listens."""
    server: Callable[[TlsKeys], ssl.SSLContext | None] = server_context
    client: Callable[[TlsKeys], str] = lambda keys: f"{{trust: [{keys.authority.certificate}]}}"
    """The peer's `tls:` in YAML, "" for none."""

    @property
    def title(self) -> str:
        """What the test is called."""
        return f"{self.row}-{self.kind}-{self.name}{'-tls' if self.tls else ''}".replace(" ", "-")


def both(*scenarios: Scenario) -> list[Scenario]:
    """Return scenarios, each of them plain and over TLS."""
    return [each for scenario in scenarios for each in (scenario, replace(scenario, tls=True))]


def make_files(folder: Path) -> None:
    """Make what is sent: a small instance, and one that no socket's buffers hold."""
    patient = [
        (0x00100010, "PN", f"{CANARY}^NAME"),
        (0x00100020, "LO", f"{CANARY} ID"),
        (0x00081030, "LO", f"{CANARY} study"),
        (0x00104000, "LT", f"{CANARY} comment"),
    ]
    for name, rows, count in ((SMALL, 4, 1), (LARGE, 3000, 1), (THREE, 4, 3)):
        (folder / name).mkdir()
        for number in range(count):
            make_instance(folder / name / f"{number}.dcm", number=number, rows=rows, extra=patient)


def play(scenario: Scenario, *, files: Path, folder: Path, keys: TlsKeys) -> None:
    """Run a scenario and check all that every scenario has in common, and what this one expects."""
    before = Process.now()
    with ExitStack() as stack:
        server = scenario.server(keys) if scenario.tls else None
        scripts = (scenario.script, *scenario.further)
        port = stack.enter_context(scripted_sessions(*scripts, tls=server, last_again=True))
        document = write(folder / "job", _job(scenario, port, files / scenario.files, keys, folder))
        began = time.monotonic()
        ended = dicomjobs("run", document, "--reports", folder / "reports")
        seconds = time.monotonic() - began
    assert seconds <= scenario.clocks * CLOCK + SLACK
    _check_process(before)
    ran = latest(folder / "reports")
    _check_report(ran, ended)
    _check_silence(folder, ended)
    became, expected = _became(ran), (scenario.outcome, scenario.reason, scenario.code)
    assert became == expected, f"{became}, not {expected}: {ended.err}"


def _job(scenario: Scenario, port: int, files: Path, keys: TlsKeys, folder: Path) -> str:
    """Return the job file of a scenario."""
    connect = TLS_CONNECT if scenario.tls else CLOCK
    clocks = f"connect: {connect}, " + ", ".join(f"{name}: {CLOCK}" for name in ("acse", "dimse", "network"))
    settings = scenario.client(keys) if scenario.tls else ""
    tls = f", tls: {settings}" if settings else ""
    what = {
        "store": f"send_set: {{paths: [{files}]}}, retry: {{attempts: 1}}, on_unknown: stop",
        "find": "query: {model: study, level: STUDY, keys: {StudyInstanceUID: , StudyDate: '20260101'}}",
        "echo": "",
    }[scenario.kind]
    keys_of_job = ", ".join(filter(None, (what, scenario.job)))
    return f"""\
dicomjobs: 1
state: {{directory: {folder / "state"}}}
peers:
  peer: {{host: {scenario.host}, port: {scenario.port or port}, timeouts: {{{clocks}}}{tls}}}
jobs:
  job: {{{scenario.kind}: {{peer: peer{", " if keys_of_job else ""}{keys_of_job}}}}}
"""


@dataclass(frozen=True, slots=True)
class Process:
    """What this process holds."""

    threads: frozenset[threading.Thread]
    descriptors: int
    resident: int

    @staticmethod
    def now() -> Process:
        """Look, and let the peak of memory begin anew."""
        Path("/proc/self/clear_refs").write_text("5")
        return Process(frozenset(threading.enumerate()), _descriptors(), _status("VmRSS"))

    @staticmethod
    def peak() -> int:
        """Return the most bytes resident since the last look."""
        return _status("VmHWM")


def _descriptors() -> int:
    """Count the open descriptors."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _status(name: str) -> int:
    """Return a size from /proc/self/status, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def _check_process(before: Process) -> None:
    """Check that nothing was left behind."""
    assert Process.peak() - before.resident < MEMORY
    assert set(threading.enumerate()) == before.threads
    assert _descriptors() == before.descriptors


@cache
def _validator() -> Draft202012Validator:
    """Return what judges a report."""
    return Draft202012Validator(json.loads(_SCHEMA.read_text()))


def _check_report(ran: RunDirectory, ended: Ended) -> None:
    """Check that the report is valid, adds up, and says what the exit code says; and that it can be made again from the log."""
    report = ran.report
    assert list(_validator().iter_errors(report)) == []
    assert report["exit_code"] == ended.code
    (job,) = report["jobs"]
    counts = dict(job["counts"])
    planned, _ = counts.pop("planned"), counts.pop("matches")
    assert planned == sum(counts.values()) == len(ran.rows)
    assert all(association["ended_by"] for association in job["associations"])
    assert ET.fromstring(ran.text("junit.xml")).tag == "testsuites"
    again = dicomjobs("report", ran.path, "--format", "json")
    assert json.loads(again.out) == report


def _check_silence(folder: Path, ended: Ended) -> None:
    """Check that nothing tells of the patient, and that what was printed cannot move a terminal's cursor."""
    assert CANARY not in ended.out + ended.err
    assert not any(ord(character) < 0x20 and character != "\n" for character in ended.out + ended.err)
    written = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    assert [path for path in written if CANARY.encode() in path.read_bytes()] == []
    assert [
        path for path in (folder / "reports").rglob("*") if path.lstat().st_mode & 0o077 and not path.is_symlink()
    ] == []


def _became(ran: RunDirectory) -> tuple[str, str, int]:
    """Return outcome, reason and exit code: those of the instance, or of the job where it has none."""
    report: Any = ran.report
    (job,) = report["jobs"]
    if ran.rows:
        outcomes, reasons = ("|".join(row[key] for row in ran.rows) for key in ("outcome", "reason"))
        return outcomes, reasons, report["exit_code"]
    reason = job["failures"][0]["reason"] if job["failures"] else ""
    return job["outcome"], reason, report["exit_code"]
