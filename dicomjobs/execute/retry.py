"""What is tried again, when, and when a peer is left alone for a while: every decision about retrying, as pure functions.

They know no clock, no chance and no association: all three come in as numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from dicomjobs.events import Cause, InstanceFinished, Outcome
from dicomjobs.model.resume import OnUnknown, Retry

OPENS_AFTER = 5
"""Failures in a row, of a kind that may pass, with no success in between, after which a peer is only asked with C-ECHO."""

PROCESSING_FAILURE = 0x0110
PROCESSING_FAILURES = 3
"""How often a processing failure (PS3.7 C.5.11) is taken for one that may pass."""

_RESOURCE_LIMITATION = 0x0213


class Trouble(Enum):
    """What went wrong with a peer, as far as it matters for when it is asked next."""

    INSTANCE = "instance"
    RESOURCES = "resources"
    ASSOCIATION = "association"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a peer has been doing in this run; times are monotonic seconds.

    Nothing begins before `until`; `waited` is how long the last wait was and `spent` all of them together. While it is `open`, the
    peer is asked with C-ECHO alone; once it is `over`, it is not asked again in this run.
    """

    in_a_row: int = 0
    waited: float = 0.0
    until: float = 0.0
    spent: float = 0.0
    open: bool = False
    over: bool = False


CALM = Standing()
"""Nothing has gone wrong yet."""


def next_wait(retry: Retry, before: float, chance: float) -> float:
    """Return how many seconds to wait after a wait of `before`, for a chance from 0 to 1: backoff with decorrelated jitter."""
    longest = max(3 * before, retry.first_wait)
    return min(retry.longest_wait, retry.first_wait + chance * (longest - retry.first_wait))


def after_success(standing: Standing) -> Standing:
    """Return the standing of a peer that has answered as it should."""
    return Standing(spent=standing.spent, over=standing.over)


def after_probe(standing: Standing) -> Standing:
    """Return the standing of a peer that has answered a C-ECHO: it gets one instance, and the next failure shuts it off again."""
    return replace(standing, in_a_row=OPENS_AFTER - 1, open=False)


def after_trouble(standing: Standing, trouble: Trouble, retry: Retry, *, now: float, chance: float) -> Standing:
    """Return the standing of a peer that has failed.

    One failure among successes costs nobody a wait; a second in a row does, and a peer that is out of resources is given time at once.
    With the budget of waits used up nobody waits, and a peer that is shut off stays so. A job that tries everything once never waits
    either: it gives up on a peer with which no association lasts.
    """
    in_a_row = standing.in_a_row + 1
    shut = in_a_row >= OPENS_AFTER
    if retry.attempts == 1:
        return replace(standing, in_a_row=in_a_row, over=shut and trouble is Trouble.ASSOCIATION)
    waits = in_a_row > 1 or trouble is Trouble.RESOURCES
    if not waits or now < standing.until:  # another lane's failure of the same time has had its wait already
        return replace(standing, in_a_row=in_a_row, open=standing.open or shut)
    wait = next_wait(retry, standing.waited, chance)
    if standing.spent + wait > retry.budget:
        return replace(standing, in_a_row=in_a_row, open=shut, over=shut)
    return replace(standing, in_a_row=in_a_row, waited=wait, until=now + wait, spent=standing.spent + wait, open=shut)


def trouble_of(event: InstanceFinished) -> Trouble | None:
    """Return what the outcome of an instance says about its peer; None when it says nothing bad."""
    if event.cause is not Cause.TRANSIENT or event.status is None:
        return None
    out_of_resources = event.status >> 8 == 0xA7 or event.status == _RESOURCE_LIMITATION
    return Trouble.RESOURCES if out_of_resources else Trouble.INSTANCE


def judged(event: InstanceFinished) -> InstanceFinished:
    """Return the outcome of an attempt with what its number makes of it: a processing failure that stays is one for good."""
    if event.status == PROCESSING_FAILURE and event.attempts >= PROCESSING_FAILURES:
        return replace(event, cause=Cause.PERMANENT)
    return event


_NEEDS_A_NEW_PLAN = "changed_while_sending"
"""The reason of a failure that may pass, but not within a run: the file is no longer the one that was planned."""


def is_tried_again(event: InstanceFinished, retry: Retry, on_unknown: OnUnknown) -> bool:
    """Tell whether an attempt that ended like this is followed by another, or by a look-up where it is unknown."""
    if event.outcome is Outcome.UNKNOWN and event.cause is Cause.UNKNOWN:
        return on_unknown is OnUnknown.QUERY or (on_unknown is OnUnknown.SEND and event.attempts < retry.attempts)
    passing = event.outcome is Outcome.FAILED and event.cause is Cause.TRANSIENT
    return passing and event.reason != _NEEDS_A_NEW_PLAN and event.attempts < retry.attempts
