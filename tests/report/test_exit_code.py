"""The exit code tells the truth: one table of every combination, and the order of risks."""

from __future__ import annotations

from itertools import combinations, product

import pytest

from dicomjobs.events import Cause, JobOutcome, Outcome
from dicomjobs.report.exit_code import code_of_instance, code_of_job, exit_code, meaning, worst

ORDER = [1, 2, 7, 6, 8, 9, 3, 4, 10, 5]
"""The highest risk first."""

CAUSES = {
    Cause.NONE: (3, 4),
    Cause.PERMANENT: (3, 3),
    Cause.TRANSIENT: (4, 4),
    Cause.REFUSED_BY_PEER: (9, 9),
    Cause.LOCAL_RESOURCE: (7, 7),
    Cause.UNKNOWN: (8, 8),
    Cause.TRUNCATED: (3, 3),
    Cause.NOT_AS_EXPECTED: (6, 6),
    Cause.INTERRUPTED: (4, 4),
    Cause.NEEDED_JOB_FAILED: (4, 4),
}
"""For each cause, the code of what failed, and of what was not sent or not run."""


def expected_for_instance(outcome: Outcome, cause: Cause) -> int:
    """Return the code by the table above."""
    failed, not_sent = CAUSES[cause]
    return {
        Outcome.DELIVERED: 0,
        Outcome.DELIVERED_WITH_WARNING: 0,
        Outcome.SKIPPED: 0,
        Outcome.UNKNOWN: 8,
        Outcome.MISSING: 6,
        Outcome.FAILED: failed,
        Outcome.NOT_SENT: not_sent,
    }[outcome]


@pytest.mark.parametrize(("outcome", "cause"), list(product(Outcome, Cause)))
def test_an_instance_adds_what_its_outcome_and_cause_say(outcome: Outcome, cause: Cause) -> None:
    """Every combination has its number, and only what is where it should be has 0."""
    assert code_of_instance(outcome, cause) == expected_for_instance(outcome, cause)


@pytest.mark.parametrize(("outcome", "cause"), list(product(JobOutcome, Cause)))
def test_a_job_adds_what_its_outcome_and_cause_say(outcome: JobOutcome, cause: Cause) -> None:
    """Only a job that succeeded adds 0."""
    failed, not_run = CAUSES[cause]
    expected = {
        JobOutcome.SUCCEEDED: 0,
        JobOutcome.FAILED: failed,
        JobOutcome.INTERRUPTED: not_run,
        JobOutcome.NOT_RUN: not_run,
    }

    assert code_of_job(outcome, cause) == expected[outcome]


def test_every_cause_is_in_the_table() -> None:
    """A new cause needs a decision here."""
    assert set(CAUSES) == set(Cause)


@pytest.mark.parametrize(("higher", "lower"), list(combinations(ORDER, 2)))
def test_the_higher_risk_wins(higher: int, lower: int) -> None:
    """Of two codes the one that stands first in the order of risk is said, whichever came first."""
    assert worst([lower, higher, 0]) == worst([higher, lower]) == higher


def test_nothing_but_success_is_success() -> None:
    """No codes at all are 0 as well."""
    assert worst([]) == worst([0, 0]) == 0


def test_a_code_that_nobody_knows_is_never_success() -> None:
    """Unknown codes mean failure."""
    assert worst([0, 77]) == 1


@pytest.mark.parametrize(("signal", "code"), [(2, 130), (15, 143)])
@pytest.mark.parametrize("others", [[], [1], ORDER])
def test_a_signal_stands_alone(signal: int, code: int, others: list[int]) -> None:
    """Whatever else happened, an interrupted run says so."""
    assert exit_code(others, interrupted_by=signal) == code


def test_without_a_signal_the_worst_is_said() -> None:
    """No signal, no 130."""
    assert exit_code([4, 8]) == 8


def test_every_code_has_a_meaning_of_its_own() -> None:
    """A person who reads the number also reads what it means."""
    meanings = [meaning(code) for code in (0, *ORDER, 11, 130)]

    assert len(set(meanings)) == len(meanings)
    assert meaning(143) == meaning(130)
    assert meaning(99) == "not a code of dicomjobs"
