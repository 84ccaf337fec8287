"""One C-FIND after the other on one association, followed to their last answers and cancelled when there are enough (PS3.4 C.4.1).

It knows nothing of why a query is asked or of what becomes of its matches.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dicomjobs.dicom.uids import name_of
from dicomjobs.errors import AssociationError, Interrupted, NoContextAccepted
from dicomjobs.execute.bytes_payload import BytesPayload
from dicomjobs.execute.ports import Association, Pending, Ports
from dicomjobs.model.association import AcceptedContext
from dicomjobs.model.dimse import FindRequest, PendingResponses, Response
from dicomjobs.model.query import Identifier
from dicomjobs.model.stop import StopState
from dicomjobs.plan.plan import FindStep

CANCEL_GRACE = 5.0
"""Seconds in which a peer may end its answers after a C-CANCEL-RQ, before the association is aborted."""

Take = Callable[[PendingResponses], None]
"""Takes matches in that are wanted; never none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How one C-FIND ended: its final status, None when the peer went on long after it was asked to stop, and why it was."""

    status: int | None
    cancelled_by: str


@dataclass(slots=True)
class Asking:
    """The queries of one step on one association; `character_set` is the peer's.

    `came` counts the matches of all queries, wanted or not, and `responses` all C-FIND responses, final ones included.
    """

    step: FindStep
    ports: Ports
    wire: Association
    character_set: str
    cancel_after: int
    """Matches after which a C-CANCEL-RQ is sent, once; 0 for never."""
    came: int = 0
    responses: int = 0

    @property
    def transfer_syntax(self) -> str:
        """What identifiers are encoded in; raises NoContextAccepted."""
        return self._context().transfer_syntax

    def ask(self, keys: Identifier, take: Take) -> Answered:
        """Send one request and follow its answers to the last. Raises AssociationError, and ValueError for keys that cannot be encoded."""
        context = self._context()
        syntax, new_vrs = context.transfer_syntax, self.step.new_vrs
        identifier = self.ports.encode_identifier(keys, syntax, self.character_set, new_vrs)
        request = FindRequest(sop_class_uid=self.step.sop_class_uid)
        pending = self.wire.send(request, context.context_id, BytesPayload(identifier))
        one = _OneQuery(self, pending)
        try:
            return self._follow(one, take)
        except AssociationError:
            if one.cancelled_by != "max_matches":  # there were too many then, whatever the peer does about it
                raise
            return Answered(status=None, cancelled_by=one.cancelled_by)

    def _follow(self, one: _OneQuery, take: Take) -> Answered:
        """Follow the answers to one request to the last, or to the end of the peer's grace."""
        for response in one.responses():
            match response:
                case PendingResponses():
                    self._take(response, 0 if one.cancelled_by else self._room(), take)
                    one.cancel_if(self._reason_to_cancel())
                    if one.grace_is_over():
                        return Answered(status=None, cancelled_by=one.cancelled_by)
                case Response():
                    self.responses += 1
                    return Answered(status=response.status, cancelled_by=one.cancelled_by)
        raise AssertionError("an association gives a final response or raises")

    def _context(self) -> AcceptedContext:
        """Return the accepted context of the information model; raises NoContextAccepted when the profile had none for it."""
        for context in self.wire.negotiation.accepted:
            if context.abstract_syntax == self.step.sop_class_uid:
                return context
        raise NoContextAccepted(f"the peer accepted no presentation context for {name_of(self.step.sop_class_uid)}")

    def _take(self, response: PendingResponses, room: int, take: Take) -> None:
        """Count matches and pass on those for which there is room."""
        wanted = response.identifiers[:room]
        if wanted:
            take(PendingResponses(response.status, wanted))
        self.came += len(response.identifiers)
        self.responses += len(response.identifiers)

    def _room(self) -> int:
        """Return how many more matches are wanted."""
        limits = [limit for limit in (self.step.max_matches, self.cancel_after) if limit]
        return max(0, min(limits) - self.came) if limits else sys.maxsize

    def _reason_to_cancel(self) -> str:
        """Return why the query should end now, "" when it should go on."""
        if self.ports.stop.state is not StopState.RUNNING:
            return "interrupted"
        if self.step.max_matches and self.came > self.step.max_matches:
            return "max_matches"
        if self.cancel_after and self.came >= self.cancel_after:
            self.cancel_after = 0  # what was cancelled once goes on with the next query
            return "cancel_after"
        return ""


@dataclass(slots=True)
class _OneQuery:
    """A request that is being answered; `cancelled_at` is on the monotonic clock."""

    asking: Asking
    pending: Pending
    cancelled_by: str = ""
    cancelled_at: float = 0.0

    def responses(self) -> Iterator[PendingResponses | Response]:
        """Yield every response; when a wait is interrupted by a signal, cancel and go on to the final response."""
        try:
            yield from self.asking.wire.matches(self.pending)
        except Interrupted:
            if self.cancelled_by or self.asking.ports.stop.state is StopState.ABORTING:
                raise
            self.cancel_if("interrupted")
            yield from self.asking.wire.matches(self.pending)

    def cancel_if(self, why: str) -> None:
        """Send C-CANCEL-RQ when there is a reason, once."""
        if why and not self.cancelled_by:
            self.cancelled_by, self.cancelled_at = why, self.asking.ports.monotonic()
            self.asking.wire.cancel(self.pending)

    def grace_is_over(self) -> bool:
        """Tell whether a peer goes on answering long after it was asked to stop, or when we are told to give up at once."""
        if self.asking.ports.stop.state is StopState.ABORTING:
            return True
        return bool(self.cancelled_by) and self.asking.ports.monotonic() - self.cancelled_at > CANCEL_GRACE
