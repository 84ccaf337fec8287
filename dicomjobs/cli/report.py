"""`dicomjobs report RUN|latest`: a report made again from the plan and the events of a run, exactly as it was."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from dicomjobs.cli.answer_screen import print_matches
from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.inputs import read_workspace
from dicomjobs.cli.outputs import instance_rows
from dicomjobs.cli.places import find_run, reports_folder, state_folder
from dicomjobs.cli.planning import PlanOnDisk, load_plan
from dicomjobs.cli.refusal import refusal
from dicomjobs.config.workspace import MissingParameters
from dicomjobs.report.event_json import decode_log
from dicomjobs.report.fold import Fold
from dicomjobs.report.json_report import render_json
from dicomjobs.report.junit import render_junit
from dicomjobs.report.text import render_text


def main(arguments: Arguments) -> int:
    """Print the report in the format asked for; raises StalePlan, InvalidInput."""
    directory = find_run(_reports(arguments), arguments.run)
    on_disk = load_plan(directory / "plan.json")
    try:
        if arguments.format == "matches":
            print_matches(on_disk.plan, directory)
        else:
            sys.stdout.writelines(_report(on_disk, directory, arguments.format))
    finally:
        on_disk.rows.close()
    return 0


def _reports(arguments: Arguments) -> Path:
    """Return the folder of the runs: the one that is given, that of the document, or the user's own."""
    if arguments.reports or not arguments.file:
        return reports_folder(arguments.reports, state=state_folder(None))
    workspace = read_workspace(replace(arguments, quiet=True), missing_parameters=MissingParameters.TOLERATE)
    return reports_folder(workspace.reports_directory, state=state_folder(workspace.state_directory))


def _report(on_disk: PlanOnDisk, directory: Path, wanted: str) -> Iterable[str]:
    """Return the report in a format, in one piece or more."""
    fold = Fold(on_disk.plan)
    with (directory / "events.jsonl").open("rb") as log:
        try:
            fold.add(decode_log(log))
        except ValueError as error:  # LogContradiction is one of them
            raise refusal(
                "DJ611", f"{directory}: {error}", hint="report.json there is what the run itself said"
            ) from error
    report = fold.report(on_disk.rows)
    match wanted:
        case "json":
            return [render_json(report)]
        case "junit":
            return [render_junit(report)]
        case "csv":
            return instance_rows(fold, on_disk, directory, report.run_id)
        case _:
            return [render_text(report)]
