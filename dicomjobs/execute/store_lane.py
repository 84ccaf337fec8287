"""One lane of a store step: an association, and instances sent on it one after another while the next is being prepared.

Sending and waiting are apart: between the last byte of an instance and its answer, the next one is opened and routed. What failed
for a passing reason is put off until the rest was sent; when and whether it is tried again, `retry.py` knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from dicomjobs.errors import AssociationError, Interrupted, JournalUnavailable, NotSendable
from dicomjobs.events import Cause
from dicomjobs.execute.associating import NumberedAssociation
from dicomjobs.execute.claims import ClaimedItem, claimed
from dicomjobs.execute.doubts import Doubts
from dicomjobs.execute.earlier import not_sendable, spared
from dicomjobs.execute.echo import peer_answers
from dicomjobs.execute.faults import Sent, cause_of, finished_by_error, finished_by_status, not_established
from dicomjobs.execute.feed import RowRange, StudyFeed
from dicomjobs.execute.halt import PEER_UNAVAILABLE, STOPPED_AFTER_FAILURE
from dicomjobs.execute.lane_account import LaneAccount, Shared
from dicomjobs.execute.marking import MarkedPayload
from dicomjobs.execute.outbox import Emitter
from dicomjobs.execute.ports import CLAIMED, ClaimItem, Pending, Verdict
from dicomjobs.execute.preparing import Preparing, Ready
from dicomjobs.execute.retry import Trouble
from dicomjobs.model.association import Proposal
from dicomjobs.model.dimse import StoreRequest
from dicomjobs.model.job import OnFailure

TAKEN_UP_AT_ONCE = 1024
"""How many of the rows that were put off are tried again together; those in doubt are looked up together, by series."""


@dataclass(slots=True)
class _InFlight:
    """An instance whose last byte was sent."""

    ready: Ready
    pending: Pending
    began: float
    size: int


class StoreLane:
    """Sends ranges of rows from a feed until it is empty, the brake is pulled, or no association can be had."""

    def __init__(self, shared: Shared, proposal: Proposal, feed: StudyFeed) -> None:
        """Begin without an association."""
        self._shared = shared
        self._job = shared.job.name
        self._proposal = proposal
        self._feed = feed
        self._preparing = Preparing(shared.step, shared.ports.files)
        self._association: NumberedAssociation | None = None
        self._last_used = 0  # the number of the association on which an instance went last
        self._in_flight: _InFlight | None = None
        self._gave_up: AssociationError | None = None
        self._broken_by: AssociationError | None = None  # the last one, unless an instance was answered since

    def run(self, emitter: Emitter) -> None:
        """Send until there is nothing left for this lane; every row it took is accounted for or given back."""
        self._account = LaneAccount(self._shared, emitter)
        self._doubts = Doubts(self._shared, self._account)
        try:
            self._send_all()
            if self._feed.leave():  # the last one also sees to what another lane gave back after this one ran dry
                self._send_all()
                self._account_for_rest()
        finally:
            self._doubts.close()
            self._end()

    def _send_all(self) -> None:
        """Send ranges while there are any and an association can be had, then what was put off."""
        while self._gave_up is None and (rows := self._feed.take()):
            self._send(rows)
        try:
            self._try_again()
        except JournalUnavailable as error:
            self._journal_failed(error)
        self._account.tell_what_was_put_off()

    def _send(self, rows: RowRange) -> None:
        """Send a range and those after it, in one stream so that the ledger is a batch ahead; what is left goes back to the feed."""
        taken = self._account.taken
        try:
            self._send_claimed(self._items(rows))
        except JournalUnavailable as error:
            self._journal_failed(error)
            self._account.leave_taken()
        for left in taken.give_up():
            self._feed.give_back(left)

    def _items(self, rows: RowRange | None) -> Iterator[ClaimItem]:
        """Yield the rows of a range, and of one after the other from the feed as they are asked for."""
        inode = self._shared.ports.files.inode
        while rows:
            self._account.taken.add(rows)
            numbered = enumerate(self._shared.ports.instances.rows(rows.first, rows.count), rows.first)
            for item, row in numbered:
                yield ClaimItem(item=item, instance=row, inode=inode(row))
            rows = self._feed.take()

    def _send_claimed(self, items: Iterator[ClaimItem]) -> None:
        """Claim rows and deal with them one after another; raises JournalUnavailable."""
        shared = self._shared
        with closing(claimed(items, shared.journal, shared.brake, shared.ports.monotonic)) as ahead:
            for each in ahead:
                self._take(each)
                if self._gave_up:
                    self._hand_back(each)
                    break
        self._finish_in_flight()

    def _try_again(self) -> None:
        """Try what was put off, each row when it is due, until nothing is left or nothing more may begin; raises JournalUnavailable."""
        later, ports = self._account.later, self._shared.ports
        while later and self._gave_up is None and self._shared.brake.halted is None:
            self._account.emitter.flush()
            if not self._shared.patience.wait(later.seconds_left(ports.monotonic())):
                return
            due = [(item, ports.instances[item]) for item in later.take_due(ports.monotonic(), TAKEN_UP_AT_ONCE)]
            again = (ClaimItem(item=item, instance=row, inode=ports.files.inode(row)) for item, row in due)
            self._send_claimed(again)
            if self._doubts.any:
                self._end()  # the look-up is asked on an association of its own, for which this lane's makes room
            for each in self._doubts.absent():
                self._take(each)
                if self._gave_up:
                    self._hand_back(each)
            self._finish_in_flight()

    def _take(self, each: ClaimedItem) -> None:
        """Deal with one row, unless no association can be had (`_gave_up`)."""
        if each.earlier and each.earlier.same_file and each.earlier.failed_runs:
            self._account.failed_before[each.claimed.item] = each.earlier.failed_runs
        ready = self._prepare(each)
        try:
            self._finish_in_flight()
            self._settle_failures_first()
            self._wait_for_peer()
            # When the association ended since, this one needs a new one, and with it a new route.
            if ready and (self._association is None or self._association.number != ready.association):
                self._drop(ready)
                ready = None
                ready = self._prepare(each)
            if ready and self._may_send(each):
                begun, ready = ready, None
                if self._was_gone(begun) and (ready := self._prepare(each)) and self._may_send(each):
                    begun, ready = ready, None
                    self._begin(begun)
        finally:
            self._drop(ready)

    @staticmethod
    def _drop(ready: Ready | None) -> None:
        """Let go of an instance that was prepared and will not be sent, or not like this."""
        if ready:
            ready.payload.close()

    def _hand_back(self, each: ClaimedItem) -> None:
        """Release a row that was not dealt with because the lane gave up; one that was put off before stays so."""
        item = each.claimed.item
        put_off = self._account.later.earlier_attempt(item)
        if each.verdict in CLAIMED and (put_off or self._account.taken.holds(item)):
            self._shared.journal.release([item])

    def _may_send(self, each: ClaimedItem) -> bool:
        """Tell whether an instance may begin; if not, account for it."""
        halted = self._shared.brake.halted
        if halted is None and each.verdict is Verdict.SEND:
            return True
        item, account = each.claimed.item, self._account
        if halted is None and self._doubts.take(each):
            return False
        if halted is None and each.verdict is Verdict.HELD_BY_OTHER_RUN and account.put_off_held(item):
            return False
        if each.verdict in CLAIMED:
            self._shared.journal.release([item])
        before = account.later.earlier_attempt(item)
        if before and before.was_tried and each.verdict is not Verdict.ALREADY_DELIVERED:
            account.tell(before.last)
        else:
            event = spared(self._job, item, each.claimed.instance, each.verdict, each.earlier, self._shared.ports.files)
            account.tell(event or (halted or STOPPED_AFTER_FAILURE).not_sent(self._job, item))
        return False

    def _prepare(self, each: ClaimedItem) -> Ready | None:
        """Make an instance ready; None when it is accounted for, or there is no association (`_gave_up`)."""
        if not self._may_send(each):
            return None
        association = self._established()
        if association is None:
            if self._gave_up is None:
                self._may_send(each)  # the brake was pulled while an association was waited for
            return None
        try:
            return self._preparing.ready(association, each.claimed.item, each.claimed.instance)
        except NotSendable as error:
            self._account.settle(not_sendable(self._job, each.claimed.item, error))
            return None

    def _was_gone(self, ready: Ready) -> bool:
        """Send an instance; true when its association had ended before a byte left, which is no attempt and nobody's failure.

        Peers end an association on which nothing came for a while; what has just been established is taken at its word.
        """
        idle = self._association is not None and self._association.number == self._last_used
        self._last_used = ready.association
        return not self._begin(ready, idle=idle)

    def _begin(self, ready: Ready, *, idle: bool = False) -> bool:
        """Send an instance; what goes wrong here ends the association. False when an `idle` one had ended before a byte left."""
        association = self._association
        if association is None:
            raise AssertionError("an instance is only prepared with an association")
        request = StoreRequest(sop_class_uid=ready.row.sop_class_uid, sop_instance_uid=ready.row.sop_instance_uid)
        size, began = ready.payload.length, self._shared.ports.monotonic()
        marked = MarkedPayload(ready.payload, self._shared.journal, ready.item)
        try:
            pending = association.wire.send(request, ready.route.context_id, marked)
        except NotSendable as error:
            self._break_off(None)
            self._account.settle(not_sendable(self._job, ready.item, error))
        except AssociationError as error:
            if idle and not marked.begun and not isinstance(error, Interrupted):
                self._break_off(error)
                return False
            self._broken(ready, error)
        else:
            self._in_flight = _InFlight(ready, pending, began, size)
            self._account.taken.dealt_with(ready.item)
        return True

    def _finish_in_flight(self) -> None:
        """Wait for the answer of the instance in flight and settle it."""
        flight, association = self._in_flight, self._association
        if flight is None or association is None:
            return
        self._in_flight = None
        try:
            response = next(iter(association.wire.answers(flight.pending)))
        except AssociationError as error:
            self._broken(flight.ready, error)
            return
        self._broken_by = None
        sent = Sent(
            transfer_syntax=flight.ready.route.transfer_syntax,
            bytes=flight.size,
            sha256=flight.ready.payload.sha256,
            seconds=self._shared.ports.monotonic() - flight.began,
            association=association.number,
            message_id=flight.pending.message_id,
        )
        self._account.settle(
            finished_by_status(self._job, flight.ready.item, response.status, sent),
            source_sha256=flight.ready.payload.source_sha256,
        )

    def _broken(self, ready: Ready, error: AssociationError) -> None:
        """Settle the instance on which the association broke."""
        association = self._association
        if association is None:
            raise AssertionError("only an association that was there can break")
        event = finished_by_error(self._job, ready.item, error, fully_sent=association.wire.fully_sent)
        self._break_off(error)
        if cause_of(error) is not Cause.INTERRUPTED:
            self._failed_with(error)
        self._account.settle(
            replace(event, attempts=1, association=association.number, sha256=ready.payload.sha256),
            source_sha256=ready.payload.source_sha256,
        )

    def _failed_with(self, error: AssociationError) -> None:
        """Note that an association failed, and give up when the peer is not to be asked again."""
        self._broken_by = error
        self._shared.patience.failed(Trouble.ASSOCIATION)
        if self._shared.patience.over:
            self._gave_up = error

    def _settle_failures_first(self) -> None:
        """Have the last word on what failed before anything else begins, where a failure is to stop the job."""
        if self._shared.step.on_failure is OnFailure.STOP and self._account.later.has_failures:
            self._try_again()
            self._account.tell_what_was_put_off()  # what is left when the time for waiting is over

    def _wait_for_peer(self) -> None:
        """Wait while the peer is to be left alone; the lane gives up, or the brake is pulled, when that will not end in this run."""
        patience = self._shared.patience
        if self._gave_up or patience.calm:
            return
        self._account.emitter.flush()  # what has happened so far is not to be told only after the wait
        if patience.allows(self._probe):
            return
        self._gave_up = self._broken_by
        if self._gave_up is None:
            self._shared.brake.pull(PEER_UNAVAILABLE)

    def _probe(self) -> bool:
        """Ask the peer with C-ECHO on an association of its own, for which this lane's makes room."""
        self._end()
        return peer_answers(self._shared.associating, self._account.emitter.emit)

    def _established(self) -> NumberedAssociation | None:
        """Return the lane's association, asking for one while there is none and the peer may be asked; None when there can be none."""
        while self._association is None and self._gave_up is None:
            self._wait_for_peer()
            if self._shared.brake.halted is not None:
                break
            try:
                self._association = self._shared.associating.establish(self._proposal, self._account.emitter.emit)
            except AssociationError as error:
                self._not_established(error)
        return self._association

    def _not_established(self, error: AssociationError) -> None:
        """Decide whether to ask again: a peer may be down for a moment, or have no room for one lane more beside the others."""
        retry, others = self._shared.step.retry, self._feed.has_others()
        if cause_of(error) is not Cause.TRANSIENT or retry.attempts == 1 or (others and not self._account.later):
            self._gave_up = error
        else:
            self._failed_with(error)

    def _break_off(self, error: AssociationError | None) -> None:
        """Let go of an association that can no longer be used."""
        if self._association:
            self._shared.associating.broken(self._association, error, self._account.emitter.emit)
            self._association = None

    def _end(self) -> None:
        """End the association properly, if it still lives."""
        if self._association:
            self._shared.associating.end(self._association, self._account.emitter.emit)
            self._association = None

    def _journal_failed(self, error: JournalUnavailable) -> None:
        """Stop all lanes; what is in flight has an outcome that nobody could note."""
        flight, self._in_flight = self._in_flight, None
        if flight:
            self._break_off(None)
        self._account.journal_failed(error, flight.ready.item if flight else None)
        self._doubts.drop()

    def _account_for_rest(self) -> None:
        """Account for all rows that no lane could get an association for; what the ledger knows of them is true all the same."""
        shared, account = self._shared, self._account
        while self._gave_up and (rows := self._feed.take()):
            try:
                with closing(claimed(self._items(rows), shared.journal, shared.brake, shared.ports.monotonic)) as ahead:
                    for each in ahead:
                        self._leave(each, self._gave_up)
            except JournalUnavailable as error:
                self._journal_failed(error)
                account.leave_taken()

    def _leave(self, each: ClaimedItem, why: AssociationError) -> None:
        """Account for a row for which there is no association."""
        item, halted = each.claimed.item, self._shared.brake.halted
        if each.verdict in CLAIMED:
            self._shared.journal.release([item])
        event = halted.not_sent(self._job, item) if halted else not_established(self._job, item, why)
        known = spared(self._job, item, each.claimed.instance, each.verdict, each.earlier, self._shared.ports.files)
        self._account.tell(known or event)
