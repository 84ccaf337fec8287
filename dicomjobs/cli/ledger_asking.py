"""A ledger held against what its peer says: deliveries verified, and those made by other means taken over."""

from __future__ import annotations

import csv
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
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
from dicomjobs.execute.counting import Counting, deliveries_of, names_no_instances
from dicomjobs.execute.doubts import OLDER_COPY
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
SECOND_LOOK_SECONDS = 5.0

THERE, THERE_BY_COUNT = "there", "there by count (the peer names no instances)"
"""Words for instances that a peer named, and for those of a series of which it says that it has enough."""

Row = TypeVar("Row")


@contextmanager
def _asking(peer: Peer) -> Iterator[tuple[Lookup, ProcessStop]]:
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
        yield lookup, stop


def verify(ledger: LedgerFile, peer: Peer, place: LedgerPlace) -> int:
    """Look everything up that was delivered, or is unknown: what is there is proven, what was delivered and is not is missing.

    A peer that names no instances is asked for numbers, as by `verify: query`; they prove nothing of what is unknown. What is missing
    at two looks is sent again by the next run; what is unknown and not there stays unknown.
    """
    wanted = Selection(peer=place.identity, outcomes=DELIVERED | {Outcome.UNKNOWN})
    instances, found = list(ledger.instances(wanted)), Counter[str]()
    with _asking(peer) as (lookup, stop):
        delivered = deliveries_of(_row(each) for each in instances if each.outcome in DELIVERED)
        numbers = Counting(lookup, delivered)
        absent: list[KnownInstance] = []
        for batch in _batches(instances):
            seen = _looked_up(batch, lookup, numbers)
            absent += [each.instance for each in seen if _needs_second_look(each)]
            found.update(_noted(ledger, [each for each in seen if not _needs_second_look(each)]))
        if absent:
            stop.pause(SECOND_LOOK_SECONDS)
            numbers = Counting(lookup, delivered)
        for batch in _batches(absent):
            found.update(_noted(ledger, _looked_up(batch, lookup, numbers)))
    print(_counted(found))
    return INTERRUPTED + stop.signal_number if stop.signal_number else _code(found)


@dataclass(frozen=True, slots=True)
class _Seen:
    """An instance of the ledger, what was found out about it, and by what."""

    instance: KnownInstance
    sighting: Sighting
    by: Proof = Proof.QUERY


def _looked_up(batch: Sequence[KnownInstance], lookup: Lookup, numbers: Counting) -> list[_Seen]:
    """Look instances up."""
    sightings = lookup.look_up([_row(each) for each in batch])
    return [_seen(each, sighting, numbers) for each, sighting in zip(batch, sightings, strict=True)]


def _needs_second_look(seen: _Seen) -> bool:
    """Tell whether what was delivered is not there, which may be because the peer takes its time to index what it stores."""
    return seen.sighting.presence is Presence.ABSENT and seen.instance.outcome in DELIVERED


def _seen(instance: KnownInstance, sighting: Sighting, numbers: Counting) -> _Seen:
    """Take what a look-up says of an instance, or the number of its series where the peer names no instances."""
    if instance.outcome in DELIVERED and names_no_instances(sighting):
        return _Seen(instance, numbers.sighting(_row(instance)), Proof.COUNT)
    if instance.older_copy and sighting.presence is Presence.PRESENT:
        return _Seen(instance, OLDER_COPY)
    return _Seen(instance, sighting)


def _noted(ledger: LedgerFile, seen: list[_Seen]) -> Iterator[str]:
    """Correct the ledger by what was seen; yields words for each instance."""
    revised: dict[tuple[Outcome, str, str], list[KnownInstance]] = {}
    for each in seen:
        if revision := _revision(each):
            revised.setdefault(revision, []).append(each.instance)
    for (outcome, reason, proof), instances in revised.items():
        ledger.revise(instances, outcome, reason, proof)
    yield from map(_told, seen)


def _revision(seen: _Seen) -> tuple[Outcome, str, str] | None:
    """Return outcome, reason and proof that the ledger is to have of an instance from now on, None for those that it has."""
    before = seen.instance.outcome
    match seen.sighting.presence:
        case Presence.PRESENT if before is Outcome.DELIVERED_WITH_WARNING:
            return before, "warning", seen.by.value
        case Presence.PRESENT:
            return Outcome.DELIVERED, "", seen.by.value
        case Presence.ABSENT if before in DELIVERED:
            return Outcome.MISSING, seen.sighting.reason or "not_found", ""
        case _:
            return None


def _told(seen: _Seen) -> str:
    """Return the words under which an instance is counted; one that is not there is named."""
    instance, sighting = seen.instance, seen.sighting
    match sighting.presence:
        case Presence.PRESENT:
            return THERE if seen.by is Proof.QUERY else THERE_BY_COUNT
        case Presence.ABSENT:
            why = one_line(sighting.words) or f"{instance.outcome.value} in {one_line(instance.run_id)}"
            print(f"{instance.sop_instance_uid} is not there ({why})")
            return "missing" if instance.outcome in DELIVERED else "unknown"
        case Presence.NOT_ANSWERABLE:
            return _unanswered(sighting)


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
    return OUTCOME_UNKNOWN if found.keys() - {THERE, THERE_BY_COUNT, "missing", "known already"} else SUCCESS


def adopt(ledger: LedgerFile, peer: Peer, place: LedgerPlace, arguments: Arguments) -> int:
    """Note instances as delivered that the peer has, or that it is said to have."""
    for path in arguments.paths:
        if not os.path.lexists(path):
            raise refusal("DJ644", f"there is nothing at {path}", hint="name files, folders, or instances.csv of a run")
    run_id = new_run_id(["adopt"], "", reports=place.directory, state=place.directory)
    rows = list(_instances(arguments.paths))
    found: Counter[str] = Counter()
    if arguments.unasked:
        found["adopted"] = ledger.adopt(place.identity, rows, run_id=run_id, proof=None)
        print(f"{found['adopted']} adopted, {len(rows) - found['adopted']} known already")
        return SUCCESS
    with _asking(peer) as (lookup, stop):
        for batch in _batches(rows):
            sightings = lookup.look_up(batch)
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
