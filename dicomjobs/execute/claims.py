"""Rows on their way to be sent, claimed in the journal a batch ahead, so that the disk is never waited for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from itertools import islice

from dicomjobs.execute.halt import Brake
from dicomjobs.execute.ports import CLAIMED, Claim, ClaimItem, Earlier, Journal, Verdict

FEWEST = 8
MOST = 512
"""Instances that one claim holds. The first holds the fewest."""
SOON = 0.1
LATE = 0.4
"""Seconds: a claim that was used up so soon is followed by larger ones, one that took so long by smaller ones.

One claim is being made durable while the one before it is being sent. Few large ones cost little; but what is claimed is kept from
other lanes and other runs, and has to be looked up after a loss of power.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedItem:
    """A row with its verdict, None when it was not claimed because the job had been halted, and what is known of it already."""

    claimed: ClaimItem
    verdict: Verdict | None
    earlier: Earlier | None


def claimed(
    rows: Iterator[ClaimItem], journal: Journal, brake: Brake, monotonic: Callable[[], float]
) -> Generator[ClaimedItem, None, None]:
    """Yield rows in order, each durably claimed; raises JournalUnavailable. Rows still claimed when it is closed are released."""
    ahead: deque[tuple[list[ClaimItem], Claim | None]] = deque()
    waiting: deque[ClaimedItem] = deque()
    size = FEWEST
    try:
        while True:
            batch = list(islice(rows, size))
            if batch:
                ahead.append((batch, None if brake.halted else journal.claim(batch)))
            if not ahead:
                return
            if len(ahead) > 1 or not batch:
                waiting.extend(_decided(*ahead.popleft()))
                began = monotonic()
                while waiting:
                    yield waiting.popleft()
                size = _next_size(size, monotonic() - began)
    finally:
        left = [each.claimed.item for each in waiting if each.verdict in CLAIMED]
        left += [item.item for batch, claim in ahead if claim for item in batch]
        if left:
            journal.release(left)


def _next_size(size: int, seconds: float) -> int:
    """Return how many rows the next claim holds, when one has kept the lane busy for so long."""
    if seconds < SOON:
        return min((4 if seconds < SOON / 4 else 2) * size, MOST)
    return max(size // 2, FEWEST) if seconds > LATE else size


def _decided(batch: list[ClaimItem], claim: Claim | None) -> Iterator[ClaimedItem]:
    """Pair the rows of a batch with their verdicts."""
    if claim is None:
        yield from (ClaimedItem(claimed=item, verdict=None, earlier=None) for item in batch)
        return
    for index, (item, verdict) in enumerate(zip(batch, claim.verdicts(), strict=True)):
        yield ClaimedItem(claimed=item, verdict=verdict, earlier=claim.earlier(index))
