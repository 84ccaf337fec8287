"""The disk as planning sees it: surveys, and what tells files of one SOP Instance UID apart; it decides nothing itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dicomjobs.disk.read import check_whole
from dicomjobs.disk.survey import survey
from dicomjobs.errors import NotSendable
from dicomjobs.model.job import Duplicates
from dicomjobs.model.send_set import SendSet
from dicomjobs.plan.inventory import Flaw, SurveyedFile
from dicomjobs.plan.plan import PlannedInstance

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskInventory:
    """Fulfils the planner's Inventory; `now` in seconds since the epoch is what ages are measured from."""

    now: float

    def survey(self, send_set: SendSet, duplicates: Duplicates) -> Iterator[SurveyedFile]:
        """The files of a send set, streaming, in a deterministic order."""
        return survey(send_set, duplicates=duplicates, now=self.now)

    def same_content(self, first: PlannedInstance, second: SurveyedFile) -> bool:
        """Tell whether two files hold the same data set, byte for byte; false when either cannot be read."""
        if first.transfer_syntax != second.transfer_syntax or first.size - first.offset != second.size - second.offset:
            return False
        try:
            with Path(first.path).open("rb") as one, Path(second.path).open("rb") as other:
                one.seek(first.offset)
                other.seek(second.offset)
                while (block := one.read(_BLOCK_BYTES)) == other.read(_BLOCK_BYTES):
                    if not block:
                        return True
        except OSError:
            return False
        return False

    def flaw(self, file: PlannedInstance | SurveyedFile) -> Flaw | None:
        """Go through all of a data set for what its head does not show; None when the file is whole."""
        try:
            check_whole(file)
        except NotSendable as error:
            return Flaw(reason=error.reason, words=error.words)
        return None
