"""From the sums of a run to its report: what may be said of each job, in which words, and with which exit code.

Where the sums and a job's own last word disagree, the worse of the two is said. It knows nothing of single events' order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from math import inf
from typing import assert_never

from dicomjobs.events import (
    Cause,
    JobFinished,
    JobOutcome,
    Outcome,
    OutputFailed,
    Proof,
    RunFinished,
    RunStarted,
    SentFilesKept,
)
from dicomjobs.model.peer import Peer
from dicomjobs.model.phi import Phi
from dicomjobs.plan.plan import EchoStep, FindStep, Instances, JobPlan, Plan, Step, StoreStep
from dicomjobs.report import exit_code as codes
from dicomjobs.report.coverage import Coverage, coverage_of
from dicomjobs.report.report import (
    AssociationReport,
    Counts,
    Failure,
    JobKind,
    JobReport,
    ProofCounts,
    Report,
    RunOutcome,
)
from dicomjobs.report.tally import ASSOCIATIONS, EXAMPLES, JobTally
from dicomjobs.report.telling import telling, told_words

_REST_WORDS = "failures of further kinds"
_REST_HINT = "instances.csv names each of them"
_KEPT = "sent_files_kept"
_KEPT_WORDS = "delivered, but what `sent_files` asks for could not be done"
_KEPT_HINT = (
    "the instances are delivered: put the files away by hand, or see what keeps dicomjobs from it and run the job again"
)
_OUTPUT_HINT = "make room there, or let it be written to, then run the job again"
_UNHEARD_WORDS = "the run ended before it could say what became of them"
_UNHEARD_HINT = "run the job again"


@dataclass(slots=True)
class RunTally:
    """What is known of the run beside its jobs; times in seconds since the epoch."""

    first_at: float = inf
    last_at: float = -inf
    started: RunStarted | None = None
    finished: RunFinished | None = None

    def merged_with(self, later: RunTally) -> RunTally:
        """Return what both parts of a log say."""
        return RunTally(
            first_at=min(self.first_at, later.first_at),
            last_at=max(self.last_at, later.last_at),
            started=later.started or self.started,
            finished=later.finished or self.finished,
        )


def make_report(plan: Plan, run: RunTally, tallies: Mapping[str, JobTally], instances: Instances | None) -> Report:
    """Return the report of a run from the sums of its jobs."""
    code = _exit_code(run, tallies)
    heard = run.last_at >= run.first_at
    told = telling(instances, plan.phi) if instances else None
    return Report(
        run_id=run.started.run_id if run.started else "",
        version=run.started.version if run.started else "",
        outcome=_run_outcome(run, code),
        exit_code=code,
        started=run.first_at if heard else None,
        finished=run.last_at if heard else None,
        seconds=run.last_at - run.first_at if heard else 0.0,
        jobs=tuple(_job_report(job, tallies[job.name], run, told, plan.phi) for job in plan.jobs),
    )


def _exit_code(run: RunTally, tallies: Mapping[str, JobTally]) -> int:
    """Return the run's exit code; a log without a last word can never say 0."""
    interrupted_by = run.finished.interrupted_by if run.finished else 0
    found = [code for tally in tallies.values() for code in _job_codes(tally)]
    if run.finished is None:
        found.append(codes.RUN_AGAIN)
    return codes.exit_code(found, interrupted_by=interrupted_by)


def _run_outcome(run: RunTally, code: int) -> RunOutcome:
    """Say in a word what became of the run."""
    if run.finished is None:
        return RunOutcome.INCOMPLETE
    if run.finished.interrupted_by:
        return RunOutcome.INTERRUPTED
    return RunOutcome.FAILED if code else RunOutcome.SUCCEEDED


def _job_codes(tally: JobTally) -> Iterator[int]:
    """Give everything that a job adds to the exit code."""
    yield from (codes.code_of_instance(outcome, cause) for outcome, cause in tally.faults)
    if tally.lost_outputs or tally.kept_files:
        yield codes.LOCAL_RESOURCE
    finished = tally.finished
    if finished is None:
        # one of the instances that were never heard of may have been on its way when the process died
        yield codes.OUTCOME_UNKNOWN if tally.unheard and tally.started is not None else codes.RUN_AGAIN
        return
    if finished.outcome is JobOutcome.SUCCEEDED and tally.unheard:
        yield codes.INTERNAL_ERROR
    if finished.outcome is JobOutcome.SUCCEEDED and finished.truncated:
        yield codes.FAILED_FOR_GOOD
    if finished.cause is not Cause.NONE or not tally.faults:
        yield codes.code_of_job(finished.outcome, finished.cause)


def _job_report(job: JobPlan, tally: JobTally, run: RunTally, instances: Instances | None, phi: Phi) -> JobReport:
    """Return what became of one job."""
    finished = tally.finished
    return JobReport(
        name=job.name,
        kind=_kind(job.step),
        peer=_peer(job.peer),
        outcome=_job_outcome(tally),
        counts=_counts(tally),
        proofs=_proofs(tally),
        bytes=tally.bytes,
        seconds=finished.seconds if finished else _seconds_until_lost(tally, run),
        associations=tuple(_associations(tally)),
        failures=tuple(_told(failure, phi) for failure in _failures(tally, instances)),
        truncated=finished.truncated if finished else False,
        skipped=_skipped(tally),
        parked_after=job.step.retry.runs if isinstance(job.step, StoreStep) else 0,
        associations_left_out=max(0, tally.last_association - ASSOCIATIONS),
        queries=tally.queries,
        keys_unsupported=tally.keys_unsupported,
        coverage=_coverage(job.step, tally),
    )


def _coverage(step: Step, tally: JobTally) -> Coverage | None:
    """Return what a split query proves, None for everything else."""
    if not isinstance(step, FindStep) or step.split is None:
        return None
    return coverage_of(step.split, tally.windows, [query.identifier for query in step.queries])


def _kind(step: Step) -> JobKind:
    """Name the kind of a step."""
    match step:
        case EchoStep():
            return JobKind.ECHO
        case FindStep():
            return JobKind.FIND
        case StoreStep():
            return JobKind.STORE
        case _:
            assert_never(step)


def _peer(peer: Peer) -> str:
    """Name a peer as the job file does, else by what it is on the network."""
    return peer.name or f"{peer.called_ae_title}@{peer.host}:{peer.port}"


def _seconds_until_lost(tally: JobTally, run: RunTally) -> float:
    """Return how long a job without an end was heard of, in seconds."""
    return 0.0 if tally.started is None else max(0.0, run.last_at - tally.started)


def _job_outcome(tally: JobTally) -> JobOutcome:
    """Say what became of a job; what it says of itself counts only as long as its instances do not contradict."""
    if tally.finished is None:
        begun = tally.started is not None or tally.unheard < len(tally.outcomes)
        return JobOutcome.INTERRUPTED if begun else JobOutcome.NOT_RUN
    lost = tally.lost_outputs or tally.kept_files
    wanting = tally.faults or tally.unheard or tally.finished.truncated or lost
    if tally.finished.outcome is JobOutcome.SUCCEEDED and wanting:
        return JobOutcome.FAILED
    return tally.finished.outcome


def _counts(tally: JobTally) -> Counts:
    """Count the instances by outcome; one without a last word may have been sent once its job had begun."""
    counts = tally.counts()
    counts[tally.unheard_outcome] += tally.unheard
    return Counts(
        planned=len(tally.outcomes),
        delivered=counts[Outcome.DELIVERED],
        delivered_with_warning=counts[Outcome.DELIVERED_WITH_WARNING],
        failed=counts[Outcome.FAILED],
        unknown=counts[Outcome.UNKNOWN],
        missing=counts[Outcome.MISSING],
        not_sent=counts[Outcome.NOT_SENT],
        skipped=counts[Outcome.SKIPPED],
        matches=tally.matches,
    )


def _skipped(tally: JobTally) -> Mapping[str, int]:
    """Return how many instances were skipped for which reason, the most frequent first."""
    return dict(sorted(tally.skipped_counts().items(), key=lambda each: (-each[1], each[0])))


def _proofs(tally: JobTally) -> ProofCounts:
    """Count the instances that were delivered, now or before, by what that rests on."""
    counts = tally.proof_counts()
    return ProofCounts(
        status=counts[Proof.STATUS],
        count=counts[Proof.COUNT],
        query=counts[Proof.QUERY],
        commitment=counts[Proof.COMMITMENT],
    )


def _associations(tally: JobTally) -> Iterator[AssociationReport]:
    """Give a job's associations in the order they were requested."""
    for number in sorted(tally.established.keys() | tally.ended.keys()):
        established, ended = tally.established.get(number), tally.ended.get(number)
        ended_by = ended.ended_by if ended else None
        if established:
            yield AssociationReport(
                proposed=established.proposed,
                accepted=established.accepted,
                refused=established.refused,
                max_pdu=established.max_pdu,
                tls=established.tls,
                ended_by=ended_by,
                roles=established.roles,
                extended_negotiation=established.extended_negotiation,
                weakened_by=established.weakened_by,
            )
        elif ended:
            yield AssociationReport(
                proposed=ended.proposed,
                accepted=0,
                refused=ended.refused,
                max_pdu=None,
                tls=None,
                ended_by=ended_by,
            )


def _failures(tally: JobTally, instances: Instances | None) -> Iterator[Failure]:
    """Give what went wrong: the job's own reason unless its instances tell it, then these, the most frequent first."""
    groups = sorted(_instance_failures(tally, instances), key=lambda f: (-f.count, f.reason, f.status or 0, f.words))
    finished = tally.finished
    if finished and finished.reason and not _told_by(groups, finished):
        yield Failure(
            reason=finished.reason,
            count=1,
            status=tally.status or None,
            words=finished.words,
            hint=finished.hint,
            examples=(),
        )
    yield from (_output_failure(lost) for lost in tally.lost_outputs)
    yield from (_kept_files(kept) for kept in tally.kept_files)
    yield from groups
    if rest := tally.groups.rest:
        yield Failure(reason="other", count=rest, status=None, words=_REST_WORDS, hint=_REST_HINT, examples=())


def _told(failure: Failure, phi: Phi) -> Failure:
    """Return a failure that names no file where that may not be told."""
    if phi is Phi.PATHS:
        return failure
    if failure.reason == _KEPT:
        return replace(failure, words=_KEPT_WORDS, examples=())
    return replace(failure, words=told_words(failure.reason, failure.words, phi))


def _output_failure(lost: OutputFailed) -> Failure:
    """Tell of an output that could not be written."""
    words = f"{lost.path} could not be written: {lost.words}"
    return Failure(reason="output_failed", count=1, status=None, words=words, hint=_OUTPUT_HINT, examples=())


def _kept_files(kept: SentFilesKept) -> Failure:
    """Tell of sent files that could not be put away."""
    words = f"{_KEPT_WORDS}: {kept.words}"
    return Failure(reason=_KEPT, count=kept.count, status=None, words=words, hint=_KEPT_HINT, examples=(kept.path,))


def _told_by(groups: list[Failure], finished: JobFinished) -> bool:
    """Whether the job's own reason is that of some of its instances."""
    return any(group.reason == finished.reason or group.words == finished.words != "" for group in groups)


def _instance_failures(tally: JobTally, instances: Instances | None) -> Iterator[Failure]:
    """Give the groups of instances that are not where they should be, those that were never heard of among them."""
    for key, group in tally.groups.kept.items():
        yield Failure(
            reason=key.reason,
            count=group.count,
            status=None if key.status < 0 else key.status,
            words=key.words,
            hint=group.hint,
            examples=tuple(_example(item, instances) for item in group.items),
        )
    if unheard := tally.unheard:
        told = tally.finished if tally.finished and tally.finished.reason else None
        yield Failure(
            reason=told.reason if told else "interrupted",
            count=unheard,
            status=None,
            words=told.words if told else _UNHEARD_WORDS,
            hint=told.hint if told else _UNHEARD_HINT,
            examples=tuple(_example(item, instances) for item in islice(tally.unheard_items(), EXAMPLES)),
        )


def _example(item: int, instances: Instances | None) -> str:
    """Name an instance by its path, or by its row when the plan's rows are not at hand."""
    return f"row {item}" if instances is None else instances[item].path
