"""`python -m benchmarks.ledger`: what the ledger costs, the same files to the same peer with it and with one that keeps nothing."""

from __future__ import annotations

import json
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

COUNT = 5_000
RUNS = 3


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


def _run(folder: Path, port: int, title: str, files: Path) -> tuple[float, float]:
    """Run the job in this process; returns the seconds of its sending phase, and those of processor time of the whole run."""
    from dicomjobs.cli.main import main

    job = store_job(folder, port=port, called_ae_title=title, paths=files)
    began = time.process_time()
    if main(["run", str(job), "--reports", str(folder / "reports"), "-q"]):
        raise SystemExit(f"the run failed, see {folder}")
    used = time.process_time() - began
    report = json.loads((folder / "reports" / "latest" / "report.json").read_text(encoding="utf-8"))
    return float(report["jobs"][0]["seconds"]), used


def main() -> int:
    """Take turns and compare the best of each."""
    from dicomjobs.cli.wiring import Wiring

    journals: dict[str, object] = {"kept": Wiring.journal, "nothing kept": lambda *_: _NothingKept()}
    seconds = dict.fromkeys(journals, float("inf"))
    processor = dict.fromkeys(journals, float("inf"))
    with tempfile.TemporaryDirectory() as place, storescp(Path(place), "--ignore", nodelay=True) as peer:
        files = make_small(Path(place) / "files", COUNT)
        for turn in range(RUNS):
            for name, journal in journals.items():
                setattr(Wiring, "journal", journal)  # noqa: B010 - what is compared is put in place of each other
                folder = Path(place) / f"{turn}-{name.replace(' ', '-')}"
                took, used = _run(folder, peer.port, peer.ae_title, files)
                seconds[name], processor[name] = min(seconds[name], took), min(processor[name], used)
    row("ledger", "instances/s in the sending phase", "processor time an instance, whole run")
    row("---", "--:", "--:")
    for name in journals:
        row(name, f"{COUNT / seconds[name]:,.0f}", f"{processor[name] / COUNT * 1e6:,.0f} µs")
    row(
        "cost",
        f"{seconds['kept'] / seconds['nothing kept'] - 1:.1%}",
        f"{processor['kept'] / processor['nothing kept'] - 1:.1%}",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
