"""Instances of which nobody knows whether they arrived: looked up at the peer before any of them is sent again; it sends none.

One that is not there is looked up a second time after a while, for peers take time to index what they store.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from dicomjobs.events import Cause, InstanceFinished, Outcome, Proof
from dicomjobs.execute.claims import ClaimedItem
from dicomjobs.execute.earlier import compared, still_unknown
from dicomjobs.execute.lane_account import LaneAccount, Shared
from dicomjobs.execute.later import PutOff
from dicomjobs.execute.ports import Earlier, Verdict
from dicomjobs.execute.sighting import Presence, Sighting
from dicomjobs.model.resume import OnUnknown

if TYPE_CHECKING:
    from dicomjobs.execute.lookup import Lookup

OLDER_COPY = Sighting(
    presence=Presence.NOT_ANSWERABLE,
    words="the peer has it, but may have had it with other content before, so that this proves nothing",
)
CHANGED_SINCE = Sighting(
    presence=Presence.NOT_ANSWERABLE,
    words="the peer has it, but its file has changed since it was sent, and no SHA-256 was taken then",
)


@dataclass(slots=True)
class Doubts:
    """The doubtful rows of one lane; `close` it in the end. Those that are being looked up are claimed."""

    shared: Shared
    account: LaneAccount
    _claimed: list[ClaimedItem] = field(default_factory=list)
    _lookup: Lookup | None = None

    def take(self, each: ClaimedItem) -> bool:
        """Take a row that has to be resolved before it may be sent: put off at first, then kept until `absent` is asked for.

        False when it is not such a row, or the job leaves it as it is.
        """
        if each.verdict is not Verdict.RESOLVE_FIRST or self.shared.step.on_unknown is not OnUnknown.QUERY:
            return False
        item, earlier = each.claimed.item, _known(each)
        before = self.account.later.earlier_attempt(item)
        if before and before.was_tried:
            self._claimed.append(each)
        else:
            self.shared.journal.release([item])
            last = still_unknown(self.shared.job.name, item, earlier)
            self.account.put_off(last, due=self.shared.ports.monotonic())
        return True

    @property
    def any(self) -> bool:
        """Whether something was taken that is to be looked up."""
        return bool(self._claimed)

    def absent(self) -> Iterator[ClaimedItem]:
        """Look up what was taken, settle what is there, and yield what is not, to be sent; raises JournalUnavailable."""
        taken, self._claimed = self._claimed, []
        sightings = self._resolved(taken)
        self.close()  # a peer may have room for one association only, which what is absent is now sent on
        for each, sighting in zip(taken, sightings, strict=True):
            before = self.account.later.earlier_attempt(each.claimed.item)
            if before is None:
                raise AssertionError("what is resolved was put off before")
            match sighting.presence:
                case Presence.PRESENT if _known(each).older_copy and before.last.attempts < self._attempts:
                    yield replace(each, verdict=Verdict.SEND)  # only an acknowledgement can tell
                case Presence.PRESENT:
                    self._found(each, before)
                case Presence.ABSENT if before.last.attempts < self._attempts:
                    yield replace(each, verdict=Verdict.SEND)
                case Presence.ABSENT:
                    self.account.settle(_not_arrived(before.last))
                case Presence.NOT_ANSWERABLE:
                    self._leave(each, before, sighting)

    @property
    def _attempts(self) -> int:
        """How often an instance may be sent in this run."""
        return self.shared.step.retry.attempts

    def _leave(self, each: ClaimedItem, before: PutOff, why: Sighting) -> None:
        """Leave an instance unknown."""
        self.shared.journal.release([each.claimed.item])
        self.account.tell(_still_in_doubt(before.last, why))

    def _resolved(self, taken: list[ClaimedItem]) -> list[Sighting]:
        """Say for each in turn whether the peer has it; ABSENT only when two looks some time apart found nothing."""
        found = self._look(taken)
        missed = [place for place, each in enumerate(found) if each.presence is Presence.ABSENT]
        if missed:
            # Finding out is no retry: the budget of those neither limits this wait nor pays for it.
            self.shared.ports.pause(self.shared.step.retry.second_look)
            looked = self._look([taken[place] for place in missed])
            for place, sighting in zip(missed, looked, strict=True):
                found[place] = sighting
        return found

    def _look(self, taken: list[ClaimedItem]) -> list[Sighting]:
        """Look rows up once."""
        if not taken:
            return []
        if self._lookup is None:
            from dicomjobs.execute.lookup import Lookup, at_query_peer

            self._lookup = Lookup(at_query_peer(self.shared.associating), self.account.emitter.emit)
        return self._lookup.look_up([each.claimed.instance for each in taken])

    def _found(self, each: ClaimedItem, before: PutOff) -> None:
        """Settle an instance that the peer has, unless that may be another one, or its file has become another since it was sent."""
        earlier, job, item = _known(each), self.shared.job.name, each.claimed.item
        if earlier.older_copy:
            self._leave(each, before, OLDER_COPY)
            return
        if not earlier.same_file:
            event = compared(job, item, each.claimed.instance, earlier, self.shared.ports.files)
            if event.reason == "not_compared":
                self._leave(each, before, CHANGED_SINCE)
                return
            if event.outcome is Outcome.FAILED:
                self.shared.journal.release([item])
                self.account.tell(event)
                return
        event = replace(
            before.last,
            outcome=Outcome.DELIVERED,
            reason="",
            words="found at the peer by a look-up",
            hint="",
            cause=Cause.NONE,
            proof=Proof.QUERY,
            attempts=0,  # this was none; settling adds those before
            delivered_in_run="" if before.last.attempts else earlier.run_id,
        )
        self.account.settle(event, source_sha256=earlier.sha256, by=Proof.QUERY)

    def drop(self) -> None:
        """Let go of what was taken, whose claims nobody can settle any more."""
        self._claimed = []

    def close(self) -> None:
        """End the association of the look-ups, if there is one."""
        if self._lookup:
            self._lookup.close()
            self._lookup = None


def _known(each: ClaimedItem) -> Earlier:
    """Return what the ledger knows of a row that has to be resolved."""
    if each.earlier is None:
        raise AssertionError("what has to be resolved is known to the ledger")
    return each.earlier


def _not_arrived(last: InstanceFinished) -> InstanceFinished:
    """Return the outcome of an instance that did not arrive, with no attempt left in this run."""
    return replace(
        last,
        outcome=Outcome.FAILED,
        reason="not_arrived",
        words="sent without an answer, and the peer does not have it",
        hint="",
        cause=Cause.TRANSIENT,
        attempts=0,
    )


def _still_in_doubt(last: InstanceFinished, sighting: Sighting) -> InstanceFinished:
    """Return the outcome of an instance about which the peer could not be asked."""
    words = f"{last.words}; looked up in vain: {sighting.words}" if last.words else sighting.words
    return replace(last, words=words, hint=sighting.hint or last.hint)
