"""The phrases from which reports are made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dicomjobs.events import JobOutcome
from dicomjobs.report.phrases import associations_words, counts_words, failure_words, job_words, number_of
from dicomjobs.report.report import AssociationReport, Counts, Failure, JobKind, JobReport, ProofCounts

JOB = JobReport(
    name="job",
    kind=JobKind.STORE,
    peer="archive",
    outcome=JobOutcome.SUCCEEDED,
    counts=Counts(planned=2, delivered=2),
    proofs=ProofCounts(),
    bytes=3000,
    seconds=1.5,
    associations=(),
    failures=(),
    truncated=False,
)


def association(proposed: int, accepted: int, refused: int) -> AssociationReport:
    """Return an association of which only the numbers of contexts matter."""
    return AssociationReport(proposed=proposed, accepted=accepted, refused=refused, max_pdu=0, tls=None, ended_by=None)


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 matches"), (1, "1 match"), (2, "2 matches"), (12_345, "12,345 matches")]
)
def test_a_count_has_its_noun(count: int, words: str) -> None:
    """Singular, plural, and thousands apart."""
    assert number_of(count, "match", "matches") == words


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (Counts(), "nothing to send"),
        (Counts(planned=3, delivered=3), "3 delivered"),
        (Counts(planned=3, delivered=1, delivered_with_warning=2), "3 delivered (2 with a warning)"),
        (Counts(planned=4, delivered=3, skipped=1), "3 of 4 delivered, 1 skipped"),
        (
            Counts(planned=6, failed=1, unknown=1, missing=2, not_sent=2),
            "0 of 6 delivered, 1 failed, 1 unknown, 2 missing, 2 not sent",
        ),
    ],
)
def test_counts_are_told_as_far_as_there_are_any(counts: Counts, words: str) -> None:
    """What did not occur is not mentioned."""
    assert counts_words(counts) == words


@pytest.mark.parametrize(
    ("job", "words"),
    [
        (JOB, "2 delivered, 3.00 kB in 1.50 s (2.00 kB/s)"),
        (replace(JOB, bytes=0), "2 delivered, 1.50 s"),
        (replace(JOB, kind=JobKind.ECHO, bytes=0, seconds=0.012), "12 ms"),
        (replace(JOB, kind=JobKind.ECHO, bytes=0, seconds=0), ""),
        (replace(JOB, kind=JobKind.FIND, bytes=0, counts=Counts(matches=1)), "1 match, 1.50 s"),
        (
            replace(JOB, kind=JobKind.FIND, bytes=0, counts=Counts(matches=2), truncated=True),
            "2 matches (incomplete), 1.50 s",
        ),
    ],
)
def test_a_job_is_told_by_its_kind(job: JobReport, words: str) -> None:
    """Instances and bytes, matches, or just the time."""
    assert job_words(job) == words


FAILURE = Failure(reason="refused", count=2, status=0x0110, words="processing failure", hint="", examples=("a",))


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (FAILURE, "2 instances: processing failure (status 0110)"),
        (replace(FAILURE, count=1, status=None), "1 instance: processing failure"),
        (replace(FAILURE, count=1, examples=(), status=None), "processing failure"),
        (replace(FAILURE, words="", status=None), "2 instances: the peer answered with a failure status"),
        (replace(FAILURE, words="", reason="of_its_own", status=None), "2 instances: of_its_own"),
    ],
)
def test_failures_are_told_in_words(failure: Failure, words: str) -> None:
    """The words of the event, else those of its reason, else its name."""
    assert failure_words(failure) == words


@pytest.mark.parametrize(
    ("associations", "left_out", "words"),
    [
        ((), 0, ""),
        ((association(1, 1, 0),), 0, "1 association, 1 context: all accepted"),
        ((association(2, 2, 0), association(3, 3, 0)), 0, "2 associations, 5 contexts: all accepted"),
        ((association(300, 298, 2),), 0, "1 association, 300 contexts: 298 accepted, 2 refused"),
        ((association(2, 0, 0),), 0, "1 association, 2 contexts: 0 accepted, 0 refused, 2 unanswered"),
        ((replace(association(2, 0, 0), max_pdu=None),), 0, "no association was established, 2 contexts proposed"),
        ((replace(association(0, 0, 0), max_pdu=None),), 0, "no association was established"),
        ((replace(association(2, 0, 2), max_pdu=None),), 0, "1 association, 2 contexts: 0 accepted, 2 refused"),
        ((association(2, 2, 0),), 7, "8 associations, in the first of them 2 contexts: all accepted"),
        (
            (association(2, 2, 0), association(2, 1, 1)),
            7,
            "9 associations, in the first 2 of them 4 contexts: 3 accepted, 1 refused",
        ),
    ],
)
def test_what_was_negotiated_is_summed_up(
    associations: tuple[AssociationReport, ...], left_out: int, words: str
) -> None:
    """How many associations, how many contexts, and what the peer made of them."""
    assert associations_words(replace(JOB, associations=associations, associations_left_out=left_out)) == words
