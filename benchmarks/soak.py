"""`python -m benchmarks.soak [--minutes 60]`: run after run in one process against Orthanc; memory and descriptors have to stay flat.

Each round sends new instances, and the same command again then finds nothing left to do, as from cron for years.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import row, store_job
from dicomjobs.cli.main import main as dicomjobs
from tests.support.instances import make_instance
from tests.support.peers import orthanc

FILES = 20
SAMPLED_EVERY = 10.0
"""Seconds: what is kept of every round would itself be growing memory."""
WARM_UP = 0.2
"""The share of the time after which memory is held against what it was then."""
MOST_GROWTH = 8 << 20
"""Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What this process holds after so many rounds: resident bytes, descriptors, threads."""

    rounds: int
    seconds: float
    resident: int
    descriptors: int
    threads: int


def sample(rounds: int, began: float) -> Sample:
    """Look at this process."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return Sample(
        rounds=rounds,
        seconds=time.monotonic() - began,
        resident=pages * os.sysconf("SC_PAGE_SIZE"),
        descriptors=len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - of this process at this moment
        threads=threading.active_count(),
    )


def soak(folder: Path, *, port: int, title: str, minutes: float) -> list[Sample]:
    """Run round after round until the time is over."""
    files = folder / "files"
    files.mkdir()
    job = store_job(folder, port=port, called_ae_title=title, paths=files)
    command = ["run", str(job), "--reports", str(folder / "reports"), "-q"]
    began, samples, rounds, number = time.monotonic(), list[Sample](), 0, 0
    while (now := time.monotonic() - began) < 60 * minutes:
        if now >= SAMPLED_EVERY * len(samples):
            samples.append(sample(rounds, began))
        rounds += 1
        for old in files.iterdir():
            old.unlink()
        for _ in range(FILES):
            number += 1
            make_instance(files / f"{number:09}.dcm", study=number // FILES, number=number, rows=16)
        for _ in range(2):
            if code := dicomjobs(command):
                raise SystemExit(f"round {rounds} ended with {code}, see {folder}")
    return [*samples[1:], sample(rounds, began)]  # without the one from before the first round


def main() -> int:
    """Soak, print what was seen, and judge it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory() as place, orthanc(Path(place)) as peer:
        samples = soak(Path(place), port=peer.port, title=peer.ae_title, minutes=minutes)
        return judge(samples)  # before hundreds of thousands of files are deleted, which takes a while


def judge(samples: list[Sample]) -> int:
    """Print the first sample, the one after warming up and the last; 1 when memory, descriptors or threads have grown."""
    warm, last = samples[int(len(samples) * WARM_UP)], samples[-1]
    row("after", "rounds", "resident memory", "descriptors", "threads")
    row("--:", "--:", "--:", "--:", "--:")
    for each in (samples[0], warm, last):
        row(f"{each.seconds:.0f} s", each.rounds, f"{each.resident / 1e6:.1f} MB", each.descriptors, each.threads)
    flat = last.resident - warm.resident < MOST_GROWTH and last.descriptors == warm.descriptors and last.threads == 1
    print("flat" if flat else "NOT flat", flush=True)
    return 0 if flat else 1


if __name__ == "__main__":
    sys.exit(main())
