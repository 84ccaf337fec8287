"""What a survey of the disk found: one value a file, before anybody decided what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dicomjobs.model.send_set import SendSet


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


Inventory = Callable[[SendSet], Iterable[SurveyedFile]]
"""Surveys a send set, streaming, in a deterministic order."""
