"""What a run may leave out, or must find out first, because of what earlier runs did; it knows no ledger and no instance."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class AlreadyDelivered(Enum):
    """What to do with an instance that an earlier run has delivered to this peer."""

    SKIP = "skip"
    SEND = "send"


class OnUnknown(Enum):
    """What to do with an instance of which an earlier attempt does not know whether it arrived: ask the peer, send it, leave it."""

    QUERY = "query"
    SEND = "send"
    STOP = "stop"


class DigestPolicy(Enum):
    """Of which data sets a SHA-256 is taken while they are sent: those of which it is cheap, all, or none."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class Resend(Enum):
    """What one run sends again whatever the ledger says: nothing, everything, what is parked, what is unknown."""

    NOTHING = ""
    ALL = "all"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often an instance is tried: `attempts` within a run, and on so many `runs` that failed with it for good; 0 runs never end.

    The rest is in seconds: the first and the longest wait between two attempts, the `budget` of all waits of a job in a run, and how
    long after an instance was not found at the peer it is looked up a second time.
    """

    attempts: int
    runs: int
    first_wait: float
    longest_wait: float
    budget: float
    second_look: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    """How what earlier runs left is taken; `twice_in_one_run` is for a job that means to send an instance more than once."""

    already_delivered: AlreadyDelivered
    on_unknown: OnUnknown
    runs: int
    resend: Resend
    twice_in_one_run: bool

    @property
    def sends_delivered(self) -> bool:
        """Whether what was delivered is sent again; then nothing is parked either."""
        return self.already_delivered is AlreadyDelivered.SEND or self.resend is Resend.ALL

    @property
    def sends_unknown(self) -> bool:
        """Whether what is unknown is sent again unasked."""
        return self.on_unknown is OnUnknown.SEND or self.resend in {Resend.ALL, Resend.UNKNOWN}

    @property
    def sends_all(self) -> bool:
        """Whether nothing that earlier runs left makes a difference."""
        return self.sends_delivered and self.sends_unknown

    @property
    def parks(self) -> bool:
        """Whether what failed on enough runs is left alone."""
        return self.runs > 0 and not self.sends_delivered and self.resend is not Resend.FAILED


SEND_ALL = Resumption(
    already_delivered=AlreadyDelivered.SEND,
    on_unknown=OnUnknown.SEND,
    runs=0,
    resend=Resend.NOTHING,
    twice_in_one_run=True,
)
"""As if there had been no run before."""
