"""The report as plain text for a terminal or a cron mail: what happened, what went wrong and what to try; colour is not its business."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from dicomjobs.dicom.escape import one_line
from dicomjobs.events import JobOutcome
from dicomjobs.report.agreements import agreement_lines
from dicomjobs.report.phrases import (
    arrived,
    associations_words,
    code_words,
    example_text,
    failure_words,
    job_words,
    number_of,
    passed_over_words,
    proofs_words,
    still_open,
)
from dicomjobs.report.report import Failure, JobKind, JobReport, Report, RunOutcome
from dicomjobs.report.units import duration_in_words


def render_text(report: Report) -> str:
    """Return the summary at the end of a run, with a final newline."""
    blocks = [_head(report), _table(report), *map(_details, filter(_is_worth_details, report.jobs)), _end(report)]
    return "\n\n".join(blocks) + "\n"


def render_line(report: Report) -> str:
    """Return a run on one line, without a newline: all that a clean run needs in a cron mail."""
    jobs = "; ".join(_job_in_line(job) for job in report.jobs)
    return jobs if report.exit_code == 0 else f"{jobs} -- exit code {report.exit_code}: {code_words(report)}"


def render_passed_over(report: Report) -> str:
    """Return on one line, without a newline, what was skipped that the peer may not have as it is; "" when there is no such thing."""
    return "; ".join(f"{one_line(job.name)}: {words}" for job in report.jobs if (words := passed_over_words(job)))


def outcome_words(outcome: JobOutcome) -> str:
    """Return what became of a job: `not run` for NOT_RUN, and so on."""
    return outcome.value.replace("_", " ")


def _job_in_line(job: JobReport) -> str:
    """Return a job as part of a line; that it succeeded goes without saying when there is more to say."""
    words = "; ".join(filter(None, (job_words(job), passed_over_words(job), proofs_words(job))))
    outcome = "" if job.outcome is JobOutcome.SUCCEEDED and words else f"{outcome_words(job.outcome)}: "
    return f"{one_line(job.name)} ({job.kind.value} {one_line(job.peer)}): {outcome}{words}".rstrip(": ")


def _head(report: Report) -> str:
    """Return which run this is, when it began and how long it took."""
    name = f"Run {one_line(report.run_id)}" if report.run_id else "A run without a name"
    if report.started is None:
        return name
    began = datetime.fromtimestamp(report.started, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"{name}\n{began}, {duration_in_words(report.seconds)}"


def _table(report: Report) -> str:
    """Return a line a job, in columns."""
    rows = [
        (one_line(job.name), job.kind.value, one_line(job.peer), outcome_words(job.outcome), job_words(job))
        for job in report.jobs
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    return "\n".join(_in_columns(row, widths) for row in rows) or "No jobs."


def _in_columns(row: tuple[str, ...], widths: list[int]) -> str:
    """Return a row with its fields padded, the last one left as it is."""
    fields = [field.ljust(width) for field, width in zip(row, widths, strict=False)]
    return ("  " + "  ".join([*fields, row[-1]])).rstrip()


def _is_worth_details(job: JobReport) -> bool:
    """Whether there is more to say of a job than its line in the table."""
    refused = any(association.refused for association in job.associations)
    return bool(
        job.failures
        or refused
        or job.coverage
        or job.keys_unsupported
        or job.passed_over
        or proofs_words(job)
        or (job.kind is JobKind.STORE and job.associations)
        or agreement_lines(job)
    )


def _details(job: JobReport) -> str:
    """Return what was negotiated and what went wrong."""
    return "\n".join([one_line(job.name), *_detail_lines(job)])


def _detail_lines(job: JobReport) -> Iterator[str]:
    """Give the lines below a job's name."""
    if words := associations_words(job):
        yield f"  {words}"
    yield from (f"  {line}" for line in agreement_lines(job))
    if words := proofs_words(job):
        yield f"  {words}"
    if words := passed_over_words(job):
        yield f"  {words}"
    if job.keys_unsupported:
        matches = number_of(job.keys_unsupported, "match", "matches")
        yield f"  {matches} with status FF01H: the peer does not support some optional keys"
    if job.coverage:
        yield f"  {'complete' if job.coverage.complete else 'not complete'}: {one_line(job.coverage.words)}"
    for failure in job.failures:
        yield from _failure_lines(failure)


def _failure_lines(failure: Failure) -> Iterator[str]:
    """Give the lines of one group of failures: what, what to try, one example."""
    yield f"  {failure_words(failure)}"
    if failure.hint:
        yield f"      try: {one_line(failure.hint)}"
    if failure.examples:
        yield f"      e.g. {example_text(failure.examples[0])}"


def _end(report: Report) -> str:
    """Return the sentence that sums it up, and the exit code with its meaning."""
    return f"{_sentence(report)}\nExit code {report.exit_code}: {code_words(report)}."


def _sentence(report: Report) -> str:
    """Return what a person wants to know first."""
    ended = {
        RunOutcome.INTERRUPTED: "The run was interrupted. ",
        RunOutcome.INCOMPLETE: "The log of this run ends in the middle. ",
    }.get(report.outcome, "")
    return ended + " ".join(_sentences(report))


def _sentences(report: Report) -> Iterator[str]:
    """Give a sentence on the instances, if any were planned, and one on the jobs if that does not tell of them."""
    planned = sum(job.counts.planned for job in report.jobs)
    left = sum(still_open(job.counts) for job in report.jobs)
    failed = sum(job.outcome is not JobOutcome.SUCCEEDED for job in report.jobs)
    if left:
        verb = "is" if left == 1 else "are"
        yield f"{left:,} of {number_of(planned, 'instance')} {verb} not known to have been delivered: see instances.csv."
    elif planned:
        passed_over = any(job.passed_over for job in report.jobs)
        yield _delivered_sentence(sum(arrived(job.counts) for job in report.jobs), planned, passed_over=passed_over)
    if failed and not left:
        yield f"{failed} of {number_of(len(report.jobs), 'job')} did not succeed."
    if not (failed or planned):
        yield "All jobs succeeded." if len(report.jobs) > 1 else "The job succeeded."


def _delivered_sentence(delivered: int, planned: int, *, passed_over: bool) -> str:
    """Say that every instance is accounted for."""
    skipped = planned - delivered
    if not delivered:
        return f"Nothing {'was' if passed_over else 'had to be'} sent: {number_of(skipped, 'instance')} skipped."
    was = "was" if delivered == 1 else "were"
    return f"{number_of(delivered, 'instance')} {was} delivered" + (f", {skipped:,} skipped." if skipped else ".")
