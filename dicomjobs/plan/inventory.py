"""What a survey of the disk found: one value a file, before anybody decided what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from dicomjobs.model.job import Duplicates
from dicomjobs.model.send_set import SendSet
from dicomjobs.plan.plan import PlannedInstance


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyedFile:
    """A file and what its header says; `problem` names why it cannot be sent (an instance reason), "" when it can.

    `named` is true for a file that `paths:` names outright, false for one found in a directory or by a pattern.
    """

    path: str
    named: bool
    size: int = 0
    mtime_ns: int = 0
    offset: int = 0
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    study_instance_uid: str = ""
    series_instance_uid: str = ""
    transfer_syntax: str = ""
    problem: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """Why a file cannot be sent whose head is sound: an instance reason, and the words for it."""

    reason: str
    words: str


class Inventory(Protocol):
    """What the disk holds, as far as planning needs to know."""

    def survey(self, send_set: SendSet, duplicates: Duplicates) -> Iterable[SurveyedFile]:
        """The files of a send set, streaming, in a deterministic order.

        A file to which several paths lead is there once, or once a path where duplicates are sent.
        """

    def same_content(self, first: PlannedInstance, second: SurveyedFile) -> bool:
        """Tell whether two files hold the same data set, byte for byte; false when either cannot be read."""

    def flaw(self, file: PlannedInstance | SurveyedFile) -> Flaw | None:
        """Go through all of a data set for what its head does not show; None when the file is whole."""
