"""`python -m benchmarks.find [COUNT]`: C-FIND against findscu, the same made-up answers from the same process in turn.

Ours writes a CSV that was asked for, and its own tables, log and report; findscu drops the answers (-q), or extracts them.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from benchmarks.measure import DICOMJOBS, in_pairs, measure, row
from tests.support.answer_stream import KEYS, answer_stream
from tests.support.instances import make_instance, make_uid
from tests.support.peers import dcmqrscp, run_program

RUNS = 5

STUDIES = {"QueryRetrieveLevel": "STUDY"} | dict.fromkeys(KEYS, "")
SERIES = {
    "QueryRetrieveLevel": "IMAGE",
    "SOPInstanceUID": "",
    "InstanceNumber": "",
    "StudyInstanceUID": make_uid("seed", 1),
    "SeriesInstanceUID": make_uid("seed", 1, 1),
}
"""What is asked for: all studies, and the instances of one series."""


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    row("answers", "findscu", "dicomjobs, whole process", "ratio", "dicomjobs, peak memory")
    row("---", "--:", "--:", "--:", "--:")
    with tempfile.TemporaryDirectory(prefix="dicomjobs-bench-") as place:
        work = Path(place)
        with answer_stream(count) as port:
            _compare(f"{count:,}, findscu -q", work, port, count, ("-q",), "ANY-SCP")
            _compare(
                f"{count:,}, findscu -Xs", work, port, count, ("-q", "-Xs", "all.xml", "-od", place), "ANY-SCP", runs=1
            )
        with dcmqrscp(work, nodelay=True) as peer:
            files = work / "series"
            files.mkdir()
            for number in range(2000):
                make_instance(files / f"{number}.dcm", number=number, rows=0)
            sent = run_program(
                "storescu", "-aec", peer.ae_title, "+sd", peer.host, peer.port, files, nodelay=True, seconds=600
            )
            assert sent.returncode == 0, sent.stderr
            _compare("2,000 instances of dcmqrscp, -q", work, peer.port, 2000, ("-q",), peer.ae_title, keys=SERIES)


def _compare(
    name: str,
    work: Path,
    port: int,
    count: int,
    options: tuple[str, ...],
    called: str,
    *,
    keys: Mapping[str, str] = STUDIES,
    runs: int = RUNS,
) -> None:
    """Print a row: both whole processes, their ratio, and the memory of ours."""
    peaks: list[int] = []
    phases: list[float] = []
    job = _job(work, port, called, keys)
    ours, theirs, ratio = in_pairs(
        lambda: _ours(job, work, count, peaks, phases), _findscu(port, called, keys, options), runs=runs
    )
    receiving = sorted(phases)[len(phases) // 2]
    row(
        name,
        f"{theirs:.2f} s ({count / theirs:,.0f}/s)",
        f"{ours:.2f} s ({count / ours:,.0f}/s), the job alone {receiving:.2f} s",
        f"**{ratio:.2f} x**",
        f"{max(peaks) / 1e6:.0f} MB",
    )


def _findscu(port: int, called: str, keys: Mapping[str, str], options: tuple[str, ...]) -> Callable[[], float]:
    """Return what runs findscu and gives its wall seconds."""
    asked = (part for key, value in keys.items() for part in ("-k", f"{key}={value}" if value else key))
    command = ["findscu", *options, "-S", "-aec", called, *asked, "127.0.0.1", str(port)]

    def run() -> float:
        measured = measure(command, environment={"TCP_NODELAY": "1"})
        if measured.code:
            raise SystemExit(f"findscu ended with {measured.code}")
        return measured.seconds

    return run


def _job(work: Path, port: int, called: str, keys: Mapping[str, str]) -> Path:
    """Write a job that asks for everything and writes a CSV."""
    job = work / "ask.yaml"
    asked = ", ".join(f"{key}: {value}" for key, value in keys.items() if key != "QueryRetrieveLevel")
    job.write_text(
        f"dicomjobs: 1\nstate: {{directory: {work / 'state'}}}\njobs:\n  ask:\n    find:\n"
        f"      peer: {{host: 127.0.0.1, port: {port}, called_ae_title: {called}}}\n"
        f"      query: {{model: study, level: {keys['QueryRetrieveLevel']}, keys: {{{asked}}}}}\n"
        f"      outputs: [{{format: csv, file: {work / 'out.csv'}}}]\n",
        encoding="utf-8",
    )
    return job


def _ours(job: Path, work: Path, count: int, peaks: list[int], phases: list[float]) -> float:
    """Return the wall seconds of a dicomjobs run that got every answer; its memory and the job's own seconds are added to the lists."""
    reports = work / "reports"
    measured = measure([*DICOMJOBS, "run", str(job), "--reports", str(reports), "-q"])
    report = json.loads((reports / "latest" / "report.json").read_text(encoding="utf-8"))
    matches = report["jobs"][0]["counts"]["matches"]
    if measured.code or matches != count:
        raise SystemExit(f"the run got {matches} matches in place of {count}: exit code {measured.code}")
    with suppress(FileNotFoundError):
        for file in reports.glob("2*/*"):
            file.unlink()
    peaks.append(measured.peak_bytes)
    phases.append(float(report["jobs"][0]["seconds"]))
    return measured.seconds


if __name__ == "__main__":
    main()
