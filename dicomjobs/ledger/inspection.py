"""A ledger looked at and changed by hand: what it knows in numbers and rows, forgotten, corrected and adopted; it sends nothing."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from dicomjobs.errors import JournalUnavailable
from dicomjobs.events import DELIVERED, Outcome, Proof
from dicomjobs.ledger import inspection_sql as sql
from dicomjobs.ledger import schema
from dicomjobs.ledger.database import DATABASE, connect, damage, in_words
from dicomjobs.ledger.ledger import PeerIdentity
from dicomjobs.ledger.place import alone, boot_id
from dicomjobs.ledger.recovery import RecoveredRun, dead_marks, recover_dead_runs
from dicomjobs.ledger.statements import transaction
from dicomjobs.plan.plan import PlannedInstance

_FORGOTTEN_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which instances are meant: of one peer, in some outcomes, with a UID of instance, series or study, left by one run; empty: all."""

    peer: PeerIdentity | None = None
    outcomes: frozenset[Outcome] = frozenset()
    uids: tuple[str, ...] = ()
    run_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownInstance:
    """One instance at one peer as the ledger has it; `settled_at` in seconds since the epoch, `size` in bytes of the file.

    `older_copy` says that other content under this UID may have reached the peer before.
    """

    peer: PeerIdentity
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    sop_class_uid: str
    outcome: Outcome
    reason: str
    status: int | None
    proof: str
    size: int
    sha256: str
    attempts: int
    failed_runs: int
    run_id: str
    settled_at: float
    older_copy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerCounts:
    """How many instances a peer has in each outcome, and when the last of them was settled (seconds since the epoch).

    The `proofs` say how many of the delivered ones rest on what; "" is for those that were taken over and never asked for.
    """

    peer: PeerIdentity
    counts: Counter[Outcome]
    proofs: Counter[str]
    last: float


class LedgerFile:
    """An open ledger, for one thread. Every method raises JournalUnavailable."""

    def __init__(self, connection: sqlite3.Connection, directory: Path, recovered: tuple[RecoveredRun, ...]) -> None:
        """Made by `opened_for_inspection`; `recovered` says what dead runs had left when it was opened."""
        self._connection = connection
        self._directory = directory
        self.recovered = recovered

    def counts(self) -> list[PeerCounts]:
        """Numbers for each peer, in the order in which they became known."""
        found: dict[PeerIdentity, PeerCounts] = {}
        with in_words(self._directory):
            for title, host, port, outcome, proof, count, last in self._connection.execute(sql.COUNTS):
                peer = PeerIdentity(called_ae_title=title, host=host, port=port)
                known = found.get(peer) or PeerCounts(peer=peer, counts=Counter(), proofs=Counter(), last=0.0)
                known.counts[Outcome(outcome)] += count
                if Outcome(outcome) in DELIVERED:
                    known.proofs[proof] += count
                found[peer] = replace(known, last=max(known.last, last))
        return list(found.values())

    def number(self, query: str) -> int:
        """The one number that a query of inspection_sql.py answers."""
        with in_words(self._directory):
            (count,) = self._connection.execute(query).fetchone()
        return int(count)

    def latest_run(self) -> str:
        """The id of the run that was the last to claim or adopt anything, one that no run has when there is none."""
        with in_words(self._directory):
            found = self._connection.execute(sql.LATEST_RUN).fetchone()
        return str(found[0]) if found else "latest"

    def damage(self) -> str:
        """What SQLite finds wrong in the whole file, "" when it is sound."""
        with in_words(self._directory):
            return damage(self._connection)

    def instances(self, selection: Selection) -> Iterator[KnownInstance]:
        """The instances that are meant, by peer and UID; they stream."""
        where, values = _where(selection)
        with in_words(self._directory):
            for (
                title,
                host,
                port,
                *middle,
                outcome,
                reason,
                status,
                proof,
                size,
                sha256,
                attempts,
                runs,
                run,
                at,
                older_copy,
            ) in self._connection.execute(sql.INSTANCES + where + sql.IN_ORDER, values):
                instance, study, series, sop_class = middle
                yield KnownInstance(
                    peer=PeerIdentity(called_ae_title=title, host=host, port=port),
                    sop_instance_uid=instance,
                    study_instance_uid=study,
                    series_instance_uid=series,
                    sop_class_uid=sop_class,
                    outcome=Outcome(outcome),
                    reason=reason,
                    status=status,
                    proof=proof,
                    size=size,
                    sha256=sha256,
                    attempts=attempts,
                    failed_runs=runs,
                    run_id=run,
                    settled_at=at,
                    older_copy=bool(older_copy),
                )

    def count(self, selection: Selection) -> int:
        """How many instances are meant."""
        where, values = _where(selection)
        with in_words(self._directory):
            (count,) = self._connection.execute(sql.COUNT + where, values).fetchone()
        return int(count)

    def forget(self, selection: Selection) -> int:
        """Forget the instances that are meant; returns how many. Raises also when a run is at work on one of them.

        It is done in pieces, so that runs that are at work on other instances get their turn.
        """
        forgotten = 0
        while some := self._forget_some(*_where(selection)):
            forgotten += some
        return forgotten

    def _forget_some(self, where: str, values: list[object]) -> int:
        """Forget as many as take a fraction of a second."""
        with in_words(self._directory), transaction(self._connection):
            (claimed,) = self._connection.execute(sql.CLAIMED_AMONG + where, values).fetchone()
            if claimed:
                raise JournalUnavailable(f"a run is at work on {claimed} of these instances: wait until it ends")
            chosen = f"{sql.CHOSEN}{where} LIMIT {_FORGOTTEN_AT_ONCE}"
            return self._connection.execute(sql.FORGET.format(chosen=chosen), values).rowcount

    def revise(self, instances: Iterable[KnownInstance], outcome: Outcome, reason: str, proof: str) -> None:
        """Note what was found out about instances since they were settled; those that a run has dealt with meanwhile stay as they are."""
        rows = [
            (outcome.value, reason, proof, *_key(each.peer), each.sop_instance_uid, each.outcome.value, each.settled_at)
            for each in instances
        ]
        with in_words(self._directory), transaction(self._connection):
            self._connection.executemany(sql.REVISE_WITH_PROOF, rows)

    def adopt(self, peer: PeerIdentity, rows: Iterable[PlannedInstance], *, run_id: str, proof: Proof | None) -> int:
        """Note instances as delivered by other means; what was delivered already stays as it is. Returns how many are new."""
        now = time.time()
        with in_words(self._directory), transaction(self._connection):
            self._connection.execute(schema.ADD_PEER, _key(peer))
            self._connection.execute(schema.ADD_RUN, (run_id, boot_id(), now))
            before = self._connection.total_changes
            self._connection.executemany(
                sql.ADOPT,
                ((*_key(peer), run_id, *_adopted(row), proof.value if proof else "", now, now) for row in rows),
            )
            return self._connection.total_changes - before


def _adopted(row: PlannedInstance) -> tuple[object, ...]:
    """What a row of ADOPT says of a file."""
    uids = row.sop_instance_uid, row.study_instance_uid, row.series_instance_uid, row.sop_class_uid
    return *uids, row.size, row.mtime_ns, row.size - row.offset


def _key(peer: PeerIdentity) -> tuple[str, str, int]:
    """The columns that tell a peer."""
    return peer.called_ae_title, peer.host, peer.port


def _where(selection: Selection) -> tuple[str, list[object]]:
    """The condition for the instances that are meant, and its values."""
    terms, values = ["true"], list[object]()
    if selection.peer:
        terms.append("(peer.called_ae_title, peer.host, peer.port) = (?, ?, ?)")
        values += _key(selection.peer)
    if selection.outcomes:
        terms.append(f"instance.outcome IN ({','.join('?' * len(selection.outcomes))})")
        values += sorted(each.value for each in selection.outcomes)
    if selection.uids:
        marks = ",".join("?" * len(selection.uids))
        columns = ("sop_instance_uid", "series_instance_uid", "study_instance_uid")
        terms.append("(" + " OR ".join(f"instance.{column} IN ({marks})" for column in columns) + ")")
        values += selection.uids * len(columns)
    if selection.run_id:
        terms.append("run.run_id = ?")
        values.append(selection.run_id)
    return " WHERE " + " AND ".join(terms), values


def has_ledger(directory: Path) -> bool:
    """Whether there is a ledger in a directory."""
    return (directory / DATABASE).is_file()


@contextmanager
def opened_for_inspection(directory: Path) -> Iterator[LedgerFile]:
    """Open a ledger that is there, settling what dead runs left, and close it; raises JournalUnavailable."""
    with ExitStack() as stack:
        with in_words(directory), alone(directory):
            leftovers = dead_marks(directory)
            connection = stack.enter_context(closing(connect(directory / DATABASE, crashed=bool(leftovers))))
            recovered = recover_dead_runs(connection, directory, leftovers)
        yield LedgerFile(connection, directory, recovered)
