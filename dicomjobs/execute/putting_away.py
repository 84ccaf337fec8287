"""What becomes of source files after a job: those of delivered instances are put away as the job says, all others stay.

It is done when the ledger has every outcome, and never for an instance whose outcome may still change.
"""

from __future__ import annotations

from collections.abc import Iterator

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
    fates: dict[int, Fate] = {}  # by the hash of the path, because there may be a million
    for item, row in enumerate(ports.instances.rows(step.first, step.count), step.first):
        path, fate = hash(row.path), tally.fate(item)
        fates[path] = _together(fates.get(path, fate), fate)
    for row in ports.instances.rows(step.first, step.count):
        together = fates.pop(hash(row.path), Fate.OPEN)
        renamed = together is Fate.FAILED and step.sent_files.put_away is PutAway.RENAME
        if together is Fate.DELIVERED or renamed:
            yield row, together


def _together(one: Fate, other: Fate) -> Fate:
    """Return what becomes of a file that is sent twice."""
    if one is other:
        return one
    return Fate.FAILED if Fate.FAILED in {one, other} else Fate.OPEN
