"""`python -m benchmarks.million [COUNT] [--send]`: plan a million instances from an inventory without files, then read the rows once.

With `--send` as many small files are made, about 4 GB of disk, and sent by one run with all its reports: a long run.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import make_small, row, run_job, store_job
from dicomjobs.disk.row_file import temporary_rows
from dicomjobs.model.data_set_form import NewVrs
from dicomjobs.model.job import Duplicates, EmptyPolicy, EndWith, OnFailure, StoreJob, Verify
from dicomjobs.model.phi import Phi
from dicomjobs.model.resume import AlreadyDelivered, DigestPolicy, OnUnknown, Retry
from dicomjobs.model.send_set import SendSet
from dicomjobs.model.sent_files import PutAway, SentFiles
from dicomjobs.plan.inventory import Flaw, SurveyedFile
from dicomjobs.plan.plan import PlannedInstance
from dicomjobs.plan.planner import Origin, plan_jobs
from tests.support.peers import storescp
from tests.support.runs import make_peer
from tests.support.send_sets import send_set_of

PEAK_BUDGET = 512
"""Megabytes that planning may take at most."""

ROOT = "1.2.826.0.1.3680043.8.498"
SOP_CLASSES = tuple(f"1.2.840.10008.5.1.4.1.1.{number}" for number in ("2", "4", "128", "1.2", "88.33"))

JOB = StoreJob(
    name="send",
    needs=(),
    peer=make_peer(),
    send_set=send_set_of(),
    association_profile=None,
    on_failure=OnFailure.CONTINUE,
    verify=Verify.STATUS,
    verify_within=60.0,
    duplicates=Duplicates.SKIP,
    already_delivered=AlreadyDelivered.SKIP,
    on_unknown=OnUnknown.STOP,
    retry=Retry(attempts=5, runs=3, first_wait=1.0, longest_wait=300.0, budget=120.0, second_look=5.0),
    digest=DigestPolicy.AUTO,
    repeat=1,
    sent_files=SentFiles(put_away=PutAway.KEEP, directory=""),
    invent=None,
    new_vrs=NewVrs.KEEP,
    compression_level=6,
    if_empty=EmptyPolicy.OK,
    end_with=EndWith.RELEASE,
)


@dataclass(frozen=True, slots=True)
class Archive:
    """An inventory of `count` files that are on no disk."""

    count: int

    def survey(self, _: SendSet, __: Duplicates) -> Iterator[SurveyedFile]:
        """Survey all of it."""
        return _files(self.count)

    def same_content(self, first: PlannedInstance, second: SurveyedFile) -> bool:
        """No two files are the same."""
        return first.path == second.path

    def flaw(self, file: PlannedInstance | SurveyedFile) -> Flaw | None:
        """All are whole."""
        del file
        return None


def _files(count: int) -> Iterator[SurveyedFile]:
    """Yield files as a survey of an archive does: studies of 100 instances, in folders of their own, of five SOP classes."""
    for number in range(count):
        study = f"{ROOT}.{number // 100}"
        yield SurveyedFile(
            path=f"/archive/incoming/2026/{number // 100:06}/{number:08}.dcm",
            named=False,
            size=528_000,
            mtime_ns=1_790_000_000_000_000_000 + number,
            offset=360,
            sop_class_uid=SOP_CLASSES[number // 100 % len(SOP_CLASSES)],
            sop_instance_uid=f"{study}.1.{number}",
            study_instance_uid=study,
            series_instance_uid=f"{study}.1",
            transfer_syntax="1.2.840.10008.1.2.1",
        )


def main() -> int:
    """Measure and print; 1 when the memory budget is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--send", action="store_true")
    arguments = parser.parse_args()
    row("what", "measured", "budget")
    row("---", "--:", "--:")
    peak = _send(arguments.count) if arguments.send else _plan(arguments.count)
    row("peak resident memory", f"{peak / 1e6:.0f} MB", f"{PEAK_BUDGET} MB")
    return int(peak / 1e6 > PEAK_BUDGET)


def _plan(count: int) -> int:
    """Plan in this process; returns its peak memory in bytes."""
    origin = Origin(job_file="job.yaml", inputs=(), reports_directory=None, phi=Phi.PATHS, state_directory=None)
    with closing(temporary_rows()) as rows:
        began = time.perf_counter()
        plan_jobs([JOB], origin=origin, inventory=Archive(count), query_files={}, rows=rows, scratch=temporary_rows)
        planned = time.perf_counter()
        read = sum(1 for _ in rows)
        ended = time.perf_counter()
    if read != count:
        raise SystemExit(f"{read} of {count} rows read")
    row(f"planning {count:,} instances", f"{planned - began:.1f} s", "")
    row("reading their rows", f"{ended - planned:.1f} s", "")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _send(count: int) -> int:
    """Send from a process of its own to storescp, and once more, when nothing is left to do; returns the higher peak in bytes."""
    with tempfile.TemporaryDirectory() as place, storescp(Path(place), "--ignore", nodelay=True) as peer:
        files = make_small(Path(place) / "files", count)
        job = store_job(Path(place) / "job", port=peer.port, called_ae_title=peer.ae_title, paths=files)
        first, sending = run_job(job, Path(place) / "reports", delivered=count)
        again, _ = run_job(job, Path(place) / "reports", delivered=0)
        ledger = sum(path.stat().st_size for path in (job.parent / "state").glob("ledger.sqlite3*"))
        # before a million files are deleted, which takes a while
        row(f"{count:,} instances sent, the whole run", f"{first.seconds:.0f} s", "")
        row("of these the sending phase", f"{sending:.0f} s, {count / sending:,.0f}/s", "")
        row("the same command again, with nothing left to do", f"{again.seconds:.0f} s", "")
        row("the ledger on disk", f"{ledger / 1e6:.0f} MB", "")
    return max(first.peak_bytes, again.peak_bytes)


if __name__ == "__main__":
    raise SystemExit(main())
