"""`python -m benchmarks.startup`: start-up over `python -c pass`, survey speed, and memory for one large instance."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measure import DICOMJOBS, in_pairs, make_small, measure, row, run_job, store_job
from dicomjobs.disk.survey import survey
from dicomjobs.model.job import Duplicates
from tests.support.instances import make_instance
from tests.support.peers import storescp
from tests.support.send_sets import send_set_of

RUNS = 9
GIGABYTES = 2


def _start(*arguments: str) -> tuple[float, float]:
    """Return the seconds of `python -c pass` and what a command takes more."""
    nothing, ours, _ = in_pairs(
        lambda: measure([sys.executable, "-c", "pass"]).seconds,
        lambda: measure([*DICOMJOBS, *arguments]).seconds,
        runs=RUNS,
    )
    return nothing, ours - nothing


def _survey_rate(folder: Path, count: int) -> float:
    """Return files a second, with a warm cache."""
    send_set = send_set_of(folder)
    best = 0.0
    for _ in range(3):
        began = time.perf_counter()
        found = sum(1 for _ in survey(send_set, duplicates=Duplicates.SKIP, now=time.time()))
        best = max(best, found / (time.perf_counter() - began))
    if found != count:
        raise SystemExit(f"{found} of {count} files found")
    return best


def _large_instance(work: Path) -> float:
    """Return the peak resident megabytes of sending one instance of 2 GB; the file is sparse."""
    path = work / "large.dcm"
    made = make_instance(path, rows=0)
    size = GIGABYTES * 10**9
    with path.open("r+b") as file:
        file.seek(0, os.SEEK_END)
        file.write(b"\xe0\x7f\x10\x00OB\x00\x00" + size.to_bytes(4, "little"))
        file.truncate(made.size + 12 + size)
    with storescp(work / "peer", "--ignore", nodelay=True) as peer:
        job = store_job(work / "job", port=peer.port, called_ae_title=peer.ae_title, paths=path)
        measured, _ = run_job(job, work / "reports", delivered=1)
    return measured.peak_bytes / 1e6


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="dicomjobs-bench-") as folder:
        work = Path(folder)
        row("what", "measured", "budget")
        row("---", "--:", "--:")
        row("`dicomjobs --help`, over `python -c pass`", f"{_start('--help')[1]:.2f} s", "0.10 s")
        job = store_job(work / "check", port=104, called_ae_title="X", paths=work)
        row("`dicomjobs check` of a small file, over the same", f"{_start('check', str(job))[1]:.2f} s", "0.35 s")
        row(
            "survey of 20,000 small files",
            f"{_survey_rate(make_small(work / 'many', 20000), 20000):,.0f}/s",
            "10,000/s",
        )
        row(f"memory for one {GIGABYTES} GB instance", f"{_large_instance(work):.0f} MB", "96 MB")


if __name__ == "__main__":
    main()
