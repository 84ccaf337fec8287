"""What became of a query, by how it ended: in words, with the class of its fault, and never a success when it was cut short."""

from __future__ import annotations

from dicomjobs.dicom.status import Category, category
from dicomjobs.events import Cause, JobFinished, JobOutcome
from dicomjobs.execute.asking import Answered
from dicomjobs.execute.faults import failed_by_status
from dicomjobs.plan.plan import FindStep, JobPlan

ENDS_ALL = frozenset({"interrupted", "max_matches"})
"""Reasons for a C-CANCEL-RQ after which no further query is asked."""


def judged(job: str, step: FindStep, answered: Answered) -> JobFinished | None:
    """Return how a query failed, None when it did not."""
    if answered.cancelled_by == "interrupted":
        return interrupted(job)
    if answered.cancelled_by == "max_matches":
        words = f"there are more matches than max_matches: {step.max_matches}; the query was cancelled"
        hint = "narrow the keys, or raise max_matches"
        return incomplete(job, JobOutcome.FAILED, "truncated", words, Cause.TRUNCATED, hint=hint)
    final = Category.NOT_ALLOWED if answered.status is None else category(answered.status)
    enough = answered.cancelled_by == "cancel_after" and final is not Category.FAILURE
    if not enough and final not in {Category.SUCCESS, Category.WARNING}:
        return failed_by_status(job, answered.status or 0, "find", truncated=True)
    return None


def interrupted(job: str) -> JobFinished:
    """Return the end of a query that a signal stopped."""
    words = "the query was cancelled because the run was interrupted"
    return incomplete(job, JobOutcome.INTERRUPTED, "interrupted", words, Cause.INTERRUPTED)


def incomplete(job: str, outcome: JobOutcome, reason: str, words: str, cause: Cause, *, hint: str = "") -> JobFinished:
    """Return the end of a query of whose answers some are missing."""
    return JobFinished(job=job, outcome=outcome, reason=reason, words=words, hint=hint, cause=cause, truncated=True)


def window_at_cap(job: str, window: str, matches: int, cap: int) -> JobFinished:
    """Return the end of a split query with a window that has too many matches and cannot be cut."""
    words = f"the window {window or 'of all dates'} has {matches} matches, as many as the cap of {cap}, and cannot be cut in two"
    hint = "narrow the keys, or raise the cap if the peer gives more"
    return incomplete(job, JobOutcome.FAILED, "window_at_cap", words, Cause.TRUNCATED, hint=hint)


def not_to_be_split(job: str, by: str) -> JobFinished:
    """Return the end of a query whose keys cannot be cut into windows."""
    words = f"the query cannot be split by {by}: its value there is neither a date nor a range of dates"
    return JobFinished(job=job, outcome=JobOutcome.FAILED, reason="not_to_be_split", words=words, cause=Cause.PERMANENT)


def no_match(job: str) -> JobFinished:
    """Return the end of a query that should have matched something."""
    words = "the query matched nothing (if_no_match: fail)"
    return JobFinished(job=job, outcome=JobOutcome.FAILED, reason="no_match", words=words, cause=Cause.PERMANENT)


def not_encodable(job: JobPlan, error: ValueError) -> JobFinished:
    """Return the end of a query that could not be put into the peer's character set."""
    return JobFinished(
        job=job.name,
        outcome=JobOutcome.FAILED,
        reason="not_encodable",
        words=str(error),
        hint=f"the peer's character_set is {job.peer.character_set}",
        cause=Cause.PERMANENT,
    )
