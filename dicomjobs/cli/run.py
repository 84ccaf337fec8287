"""`dicomjobs run FILE|plan.json`: the whole program on one screen, and the one place where its parts are put together."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path

from dicomjobs import __version__
from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.failures import INPUT_IS_WRONG, LOCAL_RESOURCE, explain
from dicomjobs.cli.inputs import read_workspace, tell_warnings
from dicomjobs.cli.lock import run_lock
from dicomjobs.cli.outputs import write_reports
from dicomjobs.cli.places import make_run_directory, new_run_id, point_latest_at, reports_folder, state_folder
from dicomjobs.cli.planning import PlanOnDisk, copy_plan, load_plan, make_plan, rows_path, save_plan
from dicomjobs.cli.progress import follow
from dicomjobs.cli.refusal import refusal
from dicomjobs.cli.reserve import demand_room, keep_reserve, use_reserve_if_full
from dicomjobs.cli.sinks import EventLog, Sink
from dicomjobs.cli.stop import ProcessStop, say
from dicomjobs.cli.summary import print_account, print_summary
from dicomjobs.cli.tls_here import expiring_peers
from dicomjobs.cli.wiring import Wiring
from dicomjobs.config.workspace import MissingParameters
from dicomjobs.events import RunFinished, RunStarted, Stamped
from dicomjobs.execute.executor import StampedBatch, execute
from dicomjobs.execute.ports import Answers
from dicomjobs.model.phi import Phi
from dicomjobs.model.resume import Resend
from dicomjobs.plan.codec import encode_plan
from dicomjobs.plan.plan import FindStep, JobPlan, Plan, StoreStep
from dicomjobs.report.fold import Fold
from dicomjobs.report.telling import recordable


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """A run that lacks nothing for its first event; `resources` closes what it has open, but for the plan's rows."""

    run_id: str
    directory: Path
    on_disk: PlanOnDisk
    stop: ProcessStop
    log: EventLog
    wiring: Wiring
    resources: ExitStack


def main(arguments: Arguments) -> int:
    """Plan or load a plan, run it, account for it; returns the exit code of the report."""
    if arguments.log_config:
        from dicomjobs.cli.log_sink import configure

        configure(arguments.log_config)
    with ExitStack() as lock:
        return _run(
            _from_plan(arguments, lock) if arguments.file.endswith(".json") else _from_document(arguments, lock),
            arguments,
        )


def _run(ready: _Ready, arguments: Arguments) -> int:
    """Carry out what is ready, and account for it."""
    try:
        with ready.stop.watching_signals():
            fold = Fold(ready.on_disk.plan)
            broken_off = _carry_out(ready, fold, arguments)
            report = write_reports(fold, ready.on_disk, ready.directory, broken_off=broken_off)
            try:
                point_latest_at(ready.directory)
            finally:
                tell = print_account if broken_off else print_summary
                tell(report, ready.directory, arguments)
            tell_warnings(expiring_peers(report), arguments)
        return report.exit_code
    finally:
        ready.on_disk.rows.close()
        ready.stop.close()


def _from_document(arguments: Arguments, lock: ExitStack) -> _Ready:
    """Plan what a job file says, holding its lock; raises InvalidInput, OSError, Locked."""
    workspace = read_workspace(arguments, missing_parameters=MissingParameters.REFUSE)

    def plan_into(path: Path) -> PlanOnDisk:
        on_disk = make_plan(workspace, arguments.only, rows=rows_path(path))
        save_plan(on_disk.plan, path)
        return on_disk

    state = state_folder(workspace.state_directory)
    reports = reports_folder(arguments.reports or workspace.reports_directory, state=state)
    run_id = new_run_id(arguments.only or workspace.declared, arguments.file, reports=reports, state=state)
    lock.enter_context(_lock(state, run_id, arguments))
    return _prepare(run_id, state, arguments, reports, plan_into)


def _from_plan(arguments: Arguments, lock: ExitStack) -> _Ready:
    """Take a saved plan as it stands, holding its lock; raises StalePlan, OSError, Locked, and InvalidInput for what would change it."""
    if arguments.settings or arguments.only or arguments.at:
        hint = "make a new one with `dicomjobs plan JOB.yaml … -o plan.json`"
        raise refusal("DJ604", "--set, --only and --at cannot change a saved plan", hint=hint)
    source = Path(arguments.file)
    loaded = load_plan(source)
    loaded.rows.close()

    def copy_into(path: Path) -> PlanOnDisk:
        copy_plan(source, path)
        return load_plan(path)

    state = state_folder(loaded.plan.state_directory)
    reports = reports_folder(arguments.reports or loaded.plan.reports_directory, state=state)
    run_id = new_run_id([job.name for job in loaded.plan.jobs], arguments.file, reports=reports, state=state)
    lock.enter_context(_lock(state, run_id, arguments))
    return _prepare(run_id, state, arguments, reports, copy_into)


def _lock(state: Path, run_id: str, arguments: Arguments) -> AbstractContextManager[None]:
    """Return the lock of the job file, to be taken; with -q it is no news that another run has to end first."""
    tell = None if arguments.quiet else say
    return run_lock(state, arguments.file, run_id=run_id, wait=arguments.wait, tell=tell)


def _prepare(
    run_id: str, state: Path, arguments: Arguments, reports: Path, plan_into: Callable[[Path], PlanOnDisk]
) -> _Ready:
    """Make the run's directory with its plan and open what the run needs; when that fails, no directory is left behind."""
    keep_reserve(state)
    directory = make_run_directory(reports, run_id)
    resources = ExitStack()
    with ExitStack() as on_failure:  # a directory without a run in it would be taken for one that crashed
        on_failure.callback(shutil.rmtree, directory, ignore_errors=True)
        on_disk = plan_into(directory / "plan.json")
        on_failure.callback(on_disk.rows.close)
        _refuse_outputs(on_disk.plan, directory)
        if any(isinstance(job.step, StoreStep) for job in on_disk.plan.jobs):
            demand_room(state)
        on_failure.callback(resources.close)
        stop = ProcessStop(say)
        on_failure.callback(stop.close)
        wiring = Wiring(run_id, state, stop, resources, Resend(arguments.resend))
        wiring.start_embedded_peers(on_disk.plan)
        tell_warnings(wiring.open_secrets(on_disk.plan), arguments)
        log = EventLog(directory / "events.jsonl")
        resources.callback(log.close)
        on_failure.pop_all()
    return _Ready(
        run_id=run_id, directory=directory, on_disk=on_disk, stop=stop, log=log, wiring=wiring, resources=resources
    )


def _carry_out(ready: _Ready, fold: Fold, arguments: Arguments) -> int:
    """Execute the plan to its last event; returns 0, or the code of what broke it off, which is explained on stderr.

    A boundary: whatever breaks a run off, bug or disk, what was done until then must still be accounted for.
    """
    try:
        with ready.resources as resources:
            show = resources.enter_context(follow(ready.on_disk.plan, ready.on_disk.rows, ready.stop, arguments))
            sinks: tuple[Sink, ...] = (fold.add, ready.log.write, show)
            if arguments.log_config:
                from dicomjobs.cli.log_sink import logged

                sinks = (*sinks, resources.enter_context(logged(ready.on_disk.rows)))
            try:
                _execute(ready, fold, sinks)
            finally:
                use_reserve_if_full(ready.wiring.state)  # before the ledger is closed and the reports are written
    except Exception as error:
        code = explain(error, arguments)
        return LOCAL_RESOURCE if code == INPUT_IS_WRONG else code  # a run that began cannot say that nothing was sent
    return 0


def _execute(ready: _Ready, fold: Fold, sinks: tuple[Sink, ...]) -> None:
    """Hand every batch of events to the sums, the log and the screen, in that order, from the first event to the last.

    When one of them fails the lanes are stopped, and what they still tell is counted: the account is of what happened, logged or not.
    """
    plan, ports = ready.on_disk.plan, ready.wiring.ports(ready.on_disk.rows, partial(_answer_files, ready))
    digest = sha256(encode_plan(plan).encode("ascii")).hexdigest()
    started = RunStarted(run_id=ready.run_id, version=__version__, plan_sha256=digest)
    sequence = _drain((Stamped(at=ports.wall(), sequence=0, event=started),), sinks)
    with closing(execute(plan, ports, first_sequence=sequence)) as batches:
        try:
            for batch in batches:
                sequence = _drain(_recordable(batch, plan.phi), sinks)
        except BaseException:
            ready.stop.abort()  # so that the lanes end
            for batch in batches:
                fold.add(_recordable(batch, plan.phi))
            raise
    finished = RunFinished(interrupted_by=ready.stop.signal_number)
    _drain((Stamped(at=ports.wall(), sequence=sequence, event=finished),), sinks)


def _refuse_outputs(plan: Plan, directory: Path) -> None:
    """Raise InvalidInput for outputs of queries that could not be written; what knows of them is imported for plans with a query."""
    if any(isinstance(job.step, FindStep) for job in plan.jobs):
        from dicomjobs.cli.output_obstacles import refuse_outputs

        refuse_outputs(plan, directory)


def _answer_files(ready: _Ready, job: JobPlan) -> Answers:
    """Begin the files for a query's matches."""
    from dicomjobs.cli.answer_files import AnswerPlace

    return AnswerPlace(ready.on_disk.plan, ready.directory, ready.resources).files_of(job)


def _recordable(batch: StampedBatch, phi: Phi) -> StampedBatch:
    """Return events as the run directory may hold them."""
    if phi is Phi.PATHS:
        return batch
    return tuple(replace(stamped, event=recordable(stamped.event, phi)) for stamped in batch)


def _drain(batch: StampedBatch, sinks: tuple[Sink, ...]) -> int:
    """Hand a batch to every sink; returns the next sequence number."""
    for sink in sinks:
        sink(batch)
    return batch[-1].sequence + 1
