"""A ledger held against what its peer says: deliveries verified, and those made by other means taken over."""

from __future__ import annotations

import csv
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import TypeVar

from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.echo import plan_of_echo
from dicomjobs.cli.ledger_place import LedgerPlace
from dicomjobs.cli.places import new_run_id, state_folder
from dicomjobs.cli.refusal import refusal
from dicomjobs.cli.stop import ProcessStop, say
from dicomjobs.cli.wiring import Wiring, no_answers
from dicomjobs.dicom.escape import one_line
from dicomjobs.disk.inventory import DiskInventory
from dicomjobs.disk.row_file import temporary_rows
from dicomjobs.events import DELIVERED, Outcome, Proof
from dicomjobs.execute.associating import Associating
from dicomjobs.execute.lookup import Lookup, at_query_peer
from dicomjobs.execute.sighting import Presence, Sighting
from dicomjobs.ledger.inspection import KnownInstance, LedgerFile, Selection
from dicomjobs.model.job import Duplicates, EndWith
from dicomjobs.model.peer import Peer
from dicomjobs.model.send_set import Order, ReadMode, SendSet, SendSetPath, Symlinks
from dicomjobs.plan.inventory import SurveyedFile
from dicomjobs.plan.plan import PlannedInstance
from dicomjobs.report.exit_code import INTERRUPTED, NOT_AS_EXPECTED, OUTCOME_UNKNOWN, SUCCESS

_AT_ONCE = 1000

Row = TypeVar("Row")
LookUp = Callable[[Sequence[PlannedInstance]], list[Sighting]]


@contextmanager
def _asking(peer: Peer) -> Iterator[tuple[LookUp, ProcessStop]]:
    """Give what looks instances up at a peer, ready as for a run; raises InvalidInput, SecretUnavailable."""
    stop, plan = ProcessStop(say), plan_of_echo(peer)
    with ExitStack() as resources, stop.watching_signals():
        wiring = Wiring("ledger", state_folder(None), stop, resources)
        wiring.start_embedded_peers(plan)
        wiring.open_secrets(plan)
        ports = wiring.ports(resources.enter_context(closing(temporary_rows())), no_answers)
        associating = Associating(job="ledger", peer=peer, ports=ports, end_with=EndWith.RELEASE)
        lookup = Lookup(at_query_peer(associating), lambda _: None)
        resources.callback(lookup.close)
        yield lookup.look_up, stop


def verify(ledger: LedgerFile, peer: Peer, place: LedgerPlace) -> int:
    """Look everything up that was delivered, or is unknown: what is there is proven, what was delivered and is not is missing.

    What is missing is sent again by the next run; what is unknown and not there stays unknown, for one look proves little.
    """
    wanted = Selection(peer=place.identity, outcomes=DELIVERED | {Outcome.UNKNOWN})
    found: Counter[str] = Counter()
    with _asking(peer) as (look_up, stop):
        for batch in _batches(list(ledger.instances(wanted))):
            sightings = list(zip(batch, look_up([_row(each) for each in batch]), strict=True))
            found.update(_noted(ledger, place, sightings))
    print(_counted(found))
    return INTERRUPTED + stop.signal_number if stop.signal_number else _code(found)


def _noted(ledger: LedgerFile, place: LedgerPlace, seen: list[tuple[KnownInstance, Sighting]]) -> Iterator[str]:
    """Correct the ledger by what was seen; yields a word for each instance."""
    there = [each for each, sighting in seen if sighting.presence is Presence.PRESENT]
    gone = [each for each, sighting in seen if sighting.presence is Presence.ABSENT and each.outcome in DELIVERED]
    warned = [each for each in there if each.outcome is Outcome.DELIVERED_WITH_WARNING]
    plain = [each for each in there if each.outcome is not Outcome.DELIVERED_WITH_WARNING]
    for some, outcome, reason, proof in (
        (plain, Outcome.DELIVERED, "", Proof.QUERY.value),
        (warned, Outcome.DELIVERED_WITH_WARNING, "warning", Proof.QUERY.value),
        (gone, Outcome.MISSING, "not_found", ""),
    ):
        ledger.revise(place.identity, [each.sop_instance_uid for each in some], outcome, reason, proof)
    for each, sighting in seen:
        match sighting.presence:
            case Presence.PRESENT:
                yield "there"
            case Presence.ABSENT:
                print(f"{each.sop_instance_uid} is not there ({each.outcome.value} in {one_line(each.run_id)})")
                yield "missing" if each.outcome in DELIVERED else "unknown"
            case Presence.NOT_ANSWERABLE:
                yield _unanswered(sighting)


def _unanswered(sighting: Sighting) -> str:
    """Return the word for an instance about which nothing was found out, with the reason."""
    return f"not answered ({one_line(sighting.words)})"


def _counted(found: Counter[str]) -> str:
    """Return the numbers in one line."""
    return ", ".join(f"{count} {word}" for word, count in found.items()) or "nothing to look up"


def _code(found: Counter[str]) -> int:
    """Return the exit code for what was found: something missing is worse than something nobody knows."""
    if found["missing"]:
        return NOT_AS_EXPECTED
    return OUTCOME_UNKNOWN if found.keys() - {"there", "missing", "known already"} else SUCCESS


def adopt(ledger: LedgerFile, peer: Peer, place: LedgerPlace, arguments: Arguments) -> int:
    """Note instances as delivered that the peer has, or that it is said to have."""
    run_id = new_run_id(["adopt"], "", reports=place.directory, state=place.directory)
    rows = list(_instances(arguments.paths))
    found: Counter[str] = Counter()
    if arguments.unasked:
        found["adopted"] = ledger.adopt(place.identity, rows, run_id=run_id, proof=None)
        print(f"{found['adopted']} adopted, {len(rows) - found['adopted']} known already")
        return SUCCESS
    with _asking(peer) as (look_up, stop):
        for batch in _batches(rows):
            sightings = look_up(batch)
            there = [row for row, each in zip(batch, sightings, strict=True) if each.presence is Presence.PRESENT]
            new = ledger.adopt(place.identity, there, run_id=run_id, proof=Proof.QUERY)
            found.update({"adopted": new, "known already": len(there) - new})
            for row, each in zip(batch, sightings, strict=True):
                if each.presence is Presence.ABSENT:
                    print(f"{row.sop_instance_uid} is not there")
                    found["missing"] += 1
                elif each.presence is Presence.NOT_ANSWERABLE:
                    found[_unanswered(each)] += 1
    print(_counted(found))
    if stop.signal_number:
        return INTERRUPTED + stop.signal_number
    return _code(Counter({word: count for word, count in found.items() if count and word != "adopted"}))


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield rows so many at a time."""
    rest = iter(rows)
    while batch := list(islice(rest, _AT_ONCE)):
        yield batch


def _row(known: KnownInstance) -> PlannedInstance:
    """Return an instance as what is looked up: its UIDs."""
    return PlannedInstance(
        path="",
        size=known.size,
        mtime_ns=0,
        offset=0,
        sop_class_uid=known.sop_class_uid,
        sop_instance_uid=known.sop_instance_uid,
        study_instance_uid=known.study_instance_uid,
        series_instance_uid=known.series_instance_uid,
        transfer_syntax="",
    )


def _instances(paths: Sequence[str]) -> Iterator[PlannedInstance]:
    """Yield the instances of files, folders, and tables of runs; raises InvalidInput for a table that is none."""
    for path in paths:
        if path.endswith(".csv"):
            yield from _of_table(Path(path))
        else:
            yield from _of_files(path)


def _of_files(path: str) -> Iterator[PlannedInstance]:
    """Yield the instances of a file or a folder; what is no instance is told of."""
    send_set = SendSet(
        name="adopt",
        paths=(SendSetPath(path=str(Path(path).absolute()), written=path),),
        recursive=True,
        pattern="*",
        symlinks=Symlinks.INSIDE,
        read=ReadMode.AUTO,
        order=Order.BY_STUDY,
        where=(),
        minimum_age=0.0,
    )
    for file in DiskInventory(now=time.time()).survey(send_set, Duplicates.SEND):
        if file.problem:
            print(f"{one_line(file.path)}: {one_line(file.words or file.problem)}", file=sys.stderr)
        else:
            yield _planned(file)


def _planned(file: SurveyedFile) -> PlannedInstance:
    """Return a surveyed file as a row."""
    return PlannedInstance(
        path=file.path,
        size=file.size,
        mtime_ns=file.mtime_ns,
        offset=file.offset,
        sop_class_uid=file.sop_class_uid,
        sop_instance_uid=file.sop_instance_uid,
        study_instance_uid=file.study_instance_uid,
        series_instance_uid=file.series_instance_uid,
        transfer_syntax=file.transfer_syntax,
    )


def _of_table(path: Path) -> Iterator[PlannedInstance]:
    """Yield what a run's instances.csv calls delivered, with what its files are now."""
    with path.open(newline="", encoding="utf-8") as file:
        try:
            for row in csv.DictReader(file):
                if row["outcome"].startswith("delivered") or row["reason"] == "already_delivered":
                    yield _of_line(row)
        except (KeyError, ValueError, AttributeError) as error:
            hint = "instances.csv in the directory of a run is"
            raise refusal("DJ641", f"{path} is no table of instances ({error})", hint=hint) from error


def _of_line(line: dict[str, str]) -> PlannedInstance:
    """Return one line of the table as a row; a file that is gone, or has another length, has no time of change."""
    size, mtime_ns = int(line["bytes"]), 0
    try:
        status = os.stat(line["path"])  # noqa: PTH116 - as for every instance
    except OSError:
        pass
    else:
        mtime_ns = status.st_mtime_ns if status.st_size == size else 0
    return PlannedInstance(
        path=line["path"],
        size=size,
        mtime_ns=mtime_ns,
        offset=size,  # where the data set begins is not in the table
        sop_class_uid=line["sop_class_uid"],
        sop_instance_uid=line["sop_instance_uid"],
        study_instance_uid=line["study_instance_uid"],
        series_instance_uid=line["series_instance_uid"],
        transfer_syntax=line["transfer_syntax"],
    )
