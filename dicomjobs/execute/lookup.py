"""Instances looked up at a peer: which of them it has, asked by C-FIND at IMAGE level, a series at a time (PS3.4 C.4.1, C.6.2.1).

It knows nothing of why somebody wants to know. Only an answer that was checked makes an instance present, and only a query that
the peer answered to its end, with nothing left out, makes one absent; everything else is no answer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dicomjobs.dicom.sop_classes import PATIENT_ROOT_FIND, STUDY_ROOT_FIND
from dicomjobs.dicom.status import Category, category
from dicomjobs.dicom.transfer_syntaxes import FALLBACK
from dicomjobs.errors import AssociationError, Interrupted, NoContextAccepted, ProtocolError, Timeout
from dicomjobs.execute.associating import Associating, Emit, NumberedAssociation
from dicomjobs.execute.bytes_payload import BytesPayload
from dicomjobs.execute.lookup_keys import (
    Question,
    count_identifier,
    count_in,
    identifier_of,
    instance_in,
    questions,
)
from dicomjobs.execute.sighting import ABSENT, PRESENT, Sighting, refused, unanswered
from dicomjobs.model.association import AcceptedContext, ContextTemplate, Proposal
from dicomjobs.model.data_set_form import NewVrs
from dicomjobs.model.dimse import FindRequest, Response
from dicomjobs.model.query import Identifier
from dicomjobs.model.stop import StopState
from dicomjobs.plan.contexts import number_contexts
from dicomjobs.plan.plan import PlannedInstance

QUERY_TERMS = 5
"""How many dimse timeouts one query may take, however steadily its answers come."""

PROPOSAL = Proposal(
    contexts=number_contexts(
        ContextTemplate(abstract_syntax=model, transfer_syntaxes=FALLBACK)
        for model in (STUDY_ROOT_FIND, PATIENT_ROOT_FIND)
    )
)
"""What is proposed for a look-up; Study Root is preferred, for its queries need no Patient ID (PS3.4 C.6.2.1)."""


def at_query_peer(associating: Associating) -> Associating:
    """Return how a job gets associations with the peer that answers queries about its instances (`queries_at`)."""
    return associating.at(associating.peer.queries_at or associating.peer)


@dataclass(slots=True)
class Lookup:
    """Asks about instances on one association, kept between calls; used by one thread. `close` it in the end."""

    associating: Associating
    """With the peer that answers queries; see `at_query_peer`."""
    emit: Emit
    _association: NumberedAssociation | None = None

    def look_up(self, rows: Sequence[PlannedInstance]) -> list[Sighting]:
        """Say for each row in turn whether the peer has it. Memory grows with the rows, not with the peer's answers.

        An absent instance of a series of which the peer has others is asked for by itself before that is believed: some peers
        cut long answers off and say success.
        """
        found = [ABSENT] * len(rows)
        waiting = deque(questions(rows))
        lost: Sighting | None = None
        while waiting:
            question = waiting.popleft()
            answer = _Named(question, missing=lost)
            if lost is None and (error := self._put(answer)):
                answer.missing = unanswered(error)
                lost = None if answer.heard and isinstance(error, ProtocolError) else answer.missing
            for uid, positions in question.wanted.items():
                for position in positions:
                    found[position] = PRESENT if uid in answer.present else answer.missing or ABSENT
            if answer.is_doubtful:
                waiting.extend(question.one_by_one(answer.present))
        return found

    def count(self, study_instance_uid: str, series_instance_uid: str) -> int | Sighting:
        """Say how many instances the peer has of a series, or of a whole study where that is ""; why not when it does not say."""
        answer = _Counted(study_instance_uid, series_instance_uid)
        error = self._put(answer)
        return unanswered(error) if error else answer.refusal or answer.number

    def close(self) -> None:
        """Release the association, if there is one."""
        if self._association:
            self.associating.end(self._association, self.emit)
            self._association = None

    def _put(self, asked: _Asked) -> AssociationError | None:
        """Put a question; returns what cut its answers off, None when they came to their end.

        An association that had stood idle and turns out to be gone is no answer: the question is put on another one.
        """
        was_idle = self._association is not None
        error = self._put_once(asked)
        if error and was_idle and not asked.heard and not isinstance(error, Interrupted | Timeout):
            error = self._put_once(asked)
        return error

    def _put_once(self, asked: _Asked) -> AssociationError | None:
        """Put a question on the association there is, or on a new one."""
        if self.associating.ports.stop.state is not StopState.RUNNING:
            return Interrupted("the look-up was interrupted")
        try:
            association = self._association or self.associating.establish(PROPOSAL, self.emit)
        except AssociationError as error:
            if isinstance(error, NoContextAccepted):
                error.words = f"the peer answers no queries ({error.words})"
                error.hint = "name the system that answers them as `queries_at`"
            return error
        self._association = association
        try:
            for response in self._responses(asked, association):
                asked.heard += 1
                asked.take(response.status, self._identifier(response, association))
        except AssociationError as error:
            self.associating.broken(association, error, self.emit)
            self._association = None
            return error
        return None

    def _responses(self, asked: _Asked, association: NumberedAssociation) -> Iterator[Response]:
        """Send the query and follow its answers to the last one, but not for ever."""
        ports, peer = self.associating.ports, self.associating.peer
        context = _context(association)
        identifier = asked.keys(patient_root=context.abstract_syntax == PATIENT_ROOT_FIND)
        data = ports.encode_identifier(identifier, context.transfer_syntax, peer.character_set, NewVrs.KEEP)
        began, limit = ports.monotonic(), QUERY_TERMS * peer.timeouts.dimse
        pending = association.wire.send(
            FindRequest(sop_class_uid=context.abstract_syntax), context.context_id, BytesPayload(data)
        )
        for response in association.wire.answers(pending):
            yield response
            if ports.monotonic() - began > limit:
                words = f"the answers to a look-up had not come to their end after {limit:g} s"
                raise Timeout(words, hint="the peer may not look at the keys of a query", clock="dimse")

    def _identifier(self, response: Response, association: NumberedAssociation) -> dict[str, object]:
        """Decode a match; the final response has none."""
        if response.data is None:
            return {}
        ports, peer = self.associating.ports, self.associating.peer
        return ports.decode_identifier(response.data, _context(association).transfer_syntax, peer.character_set)


class _Asked(Protocol):
    """A question with what came back to it so far; `heard` counts the responses."""

    heard: int

    def keys(self, *, patient_root: bool) -> Identifier:
        """The identifier of the query."""

    def take(self, status: int, identifier: dict[str, object]) -> None:
        """Take a response in; raises ProtocolError for a match of something else."""


@dataclass(slots=True)
class _Named:
    """The instances that were named; `missing` is said of the others, None for absent."""

    question: Question
    missing: Sighting | None = None
    present: set[str] = field(default_factory=set)
    heard: int = 0

    def keys(self, *, patient_root: bool) -> Identifier:
        """Ask for them at IMAGE level."""
        return identifier_of(self.question, patient_root=patient_root)

    def take(self, status: int, identifier: dict[str, object]) -> None:
        """Note an instance that is wanted."""
        match category(status):
            case Category.PENDING:
                uid = instance_in(identifier, self.question)
                if uid in self.question.wanted:
                    self.present.add(uid)
            case Category.SUCCESS:
                pass
            case _:
                self.missing = refused(status, "find")

    @property
    def is_doubtful(self) -> bool:
        """Whether a peer that says success may have left something out."""
        is_series = not self.question.sop_instance_uid
        return is_series and self.missing is None and self.heard > 1 and len(self.present) < len(self.question.wanted)


@dataclass(slots=True)
class _Counted:
    """How many instances of a series or study the peer says that it has; none when there is no such series."""

    study_instance_uid: str
    series_instance_uid: str
    number: int = 0
    refusal: Sighting | None = None
    heard: int = 0

    def keys(self, *, patient_root: bool) -> Identifier:
        """Ask for the number at SERIES or STUDY level."""
        return count_identifier(self.study_instance_uid, self.series_instance_uid, patient_root=patient_root)

    def take(self, status: int, identifier: dict[str, object]) -> None:
        """Add the number up, for a peer may keep a series in more than one place."""
        match category(status):
            case Category.PENDING:
                self.number += count_in(identifier, self.study_instance_uid, self.series_instance_uid)
            case Category.SUCCESS:
                pass
            case _:
                self.refusal = refused(status, "find")


def _context(association: NumberedAssociation) -> AcceptedContext:
    """Return the presentation context to ask on: Study Root's where it was accepted; they were proposed in that order."""
    accepted = association.wire.negotiation.accepted
    if not accepted:
        raise NoContextAccepted("the peer accepted no presentation context for a query")
    return accepted[0]
