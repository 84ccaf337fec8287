"""`dicomjobs run FILE|plan.json`: the whole program on one screen, and the one place where its parts are put together."""

from __future__ import annotations

import shutil
from contextlib import ExitStack, closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from dicomjobs import __version__
from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.inputs import read_workspace
from dicomjobs.cli.outputs import refuse_existing_outputs, write_reports
from dicomjobs.cli.places import make_run_directory, new_run_id, point_latest_at, reports_folder, state_folder
from dicomjobs.cli.planning import PlanOnDisk, load_plan, make_plan, rows_path, save_plan
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
        refuse_existing_outputs(prepared.on_disk.plan, prepared.directory)
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
    """Plan what a job file says; raises InvalidInput, and leaves no run directory behind when planning fails."""
    workspace = read_workspace(arguments, missing_parameters=MissingParameters.REFUSE)
    state = state_folder(workspace.state_directory)
    names = arguments.only or workspace.declared
    run_id, directory = _new_run(arguments, workspace.reports_directory, state, names)
    try:
        on_disk = make_plan(workspace, arguments.only, rows=rows_path(directory / "plan.json"))
        save_plan(on_disk.plan, directory / "plan.json")
    except BaseException:  # also Ctrl-C: a directory without a run in it would be taken for one that crashed
        shutil.rmtree(directory, ignore_errors=True)
        raise
    return _Prepared(run_id=run_id, directory=directory, state=state, on_disk=on_disk)


def _from_plan(arguments: Arguments) -> _Prepared:
    """Take a saved plan as it stands; raises StalePlan, and InvalidInput for what would change it."""
    if arguments.settings or arguments.only or arguments.at:
        hint = "make a new one with `dicomjobs plan JOB.yaml … -o plan.json`"
        raise refusal("DJ604", "--set, --only and --at cannot change a saved plan", hint=hint)
    source = Path(arguments.file)
    loaded = load_plan(source)
    loaded.rows.close()
    state = state_folder(loaded.plan.state_directory)
    names = [job.name for job in loaded.plan.jobs]
    run_id, directory = _new_run(arguments, loaded.plan.reports_directory, state, names)
    shutil.copyfile(source, directory / "plan.json")
    shutil.copyfile(rows_path(source), rows_path(directory / "plan.json"))
    return _Prepared(run_id=run_id, directory=directory, state=state, on_disk=load_plan(directory / "plan.json"))


def _new_run(
    arguments: Arguments, declared: str | None, state: Path, names: tuple[str, ...] | list[str]
) -> tuple[str, Path]:
    """Give a run its id and its directory; raises OSError."""
    reports = reports_folder(given=arguments.reports, declared=declared, state=state)
    run_id = new_run_id(names, arguments.file)
    return run_id, make_run_directory(reports, run_id)


def _carry_out(prepared: _Prepared, stop: ProcessStop, arguments: Arguments) -> Fold:
    """Execute the plan, every batch of events going to the log, the sums and the screen in that order."""
    plan, rows = prepared.on_disk.plan, prepared.on_disk.rows
    fold = Fold(plan)
    with ExitStack() as resources:
        log = EventLog(prepared.directory / "events.jsonl")
        resources.callback(log.close)
        wiring = Wiring(prepared.run_id, prepared.state, stop, resources)
        ports = wiring.ports(rows)
        show = resources.enter_context(follow(plan, arguments))
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
