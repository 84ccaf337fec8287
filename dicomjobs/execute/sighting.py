"""What a peer's answer, or the lack of one, says about whether it has an instance; it knows no association and no query."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dicomjobs.dicom.status import Service
from dicomjobs.errors import AssociationError
from dicomjobs.events import Cause
from dicomjobs.execute.faults import cause_of, failed_by_status


class Presence(Enum):
    """What was found out about an instance."""

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


def refused(status: int, service: Service) -> Sighting:
    """Return what a final status other than success means: the instance may be there all the same."""
    failed = failed_by_status("", status, service)
    return Sighting(
        presence=Presence.NOT_ANSWERABLE, reason="refused", words=failed.words, hint=failed.hint, cause=failed.cause
    )


def unanswered(error: AssociationError) -> Sighting:
    """Return what it means that the answers did not come to their end."""
    return Sighting(
        presence=Presence.NOT_ANSWERABLE,
        reason=error.reason,
        words=error.words,
        hint=error.hint,
        cause=cause_of(error),
    )
