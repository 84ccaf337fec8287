"""`python -m benchmarks.ledger`: what the ledger costs, the same files to the same peer with it and with one that keeps nothing.

Once on one association, and once on four with studies of ten instances, where lanes share the interpreter as well.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks.measure import make_small, row, store_job
from dicomjobs.events import Outcome, Proof
from dicomjobs.execute.ports import Claim, ClaimItem, Earlier, Phase, Settlement, Verdict
from dicomjobs.plan.plan import PlannedInstance
from tests.support.peers import Peer, storescp

COUNT = 10_000
PAIRS = 16


class _Agreed:
    """Claims that are granted at once."""

    def __init__(self, count: int) -> None:
        """Grant so many."""
        self._count = count

    def verdicts(self) -> Sequence[Verdict]:
        """Send them all."""
        return [Verdict.SEND] * self._count

    def earlier(self, index: int) -> Earlier | None:
        """Nothing is known."""


class _NothingKept:
    """A journal that remembers nothing."""

    def claim(self, items: Sequence[ClaimItem]) -> Claim:
        """Grant."""
        return _Agreed(len(items))

    def mark(self, item: int, phase: Phase, sha256: str = "") -> None:
        """Do nothing."""

    def settle(self, settlement: Settlement) -> None:
        """Do nothing."""

    def release(self, items: Sequence[int]) -> None:
        """Do nothing."""

    def revise(self, rows: Sequence[PlannedInstance], outcome: Outcome, reason: str) -> None:
        """Do nothing."""

    def prove(self, rows: Sequence[PlannedInstance], proof: Proof) -> None:
        """Do nothing."""

    def barrier(self) -> None:
        """Do nothing."""


class _Clock:
    """Adds up the processor time that a method takes in the thread that calls it."""

    def __init__(self, owner: type, name: str) -> None:
        """Wrap the method; only now is it counted."""
        self.seconds = 0.0
        method = getattr(owner, name)

        def timed(*arguments: object) -> object:
            began = time.thread_time()
            try:
                return method(*arguments)
            finally:
                self.seconds += time.thread_time() - began

        setattr(owner, name, timed)


def _run(folder: Path, peer: Peer, files: Path, associations: int) -> float:
    """Run the job in this process; returns the seconds of its sending phase."""
    from dicomjobs.cli.main import main

    job = store_job(folder, port=peer.port, called_ae_title=peer.ae_title, paths=files, associations=associations)
    if main(["run", str(job), "--reports", str(folder / "reports"), "-q"]):
        raise SystemExit(f"the run failed, see {folder}")
    report = json.loads((folder / "reports" / "latest" / "report.json").read_text(encoding="utf-8"))
    return float(report["jobs"][0]["seconds"])


def main() -> int:
    """Compare with one association and with four."""
    from dicomjobs.execute.store_lane import StoreLane
    from dicomjobs.ledger.writer import Writer

    clocks = _Clock(StoreLane, "run"), _Clock(Writer, "_write_until_closed")
    row(
        "associations",
        "ledger",
        "instances/s in the sending phase",
        "processor time an instance: lane",
        "writer",
        "cost",
    )
    row("--:", "---", "--:", "--:", "--:", "--:")
    with tempfile.TemporaryDirectory() as place, storescp(Path(place), "--ignore", "--fork", nodelay=True) as peer:
        for associations, study_of in ((1, 100), (4, 10)):
            folder = Path(place) / str(associations)
            files = make_small(folder / "files", COUNT, study_of=study_of)
            _compare(clocks, partial(_run, peer=peer, files=files, associations=associations), folder, associations)
    return 0


def _compare(clocks: tuple[_Clock, _Clock], run: Callable[[Path], float], folder: Path, associations: int) -> None:
    """Take turns, each beginning every other time; the medians, and the median of the ratios within a pair."""
    from dicomjobs.cli.wiring import Wiring

    kept = Wiring.journal
    journals: dict[str, object] = {"nothing kept": lambda *_: _NothingKept(), "kept": kept}
    found: dict[str, list[tuple[float, ...]]] = {name: [] for name in journals}
    for turn in range(PAIRS + 1):
        for name in list(journals)[:: 1 if turn % 2 else -1]:
            setattr(Wiring, "journal", journals[name])  # noqa: B010 - what is compared is put in place of each other
            gc.collect()
            for clock in clocks:
                clock.seconds = 0.0
            took = run(folder / f"{turn}-{name.replace(' ', '-')}")
            if turn:  # the first pair warms up
                found[name].append((took, *(clock.seconds for clock in clocks)))
    setattr(Wiring, "journal", kept)  # noqa: B010 - and taken out again
    pairs = zip(found["nothing kept"], found["kept"], strict=True)
    cost = 1 - statistics.median(without[0] / kept[0] for without, kept in pairs)
    for name, turns in found.items():
        sending, *busy = [statistics.median(column) for column in zip(*turns, strict=True)]
        times = (f"{seconds / COUNT * 1e6:,.0f} µs" for seconds in busy)
        row(associations, name, f"{COUNT / sending:,.0f}", *times, f"{cost:.0%}" if name == "kept" else "")


if __name__ == "__main__":
    sys.exit(main())
