"""`dicomjobs plan FILE`: what would go over the wire, printed and saved; nothing touches the network."""

from __future__ import annotations

import sys
from pathlib import Path

from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.inputs import read_workspace
from dicomjobs.cli.plan_view import plan_lines
from dicomjobs.cli.planning import PlanOnDisk, make_plan, rows_path, save_plan
from dicomjobs.cli.refusal import refusal
from dicomjobs.config.workspace import MissingParameters
from dicomjobs.plan.codec import encode_plan

NO_CONTEXT_FITS = 3


def main(arguments: Arguments) -> int:
    """Plan, print, and save when asked to; exit code 3 when there are instances that no context can take."""
    workspace = read_workspace(arguments, missing_parameters=MissingParameters.REFUSE)
    target = _target(arguments.output)
    on_disk = make_plan(workspace, arguments.only, rows=_temporary(rows_path(target)) if target else None)
    try:
        if target:
            _temporary(rows_path(target)).replace(rows_path(target))
            save_plan(on_disk.plan, target)
        if arguments.format == "json":
            sys.stdout.write(encode_plan(on_disk.plan))
        else:
            sys.stdout.writelines(
                f"{line}\n" for line in plan_lines(on_disk.plan, on_disk.rows, verbose=arguments.verbose)
            )
        return NO_CONTEXT_FITS if _has_unfit(on_disk) else 0
    finally:
        on_disk.rows.close()


def _target(output: str | None) -> Path | None:
    """Return where to save the plan; raises InvalidInput for a name that `run` would not take for a plan."""
    if output is None:
        return None
    if not output.endswith(".json"):
        hint = f"-o {Path(output).with_suffix('.json')}"
        raise refusal("DJ603", f"a plan's name ends in .json, not like {output}", hint=hint)
    return Path(output)


def _temporary(path: Path) -> Path:
    """Return the name that rows have while they are being written."""
    return path.with_name(f".{path.name}.part")


def _has_unfit(on_disk: PlanOnDisk) -> bool:
    """Tell whether any instance has no context."""
    return any(row.reason == "no_presentation_context" for row in on_disk.rows)
