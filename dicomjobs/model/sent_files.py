"""What becomes of source files after they were sent, before anybody did it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

DONE, BAD = ".done", ".bad"
"""The endings that a file gets which is renamed: when its instance was delivered, when it failed for good."""


class PutAway(Enum):
    """What becomes of a file once its instance was delivered."""

    KEEP = "keep"
    DELETE = "delete"
    RENAME = "rename"
    MOVE = "move"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFiles:
    """What becomes of the files of a job; `directory` is absolute and where they are moved to, "" for all else."""

    put_away: PutAway
    directory: str
