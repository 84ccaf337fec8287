"""Rows on their way to be sent, claimed in the journal a batch ahead, so that the disk is never waited for."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import islice

from dicomjobs.execute.halt import Brake
from dicomjobs.execute.ports import CLAIMED, Claim, ClaimItem, Earlier, Journal, Verdict

FIRST_CLAIM = 64
MOST_CLAIMED = 512
"""Instances a claim holds, each twice as many as the one before: the first is waited for, of the others there are to be few.

One such batch is being made durable while the one before it is being sent; after a loss of power both have to be looked up.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedItem:
    """A row with its verdict, None when it was not claimed because the job had been halted, and what is known of it already."""

    claimed: ClaimItem
    verdict: Verdict | None
    earlier: Earlier | None


def claimed(rows: Iterator[ClaimItem], journal: Journal, brake: Brake) -> Generator[ClaimedItem, None, None]:
    """Yield rows in order, each durably claimed; raises JournalUnavailable. Rows still claimed when it is closed are released."""
    ahead: deque[tuple[list[ClaimItem], Claim | None]] = deque()
    waiting: deque[ClaimedItem] = deque()
    size = FIRST_CLAIM
    try:
        while True:
            batch = list(islice(rows, size))
            size = min(2 * size, MOST_CLAIMED)
            if batch:
                ahead.append((batch, None if brake.halted else journal.claim(batch)))
            if not ahead:
                return
            if len(ahead) > 1 or not batch:
                waiting.extend(_decided(*ahead.popleft()))
            while waiting:
                yield waiting.popleft()
    finally:
        left = [each.claimed.item for each in waiting if each.verdict in CLAIMED]
        left += [item.item for batch, claim in ahead if claim for item in batch]
        if left:
            journal.release(left)


def _decided(batch: list[ClaimItem], claim: Claim | None) -> Iterator[ClaimedItem]:
    """Pair the rows of a batch with their verdicts."""
    if claim is None:
        yield from (ClaimedItem(claimed=item, verdict=None, earlier=None) for item in batch)
        return
    for index, (item, verdict) in enumerate(zip(batch, claim.verdicts(), strict=True)):
        earlier = None if verdict is _SEND else claim.earlier(index)
        yield ClaimedItem(claimed=item, verdict=verdict, earlier=earlier)


_SEND = Verdict.SEND
