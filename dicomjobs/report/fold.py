"""Events added up into what a report needs, in memory that does not grow with their number; it writes nothing.

`merge(fold(a), fold(b)) == fold(a + b)`: parts of a log may be added up apart, which is all that running in shards needs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from dicomjobs.events import (
    AssociationEnded,
    AssociationEstablished,
    EchoFinished,
    Event,
    InstanceFinished,
    InstanceMissing,
    InstancesProven,
    JobFinished,
    JobStarted,
    MatchesReceived,
    Outcome,
    OutputFailed,
    QueryFinished,
    RunFinished,
    RunStarted,
    SentFilesKept,
    Stamped,
)
from dicomjobs.plan.plan import FindStep, Instances, JobPlan, Plan, StoreStep
from dicomjobs.report.proofs import Proofs
from dicomjobs.report.report import Report
from dicomjobs.report.tally import JobTally, LogContradiction, merge_tallies
from dicomjobs.report.verdict import RunTally, make_report


class Fold:
    """The sums of a run whose plan is known, as far as its events were added."""

    __slots__ = ("_jobs", "_plan", "_run", "_split")

    def __init__(self, plan: Plan) -> None:
        """Begin with nothing heard of any job."""
        self._plan = plan
        self._run = RunTally()
        self._jobs = {job.name: _empty_tally(job) for job in plan.jobs}
        self._split = {job.name for job in plan.jobs if isinstance(job.step, FindStep) and job.step.split}

    def add(self, batch: Iterable[Stamped]) -> None:
        """Add events in their order; raises LogContradiction when they are not those of this plan."""
        run = self._run
        for stamped in batch:
            run.first_at = min(run.first_at, stamped.at)
            run.last_at = max(run.last_at, stamped.at)
            self._add_event(stamped.event, stamped.at)

    def _add_event(self, event: Event, at: float) -> None:
        """Add one event, observed at a time in seconds since the epoch; the most frequent kind comes first."""
        match event:
            case InstanceFinished():
                self._tally(event.job).add_instance(event)
            case InstancesProven():
                self._tally(event.job).add_proven(event)
            case InstanceMissing():
                self._tally(event.job).add_missing(event)
            case MatchesReceived():
                self._tally(event.job).add_matches(len(event.identifiers), event.status)
            case QueryFinished():
                tally = self._tally(event.job)
                tally.queries += 1
                if event.job in self._split:
                    tally.windows.append(event)
            case RunStarted():
                self._run.started = event
            case JobStarted():
                self._tally(event.job).started = at
            case AssociationEstablished():
                self._tally(event.job).add_established(event)
            case AssociationEnded():
                self._tally(event.job).add_ended(event)
            case EchoFinished(job=job, status=int() as status):
                self._tally(job).status = status
            case EchoFinished():
                pass
            case JobFinished():
                self._tally(event.job).finished = event
            case OutputFailed():
                self._tally(event.job).lost_outputs += (event,)
            case SentFilesKept():
                self._tally(event.job).kept_files += (event,)
            case RunFinished():
                self._run.finished = event
            case _:
                assert_never(event)

    def _tally(self, job: str) -> JobTally:
        """Find the sums of a job."""
        try:
            return self._jobs[job]
        except KeyError:
            raise LogContradiction(f'job "{job}" is not in the plan: the log is that of another plan') from None

    def outcome_of(self, job: str, item: int) -> Outcome:
        """Say what is known of a row, whether or not it got as far as the log."""
        return self._tally(job).outcome_of(item)

    def report(self, instances: Instances | None = None) -> Report:
        """Say what became of the run; with the plan's rows, examples are named by their path instead of their row."""
        return make_report(self._plan, self._run, self._jobs, instances)

    def __eq__(self, other: object) -> bool:
        """Two folds are equal when everything in them is."""
        if not isinstance(other, Fold):
            return NotImplemented
        return (self._plan, self._run, self._jobs) == (other._plan, other._run, other._jobs)

    def merged_with(self, later: Fold) -> Fold:
        """Return the sums of this and a later part of the log."""
        merged = Fold(self._plan)
        merged._run = self._run.merged_with(later._run)
        merged._jobs = {name: merge_tallies(tally, later._jobs[name]) for name, tally in self._jobs.items()}
        return merged


def merge(first: Fold, second: Fold) -> Fold:
    """Return the fold of both parts of a run's log, `second` being the later; raises LogContradiction when they tell of one row."""
    return first.merged_with(second)


def _empty_tally(job: JobPlan) -> JobTally:
    """Begin with nothing heard of any of a job's rows."""
    match job.step:
        case StoreStep(first=first, count=count):
            return JobTally(first=first, outcomes=bytearray(count), proofs=Proofs(count))
        case _:
            return JobTally(first=0, outcomes=bytearray(), proofs=Proofs(0))
