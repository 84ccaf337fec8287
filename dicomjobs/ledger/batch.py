"""What lanes hand to the writer thread, and how they wait until it is durable; it knows no SQL."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dicomjobs.errors import JournalUnavailable
from dicomjobs.execute.ports import CLAIMED, Earlier, Verdict
from dicomjobs.ledger.marks import SettledRow
from dicomjobs.model.resume import Resumption

PeerKey = tuple[str, str, int]
ClaimRow = tuple[int, str, str, str, str, int, int, int, int, float]
"""Serial, SOP instance, study, series, SOP class, size, mtime_ns, inode, data set bytes, seconds since the epoch: a row of ADD_CLAIMS."""


RevisedRow = tuple[str, str, str, str, int, str]
"""Outcome, reason, the peer's called AE title, host and port, SOP instance: one row of REVISE."""


ProvenRow = tuple[str, str, str, int, str]
"""Proof, the peer's called AE title, host and port, SOP instance: one row of PROVE."""


class Waiting:
    """Something that is answered once it is durable, or never will be."""

    def __init__(self) -> None:
        """Unanswered."""
        self._answered = threading.Event()
        self._failure: Exception | None = None

    def answer(self, failure: Exception | None = None) -> None:
        """Wake who waits."""
        self._failure = failure
        self._answered.set()

    def wait(self) -> None:
        """Block until answered; raises what kept it from the disk."""
        self._answered.wait()
        if self._failure is not None:
            raise again(self._failure)


class PendingClaims(Waiting):
    """Claims on their way to the disk."""

    def __init__(
        self, peer: PeerKey, resumption: Resumption, rows: Sequence[ClaimRow], on_unclaimed: Callable[[int], None]
    ) -> None:
        """`on_unclaimed` hears the index of each row that is not claimed after all, in the thread that asks for the verdicts."""
        super().__init__()
        self.peer = peer
        self.resumption = resumption
        self.rows = rows
        self.found: dict[int, tuple[Verdict, Earlier | None]] = {}
        """By serial, what is not simply to be sent; the writer fills it in."""
        self._on_unclaimed = on_unclaimed

    def verdicts(self) -> Sequence[Verdict]:
        """One verdict per claimed item, in order; blocks until the claims are durable. Raises JournalUnavailable."""
        self.wait()
        if not self.found:
            return [Verdict.SEND] * len(self.rows)
        verdicts = [self.found[row[0]][0] if row[0] in self.found else Verdict.SEND for row in self.rows]
        for index, verdict in enumerate(verdicts):
            if verdict not in CLAIMED:
                self._on_unclaimed(index)
        return verdicts

    def earlier(self, index: int) -> Earlier | None:
        """What earlier attempts left of an item, by its place in the claim.

        None for HELD_BY_OTHER_RUN, and for SEND unless earlier runs have failed with it for good.
        """
        if not self.found:
            return None
        found = self.found.get(self.rows[index][0])
        return found[1] if found else None


def again(failure: Exception) -> Exception:
    """A failure to be raised in one more thread: the ledger's own as a copy, a bug as itself."""
    if not isinstance(failure, JournalUnavailable):
        return failure
    copy = JournalUnavailable(*failure.args)
    copy.__cause__ = failure.__cause__
    return copy


@dataclass(slots=True)
class Batch:
    """What is committed together: settlements, so that claims are judged by them, then claims, then what is given back.

    Kinds are not kept in the order they came in: a serial is settled only after its claim was committed, and never comes again.
    `slots` are those of the settled and the released, free once this is durable.
    """

    claims: list[PendingClaims] = field(default_factory=list)
    settled: list[SettledRow] = field(default_factory=list)
    released: list[int] = field(default_factory=list)
    revised: list[RevisedRow] = field(default_factory=list)
    proven: list[ProvenRow] = field(default_factory=list)
    slots: list[int] = field(default_factory=list)
    barriers: list[Waiting] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.claims or self.settled or self.released or self.revised or self.proven or self.barriers)

    def answer(self, failure: Exception | None = None) -> None:
        """Wake everybody who waits for this batch."""
        for waiting in (*self.claims, *self.barriers):
            waiting.answer(failure)
