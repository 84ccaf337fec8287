"""`dicomjobs run FILE|plan.json`: the whole program on one screen, and the one place where its parts are put together."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from dicomjobs import __version__
from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.inputs import read_workspace
from dicomjobs.cli.outputs import refuse_existing_outputs, write_reports
from dicomjobs.cli.places import make_run_directory, new_run_id, point_latest_at, reports_folder, state_folder
from dicomjobs.cli.planning import PlanOnDisk, copy_plan, load_plan, make_plan, rows_path, save_plan
from dicomjobs.cli.progress import follow
from dicomjobs.cli.refusal import refusal
from dicomjobs.cli.sinks import EventLog, Sink
from dicomjobs.cli.stop import ProcessStop, say
from dicomjobs.cli.summary import print_summary
from dicomjobs.cli.wiring import Wiring
from dicomjobs.config.workspace import MissingParameters
from dicomjobs.events import RunFinished, RunStarted, Stamped
from dicomjobs.execute.executor import StampedBatch, execute
from dicomjobs.plan.codec import encode_plan
from dicomjobs.report.fold import Fold


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A plan in the directory of the run that will carry it out."""

    run_id: str
    directory: Path
    state: Path
    on_disk: PlanOnDisk


def main(arguments: Arguments) -> int:
    """Plan or load a plan, run it, account for it; returns the exit code of the report."""
    prepared = _from_plan(arguments) if arguments.file.endswith(".json") else _from_document(arguments)
    try:
        stop = ProcessStop(say)
        with stop.watching_signals():
            fold = _carry_out(prepared, stop, arguments)
            report = write_reports(fold, prepared.on_disk, prepared.directory)
            point_latest_at(prepared.directory)
            print_summary(report, prepared.directory, arguments)
        return report.exit_code
    finally:
        prepared.on_disk.rows.close()


def _from_document(arguments: Arguments) -> _Prepared:
    """Plan what a job file says; raises InvalidInput, OSError."""
    workspace = read_workspace(arguments, missing_parameters=MissingParameters.REFUSE)

    def plan_into(path: Path) -> PlanOnDisk:
        on_disk = make_plan(workspace, arguments.only, rows=rows_path(path))
        save_plan(on_disk.plan, path)
        return on_disk

    run_id = new_run_id(arguments.only or workspace.declared, arguments.file)
    state = state_folder(workspace.state_directory)
    return _prepare(run_id, state, arguments.reports or workspace.reports_directory, plan_into)


def _from_plan(arguments: Arguments) -> _Prepared:
    """Take a saved plan as it stands; raises StalePlan, OSError, and InvalidInput for what would change it."""
    if arguments.settings or arguments.only or arguments.at:
        hint = "make a new one with `dicomjobs plan JOB.yaml … -o plan.json`"
        raise refusal("DJ604", "--set, --only and --at cannot change a saved plan", hint=hint)
    source = Path(arguments.file)
    loaded = load_plan(source)
    loaded.rows.close()

    def copy_into(path: Path) -> PlanOnDisk:
        copy_plan(source, path)
        return load_plan(path)

    run_id = new_run_id([job.name for job in loaded.plan.jobs], arguments.file)
    state = state_folder(loaded.plan.state_directory)
    return _prepare(run_id, state, arguments.reports or loaded.plan.reports_directory, copy_into)


def _prepare(run_id: str, state: Path, reports: str | None, plan_into: Callable[[Path], PlanOnDisk]) -> _Prepared:
    """Make the run's directory with its plan; when that fails, or the plan must not run, no directory is left behind."""
    directory = make_run_directory(reports_folder(reports, state=state), run_id)
    with ExitStack() as on_failure:  # a directory without a run in it would be taken for one that crashed
        on_failure.callback(shutil.rmtree, directory, ignore_errors=True)
        on_disk = plan_into(directory / "plan.json")
        on_failure.callback(on_disk.rows.close)
        refuse_existing_outputs(on_disk.plan, directory)
        on_failure.pop_all()
    return _Prepared(run_id=run_id, directory=directory, state=state, on_disk=on_disk)


def _carry_out(prepared: _Prepared, stop: ProcessStop, arguments: Arguments) -> Fold:
    """Execute the plan, every batch of events going to the log, the sums and the screen in that order."""
    plan, rows = prepared.on_disk.plan, prepared.on_disk.rows
    fold = Fold(plan)
    with ExitStack() as resources:
        log = EventLog(prepared.directory / "events.jsonl")
        resources.callback(log.close)
        wiring = Wiring(prepared.run_id, prepared.state, stop, resources)
        ports = wiring.ports(rows)
        show = resources.enter_context(follow(plan, rows, stop, arguments))
        sinks: tuple[Sink, ...] = (log.write, fold.add, show)
        digest = sha256(encode_plan(plan).encode("ascii")).hexdigest()
        started = RunStarted(run_id=prepared.run_id, version=__version__, plan_sha256=digest)
        sequence = _drain((Stamped(at=ports.wall(), sequence=0, event=started),), sinks)
        wiring.start_embedded_peers(plan)
        batches = resources.enter_context(closing(execute(plan, ports, first_sequence=sequence)))
        try:
            for batch in batches:
                sequence = _drain(batch, sinks)
        except BaseException:
            stop.abort()  # so that the lanes end, which closing `batches` waits for
            raise
        finished = RunFinished(interrupted_by=stop.signal_number)
        _drain((Stamped(at=ports.wall(), sequence=sequence, event=finished),), sinks)
    return fold


def _drain(batch: StampedBatch, sinks: tuple[Sink, ...]) -> int:
    """Hand a batch to every sink; returns the next sequence number."""
    for sink in sinks:
        sink(batch)
    return batch[-1].sequence + 1
