"""Instances looked up at a peer: which of them it has, asked by C-FIND at IMAGE level, a series at a time (PS3.4 C.4.1, C.6.2.1).

It knows nothing of why somebody wants to know. Only an answer that was checked makes an instance present, and only a query that
the peer answered to its end, with nothing left out, makes one absent; everything else is no answer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from dicomjobs.dicom.sop_classes import PATIENT_ROOT_FIND, STUDY_ROOT_FIND
from dicomjobs.dicom.status import Category, category
from dicomjobs.dicom.transfer_syntaxes import FALLBACK
from dicomjobs.errors import AssociationError, Interrupted, NoContextAccepted, ProtocolError, Timeout
from dicomjobs.events import Cause
from dicomjobs.execute.associating import Associating, Emit, NumberedAssociation
from dicomjobs.execute.bytes_payload import BytesPayload
from dicomjobs.execute.faults import cause_of, failed_by_status
from dicomjobs.execute.lookup_keys import Question, identifier_of, instance_in, questions
from dicomjobs.model.association import AcceptedContext, ContextTemplate, Proposal
from dicomjobs.model.dimse import FindRequest, Response
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


class Presence(Enum):
    """What a look-up found out about an instance."""

    PRESENT = "present"
    ABSENT = "absent"
    NOT_ANSWERABLE = "not_answerable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Whether the peer has an instance; why nobody can say, in `reason`, `words`, `hint` and `cause`, when it is NOT_ANSWERABLE."""

    presence: Presence
    reason: str = ""
    words: str = ""
    hint: str = ""
    cause: Cause = Cause.NONE


PRESENT = Sighting(presence=Presence.PRESENT)
ABSENT = Sighting(presence=Presence.ABSENT)


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
    _fresh: bool = False

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
            answer = _Answered(question, missing=lost) if lost else self._ask(question)
            for uid, positions in question.wanted.items():
                for position in positions:
                    found[position] = PRESENT if uid in answer.present else answer.missing or ABSENT
            if answer.doubtful:
                waiting.extend(question.one_by_one(answer.present))
            lost = lost or (answer.missing if answer.gave_up else None)
        return found

    def close(self) -> None:
        """Release the association, if there is one."""
        if self._association:
            self.associating.end(self._association, self.emit)
            self._association = None

    def _ask(self, question: Question) -> _Answered:
        """Ask one question, a second time when an association that had stood idle turned out to be gone."""
        answer = self._ask_once(question)
        return self._ask_once(question) if answer.stale else answer

    def _ask_once(self, question: Question) -> _Answered:
        """Ask one question on the association there is, or on a new one."""
        answer = _Answered(question)
        if self.associating.ports.stop.state is not StopState.RUNNING:
            return answer.lost(Interrupted("the look-up was interrupted"))
        self._fresh = self._association is None
        try:
            association = self._association or self.associating.establish(PROPOSAL, self.emit)
        except AssociationError as error:
            return answer.lost(error)
        self._association = association
        try:
            for response in self._responses(question, association):
                answer.take(response, self._identifier(response, association))
        except AssociationError as error:
            self.associating.broken(association, error, self.emit)
            self._association = None
            answer.stale = not self._fresh and not answer.heard and not isinstance(error, Interrupted | Timeout)
            return answer.lost(error, for_all=not (answer.heard and isinstance(error, ProtocolError)))
        return answer

    def _responses(self, question: Question, association: NumberedAssociation) -> Iterator[Response]:
        """Send the query and follow its answers to the last one, but not for ever."""
        ports, peer = self.associating.ports, self.associating.peer
        context = _context(association)
        identifier = identifier_of(question, patient_root=context.abstract_syntax == PATIENT_ROOT_FIND)
        data = ports.encode_identifier(identifier, context.transfer_syntax, peer.character_set)
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


@dataclass(slots=True)
class _Answered:
    """What came back to one question; `missing` is said of what was not seen, None for absent."""

    question: Question
    present: set[str] = field(default_factory=set)
    missing: Sighting | None = None
    heard: int = 0
    gave_up: bool = False
    stale: bool = False

    def take(self, response: Response, identifier: dict[str, object]) -> None:
        """Take a response in; raises ProtocolError for a match of something else."""
        self.heard += 1
        match category(response.status):
            case Category.PENDING:
                uid = instance_in(identifier, self.question)
                if uid in self.question.wanted:
                    self.present.add(uid)
            case Category.SUCCESS:
                pass
            case _:
                self.missing = _refused(response.status)

    def lost(self, error: AssociationError, *, for_all: bool = True) -> _Answered:
        """Note that the answers did not come to their end; `for_all` when further questions would meet the same."""
        self.missing = Sighting(
            presence=Presence.NOT_ANSWERABLE,
            reason=error.reason,
            words=error.words,
            hint=error.hint,
            cause=cause_of(error),
        )
        self.gave_up = for_all
        return self

    @property
    def doubtful(self) -> bool:
        """Whether a peer that says success may have left something out."""
        series = not self.question.sop_instance_uid
        return series and self.missing is None and self.heard > 1 and len(self.present) < len(self.question.wanted)


def _context(association: NumberedAssociation) -> AcceptedContext:
    """Return the presentation context to ask on: Study Root's where it was accepted; they were proposed in that order."""
    accepted = association.wire.negotiation.accepted
    if not accepted:
        raise NoContextAccepted("the peer accepted no presentation context for a query")
    return accepted[0]


def _refused(status: int) -> Sighting:
    """Return what a final status other than success means: what was not seen may be there all the same."""
    failed = failed_by_status("", status, "find")
    return Sighting(
        presence=Presence.NOT_ANSWERABLE, reason="refused", words=failed.words, hint=failed.hint, cause=failed.cause
    )
