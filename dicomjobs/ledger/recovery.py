"""What became of the instances that a run left open when it died: its marks become settlements; it knows no living run."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from dicomjobs.events import Outcome
from dicomjobs.ledger import schema
from dicomjobs.ledger.marks import Mark, Marks, Progress, SettledRow, is_held, mark_path, mark_paths, read_marks
from dicomjobs.ledger.place import boot_id
from dicomjobs.ledger.statements import execute_rows, transaction

NOT_ABOUT_THE_PEER = frozenset({Outcome.NOT_SENT.value, Outcome.SKIPPED.value})
"""Outcomes that say nothing about the peer's copy: the claim goes, and what was known stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveredRun:
    """What a dead run left, in instances.

    `answered` were settled but not committed, `unanswered` fully sent (or nobody can tell) and now unknown, `broken_off` cut off before
    their last byte and now failed; `not_begun` are as if they had never been claimed.
    """

    run_id: str
    answered: int = 0
    unanswered: int = 0
    broken_off: int = 0
    not_begun: int = 0


def dead_marks(directory: Path) -> list[Path]:
    """The marks of runs that ended without removing them."""
    return [path for path in mark_paths(directory) if not is_held(path)]


def recover_dead_runs(
    connection: sqlite3.Connection, directory: Path, leftovers: list[Path]
) -> tuple[RecoveredRun, ...]:
    """Settle every claim of every dead run, then delete their marks; safe to be cut off and repeated. Raises sqlite3.Error, OSError."""
    recovered = []
    if connection.execute("SELECT EXISTS (SELECT 1 FROM claim)").fetchone() == (1,):
        with transaction(connection):
            for run, run_id, boot in connection.execute(schema.RUNS_WITH_CLAIMS).fetchall():
                if not is_held(mark_path(directory, run_id)):
                    recovered.append(adopt(connection, directory, run=run, run_id=run_id, boot=boot))
    for path in leftovers:
        path.unlink(missing_ok=True)
    return tuple(recovered)


def adopt(connection: sqlite3.Connection, directory: Path, *, run: int, run_id: str, boot: str) -> RecoveredRun:
    """Settle the claims of one dead run, inside a transaction of the caller's."""
    marks = read_marks(mark_path(directory, run_id))
    # Marks are not synced: those of an earlier boot may have been lost with the power.
    complete = marks.whole and boot == boot_id() != ""
    serials = [serial for (serial,) in connection.execute(schema.SERIALS_OF_RUN, (run,))]
    settled = [row for serial in serials if (row := _settlement(serial, marks, complete=complete)) is not None]
    settle(connection, run, sorted(settled, key=lambda row: row[-1]))
    drop(connection, run, serials)
    return _summary(run_id, serials, settled, marks)


def _settlement(serial: int, marks: Marks, *, complete: bool) -> SettledRow | None:
    """What a claim comes to, None when it was never begun."""
    match marks.by_serial.get(serial):
        case Mark(progress=Progress.SETTLED) as mark:
            return (
                serial,
                mark.outcome,
                mark.reason,
                mark.status,
                mark.sha256,
                mark.for_good,
                mark.proof,
                mark.settled_at,
            )
        case None if complete:
            return None
        case Mark(progress=Progress.FIRST_BYTE) if complete:
            # The last byte is marked before it leaves, so the peer cannot have the whole instance.
            return serial, Outcome.FAILED.value, "broken_off", None, "", False, "", time.time()
        case mark:
            digest = mark.sha256 if mark else ""
            return serial, Outcome.UNKNOWN.value, "no_answer", None, digest, False, "", time.time()


def _summary(run_id: str, serials: list[int], settled: list[SettledRow], marks: Marks) -> RecoveredRun:
    """Count what was found."""
    answered = {serial for serial, mark in marks.by_serial.items() if mark.progress is Progress.SETTLED}
    outcomes = [outcome for serial, outcome, *_ in settled if serial not in answered]
    return RecoveredRun(
        run_id=run_id,
        answered=len(settled) - len(outcomes),
        unanswered=outcomes.count(Outcome.UNKNOWN.value),
        broken_off=outcomes.count(Outcome.FAILED.value),
        not_begun=len(serials) - len(settled),
    )


def settle(connection: sqlite3.Connection, run: int, rows: list[SettledRow]) -> None:
    """Turn open claims into what is known about their instances; the claims themselves are dropped afterwards."""
    known = [row for row in rows if row[1] not in NOT_ABOUT_THE_PEER]
    execute_rows(connection, schema.SETTLE_CLAIMS, known, run)


def drop(connection: sqlite3.Connection, run: int, serials: list[int]) -> None:
    """End open claims, which lie next to each other mostly."""
    connection.executemany(schema.DROP_CLAIMS, [(run, *ends) for ends in _ranges(sorted(serials))])


def _ranges(serials: list[int]) -> Iterator[tuple[int, int]]:
    """The first and last of each row of serials without a gap."""
    for _, group in groupby(enumerate(serials), lambda each: each[1] - each[0]):
        together = [serial for _, serial in group]
        yield together[0], together[-1]
