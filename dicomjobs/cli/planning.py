"""From a workspace to a plan and its rows on disk; the one place where the planner meets the survey and the files."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from pathlib import Path
from tempfile import gettempdir

from dicomjobs.cli.query_files import read_query_files
from dicomjobs.cli.refusal import refusal
from dicomjobs.config.workspace import Workspace, select_jobs
from dicomjobs.disk.inventory import DiskInventory
from dicomjobs.disk.row_file import RowFile, create_rows, open_rows, temporary_rows
from dicomjobs.plan.codec import decode_plan, encode_plan
from dicomjobs.plan.plan import InputFile, Plan
from dicomjobs.plan.planner import Origin, plan_jobs

_COPIED_AT_ONCE = 1 << 20
"""Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOnDisk:
    """A plan with its rows open."""

    plan: Plan
    rows: RowFile


def rows_path(plan_path: Path) -> Path:
    """Return where a saved plan's rows are: plan.json has them in plan-instances.jsonl."""
    return plan_path.with_name(f"{plan_path.stem}-instances.jsonl")


def make_plan(workspace: Workspace, only: Sequence[str], *, rows: Path | None) -> PlanOnDisk:
    """Survey the disk and plan the selected jobs; rows go to a file, or to a temporary one. Raises InvalidInput, OSError."""
    jobs = select_jobs(workspace, only)
    query_files, read = read_query_files(jobs, workspace.dictionary)
    origin = Origin(
        job_file=workspace.file,
        inputs=tuple(InputFile(path=each.path, sha256=each.sha256) for each in workspace.inputs) + read,
        reports_directory=workspace.reports_directory,
        phi=workspace.phi,
        state_directory=workspace.state_directory,
        at=workspace.at.astimezone(UTC).isoformat(),
    )
    inventory = DiskInventory(now=time.time())
    kept = create_rows(str(rows)) if rows else temporary_rows()
    try:
        plan = plan_jobs(
            jobs, origin=origin, inventory=inventory, query_files=query_files, rows=kept, scratch=temporary_rows
        )
        kept.flush()
    except BaseException as error:  # also Ctrl-C; rows that cannot be flushed cannot be closed without saying so again
        with suppress(OSError):
            kept.close()
        if isinstance(error, OSError) and not error.filename:  # a write knows no name
            raise OSError(error.errno, error.strerror, str(rows or gettempdir())) from error
        raise
    return PlanOnDisk(plan=plan, rows=kept)


def save_plan(plan: Plan, path: Path) -> None:
    """Write the head of a plan, whole or not at all; raises OSError."""
    from dicomjobs.disk.deposit import write_atomically

    write_atomically(path, [encode_plan(plan).encode("ascii")])


def copy_plan(source: Path, target: Path) -> None:
    """Copy the two files of a plan, readable by their owner alone; raises OSError."""
    from dicomjobs.disk.deposit import write_atomically

    for here, there in ((rows_path(source), rows_path(target)), (source, target)):
        with here.open("rb") as file:
            write_atomically(there, iter(partial(file.read, _COPIED_AT_ONCE), b""))


def load_plan(path: Path) -> PlanOnDisk:
    """Open a saved plan; raises StalePlan when head and rows are not what was saved, InvalidInput when one is not there."""
    try:
        plan = decode_plan(path.read_bytes())
        return PlanOnDisk(plan=plan, rows=open_rows(str(rows_path(path)), plan.instances))
    except FileNotFoundError as error:
        hint = f"a plan is two files, {path.name} and {rows_path(path).name}, in the same folder"
        raise refusal("DJ607", f"there is no {error.filename}", hint=hint) from error
