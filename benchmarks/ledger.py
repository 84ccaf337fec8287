"""`python -m benchmarks.ledger`: what the ledger costs, the same files to the same peer with it and with one that keeps nothing."""

from __future__ import annotations

import gc
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import make_small, row, store_job
from dicomjobs.events import Outcome, Proof
from dicomjobs.execute.ports import Claim, ClaimItem, Earlier, Phase, Settlement, Verdict
from dicomjobs.plan.plan import PlannedInstance
from tests.support.peers import storescp

COUNT = 3_000
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

    def mark(self, item: int, phase: Phase) -> None:
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


def _run(folder: Path, port: int, title: str, files: Path) -> float:
    """Run the job in this process; returns the seconds of its sending phase."""
    from dicomjobs.cli.main import main

    job = store_job(folder, port=port, called_ae_title=title, paths=files)
    if main(["run", str(job), "--reports", str(folder / "reports"), "-q"]):
        raise SystemExit(f"the run failed, see {folder}")
    report = json.loads((folder / "reports" / "latest" / "report.json").read_text(encoding="utf-8"))
    return float(report["jobs"][0]["seconds"])


def main() -> int:
    """Take turns, each beginning every other time; compare the medians, and the median of the ratios within a pair."""
    from dicomjobs.cli.wiring import Wiring
    from dicomjobs.execute.store_lane import StoreLane
    from dicomjobs.ledger.writer import Writer

    journals: dict[str, object] = {"nothing kept": lambda *_: _NothingKept(), "kept": Wiring.journal}
    lane, writer = _Clock(StoreLane, "run"), _Clock(Writer, "_write_until_closed")
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in journals}
    with tempfile.TemporaryDirectory() as place, storescp(Path(place), "--ignore", nodelay=True) as peer:
        files = make_small(Path(place) / "files", COUNT)
        for turn in range(PAIRS + 1):
            for name in list(journals)[:: 1 if turn % 2 else -1]:
                setattr(Wiring, "journal", journals[name])  # noqa: B010 - what is compared is put in place of each other
                gc.collect()
                lane.seconds = writer.seconds = 0.0
                took = _run(Path(place) / f"{turn}-{name.replace(' ', '-')}", peer.port, peer.ae_title, files)
                if turn:  # the first pair warms up
                    found[name].append((took, lane.seconds, writer.seconds))
    row("ledger", "instances/s in the sending phase", "processor time an instance: lane", "writer")
    row("---", "--:", "--:", "--:")
    for name, turns in found.items():
        sending, *busy = [statistics.median(column) for column in zip(*turns, strict=True)]
        row(name, f"{COUNT / sending:,.0f}", *(f"{seconds / COUNT * 1e6:,.0f} µs" for seconds in busy))
    pairs = zip(found["nothing kept"], found["kept"], strict=True)
    cost = 1 - statistics.median(without[0] / kept[0] for without, kept in pairs)
    print(f"The ledger costs {cost:.0%} of the throughput (median of {PAIRS} pairs).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
