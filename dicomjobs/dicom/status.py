"""What a DIMSE status code means: its category, the words for it, whether trying again can help, and what to do about it.

It knows nothing of messages. A code is judged by itself, never by the Error Comment (0000,0902) beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

from dicomjobs.errors import Remedy

Service = Literal["echo", "store", "find", "commitment"]
"""The DIMSE service that a status answers; for storage commitment also what its failure reasons belong to."""

SUCCESS: Final = 0x0000


class Category(Enum):
    """The status classes of PS3.7 annex C; NOT_ALLOWED is a code that no service may use."""

    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"
    PENDING = "pending"
    CANCEL = "cancel"
    NOT_ALLOWED = "not_allowed"


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What the codes from `first` to `last` mean; the remedy is of use for failures only."""

    first: int
    last: int
    words: str
    remedy: Remedy = Remedy.GIVE_UP
    hint: str = ""


_FREE_SPACE: Final = "the peer is short of disk space or memory: make room there, then run again"
_SEE_PEER_LOG: Final = "the reason is in the peer's own log"
_ALLOW_US: Final = "have our calling AE title allowed for this service at the peer"

# PS3.7 annex C: the same for every service
_GENERAL: Final = (
    _Meaning(0x0000, 0x0000, "success"),
    _Meaning(0x0105, 0x0105, "no such attribute"),
    _Meaning(0x0106, 0x0106, "invalid attribute value"),
    _Meaning(0x0107, 0x0107, "attribute list error"),
    _Meaning(0x0110, 0x0110, "processing failure", Remedy.TRY_AGAIN, _SEE_PEER_LOG),
    _Meaning(0x0111, 0x0111, "duplicate SOP instance"),
    _Meaning(0x0112, 0x0112, "no such SOP instance"),
    _Meaning(0x0113, 0x0113, "no such event type"),
    _Meaning(0x0114, 0x0114, "no such argument"),
    _Meaning(0x0115, 0x0115, "invalid argument value"),
    _Meaning(0x0116, 0x0116, "attribute value out of range"),
    _Meaning(0x0117, 0x0117, "invalid SOP instance"),
    _Meaning(0x0118, 0x0118, "no such SOP class"),
    _Meaning(0x0119, 0x0119, "class-instance conflict"),
    _Meaning(0x0120, 0x0120, "missing attribute"),
    _Meaning(0x0121, 0x0121, "missing attribute value"),
    _Meaning(0x0122, 0x0122, "refused: SOP class not supported"),
    _Meaning(0x0123, 0x0123, "no such action"),
    _Meaning(0x0124, 0x0124, "refused: not authorized", Remedy.FIX_CONFIGURATION, _ALLOW_US),
    _Meaning(0x0210, 0x0210, "duplicate invocation: the message ID is in use", Remedy.TRY_AGAIN),
    _Meaning(0x0211, 0x0211, "unrecognized operation"),
    _Meaning(0x0212, 0x0212, "mistyped argument"),
    _Meaning(0x0213, 0x0213, "resource limitation", Remedy.TRY_AGAIN, "the peer is busy or full: run again later"),
    _Meaning(0xFE00, 0xFE00, "cancelled"),
)

# PS3.4 table B.2-1; 0112 and 0214 as PS3.2 table N.7-42 has them for storage
_STORE: Final = (
    _Meaning(
        0x0111,
        0x0111,
        "duplicate SOP instance: the peer says that it has this SOP Instance UID already",
        hint="query the peer for the instance to see whether it holds the same content",
    ),
    _Meaning(
        0x0112, 0x0112, "SOP class not supported (no such SOP instance)", hint="the peer does not store this SOP class"
    ),
    _Meaning(0x0214, 0x0214, "not authorized", Remedy.FIX_CONFIGURATION, _ALLOW_US),
    _Meaning(0xA700, 0xA7FF, "refused: out of resources", Remedy.TRY_AGAIN, _FREE_SPACE),
    _Meaning(
        0xA900,
        0xA9FF,
        "data set does not match SOP class",
        hint="the instance lacks what its SOP class requires: check it with a validator",
    ),
    _Meaning(0xB000, 0xB000, "coercion of data elements", hint="stored, but with values that the peer changed"),
    _Meaning(0xB006, 0xB006, "elements discarded", hint="stored, but without elements that the peer left out"),
    _Meaning(0xB007, 0xB007, "data set does not match SOP class", hint="stored, although its SOP class requires more"),
    _Meaning(0xC000, 0xCFFF, "cannot understand", hint=f"the peer could not read the instance; {_SEE_PEER_LOG}"),
)

# PS3.4 table C.4-1 (query/retrieve) and K.4-1 (worklist)
_FIND: Final = (
    _Meaning(0xA700, 0xA700, "refused: out of resources", Remedy.TRY_AGAIN, "narrow the query, or run again later"),
    _Meaning(0xA710, 0xA710, "invalid prior record key"),
    _Meaning(
        0xA900,
        0xA900,
        "identifier does not match SOP class",
        hint="check the query level, and that the unique keys of the levels above are given",
    ),
    _Meaning(0xB001, 0xB001, "the peer's limit of matches is reached, there may be more", hint="narrow the query"),
    _Meaning(0xC000, 0xCFFF, "unable to process", hint=f"the peer could not run the query; {_SEE_PEER_LOG}"),
    _Meaning(0xFE00, 0xFE00, "matching cancelled"),
    _Meaning(0xFF00, 0xFF00, "a match"),
    _Meaning(0xFF01, 0xFF01, "a match, though one or more optional keys are not supported"),
)

# PS3.3 C.14.1.1, Failure Reason (0008,1197)
_COMMITMENT: Final = (
    _Meaning(0x0110, 0x0110, "processing failure", Remedy.TRY_AGAIN, _SEE_PEER_LOG),
    _Meaning(0x0112, 0x0112, "the peer does not have the instance", hint="run again: it is then sent once more"),
    _Meaning(0x0119, 0x0119, "the peer has the instance under another SOP class"),
    _Meaning(0x0122, 0x0122, "the peer does not commit itself to this SOP class"),
    _Meaning(0x0131, 0x0131, "duplicate transaction UID", Remedy.TRY_AGAIN),
)

_MEANINGS: Final[Mapping[Service, tuple[_Meaning, ...]]] = {
    "echo": _GENERAL,
    "store": _STORE + _GENERAL,
    "find": _FIND + _GENERAL,
    "commitment": _COMMITMENT + _GENERAL,
}

_UNNAMED: Final[Mapping[Category, str]] = {
    Category.SUCCESS: "success",
    Category.WARNING: "a warning that the standard does not name",
    Category.FAILURE: "a failure that the standard does not name",
    Category.PENDING: "pending, which this service does not allow",
    Category.CANCEL: "cancelled",
    Category.NOT_ALLOWED: "a status that the standard does not allow",
}


def category(status: int) -> Category:
    """Return the class of a status by the general rule of PS3.7 annex C; total over 0 to 65535."""
    match status:
        case 0x0000:
            return Category.SUCCESS
        case 0xFF00 | 0xFF01:
            return Category.PENDING
        case 0xFE00:
            return Category.CANCEL
        case 0x0001 | 0x0107 | 0x0116:
            return Category.WARNING
    match status >> 12:
        case 0xB:
            return Category.WARNING
        case 0xA | 0xC:
            return Category.FAILURE
        case _:
            return Category.FAILURE if status >> 8 in {0x01, 0x02} else Category.NOT_ALLOWED


def _meanings(status: int, service: Service) -> Iterator[_Meaning]:
    """Give what the tables say of a status, the service's own table first."""
    return (meaning for meaning in _MEANINGS[service] if meaning.first <= status <= meaning.last)


def words(status: int, service: Service) -> str:
    """Return the meaning of a status in a few words, without the code itself."""
    meaning = next(_meanings(status, service), None)
    return meaning.words if meaning else _UNNAMED[category(status)]


def remedy(status: int, service: Service) -> Remedy:
    """Return whether a request that was answered with this failure may be tried again; GIVE_UP for every code that is no failure."""
    meaning = next(_meanings(status, service), None)
    return meaning.remedy if meaning else Remedy.GIVE_UP


def hint(status: int, service: Service) -> str:
    """Return what a person can do about a status, "" when there is nothing to say."""
    meaning = next(_meanings(status, service), None)
    return meaning.hint if meaning else ""
