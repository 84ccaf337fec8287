"""`verify: commitment`: the peer is asked to take responsibility for what was delivered, and its results are waited for (PS3.4 J).

A result may come on our association or on one that the peer opens; where it came from makes no difference.
"""

from __future__ import annotations

import queue
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from dicomjobs.dicom.sop_classes import STORAGE_COMMITMENT_INSTANCE, STORAGE_COMMITMENT_PUSH_MODEL
from dicomjobs.dicom.status import Category, category, hint, words
from dicomjobs.dicom.transfer_syntaxes import FALLBACK
from dicomjobs.errors import AssociationError, CannotListen, Interrupted, NoContextAccepted, ProtocolError, Timeout
from dicomjobs.events import Cause, Proof
from dicomjobs.execute.associating import Associating, NumberedAssociation
from dicomjobs.execute.bytes_payload import BytesPayload
from dicomjobs.execute.commitment_set import CommitmentResult, commitment_request, commitment_result
from dicomjobs.execute.halt import Halted
from dicomjobs.execute.sighting import Presence, Sighting, refused, unanswered
from dicomjobs.execute.verify import Verification
from dicomjobs.model.association import ContextTemplate, Proposal
from dicomjobs.model.data_set_form import NewVrs
from dicomjobs.model.dimse import ActionRequest, EventReport
from dicomjobs.model.query import Identifier
from dicomjobs.model.stop import StopState
from dicomjobs.plan.contexts import number_contexts

BATCH = 500
"""Instances that one request asks for; some peers take no more than a few thousand."""
ATTEMPTS = 3
"""How often an instance is asked for when the reason of its failure may pass."""

_SLICE = 0.25
"""Seconds in which results are waited for on our association before a look at those that came another way."""
_MAY_PASS = frozenset({0x0110, 0x0131, 0x0213})
_TAKEN, _NO_SUCH_TRANSACTION, _NOT_UNDERSTOOD = 0x0000, 0x0115, 0x0110

PROPOSAL = Proposal(
    contexts=number_contexts(
        [ContextTemplate(abstract_syntax=STORAGE_COMMITMENT_PUSH_MODEL, transfer_syntaxes=FALLBACK)]
    )
)
"""What is proposed to ask for storage commitment."""

_ACTION = ActionRequest(
    sop_class_uid=STORAGE_COMMITMENT_PUSH_MODEL, sop_instance_uid=STORAGE_COMMITMENT_INSTANCE, action_type=1
)
_NOT_NAMED = Sighting(
    presence=Presence.NOT_ANSWERABLE,
    words="the peer's result of storage commitment does not name them",
    cause=Cause.NOT_AS_EXPECTED,
)


def verify_by_commitment(verification: Verification, associating: Associating) -> Halted | None:
    """Ask for all that was delivered and wait for the results until the time is over; raises JournalUnavailable."""
    asking = _Asking(verification, associating)
    try:
        with associating.ports.listen(associating.peer, asking.take_report):
            asking.ask_for(verification.tally.delivered_items(), attempt=1)
            asking.wait()
    except CannotListen as error:
        verification.leave(sum(1 for _ in verification.tally.delivered_items()), unanswered(error))
    finally:
        asking.end()
    return verification.verdict()


@dataclass(frozen=True, slots=True)
class _Transaction:
    """The items that one request asked for, for the `attempt`th time."""

    items: array[int]
    attempt: int


@dataclass(slots=True)
class _Asking:
    """Requests that are open, by Transaction UID, and results that came; used by one thread but for `take_report`."""

    verification: Verification
    associating: Associating
    _open: dict[str, _Transaction] = field(default_factory=dict)
    _results: queue.SimpleQueue[CommitmentResult] = field(default_factory=queue.SimpleQueue)
    _association: NumberedAssociation | None = None
    _gave_up: AssociationError | None = None

    def take_report(self, report: EventReport) -> int:
        """Take a result in, from whatever thread, and return the status of the answer."""
        ports, peer = self.associating.ports, self.associating.peer
        try:
            information = ports.decode_identifier(report.data, report.transfer_syntax, peer.character_set)
            result = commitment_result(report, information)
        except ProtocolError:
            return _NOT_UNDERSTOOD
        if result.transaction_uid not in self._open:
            return _NO_SUCH_TRANSACTION
        self._results.put(result)
        return _TAKEN

    def ask_for(self, items: Iterator[int], *, attempt: int) -> None:
        """Ask for items, some hundreds at a time."""
        while batch := array("Q", islice(items, BATCH)):
            self._ask(_Transaction(batch, attempt))

    def _ask(self, transaction: _Transaction) -> None:
        """Ask once, and a second time when the association breaks in time; what cannot be asked for is left as it is."""
        ports = self.associating.ports
        until = ports.monotonic() + self.verification.step.verify_within
        why = self._ask_once(transaction)
        if why and why.cause is Cause.TRANSIENT and not self._gave_up and ports.monotonic() < until:
            why = self._ask_once(transaction)
        if why:
            self.verification.leave(len(transaction.items), why)

    def _ask_once(self, transaction: _Transaction) -> Sighting | None:
        """Send a request; returns why there will be no result, None when one is to be waited for."""
        if self._gave_up:
            return unanswered(self._gave_up)
        uid = self.associating.ports.new_uid()
        rows = [self.associating.ports.instances[item] for item in transaction.items]
        self._open[uid] = transaction  # before the request leaves: its result may come before its response
        try:
            status = self._request(commitment_request(uid, rows))
        except AssociationError as error:
            self._broken(error)
            del self._open[uid]
            return unanswered(error)
        if category(status) in {Category.SUCCESS, Category.WARNING}:
            return None
        del self._open[uid]
        return refused(status, "commitment")

    def _request(self, identifier: Identifier) -> int:
        """Send an N-ACTION-RQ and return the status of its response."""
        ports, peer = self.associating.ports, self.associating.peer
        association = self._established()
        context = association.wire.negotiation.accepted[0]
        data = ports.encode_identifier(identifier, context.transfer_syntax, peer.character_set, NewVrs.KEEP)
        pending = association.wire.send(_ACTION, context.context_id, BytesPayload(data))
        return next(iter(association.wire.answers(pending))).status

    def _established(self) -> NumberedAssociation:
        """Return the association there is, or a new one; after one that cannot be had no further one is asked for."""
        if self._association is None:
            try:
                self._association = self.associating.establish(PROPOSAL, self.verification.emit)
            except AssociationError as error:
                self._gave_up = error
                if isinstance(error, NoContextAccepted):
                    error.words = f"the peer offers no storage commitment ({error.words})"
                    error.hint = "use `verify: query`"
                raise
            self._association.wire.take_reports(self.take_report)
        return self._association

    def _broken(self, error: AssociationError) -> None:
        """Let go of an association that can no longer be used."""
        if self._association:
            self.associating.broken(self._association, error, self.verification.emit)
            self._association = None

    def wait(self) -> None:
        """Wait for results until all have come, nobody can send one any more, or the time is over."""
        ports = self.associating.ports
        until = ports.monotonic() + self.verification.step.verify_within
        error: AssociationError | None = None
        while self._settle_results(until) and ports.stop.state is StopState.RUNNING and ports.monotonic() < until:
            if self._association is None and self.associating.peer.reports_at is None:
                break
            error = self._listen(min(_SLICE, until - ports.monotonic())) or error
        self._settle_results(until)
        for transaction in self._open.values():
            self.verification.leave(len(transaction.items), self._why_nothing_came(error))
        self._open.clear()

    def _listen(self, seconds: float) -> AssociationError | None:
        """Wait a little; returns what ended our association, if it did."""
        if self._association is None:
            self.associating.ports.pause(seconds)
            return None
        try:
            self._association.wire.serve(seconds)
        except Interrupted:
            return None
        except AssociationError as error:
            self._broken(error)
            return error
        return None

    def _why_nothing_came(self, error: AssociationError | None) -> Sighting:
        """Say why there is no result."""
        if self.associating.ports.stop.state is not StopState.RUNNING:
            return unanswered(
                Interrupted("the run was interrupted before the peer told the result of storage commitment")
            )
        if error:
            return unanswered(error)
        within = f"{self.verification.step.verify_within:g} s"
        missing = f"no result of storage commitment came within {within} (verify_within)"
        return unanswered(
            Timeout(missing, hint=f"the peer may need longer, or {self._where_it_reports()}", clock="dimse")
        )

    def _where_it_reports(self) -> str:
        """Say what else the peer may lack to report to us."""
        peer = self.associating.peer
        if peer.reports_at is None:
            return "report on an association of its own: see `reports_at`"
        return (
            f"its own entry for us is not right: it must know the AE title {peer.calling_ae_title!r} "
            f"as this host and port {peer.reports_at.port} (reports_at)"
        )

    def _settle_results(self, until: float) -> bool:
        """Take note of the results that have come; tells whether some are still missing."""
        while not self._results.empty():
            result = self._results.get()
            if transaction := self._open.pop(result.transaction_uid, None):
                self._settle(transaction, result, until)
        self.verification.flush()
        return bool(self._open)

    def _settle(self, transaction: _Transaction, result: CommitmentResult, until: float) -> None:
        """Take note of what a result says of each instance; what may pass is asked for again while there is time."""
        ports, again = self.associating.ports, array("Q")
        may_ask = transaction.attempt < ATTEMPTS and ports.monotonic() < until
        for item in transaction.items:
            row = ports.instances[item]
            reason = result.failed.get(row.sop_instance_uid)
            if reason in _MAY_PASS and may_ask:
                again.append(item)
            elif reason is not None:
                said = f"no storage commitment: {words(reason, 'commitment')} ({reason:04X}H)"
                self.verification.miss(item, row, "not_committed", said, hint(reason, "commitment"))
            elif row.sop_instance_uid in result.committed:
                self.verification.prove(item, row, Proof.COMMITMENT)
            else:
                self.verification.leave(1, _NOT_NAMED)
        self.ask_for(iter(again), attempt=transaction.attempt + 1)

    def end(self) -> None:
        """Release the association, if there is one."""
        if self._association:
            self.associating.end(self._association, self.verification.emit)
            self._association = None
