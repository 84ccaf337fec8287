"""A plan carried out, job by job: events in batches, the caller's thread owning every sink.

It knows no socket, file or database: `Ports` stands for all of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from typing import assert_never

from dicomjobs.events import Event, JobFinished, JobOutcome, JobStarted, OutputFailed, SentFilesKept, Stamped
from dicomjobs.execute.echo import run_echo
from dicomjobs.execute.halt import INTERRUPTED, NEEDED_JOB_FAILED, Halted
from dicomjobs.execute.outbox import Batch, Emitter, run_lanes
from dicomjobs.execute.ports import Ports
from dicomjobs.execute.store import leave_unsent, store_batches
from dicomjobs.model.stop import StopState
from dicomjobs.plan.plan import EchoStep, FindStep, JobPlan, Plan, StoreStep

StampedBatch = tuple[Stamped, ...]


def execute(plan: Plan, ports: Ports, *, first_sequence: int = 0) -> Generator[StampedBatch, None, None]:
    """Run the jobs of a plan in order and yield what happens; a job whose needs are not met is told of, never skipped over.

    Close the iterator only after `ports.stop` has reached ABORTING: lanes are waited for.
    """
    sequence = itertools.count(first_sequence)
    succeeded: dict[str, bool] = {}
    for job in plan.jobs:
        lost = False  # a job whose files could not be written, or put away, has not done what others may need
        for batch in _run_job(job, ports, succeeded):
            for _, event in batch:
                if isinstance(event, JobFinished):
                    succeeded[job.name] = event.outcome is JobOutcome.SUCCEEDED and not lost
                lost |= isinstance(event, OutputFailed | SentFilesKept)
            yield tuple(Stamped(at=at, sequence=next(sequence), event=event) for at, event in batch)


def _run_job(job: JobPlan, ports: Ports, succeeded: dict[str, bool]) -> Iterator[Batch]:
    """Run one job, or account for why it is not run."""
    step = job.step
    instances, size = (step.count, step.bytes) if isinstance(step, StoreStep) else (0, 0)
    yield [(ports.wall(), JobStarted(job=job.name, instances=instances, bytes=size))]
    halted = _not_to_be_run(job, ports, succeeded)
    if halted:
        yield from _left(job, ports, halted)
        return
    began = ports.monotonic()
    for batch in _step_batches(job, ports):
        yield [(at, _timed(event, ports.monotonic() - began)) for at, event in batch]


def _not_to_be_run(job: JobPlan, ports: Ports, succeeded: dict[str, bool]) -> Halted | None:
    """Return why a job must not run now, None when it may."""
    if ports.stop.state is not StopState.RUNNING:
        return INTERRUPTED
    unmet = [need.job for need in job.needs if not succeeded.get(need.job, False) and not need.even_if_failed]
    if not unmet:
        return None
    return replace(NEEDED_JOB_FAILED, words=f"the job {unmet[0]}, which this one needs, did not succeed")


def _left(job: JobPlan, ports: Ports, halted: Halted) -> Iterator[Batch]:
    """Account for a job that is not run, and for each of its instances."""
    if isinstance(job.step, StoreStep):
        yield from leave_unsent(job, job.step, ports, halted)
    event = JobFinished(
        job=job.name, outcome=JobOutcome.NOT_RUN, reason=halted.reason, words=halted.words, cause=halted.cause
    )
    yield [(ports.wall(), event)]


def _timed(event: Event, seconds: float) -> Event:
    """Put the job's duration on its last event."""
    return replace(event, seconds=seconds) if isinstance(event, JobFinished) else event


def _step_batches(job: JobPlan, ports: Ports) -> Iterator[Batch]:
    """Run a step by its kind."""
    step = job.step
    match step:
        case EchoStep():
            yield from _one_lane(lambda emitter: run_echo(job, step, ports, emitter), ports)
        case FindStep():
            from dicomjobs.execute.find import run_find

            yield from _one_lane(lambda emitter: run_find(job, step, ports, emitter), ports)
        case StoreStep():
            yield from store_batches(job, step, ports)
        case _:
            assert_never(step)


def _one_lane(run: Callable[[Emitter], JobFinished], ports: Ports) -> Iterator[Batch]:
    """Run a step that needs one association, in a lane of its own so that a signal reaches the main thread at once."""
    return run_lanes([lambda emitter: emitter.emit(run(emitter))], wall=ports.wall)
