"""What becomes of source files after a job: those of delivered instances are put away as the job says, all others stay.

It is done when the ledger has every outcome, and never for an instance whose outcome may still change.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from dicomjobs.events import SentFilesKept
from dicomjobs.execute.associating import Emit
from dicomjobs.execute.ports import Fate, Ports
from dicomjobs.execute.tally import Tally
from dicomjobs.model.sent_files import PutAway
from dicomjobs.model.stop import StopState
from dicomjobs.plan.plan import JobPlan, PlannedInstance, StoreStep


def put_away(job: JobPlan, step: StoreStep, ports: Ports, tally: Tally, emit: Emit) -> None:
    """Put away the files of a job whose outcomes are durable; tells, once a reason, which could not be."""
    kept: dict[str, SentFilesKept] = {}
    for row, fate in _fates(step, ports, tally):
        if ports.stop.state is StopState.ABORTING:
            break  # the next run knows what was delivered, and puts it away
        words = ports.put_away(step.sent_files, row, fate)
        if words:
            known = kept.get(words)
            count, path = (known.count + 1, known.path) if known else (1, row.path)
            kept[words] = SentFilesKept(job=job.name, count=count, path=path, words=words)
    for event in kept.values():
        emit(event)


def _fates(step: StoreStep, ports: Ports, tally: Tally) -> Iterator[tuple[PlannedInstance, Fate]]:
    """Yield a row of each file that is to be put away; one that is sent several times has to be delivered each time."""
    rows = enumerate(ports.instances.rows(step.first, step.count), step.first)
    for _, of_one_file in groupby(rows, key=_path):
        items = list(of_one_file)
        fates = {tally.fate(item) for item, _ in items}
        fate = Fate.FAILED if Fate.FAILED in fates else fates.pop() if len(fates) == 1 else Fate.OPEN
        if fate is Fate.DELIVERED or (fate is Fate.FAILED and step.sent_files.put_away is PutAway.RENAME):
            yield items[0][1], fate


def _path(numbered: tuple[int, PlannedInstance]) -> str:
    """Return the path of a numbered row."""
    return numbered[1].path
