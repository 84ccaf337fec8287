"""Associations with their events: each one that was asked for is told of once when it begins and once when it ends."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from dicomjobs.errors import (
    AssociationAborted,
    AssociationError,
    AssociationRejected,
    ConnectionLost,
    NoContextAccepted,
)
from dicomjobs.events import AssociationEnded, AssociationEstablished, EndedBy, Event
from dicomjobs.execute.ports import Association, Ports
from dicomjobs.model.association import Proposal
from dicomjobs.model.job import EndWith
from dicomjobs.model.peer import Peer

Emit = Callable[[Event], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedAssociation:
    """An association and its number within the job."""

    number: int
    wire: Association
    proposed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Associating:
    """How one job gets its associations; `next_number` is shared by its lanes (the iterator is atomic)."""

    job: str
    peer: Peer
    ports: Ports
    end_with: EndWith
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def at(self, peer: Peer) -> Associating:
        """Return how the same job gets associations with another peer; they are numbered on."""
        return replace(self, peer=peer)

    def establish(self, proposal: Proposal, emit: Emit) -> NumberedAssociation:
        """Ask for an association; raises AssociationError after telling why there is none."""
        number = next(self._numbers)
        try:
            wire = self.ports.connect(self.peer, proposal)
        except AssociationError as error:
            proposed = len(proposal.contexts) if error.requested else 0
            emit(replace(self._ended(number, proposed, _ended_before(error), error), refused=error.refused))
            raise
        agreed = wire.negotiation
        emit(
            AssociationEstablished(
                job=self.job,
                number=number,
                proposed=proposal.contexts,
                accepted=agreed.accepted,
                rejected=agreed.rejected,
                max_pdu_length=agreed.peer_max_pdu_length,
                tls=agreed.tls,
                roles=agreed.roles,
                extended_negotiation=agreed.extended_negotiation,
                weakened_by=agreed.weakened_by,
            )
        )
        return NumberedAssociation(number=number, wire=wire, proposed=len(proposal.contexts))

    def end(self, association: NumberedAssociation, emit: Emit) -> None:
        """End an association as the job says."""
        if self.end_with is EndWith.ABORT:
            association.wire.abort()
        else:
            association.wire.release()
        ended_by = association.wire.ended_by or EndedBy.LOST
        emit(self._ended(association.number, association.proposed, ended_by, None))

    def broken(self, association: NumberedAssociation, error: AssociationError | None, emit: Emit) -> None:
        """Make sure that a broken association is gone, and tell how it ended."""
        association.wire.abort()
        ended_by = association.wire.ended_by or _ended_by_error(error)
        emit(self._ended(association.number, association.proposed, ended_by, error))

    def _ended(self, number: int, proposed: int, ended_by: EndedBy, error: AssociationError | None) -> AssociationEnded:
        """Return the event of an ended association."""
        return AssociationEnded(
            job=self.job,
            number=number,
            proposed=proposed,
            ended_by=ended_by,
            reason=error.reason if error else "",
            words=error.words if error else "",
            hint=error.hint if error else "",
        )


def _ended_before(error: AssociationError) -> EndedBy:
    """Return how an association that was never established counts."""
    if isinstance(error, AssociationRejected):
        return EndedBy.REJECTED
    return EndedBy.PEER_ABORT if isinstance(error, AssociationAborted) else EndedBy.NOT_ESTABLISHED


def _ended_by_error(error: AssociationError | None) -> EndedBy:
    """Return how an established association that broke counts."""
    if isinstance(error, AssociationAborted):
        return EndedBy.PEER_ABORT
    return EndedBy.LOST if isinstance(error, ConnectionLost | NoContextAccepted) else EndedBy.ABORT
