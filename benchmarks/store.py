"""`python -m benchmarks.store [--full]`: C-STORE against storescu, the same files to the same peer in turn.

Without --full the sets are a tenth as large where storescu, as shipped, needs minutes.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import in_pairs, make_ct, make_small, measure, row, run_job, store_job
from tests.support.peers import Peer, orthanc, storescp

RUNS = 3


def _storescu(peer: Peer, folder: Path, *, nodelay: bool) -> float:
    """Return the wall seconds of a storescu run."""
    command = ["storescu", "-aec", peer.ae_title, "+sd", peer.host, str(peer.port), str(folder)]
    measured = measure(command, environment={"TCP_NODELAY": "1"} if nodelay else {})
    if measured.code:
        raise SystemExit(f"storescu ended with {measured.code}")
    return measured.seconds


def _ours(peer: Peer, folder: Path, count: int, phases: list[float]) -> float:
    """Return the wall seconds of a dicomjobs run with a fresh ledger; its sending phase is added to `phases`."""
    with tempfile.TemporaryDirectory() as place:
        job = store_job(Path(place), port=peer.port, called_ae_title=peer.ae_title, paths=folder)
        measured, phase = run_job(job, Path(place) / "reports", delivered=count)
    phases.append(phase)
    return measured.seconds


def _compare(name: str, peer: Peer, folder: Path, count: int, *, nodelay: bool = False, runs: int = RUNS) -> None:
    """Print a row: both whole processes, their ratio, and instances a second in our sending phase."""
    phases: list[float] = []
    ours, theirs, ratio = in_pairs(
        lambda: _ours(peer, folder, count, phases), lambda: _storescu(peer, folder, nodelay=nodelay), runs=runs
    )
    sending = count / sorted(phases)[len(phases) // 2]
    row(
        name,
        f"{theirs:.2f} s ({count / theirs:,.0f}/s)",
        f"{ours:.2f} s ({count / ours:,.0f}/s)",
        f"**{ratio:.1f} x**",
        f"{sending:,.0f}/s, {sending / (count / theirs):.1f} x",
    )


def main() -> None:
    """Measure and print."""
    full = "--full" in sys.argv
    count = 2000 if full else 200
    work = Path(tempfile.mkdtemp(prefix="dicomjobs-bench-"))
    small = make_small(work / f"small-{count}", count)
    few = make_small(work / "small-few", 200)
    plenty = make_small(work / "small-2000", 2000)
    many = make_small(work / "small-20000", 20000)
    ct = make_ct(work / "ct-500", 500)
    row("what", "storescu", "dicomjobs, whole process", "ratio", "dicomjobs, sending phase")
    row("---", "--:", "--:", "--:", "--:")
    measurements: list[Callable[[], None]] = [
        lambda: _with_orthanc(work, few),
        lambda: _with_stock(work, small, count),
        lambda: _with_nodelay(work, plenty, ct, many),
    ]
    try:
        for each in measurements:
            each()
    finally:
        shutil.rmtree(work)


def _with_orthanc(work: Path, few: Path) -> None:
    """Stock Orthanc."""
    with orthanc(work / "orthanc") as peer:
        _compare("200 small → stock Orthanc", peer, few, 200)


def _with_stock(work: Path, small: Path, count: int) -> None:
    """Stock storescp."""
    with storescp(work / "stock", "--ignore") as peer:
        _compare(f"{count:,} small → stock storescp", peer, small, count, runs=1 if count > 500 else RUNS)


def _with_nodelay(work: Path, plenty: Path, ct: Path, many: Path) -> None:
    """Both ends with TCP_NODELAY=1."""
    with storescp(work / "nodelay", "--ignore", nodelay=True) as peer:
        _compare("2,000 small → storescp, both ends TCP_NODELAY=1", peer, plenty, 2000, nodelay=True)
        _compare("500 CT 512x512 → the same", peer, ct, 500, nodelay=True)
        _compare("20,000 small → the same", peer, many, 20000, nodelay=True)


if __name__ == "__main__":
    main()
