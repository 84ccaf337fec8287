"""What a run leaves on disk in the end: instances, JUnit and the report; and why the outputs of a job could not be written.

A file that cannot be written costs exit code 7 and never another file; it knows nothing of how a run goes on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from dicomjobs.cli.answer_files import output_path
from dicomjobs.cli.answer_forms import FOLDER_FORMS, names_of
from dicomjobs.cli.event_lines import events_named
from dicomjobs.cli.pipes import unless_unread
from dicomjobs.cli.planning import PlanOnDisk
from dicomjobs.cli.refusal import mistake
from dicomjobs.diagnostics import Diagnostic, InvalidInput
from dicomjobs.disk.deposit import write_atomically
from dicomjobs.events import QueryFinished
from dicomjobs.model.job import FILE_EACH, IfExists, Output
from dicomjobs.plan.plan import FindStep, Plan
from dicomjobs.report.event_index import EventIndex
from dicomjobs.report.exit_code import LOCAL_RESOURCE, worst
from dicomjobs.report.fold import Fold
from dicomjobs.report.instances_csv import render_rows
from dicomjobs.report.json_report import render_json
from dicomjobs.report.junit import render_junit
from dicomjobs.report.report import Report, RunOutcome
from dicomjobs.report.rows_csv import render_table_rows


def refuse_outputs(plan: Plan, directory: Path) -> None:
    """Raise InvalidInput, before anything is sent, for outputs that could not be written, or would cost a file that is needed."""
    inputs = {os.path.realpath(each.path) for each in plan.inputs}
    refused = tuple(
        problem
        for job in plan.jobs
        if isinstance(job.step, FindStep)
        for output in job.step.outputs
        if (problem := _output_problem(job.name, output, output_path(output, directory), inputs))
    )
    if refused:
        raise InvalidInput(refused)


def _output_problem(job: str, output: Output, path: Path, inputs: set[str]) -> Diagnostic | None:
    """Return why an output must not or cannot be written, None when nothing is known against it."""
    try:
        there = _there(output, path)
        if output.if_exists is IfExists.FAIL and there:
            hint = "move it away, or say if_exists: replace"
            return mistake("DJ605", f"{job}: {there} exists already (if_exists: fail)", hint=hint)
        summary, hint = _folder_obstacle(output, path) if output.format in FILE_EACH else _obstacle(path, inputs)
    except OSError as error:  # a folder above it that cannot be looked into
        summary, hint = f"{path}: {error.strerror}", "choose another folder"
    return mistake("DJ609", f"{job}: {summary}", hint=hint) if summary else None


def _there(output: Output, path: Path) -> Path | None:
    """Return a file that an output would replace, None when there is none; raises OSError."""
    if output.format not in FILE_EACH:
        return path if path.exists() else None
    names = names_of(FOLDER_FORMS[output.format][1])
    found = path.iterdir() if path.is_dir() else iter(())
    return next((each for each in found if names.fullmatch(each.name)), None)


def _folder_obstacle(output: Output, path: Path) -> tuple[str, str]:
    """Return what stands in the way of files in a folder and what to do about it, "" when nothing does; raises OSError."""
    if "/" not in output.place:  # made in the run's directory
        return "", ""
    if not path.is_dir():
        return (
            f"{path} is a file" if path.exists() else f"there is no folder {path}"
        ), "make the folder first; a run does not"
    if not os.access(path, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        return f"the folder {path} cannot be written to", "choose another folder"
    return "", ""


def _obstacle(path: Path, inputs: set[str]) -> tuple[str, str]:
    """Return what stands in the way of a file and what to do about it, "" when nothing does; raises OSError."""
    if os.path.realpath(path) in inputs:
        return f"{path} is a file that the jobs were read from", "give it another name"
    if path.is_dir():
        return f"{path} is a folder", "name a file in it"
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}", "make it first; a run does not"
    if not os.access(path.parent, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        return f"the folder {path.parent} cannot be written to", "choose another folder"
    return "", ""


def write_reports(fold: Fold, on_disk: PlanOnDisk, directory: Path, *, broken_off: int = 0) -> Report:
    """Write the run's own files and return the report; its exit code counts a file that could not be written.

    It also counts `broken_off`, the exit code of what ended the run before its last event, which no log tells of.
    """
    report = _with_failure(fold.report(on_disk.rows), broken_off)
    with suppress(ValueError) if broken_off else nullcontext():  # the log may contradict the plan, which broke it off
        report = _with_failure(report, _write_all(_tables(on_disk, report, directory)))
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


def _tables(on_disk: PlanOnDisk, report: Report, directory: Path) -> Iterator[_File]:
    """Yield the run directory's own tables."""
    yield directory / "instances.csv", lambda: instance_rows(on_disk, directory, report.run_id)
    finds = [(job.name, job.step) for job in on_disk.plan.jobs if isinstance(job.step, FindStep) and job.step.rows]
    for name, step in finds:
        stem = "rows" if len(finds) == 1 else f"rows-{name}"
        yield directory / f"{stem}.csv", partial(render_table_rows, step, _query_ends(directory, name))


def _query_ends(directory: Path, job: str) -> Iterator[QueryFinished]:
    """Yield the ends of a job's queries."""
    for event in events_named(directory, "query_finished"):
        if isinstance(event, QueryFinished) and event.job == job:
            yield event


def instance_rows(on_disk: PlanOnDisk, directory: Path, run_id: str) -> Iterator[str]:
    """Yield the lines of instances.csv, plan rows joined with the log by offset."""
    with (directory / "events.jsonl").open("rb") as log:
        index = EventIndex(log, len(on_disk.rows))
        yield from render_rows(on_disk.plan, on_disk.rows, index.finished, run_id=run_id)
