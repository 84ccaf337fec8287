"""What a run leaves on disk once its last event is written: tables, matches, JUnit, the report, and the job's own outputs.

A file that cannot be written costs exit code 7 and never another file.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from dicomjobs.cli.planning import PlanOnDisk
from dicomjobs.cli.refusal import mistake
from dicomjobs.diagnostics import InvalidInput
from dicomjobs.disk.deposit import write_atomically
from dicomjobs.events import JobOutcome, MatchReceived
from dicomjobs.model.job import IfExists, Output, OutputFormat
from dicomjobs.plan.plan import FindStep, JobPlan, Plan
from dicomjobs.report.event_index import EventIndex
from dicomjobs.report.event_json import decode
from dicomjobs.report.exit_code import worst
from dicomjobs.report.fold import Fold
from dicomjobs.report.instances_csv import render_rows
from dicomjobs.report.json_report import render_json
from dicomjobs.report.junit import render_junit
from dicomjobs.report.matches import default_columns, matches_csv, matches_jsonl
from dicomjobs.report.report import Report, RunOutcome

LOCAL_RESOURCE = 7

RENDERERS = {OutputFormat.CSV: matches_csv, OutputFormat.JSONL: matches_jsonl}


def output_path(output: Output, directory: Path) -> Path:
    """Return where an output goes: a name without a folder lands in the run directory."""
    return Path(output.file) if Path(output.file).is_absolute() else directory / output.file


def refuse_existing_outputs(plan: Plan, directory: Path) -> None:
    """Raise InvalidInput, before anything is sent, for an output with `if_exists: fail` that is already there."""
    taken = [
        mistake(
            "DJ605",
            f"{job.name}: {output_path(output, directory)} exists already (if_exists: fail)",
            hint="move it away, or say if_exists: replace",
        )
        for job in plan.jobs
        if isinstance(job.step, FindStep)
        for output in job.step.outputs
        if output.if_exists is IfExists.FAIL and output_path(output, directory).exists()
    ]
    if taken:
        raise InvalidInput(tuple(taken))


def write_reports(fold: Fold, on_disk: PlanOnDisk, directory: Path) -> Report:
    """Write everything and return the report; a file that could not be written counts in its exit code."""
    report = fold.report(on_disk.rows)
    if _write_all(_tables(on_disk, report, directory), _complete(on_disk.plan, report, directory)):
        report = _with_local_failure(report)
    closing: tuple[_File, ...] = (
        (directory / "junit.xml", lambda: [render_junit(report)]),
        (directory / "report.json", lambda: [render_json(report)]),
    )
    return _with_local_failure(report) if _write_all(closing) else report


def _with_local_failure(report: Report) -> Report:
    """Return a report that says that this computer failed; after a signal the signal's number stands alone."""
    if report.outcome is RunOutcome.INTERRUPTED:
        return report
    outcome = RunOutcome.FAILED if report.outcome is RunOutcome.SUCCEEDED else report.outcome
    return replace(report, exit_code=worst((report.exit_code, LOCAL_RESOURCE)), outcome=outcome)


_File = tuple[Path, Callable[[], Iterable[str]]]


def _write_all(*groups: Iterable[_File]) -> int:
    """Write files one by one, each whole or not at all; returns how many could not be."""
    failed = 0
    for path, lines in (file for group in groups for file in group):
        try:
            write_atomically(path, (line.encode() for line in lines()))
        except OSError as error:
            failed += 1
            print(f"dicomjobs: {path} could not be written: {error.strerror or error}", file=sys.stderr)
    return failed


def _tables(on_disk: PlanOnDisk, report: Report, directory: Path) -> Iterator[_File]:
    """Yield the run directory's own tables."""
    yield directory / "instances.csv", lambda: instance_rows(on_disk, directory, report.run_id)
    finds = [(job, job.step) for job in on_disk.plan.jobs if isinstance(job.step, FindStep)]
    for job, step in finds:
        stem = "matches" if len(finds) == 1 else f"matches-{job.name}"
        columns = default_columns(step.identifier)
        for output_format, renderer in RENDERERS.items():
            path = directory / f"{stem}.{output_format.value}"
            yield path, _matches(renderer, directory, job, columns)


def _complete(plan: Plan, report: Report, directory: Path) -> Iterator[_File]:
    """Yield the outputs that jobs asked for; a query cut short is never published."""
    succeeded = {job.name for job in report.jobs if job.outcome is JobOutcome.SUCCEEDED}
    for job in plan.jobs:
        if isinstance(job.step, FindStep) and job.name in succeeded:
            for output in job.step.outputs:
                columns = output.columns or default_columns(job.step.identifier)
                yield output_path(output, directory), _matches(RENDERERS[output.format], directory, job, columns)


def _matches(
    renderer: Callable[[Iterable[MatchReceived], tuple[str, ...]], Iterator[str]],
    directory: Path,
    job: JobPlan,
    columns: tuple[str, ...],
) -> Callable[[], Iterator[str]]:
    """Return the lines of a job's matches, read from the log when they are asked for."""
    return lambda: renderer(_matches_of(directory, job.name), columns)


def _matches_of(directory: Path, job: str) -> Iterator[MatchReceived]:
    """Yield the matches of a job from the log; other lines are not even parsed."""
    with (directory / "events.jsonl").open("rb") as log:
        for line in log:
            if b'"match_received"' in line:
                event = decode(line.decode("ascii")).event
                if isinstance(event, MatchReceived) and event.job == job:
                    yield event


def instance_rows(on_disk: PlanOnDisk, directory: Path, run_id: str) -> Iterator[str]:
    """Yield the lines of instances.csv, plan rows joined with the log by offset."""
    with (directory / "events.jsonl").open("rb") as log:
        index = EventIndex(log, len(on_disk.rows))
        yield from render_rows(on_disk.plan, on_disk.rows, index.finished, run_id=run_id)
