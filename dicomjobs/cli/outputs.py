"""What a run leaves on disk in the end: instances, JUnit and the report.

A file that cannot be written costs exit code 7 and never another file; it knows nothing of how a run goes on.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from dicomjobs.cli.event_lines import events_named
from dicomjobs.cli.pipes import unless_unread
from dicomjobs.cli.planning import PlanOnDisk
from dicomjobs.disk.deposit import write_atomically
from dicomjobs.events import QueryFinished
from dicomjobs.plan.plan import FindStep
from dicomjobs.report.event_index import EventIndex
from dicomjobs.report.exit_code import LOCAL_RESOURCE, worst
from dicomjobs.report.fold import Fold
from dicomjobs.report.instances_csv import render_rows
from dicomjobs.report.json_report import render_json
from dicomjobs.report.junit import render_junit
from dicomjobs.report.report import Report, RunOutcome
from dicomjobs.report.rows_csv import render_table_rows


def write_reports(fold: Fold, on_disk: PlanOnDisk, directory: Path, *, broken_off: int = 0) -> Report:
    """Write the run's own files and return the report; its exit code counts a file that could not be written.

    It also counts `broken_off`, the exit code of what ended the run before its last event, which no log tells of.
    """
    report = _with_failure(fold.report(on_disk.rows), broken_off)
    with suppress(ValueError) if broken_off else nullcontext():  # the log may contradict the plan, which broke it off
        report = _with_failure(report, _write_all(_tables(fold, on_disk, report, directory)))
    closing: tuple[_File, ...] = (
        (directory / "junit.xml", lambda: [render_junit(report)]),
        (directory / "report.json", lambda: [render_json(report)]),
    )
    return _with_failure(report, _write_all(closing))


def _with_failure(report: Report, code: int) -> Report:
    """Return a report that counts one more exit code; after a signal the signal's number stands alone."""
    if not code or report.outcome is RunOutcome.INTERRUPTED:
        return report
    outcome = RunOutcome.FAILED if report.outcome is RunOutcome.SUCCEEDED else report.outcome
    return replace(report, exit_code=worst((report.exit_code, code)), outcome=outcome)


_File = tuple[Path, Callable[[], Iterable[str]]]


def _write_all(files: Iterable[_File]) -> int:
    """Write files one by one; returns 0, or the exit code when one could not be written, which is said on stderr."""
    code = 0
    for path, lines in files:
        if words := _write(path, lines):
            code = LOCAL_RESOURCE
            with unless_unread(sys.stderr):
                print(f"dicomjobs: {path} could not be written: {words}", file=sys.stderr)
    return code


def _write(path: Path, lines: Callable[[], Iterable[str]]) -> str:
    """Write a file, whole or not at all; returns "", or why it could not be written."""
    try:
        write_atomically(path, (line.encode() for line in lines()))
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _tables(fold: Fold, on_disk: PlanOnDisk, report: Report, directory: Path) -> Iterator[_File]:
    """Yield the run directory's own tables."""
    yield directory / "instances.csv", lambda: instance_rows(fold, on_disk, directory, report.run_id)
    finds = [(job.name, job.step) for job in on_disk.plan.jobs if isinstance(job.step, FindStep) and job.step.rows]
    for name, step in finds:
        stem = "rows" if len(finds) == 1 else f"rows-{name}"
        yield directory / f"{stem}.csv", partial(render_table_rows, step, _query_ends(directory, name))


def _query_ends(directory: Path, job: str) -> Iterator[QueryFinished]:
    """Yield the ends of a job's queries."""
    for event in events_named(directory, "query_finished"):
        if isinstance(event, QueryFinished) and event.job == job:
            yield event


def instance_rows(fold: Fold, on_disk: PlanOnDisk, directory: Path, run_id: str) -> Iterator[str]:
    """Yield the lines of instances.csv, plan rows joined with the log by offset, and with the sums where that ends early."""
    with (directory / "events.jsonl").open("rb") as log:
        index = EventIndex(log, len(on_disk.rows))
        yield from render_rows(on_disk.plan, on_disk.rows, index.finished, fold.outcome_of, run_id=run_id)
