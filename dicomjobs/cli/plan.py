"""`dicomjobs plan FILE`: what would go over the wire, printed and saved; nothing touches the network."""

from __future__ import annotations

import sys
from pathlib import Path

from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.inputs import read_workspace
from dicomjobs.cli.plan_view import plan_lines
from dicomjobs.cli.planning import PlanOnDisk, make_plan, rows_path, save_plan
from dicomjobs.cli.refusal import refusal
from dicomjobs.config.workspace import MissingParameters, Workspace
from dicomjobs.plan.codec import encode_plan
from dicomjobs.plan.plan import StoreStep

NO_CONTEXT_FITS = 3


def main(arguments: Arguments) -> int:
    """Plan, print, and save when asked to; exit code 3 when there are instances that no context can take."""
    workspace = read_workspace(arguments, missing_parameters=MissingParameters.REFUSE)
    target = _target(arguments.output)
    on_disk = _saved(workspace, arguments, target) if target else make_plan(workspace, arguments.only, rows=None)
    try:
        if arguments.format == "json":
            sys.stdout.write(encode_plan(on_disk.plan))
        else:
            sys.stdout.writelines(
                f"{line}\n" for line in plan_lines(on_disk.plan, on_disk.rows, verbose=arguments.verbose)
            )
            _say_how_to_run(target)
        return NO_CONTEXT_FITS if _has_unfit(on_disk) else 0
    finally:
        on_disk.rows.close()


def _say_how_to_run(target: Path | None) -> None:
    """Tell a person at a terminal what can be done with the plan."""
    if sys.stderr.isatty():
        hint = f"saved: dicomjobs run {target}" if target else "not saved: -o plan.json keeps it, to be run exactly so"
        print(hint, file=sys.stderr)


def _target(output: str | None) -> Path | None:
    """Return where to save the plan; raises InvalidInput for a name that `run` would not take for a plan."""
    if output is None:
        return None
    if not output.endswith(".json"):
        hint = f"-o {Path(output).with_suffix('.json')}"
        raise refusal("DJ603", f"a plan's name ends in .json, not like {output}", hint=hint)
    return Path(output)


def _saved(workspace: Workspace, arguments: Arguments, target: Path) -> PlanOnDisk:
    """Make a plan and save it; raises OSError and leaves no part of it behind."""
    rows = rows_path(target)
    part = rows.with_name(f".{rows.name}.part")
    try:
        on_disk = make_plan(workspace, arguments.only, rows=part)
        part.replace(rows)
    except BaseException:  # also Ctrl-C
        part.unlink(missing_ok=True)
        raise
    save_plan(on_disk.plan, target)
    return on_disk


def _has_unfit(on_disk: PlanOnDisk) -> bool:
    """Tell whether any instance has no context; only rows that are not sent are looked at."""
    steps = [job.step for job in on_disk.plan.jobs if isinstance(job.step, StoreStep)]
    excluded = (row for step in steps for row in on_disk.rows.rows(step.first_excluded, step.excluded))
    return any(row.reason in {"no_presentation_context", "too_many_contexts"} for row in excluded)
