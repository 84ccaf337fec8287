"""`dicomjobs report RUN|latest`: a report made again from the plan and the events of a run, exactly as it was."""

from __future__ import annotations

import sys

from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.outputs import instance_rows
from dicomjobs.cli.places import find_run, reports_folder, state_folder
from dicomjobs.cli.planning import load_plan
from dicomjobs.report.event_json import decode_log
from dicomjobs.report.fold import Fold
from dicomjobs.report.json_report import render_json
from dicomjobs.report.junit import render_junit
from dicomjobs.report.text import render_text


def main(arguments: Arguments) -> int:
    """Print the report in the format asked for; raises StalePlan, FileNotFoundError."""
    folder = reports_folder(given=arguments.reports, declared=None, state=state_folder(None))
    directory = find_run(folder, arguments.run)
    on_disk = load_plan(directory / "plan.json")
    fold = Fold(on_disk.plan)
    with (directory / "events.jsonl").open("rb") as log:
        fold.add(decode_log(log))
    report = fold.report(on_disk.rows)
    match arguments.format:
        case "json":
            sys.stdout.write(render_json(report))
        case "junit":
            sys.stdout.write(render_junit(report))
        case "csv":
            sys.stdout.writelines(instance_rows(on_disk, directory, report.run_id))
        case _:
            sys.stdout.write(render_text(report))
    return 0
