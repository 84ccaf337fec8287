"""What a report says, in the phrases that several of its forms share; it knows nothing of lines or markup."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from dicomjobs.dicom.escape import one_line
from dicomjobs.events import INSTANCE_REASONS
from dicomjobs.report.exit_code import meaning
from dicomjobs.report.report import Counts, Failure, JobKind, JobReport, Report
from dicomjobs.report.units import duration_in_words, rate_in_words, size_in_words

_PATH_LIMIT = 4096


def number_of(count: int, singular: str, plural: str = "") -> str:
    """Return a count with its noun: `1 match`, `2,000 matches`."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def arrived(counts: Counts) -> int:
    """How many instances were delivered, with or without a warning."""
    return counts.delivered + counts.delivered_with_warning


def still_open(counts: Counts) -> int:
    """How many instances are not known to be where they should be."""
    return counts.failed + counts.unknown + counts.missing + counts.not_sent


def counts_words(counts: Counts, skipped: Mapping[str, int] | None = None) -> str:
    """Return what became of planned instances: `297 of 300 delivered (2 with a warning), 2 failed, 1 unknown`.

    Skipped ones are told by their reasons, as far as these are given.
    """
    if not counts.planned:
        return "nothing to send"
    return ", ".join(_counts_parts(counts, _reasons(skipped or {})))


def _reasons(skipped: Mapping[str, int]) -> str:
    """Return why instances were skipped: ` (parked)`, ` (10 already delivered, 2 parked)`."""
    words = {reason: _SKIPPED.get(reason, one_line(reason).replace("_", " ")) for reason in skipped}
    if len(skipped) < 2:
        return "".join(f" ({each})" for each in words.values())
    return f" ({', '.join(f'{count:,} {words[reason]}' for reason, count in skipped.items())})"


_SKIPPED: Final = {
    "not_dicom": "not DICOM",
    "media_storage_directory": "DICOMDIR",
    "symlink_outside": "symbolic link that leads out",
    "symlink_skipped": "symbolic link",
    "put_away": "put away before",
}
"""Reasons whose names are not the words for them."""


def passed_over_words(job: JobReport) -> str:
    """Return how many instances were skipped that the peer may not have as they are, and how that is changed; "" when none were."""
    return "; ".join(filter(None, (_parked_words(job), _not_compared_words(job))))


def _parked_words(job: JobReport) -> str:
    """Return how many instances nobody tries any more."""
    if not job.parked:
        return ""
    failed, them = number_of(job.parked_after, "failed run"), _them(job.parked)
    return f"{job.parked:,} parked after {failed}: `--resend failed` tries {them} again"


def _not_compared_words(job: JobReport) -> str:
    """Return how many instances were delivered from files that have changed since, with the same length and no digest to tell by."""
    if not job.not_compared:
        return ""
    return f"{job.not_compared:,} not compared, changed since they were delivered: `--resend all` sends {_them(job.not_compared)}"


def _them(count: int) -> str:
    """Return the pronoun for so many."""
    return "it" if count == 1 else "them"


def code_words(report: Report) -> str:
    """Return what a report's exit code means; 0 does not mean that all is done when something was passed over."""
    if report.exit_code or not any(job.passed_over for job in report.jobs):
        return meaning(report.exit_code)
    parked = any(job.parked for job in report.jobs)
    return f"done, but for what {'is parked' if parked else 'was not compared'}"


def _counts_parts(counts: Counts, reasons: str) -> Iterator[str]:
    """Give the outcomes that occurred, the good ones first."""
    warnings = f" ({counts.delivered_with_warning:,} with a warning)" if counts.delivered_with_warning else ""
    of_planned = "" if arrived(counts) == counts.planned else f" of {counts.planned:,}"
    yield f"{arrived(counts):,}{of_planned} delivered{warnings}"
    for count, word in (
        (counts.skipped, f"skipped{reasons}"),
        (counts.failed, "failed"),
        (counts.unknown, "unknown"),
        (counts.missing, "missing"),
        (counts.not_sent, "not sent"),
    ):
        if count:
            yield f"{count:,} {word}"


def proofs_words(job: JobReport) -> str:
    """Return what the delivered instances rest on: `verified: 297 by query, 3 by status alone`, "" where status was all that was asked."""
    proofs = job.proofs
    better = ((proofs.commitment, "by storage commitment"), (proofs.query, "by query"), (proofs.count, "by count"))
    if not any(count for count, _ in better):
        return ""
    parts = [f"{count:,} {words}" for count, words in (*better, (proofs.status, "by status alone")) if count]
    return f"verified: {', '.join(parts)}"


def job_words(job: JobReport) -> str:
    """Return what a job did, on one line: counts, bytes, time and rate."""
    match job.kind:
        case JobKind.ECHO:
            return _took(job)
        case JobKind.FIND:
            incomplete = " (incomplete)" if job.truncated else ""
            return _parts(f"{number_of(job.counts.matches, 'match', 'matches')}{incomplete}", _took(job))
        case JobKind.STORE:
            return _parts(counts_words(job.counts, job.skipped), _sent(job))


def _took(job: JobReport) -> str:
    """Return how long a job took, "" when it did not run."""
    return duration_in_words(job.seconds) if job.seconds else ""


def _sent(job: JobReport) -> str:
    """Return how much was sent, in which time and how fast."""
    if not (job.bytes and job.seconds):
        return _took(job)
    return f"{size_in_words(job.bytes)} in {_took(job)} ({rate_in_words(job.bytes, job.seconds)})"


def _parts(*parts: str) -> str:
    """Join the parts that say something."""
    return ", ".join(part for part in parts if part)


def failure_words(failure: Failure) -> str:
    """Return a group of failures on one line: `2 instances: refused: out of resources (status A700)`.

    What failed for a job as a whole has no examples, and is told without a number.
    """
    words = one_line(failure.words or INSTANCE_REASONS.get(failure.reason, failure.reason))
    status = "" if failure.status is None else f" (status {failure.status:04X})"
    number = f"{number_of(failure.count, 'instance')}: " if failure.examples or failure.count > 1 else ""
    return f"{number}{words}{status}"


def example_text(example: str) -> str:
    """Return a path so that it can be shown."""
    return one_line(example, _PATH_LIMIT)


def associations_words(job: JobReport) -> str:
    """Return what was negotiated: `3 associations, 300 contexts: 298 accepted, 2 refused`; "" when none was asked for."""
    if not job.associations:
        return ""
    proposed = sum(association.proposed for association in job.associations)
    accepted = sum(association.accepted for association in job.associations)
    refused = sum(association.refused for association in job.associations)
    if not refused and all(association.max_pdu is None for association in job.associations):
        return "no association was established" + (f", {number_of(proposed, 'context')} proposed" if proposed else "")
    unanswered = proposed - accepted - refused
    parts = [f"{accepted:,} accepted", f"{refused:,} refused", f"{unanswered:,} unanswered"][: 3 if unanswered else 2]
    answered = "all accepted" if accepted == proposed else ", ".join(parts)
    return f"{_associations(job)}{number_of(proposed, 'context')}: {answered}"


def _associations(job: JobReport) -> str:
    """Return how many associations there were, and of how many the contexts are known."""
    listed = len(job.associations)
    count = number_of(listed + job.associations_left_out, "association")
    if not job.associations_left_out:
        return f"{count}, "
    return f"{count}, in the first {f'{listed:,} ' if listed > 1 else ''}of them "
