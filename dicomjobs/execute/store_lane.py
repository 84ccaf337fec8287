"""One lane of a store step: an association, and instances sent on it one after another while the next is being prepared.

Sending and waiting are apart: between the last byte of an instance and its answer, the next one is opened and routed.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace

from dicomjobs.errors import AssociationError, JournalUnavailable, NotSendable
from dicomjobs.events import Cause, InstanceFinished, Outcome
from dicomjobs.execute.associating import Associating, NumberedAssociation
from dicomjobs.execute.claims import ClaimedItem, claimed
from dicomjobs.execute.earlier import already_delivered, compared, not_sendable, parked, still_unknown
from dicomjobs.execute.faults import Sent, finished_by_error, finished_by_status, not_established
from dicomjobs.execute.feed import RowRange, StudyFeed
from dicomjobs.execute.halt import HELD, STOPPED_AFTER_FAILURE, Brake, Halted
from dicomjobs.execute.marking import MarkedPayload
from dicomjobs.execute.outbox import Emitter
from dicomjobs.execute.ports import (
    CLAIMED,
    ClaimItem,
    Earlier,
    FilePayload,
    Journal,
    Pending,
    Ports,
    Settlement,
    Verdict,
)
from dicomjobs.execute.tally import SPOILING, Tally
from dicomjobs.model.association import Proposal
from dicomjobs.model.dimse import StoreRequest
from dicomjobs.model.job import OnFailure
from dicomjobs.plan.plan import JobPlan, PlannedInstance, StoreStep
from dicomjobs.plan.route import NoRoute, Route, choose_route

MOST_BREAKS = 3
"""Associations that may break one after another, with no instance answered in between, before a lane gives up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What the lanes of one job have in common."""

    job: JobPlan
    step: StoreStep
    ports: Ports
    journal: Journal
    associating: Associating
    brake: Brake
    tally: Tally


@dataclass(slots=True)
class _Ready:
    """An instance with its payload open and its route chosen on a certain association."""

    item: int
    row: PlannedInstance
    route: Route
    payload: FilePayload


@dataclass(slots=True)
class _InFlight:
    """An instance whose last byte was sent."""

    ready: _Ready
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
        self._association: NumberedAssociation | None = None
        self._in_flight: _InFlight | None = None
        self._breaks = 0
        self._gave_up: AssociationError | None = None
        self._routes: dict[tuple[int, str, str], Route | NoRoute] = {}
        self._accounted = 0  # the first row of the present range that is neither in flight nor told of

    def run(self, emitter: Emitter) -> None:
        """Send until there is nothing left for this lane; every row it took is accounted for or given back."""
        self._emitter = emitter
        try:
            self._send_all()
            if self._feed.leave():  # the last one also sees to what another lane gave back after this one ran dry
                self._send_all()
                self._account_for_rest()
        finally:
            self._end()

    def _send_all(self) -> None:
        """Send ranges while there are any and an association can be had."""
        while self._gave_up is None and (rows := self._feed.take()):
            self._feed.give_back(self._send(rows))

    def _send(self, rows: RowRange) -> RowRange:
        """Send one range; returns what is left of it when the lane gave up, an empty range otherwise."""
        end = rows.first + rows.count
        self._accounted = rows.first
        numbered = enumerate(self._shared.ports.instances.rows(rows.first, rows.count), rows.first)
        inode = self._shared.ports.files.inode
        items = (ClaimItem(item=item, instance=row, inode=inode(row)) for item, row in numbered)
        try:
            with closing(claimed(items, self._shared.journal, self._shared.brake)) as ahead:
                for each in ahead:
                    self._take(each)
                    if self._gave_up:
                        self._hand_back(each)
                        break
            self._finish_in_flight()
        except JournalUnavailable as error:
            self._journal_failed(error)
            self._leave_rest(RowRange(self._accounted, end - self._accounted))
            return RowRange(end, 0)
        return RowRange(self._accounted, end - self._accounted)

    def _take(self, each: ClaimedItem) -> None:
        """Deal with one row, unless no association can be had (`_gave_up`)."""
        ready = self._prepare(each)
        try:
            self._finish_in_flight()
            # When the association broke on the instance before, this one needs a new one, and with it a new route.
            if ready and self._association is None:
                self._drop(ready)
                ready = None
                ready = self._prepare(each)
            if ready and self._may_send(each):
                begun, ready = ready, None
                self._begin(begun)
        finally:
            self._drop(ready)

    @staticmethod
    def _drop(ready: _Ready | None) -> None:
        """Let go of an instance that was prepared and will not be sent, or not like this."""
        if ready:
            ready.payload.close()

    def _hand_back(self, each: ClaimedItem) -> None:
        """Release a row that was not dealt with because the lane gave up."""
        if each.claimed.item >= self._accounted and each.verdict in CLAIMED:
            self._shared.journal.release([each.claimed.item])

    def _may_send(self, each: ClaimedItem) -> bool:
        """Tell whether an instance may begin; if not, account for it."""
        item, halted = each.claimed.item, self._shared.brake.halted
        if halted is None and each.verdict is Verdict.SEND:
            return True
        if each.verdict in CLAIMED:
            self._shared.journal.release([item])
        self._tell(self._not_to_be_sent(each) or (halted or STOPPED_AFTER_FAILURE).not_sent(self._job, item))
        return False

    def _not_to_be_sent(self, each: ClaimedItem) -> InstanceFinished | None:
        """What the ledger makes of a row that is not sent whatever else happens; None when the ledger has nothing against it."""
        item, earlier = each.claimed.item, each.earlier
        if each.verdict is Verdict.HELD_BY_OTHER_RUN:
            return HELD.not_sent(self._job, item)
        match each.verdict, earlier:
            case Verdict.ALREADY_DELIVERED, Earlier():
                return already_delivered(self._job, item, earlier)
            case Verdict.COMPARE_FIRST, Earlier():
                return compared(self._job, item, each.claimed.instance, earlier, self._shared.ports.files)
            case Verdict.PARKED, Earlier():
                return parked(self._job, item, earlier)
            case Verdict.RESOLVE_FIRST, Earlier():
                return still_unknown(self._job, item, earlier)
        return None

    def _prepare(self, each: ClaimedItem) -> _Ready | None:
        """Route an instance and open its file; None when it is accounted for, or there is no association (`_gave_up`)."""
        if not self._may_send(each):
            return None
        association = self._established()
        if association is None:
            return None
        item, row = each.claimed.item, each.claimed.instance
        route = self._route(association, row)
        if isinstance(route, NoRoute):
            self._settle(not_sendable(self._job, item, NotSendable("no_presentation_context", route.words)))
            return None
        files, step = self._shared.ports.files, self._shared.step
        form = step.rewriting.form(route, item - step.first)
        try:
            payload = files.rewritten(row, form, step.digest) if form else files.payload(row, step.digest)
        except NotSendable as error:
            self._settle(not_sendable(self._job, item, error))
            return None
        return _Ready(item=item, row=row, route=route, payload=payload)

    def _route(self, association: NumberedAssociation, row: PlannedInstance) -> Route | NoRoute:
        """Return the route of an instance; those of a class and transfer syntax are the same on one association."""
        key = (association.number, row.sop_class_uid, row.transfer_syntax)
        if key not in self._routes:
            self._routes[key] = choose_route(
                sop_class_uid=row.sop_class_uid,
                transfer_syntax=row.transfer_syntax,
                accepted=association.wire.negotiation.accepted,
                natives=self._shared.step.natives,
            )
        return self._routes[key]

    def _begin(self, ready: _Ready) -> None:
        """Send an instance; what goes wrong here ends the association."""
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
            self._settle(not_sendable(self._job, ready.item, error))
        except AssociationError as error:
            self._broken(ready, error)
        else:
            self._in_flight = _InFlight(ready, pending, began, size)
            self._accounted = max(self._accounted, ready.item + 1)

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
        self._breaks = 0
        sent = Sent(
            transfer_syntax=flight.ready.route.transfer_syntax,
            bytes=flight.size,
            sha256=flight.ready.payload.sha256,
            seconds=self._shared.ports.monotonic() - flight.began,
            association=association.number,
            message_id=flight.pending.message_id,
        )
        self._settle(
            finished_by_status(self._job, flight.ready.item, response.status, sent),
            source_sha256=flight.ready.payload.source_sha256,
        )

    def _broken(self, ready: _Ready, error: AssociationError) -> None:
        """Settle the instance on which the association broke, and count the break."""
        association = self._association
        if association is None:
            raise AssertionError("only an association that was there can break")
        event = finished_by_error(self._job, ready.item, error, fully_sent=association.wire.fully_sent)
        self._break_off(error)
        self._breaks += 1
        if self._breaks >= MOST_BREAKS:
            self._gave_up = error
        self._settle(
            replace(event, attempts=1, association=association.number, sha256=ready.payload.sha256),
            source_sha256=ready.payload.source_sha256,
        )

    def _settle(self, event: InstanceFinished, *, source_sha256: str = "") -> None:
        """Write an outcome to the journal, then tell it; an outcome that cannot be written is unknown."""
        settlement = Settlement(
            item=event.item,
            outcome=event.outcome,
            reason=event.reason,
            status=event.status,
            sha256=source_sha256,
            for_good=event.outcome is Outcome.FAILED and event.cause is Cause.PERMANENT,
        )
        try:
            self._shared.journal.settle(settlement)
        except JournalUnavailable as error:
            self._tell(
                replace(
                    event,
                    outcome=Outcome.UNKNOWN,
                    reason="journal_failed",
                    words=str(error),
                    cause=Cause.LOCAL_RESOURCE,
                )
            )
            raise
        self._tell(event)

    def _tell(self, event: InstanceFinished) -> None:
        """Count and emit an outcome; the first failure pulls the brake when the job says so."""
        self._accounted = max(self._accounted, event.item + 1)
        self._shared.tally.add(event)
        self._emitter.emit(event)
        if event.outcome in SPOILING and self._shared.step.on_failure is OnFailure.STOP:
            self._shared.brake.pull(STOPPED_AFTER_FAILURE)

    def _established(self) -> NumberedAssociation | None:
        """Return the lane's association, asking for one when there is none; None when there can be none."""
        if self._association is None and self._gave_up is None:
            try:
                self._association = self._shared.associating.establish(self._proposal, self._emitter.emit)
            except AssociationError as error:
                self._gave_up = error
        return self._association

    def _break_off(self, error: AssociationError | None) -> None:
        """Let go of an association that can no longer be used."""
        if self._association:
            self._shared.associating.broken(self._association, error, self._emitter.emit)
            self._association = None

    def _end(self) -> None:
        """End the association properly, if it still lives."""
        if self._association:
            self._shared.associating.end(self._association, self._emitter.emit)
            self._association = None

    def _journal_failed(self, error: JournalUnavailable) -> None:
        """Stop all lanes; what is in flight has an outcome that nobody could note."""
        halted = Halted(reason="journal_failed", words=str(error), cause=Cause.LOCAL_RESOURCE)
        self._shared.brake.pull(halted)
        flight, self._in_flight = self._in_flight, None
        if flight:
            self._break_off(None)
            self._tell(
                InstanceFinished(
                    job=self._job,
                    item=flight.ready.item,
                    outcome=Outcome.UNKNOWN,
                    reason=halted.reason,
                    words=halted.words,
                    cause=halted.cause,
                )
            )

    def _leave_rest(self, rows: RowRange) -> None:
        """Account for rows that a halted job leaves unsent, without the journal."""
        halted = self._shared.brake.halted or STOPPED_AFTER_FAILURE
        for item in range(rows.first, rows.first + rows.count):
            self._tell(halted.not_sent(self._job, item))

    def _account_for_rest(self) -> None:
        """Account for all rows that no lane could get an association for."""
        while self._gave_up and (rows := self._feed.take()):
            for item in range(rows.first, rows.first + rows.count):
                halted = self._shared.brake.halted
                self._tell(
                    halted.not_sent(self._job, item) if halted else not_established(self._job, item, self._gave_up)
                )
