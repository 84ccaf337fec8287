"""The matches of a job as they are counted, written and told, and the ends of its queries; it asks nothing."""

from __future__ import annotations

from dataclasses import dataclass

from dicomjobs.events import JobFinished, MatchesReceived, QueryFinished
from dicomjobs.execute.outbox import Emitter
from dicomjobs.execute.ports import Answers
from dicomjobs.model.dimse import PendingResponses


@dataclass(slots=True)
class MatchAccount:
    """The account of one job on one association; `failed` is the verdict on the first query that did not succeed."""

    job: str
    transfer_syntax: str
    character_set: str
    emitter: Emitter
    answers: Answers
    kept: int = 0
    failed: JobFinished | None = None

    def take(self, place: int, matches: PendingResponses, response: int) -> None:
        """Write and tell matches of the query at a place, the first of which is the response of this number; raises ProtocolError."""
        event = MatchesReceived(
            job=self.job,
            query=place,
            first=self.kept + 1,
            response=response,
            status=matches.status,
            transfer_syntax=self.transfer_syntax,
            character_set=self.character_set,
            identifiers=matches.identifiers,
        )
        self.answers.take(event)
        self.emitter.emit(event)
        self.kept += len(matches.identifiers)

    def ended(self, place: int, window: str, matches: int, status: int | None, failed: JobFinished | None) -> None:
        """Tell how a query ended, and keep the verdict when it is the first that failed."""
        self.failed = self.failed or failed
        reason, words = (failed.reason, failed.words) if failed else ("", "")
        self._tell(place, window, matches, status, reason, words)

    def cut(self, place: int, window: str, status: int | None, words: str) -> None:
        """Tell that a window has too many matches and is asked again in parts."""
        self._tell(place, window, 0, status, "cut", words)

    def _tell(self, place: int, window: str, matches: int, status: int | None, reason: str, words: str) -> None:
        """Tell how a query ended."""
        self.emitter.emit(
            QueryFinished(
                job=self.job,
                query=place,
                window=window,
                matches=matches,
                status=status,
                reason=reason,
                words=words,
            )
        )
