"""instances.csv: one line for every planned instance, whatever became of it; rows and events are joined while they stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from dicomjobs.events import DELIVERED, InstanceFinished, Outcome
from dicomjobs.plan.plan import Instances, JobPlan, Plan, PlannedInstance, StoreStep
from dicomjobs.report.csv_text import csv_line
from dicomjobs.report.telling import telling

COLUMNS: Final = (
    "job",
    "path",
    "study_instance_uid",
    "series_instance_uid",
    "sop_instance_uid",
    "sop_class_uid",
    "transfer_syntax",
    "sent_transfer_syntax",
    "bytes",
    "sha256",
    "outcome",
    "reason",
    "status",
    "proof",
    "attempts",
    "seconds",
    "association",
    "message_id",
    "delivered_in_run",
)

_OPEN: Final = frozenset({Outcome.NOT_SENT, Outcome.UNKNOWN})


def render_rows(
    plan: Plan,
    instances: Instances,
    finished: Callable[[int], InstanceFinished | None],
    outcome_of: Callable[[str, int], Outcome],
    *,
    run_id: str,
) -> Iterator[str]:
    """Give the lines with their newlines, the header first; `finished` gives the final word on an item, None when there is none.

    Then `outcome_of` its job and its number says what is known of it. Raises ValueError when there are fewer rows than the plan says.
    """
    instances = telling(instances, plan.phi)
    yield csv_line(COLUMNS)
    for job in plan.jobs:
        if isinstance(job.step, StoreStep):
            yield from _job_rows(job, job.step, instances, finished, outcome_of, run_id)


def _job_rows(
    job: JobPlan,
    step: StoreStep,
    instances: Instances,
    finished: Callable[[int], InstanceFinished | None],
    outcome_of: Callable[[str, int], Outcome],
    run_id: str,
) -> Iterator[str]:
    """Give a job's lines in the order of its rows."""
    items = range(step.first, step.first + step.count)
    for item, row in zip(items, instances.rows(step.first, step.count), strict=True):
        event = finished(item) or _without_words(job.name, item, outcome_of(job.name, item))
        yield csv_line(_fields(job.name, row, event, run_id))


def _without_words(job: str, item: int, outcome: Outcome) -> InstanceFinished:
    """Stand in for the event of an instance of which the log says nothing."""
    reason = "interrupted" if outcome in _OPEN else ""
    return InstanceFinished(job=job, item=item, outcome=outcome, reason=reason)


def _fields(job: str, row: PlannedInstance, event: InstanceFinished, run_id: str) -> tuple[str, ...]:
    """Return one line's fields in the order of COLUMNS; what does not apply is empty."""
    delivered = event.outcome in DELIVERED
    sent = event.attempts > 0
    return (
        job,
        row.path,
        row.study_instance_uid,
        row.series_instance_uid,
        row.sop_instance_uid,
        row.sop_class_uid,
        row.transfer_syntax,
        event.sent_transfer_syntax,
        str(row.size),
        event.sha256,
        event.outcome.value,
        event.reason,
        "" if event.status is None else f"{event.status:04X}",
        event.proof.value if delivered or event.reason == "already_delivered" else "",
        str(event.attempts),
        f"{event.seconds:.6f}" if sent else "",
        str(event.association) if sent else "",
        str(event.message_id) if sent else "",
        event.delivered_in_run or (run_id if delivered else ""),
    )
