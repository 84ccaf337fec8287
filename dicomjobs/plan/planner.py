"""From jobs and an inventory of the disk to a plan: the same inputs give the same plan, byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, assert_never

from dicomjobs.model.job import EchoJob, FindJob, Job, StoreJob
from dicomjobs.model.phi import Phi
from dicomjobs.plan.draft import RowStore
from dicomjobs.plan.echo import plan_echo
from dicomjobs.plan.find import QueryFiles, plan_find
from dicomjobs.plan.invention import seed_of
from dicomjobs.plan.inventory import Inventory
from dicomjobs.plan.plan import FORMAT_VERSION, InputFile, InstancesDigest, JobPlan, Plan, PlannedInstance, Step
from dicomjobs.plan.store import plan_store


class PlanRows(RowStore, Protocol):
    """The rows of the plan while it is made."""

    @property
    def digest(self) -> InstancesDigest:
        """Count and SHA-256 of the rows so far."""

    def __iter__(self) -> Iterator[PlannedInstance]:
        """All rows so far, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a plan is made from, beside the files to send: the job file, all YAML files read, and the folders they declare."""

    job_file: str
    inputs: tuple[InputFile, ...]
    reports_directory: str | None
    phi: Phi
    state_directory: str | None
    at: str = ""
    """The moment of the run, which is what invented identities differ by from run to run."""


def plan_jobs(
    jobs: Sequence[Job],
    *,
    origin: Origin,
    inventory: Inventory,
    query_files: QueryFiles,
    rows: PlanRows,
    scratch: Callable[[], RowStore],
) -> Plan:
    """Plan every job in the order given; rows are appended to `rows`, `scratch` gives temporary row stores."""
    sources = _Sources(inventory=inventory, query_files=query_files, job_file=origin.job_file, at=origin.at)
    job_plans = tuple(
        JobPlan(name=job.name, needs=job.needs, peer=job.peer, step=_plan_step(job, sources, rows, scratch))
        for job in jobs
    )
    return Plan(
        format_version=FORMAT_VERSION,
        job_file=origin.job_file,
        inputs=origin.inputs,
        reports_directory=origin.reports_directory,
        phi=origin.phi,
        state_directory=origin.state_directory,
        instances=rows.digest,
        jobs=job_plans,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sources:
    """What was found on disk: files to send, and query files; and what tells this plan from others."""

    inventory: Inventory
    query_files: QueryFiles
    job_file: str
    at: str


def _plan_step(job: Job, sources: _Sources, rows: PlanRows, scratch: Callable[[], RowStore]) -> Step:
    """Plan one job by its kind."""
    match job:
        case EchoJob():
            return plan_echo()
        case FindJob():
            return plan_find(job, sources.query_files)
        case StoreJob():
            seed = seed_of(sources.at, sources.job_file, job.name)
            return plan_store(job, sources.inventory, seed=seed, rows=rows, scratch=scratch)
        case _:
            assert_never(job)
