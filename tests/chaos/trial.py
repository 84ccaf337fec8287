"""One trial: a job is run, killed in the middle as often as somebody likes, and run again until it has nothing left to do.

Whatever happened, the reports, the logs and the ledger of all its runs must tell one story, which is checked here.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests.chaos.failpoints import FEW, ONCE
from tests.support.command import RunDirectory, peer_yaml
from tests.support.instances import MadeInstance
from tests.support.ledgers import is_sound, open_claims

ROOT = Path(__file__).parents[2]
MOST_RUNS = 8

Kill = tuple[str, str, int]
"""Step, before or after, number of the call."""


@dataclass(slots=True)
class Zygote:
    """A process that forks runs."""

    process: subprocess.Popen[str]

    def run(
        self,
        arguments: Sequence[object],
        output: Path,
        *,
        kill: Kill | None = None,
        file_limit: int = 0,
        after: tuple[float, signal.Signals] | None = None,
    ) -> int:
        """Run to the end, or until it is killed; `after` so many seconds a signal is sent. Returns the exit code."""
        order = {
            "arguments": [str(each) for each in arguments],
            "output": str(output),
            "kill": kill,
            "file_limit": file_limit,
        }
        stdin, stdout = self._pipes()
        stdin.write(json.dumps(order) + "\n")
        stdin.flush()
        child = int(stdout.readline())
        timer = threading.Timer(after[0], _signal, (child, after[1])) if after else None
        if timer:
            timer.start()
        code = int(stdout.readline())
        if timer:
            timer.cancel()
        return code

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        """Return both ends."""
        if self.process.stdin is None or self.process.stdout is None:
            raise AssertionError("the zygote was started with pipes")
        return self.process.stdin, self.process.stdout


def _signal(child: int, number: signal.Signals) -> None:
    """Send a signal to a run that may have ended; until the zygote is asked again, its number belongs to nobody else."""
    with suppress(ProcessLookupError):
        os.kill(child, number)


@contextmanager
def zygote() -> Iterator[Zygote]:
    """Start one, and end it."""
    command = [sys.executable, "-m", "tests.chaos.zygote"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Zygote(process)
    finally:
        process.kill()
        process.communicate()


@dataclass(slots=True, kw_only=True)
class Trial:
    """A job that sends `made` to a peer, with a ledger and reports of its own in `folder`."""

    folder: Path
    files: Path
    made: list[MadeInstance]
    zygote: Zygote
    port: int
    called: str
    on_unknown: str
    chance: random.Random
    codes: list[int] = field(default_factory=list)

    def job(self) -> Path:
        """Write the job file, once."""
        path = self.folder / "job.yaml"
        if not path.exists():
            self.folder.mkdir(parents=True)
            path.write_text(f"""\
dicomjobs: 1
state: {{directory: {self.folder}/state}}
jobs:
  send:
    store:
      peer: {peer_yaml(self.port, called=self.called)}
      send_set: {{paths: [{self.files}]}}
      on_unknown: {self.on_unknown}
      retry: {{first_wait: 0.01s, second_look: 0.05s}}
""")
        return path

    def run(self, **how: Any) -> int:
        """Run the command once more."""
        arguments = ("run", self.job(), "--reports", self.folder / "reports", "-q")
        self.codes.append(self.zygote.run(arguments, self.folder / "output.txt", **how))
        assert self.codes[-1] != 1, self.output()
        return self.codes[-1]

    def kill_at(self, step: str, when: str) -> int:
        """Run, and have it killed at the call of a step, one of the first when there are only a few."""
        most = 1 if step in ONCE else 2 if step in FEW else len(self.made) // 2
        count = self.chance.randint(1, most)
        return self.run(kill=(step, when, count))

    def finish(self) -> None:
        """Run until nothing is left, and check the story."""
        while self.run() != 0:
            assert self.codes[-1] in {4, 8}, self.output()
            assert len(self.codes) < MOST_RUNS, self.output()
        self.check()

    def output(self) -> str:
        """Return what all runs said, for a failure."""
        path = self.folder / "output.txt"
        return f"{self.codes} {path.read_text() if path.exists() else ''}"

    def check(self) -> None:
        """Every instance is accounted for, acknowledged ones were not sent again, and the ledger is in order."""
        planned = {each.sop_instance_uid for each in self.made}
        last = list(self.reports())[-1]
        assert {row["sop_instance_uid"] for row in last.rows} == planned
        assert {row["outcome"] for row in last.rows} <= {"delivered", "skipped"}, self.output()
        counts = last.job("send")["counts"]
        assert counts.pop("planned") == sum(counts.values()) == len(planned)
        assert self.sent_after_delivery() == set(), self.output()
        assert is_sound(self.folder / "state")
        assert open_claims(self.folder / "state") == []
        assert not list((self.folder / "state").glob("marks-*"))

    def reports(self) -> Iterator[RunDirectory]:
        """Yield the directories of the runs that came as far as having one, in order."""
        found = (self.folder / "reports").iterdir() if (self.folder / "reports").exists() else ()
        ordered = sorted((path for path in found if path.is_dir() and path.name != "latest"), key=_begun)
        yield from map(RunDirectory, ordered)

    def sent_after_delivery(self) -> set[str]:
        """Return the instances that were sent in a run after one that told of their delivery, as the logs have it."""
        delivered: set[str] = set()
        again: set[str] = set()
        for run in self.reports():
            told = _told(run)
            again |= {uid for uid, event in told.items() if event["attempts"] and uid in delivered}
            delivered |= {uid for uid, event in told.items() if event["outcome"].startswith("delivered")}
        return again


def _begun(path: Path) -> int:
    """When the directory of a run was made, in nanoseconds: their names are a second apart at least."""
    return (path / "plan.json").stat().st_mtime_ns if (path / "plan.json").exists() else path.stat().st_mtime_ns


def _told(run: RunDirectory) -> dict[str, dict[str, Any]]:
    """Return what a run told of each instance, by UID; the last line of its log may be torn, and killed early it told nothing."""
    if not (run.path / "plan-instances.jsonl").exists():
        return {}
    rows = [json.loads(line)["sop_instance_uid"] for line in run.text("plan-instances.jsonl").splitlines()]
    told = {}
    log = run.path / "events.jsonl"
    for line in log.read_text().splitlines() if log.exists() else ():
        with suppress(ValueError):
            event = json.loads(line)
            if event["event"] == "instance_finished":
                told[rows[event["item"]]] = event
    return told


def figures(trials: Sequence[Trial]) -> Counter[str]:
    """Count what the trials went through, for the record."""
    found: Counter[str] = Counter(trials=len(trials))
    for trial in trials:
        found["runs"] += len(trial.codes)
        found["killed"] += sum(code == -signal.SIGKILL for code in trial.codes)
        found["interrupted"] += sum(code in {130, 143} for code in trial.codes)
        found["disk full"] += sum(code == 7 for code in trial.codes)
    return found
