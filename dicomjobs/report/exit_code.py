"""What the process says when it ends: one number made of everything that went wrong; it knows neither events nor reports as wholes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from dicomjobs.events import Cause, JobOutcome, Outcome

SUCCESS: Final = 0
INTERNAL_ERROR: Final = 1
INVALID_INPUT: Final = 2
FAILED_FOR_GOOD: Final = 3
RUN_AGAIN: Final = 4
WARNINGS: Final = 5
NOT_AS_EXPECTED: Final = 6
LOCAL_RESOURCE: Final = 7
OUTCOME_UNKNOWN: Final = 8
REFUSED_BY_PEER: Final = 9
STOPPED_BY_LIMIT: Final = 10
LOCKED: Final = 11
INTERRUPTED: Final = 128
"""The number of the signal is added to it: 130 after SIGINT, 143 after SIGTERM."""

PRECEDENCE: Final = (
    INTERNAL_ERROR,
    INVALID_INPUT,
    LOCAL_RESOURCE,
    NOT_AS_EXPECTED,
    OUTCOME_UNKNOWN,
    REFUSED_BY_PEER,
    FAILED_FOR_GOOD,
    RUN_AGAIN,
    STOPPED_BY_LIMIT,
    WARNINGS,
)
"""The highest risk first."""

_MEANINGS: Final[Mapping[int, str]] = {
    SUCCESS: "all done",
    INTERNAL_ERROR: "an internal error",
    INVALID_INPUT: "the input is wrong, nothing was sent",
    FAILED_FOR_GOOD: "something failed for good, or a result is incomplete",
    RUN_AGAIN: "what is left may succeed when it is run again",
    WARNINGS: "there were warnings, and the job says that they count",
    NOT_AS_EXPECTED: "something is missing at the peer, not proven to be there, or not as expected",
    LOCAL_RESOURCE: "this computer failed: disk, permission or ledger",
    OUTCOME_UNKNOWN: "it is not known whether everything arrived",
    REFUSED_BY_PEER: "the peer refused us, or is not where it should be",
    STOPPED_BY_LIMIT: "stopped by a window, a limit or a budget, the rest can be run later",
    LOCKED: "another run holds the lock",
}

_BY_CAUSE: Final[Mapping[Cause, int]] = {
    Cause.PERMANENT: FAILED_FOR_GOOD,
    Cause.TRUNCATED: FAILED_FOR_GOOD,
    Cause.TRANSIENT: RUN_AGAIN,
    Cause.NOT_AS_EXPECTED: NOT_AS_EXPECTED,
    Cause.REFUSED_BY_PEER: REFUSED_BY_PEER,
    Cause.LOCAL_RESOURCE: LOCAL_RESOURCE,
    Cause.UNKNOWN: OUTCOME_UNKNOWN,
}
"""NONE, INTERRUPTED and NEEDED_JOB_FAILED have no number of their own: what lies behind them has."""


def meaning(code: int) -> str:
    """Return what an exit code says, in a few words."""
    if code > INTERRUPTED:
        return "interrupted; the report says what was not sent"
    return _MEANINGS.get(code, "not a code of dicomjobs")


def worst(codes: Iterable[int]) -> int:
    """Return the code with the highest risk, 0 when there is nothing but success; a code without a rank ranks as internal error."""
    found = {code if code in PRECEDENCE else INTERNAL_ERROR for code in codes if code != SUCCESS}
    return next((code for code in PRECEDENCE if code in found), SUCCESS)


def exit_code(codes: Iterable[int], *, interrupted_by: int = 0) -> int:
    """Return the exit code of a run: the worst of the codes, or that of the signal which ended it, standing alone."""
    return INTERRUPTED + interrupted_by if interrupted_by else worst(codes)


def code_of_instance(outcome: Outcome, cause: Cause) -> int:
    """Return what one instance adds to the exit code; never 0 unless it was delivered, or skipped on purpose."""
    match outcome:
        case Outcome.DELIVERED | Outcome.DELIVERED_WITH_WARNING | Outcome.SKIPPED:
            return SUCCESS
        case Outcome.UNKNOWN:
            return OUTCOME_UNKNOWN
        case Outcome.MISSING:
            return NOT_AS_EXPECTED
        case Outcome.FAILED:
            return _code_of_failure(cause)
        case Outcome.NOT_SENT:
            return _BY_CAUSE.get(cause, RUN_AGAIN)


def _code_of_failure(cause: Cause) -> int:
    """Return what a failure adds: for good, unless its cause says otherwise."""
    return _BY_CAUSE.get(cause, FAILED_FOR_GOOD if cause is Cause.NONE else RUN_AGAIN)


def code_of_job(outcome: JobOutcome, cause: Cause) -> int:
    """Return what a job adds to the exit code for a reason of its own, beside that of its instances; never 0 unless it succeeded."""
    match outcome:
        case JobOutcome.SUCCEEDED:
            return SUCCESS
        case JobOutcome.FAILED:
            return _code_of_failure(cause)
        case JobOutcome.INTERRUPTED | JobOutcome.NOT_RUN:
            return _BY_CAUSE.get(cause, RUN_AGAIN)
