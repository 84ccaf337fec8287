"""The ledger of a state directory: opening it, and the journal that senders wait on; it knows neither jobs nor the wire."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from dicomjobs.errors import JournalUnavailable
from dicomjobs.events import DELIVERED, Outcome, Proof
from dicomjobs.execute.ports import Claim, ClaimItem, Journal, Phase, Settlement
from dicomjobs.ledger.batch import ClaimRow, PendingClaims
from dicomjobs.ledger.database import DATABASE, connect, in_words, unavailable
from dicomjobs.ledger.marks import MarkFile, Progress, mark_path
from dicomjobs.ledger.place import alone, prepare
from dicomjobs.ledger.recovery import RecoveredRun, dead_marks, recover_dead_runs
from dicomjobs.ledger.writer import Writer
from dicomjobs.model.resume import SEND_ALL, Resumption
from dicomjobs.plan.plan import PlannedInstance

_DELIVERED = frozenset(outcome.value for outcome in DELIVERED)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerIdentity:
    """What makes two peers the same to the ledger, whatever a YAML file calls them; an embedded one is host "embedded", port 0."""

    called_ae_title: str
    host: str
    port: int


class Ledger:
    """One SQLite file and its writer thread, for one run; `recovered` says what dead runs had left when it was opened."""

    def __init__(
        self, *, directory: Path, writer: Writer, marks: MarkFile, recovered: tuple[RecoveredRun, ...]
    ) -> None:
        """Made by `open_ledger`."""
        self.recovered = recovered
        self._directory = directory
        self._writer = writer
        self._marks = marks
        self._serials = _Serials()
        self._journals: list[_PeerJournal] = []
        self._closed = False

    def journal(self, peer: PeerIdentity, resumption: Resumption = SEND_ALL) -> Journal:
        """A journal for one peer, in which items are numbered on their own; safe to call from several lanes.

        `resumption` says what becomes of instances that earlier runs have dealt with.
        """
        journal = _PeerJournal(peer, resumption, self._directory, self._writer, self._marks, self._serials)
        self._journals.append(journal)
        return journal

    def close(self) -> None:
        """Commit what is left and end the writer thread; raises JournalUnavailable when something is not durable.

        Claims that were neither settled nor given back stay open, for the next run to find as a killed one's would be.
        """
        if self._closed:
            return
        self._closed = True
        finished = False
        try:
            self._writer.close()
            finished = not any(journal.has_open_claims for journal in self._journals)
        finally:
            with in_words(self._directory):
                if finished:
                    self._marks.remove()
                else:
                    self._marks.close()


class _Serials:
    """Numbers the claims of a run; those that are made together follow each other."""

    def __init__(self) -> None:
        """Begin with 1."""
        self._next = 1
        self._lock = threading.Lock()

    def take(self, count: int) -> range:
        """So many serials that nobody else has."""
        with self._lock:
            first, self._next = self._next, self._next + count
        return range(first, first + count)


class _PeerJournal:
    """The journal for one peer: numbers claims, notes marks, and hands the rest to the writer."""

    def __init__(
        self,
        peer: PeerIdentity,
        resumption: Resumption,
        directory: Path,
        writer: Writer,
        marks: MarkFile,
        serials: _Serials,
    ) -> None:
        """Share the run's writer, marks and serials."""
        self._resumption = resumption
        self._peer = (peer.called_ae_title, peer.host, peer.port)
        self._directory = directory
        self._writer = writer
        self._marks = marks
        self._serials = serials
        self._open: dict[int, tuple[int, int]] = {}
        """item -> (serial, slot); each item is used by one lane at a time, and dict operations are atomic."""

    @property
    def has_open_claims(self) -> bool:
        """Whether claims are neither settled nor given back."""
        return bool(self._open)

    def claim(self, items: Sequence[ClaimItem]) -> Claim:
        """Begin to claim instances, durably, before any byte of them leaves; returns at once."""
        now = time.time()
        serials = self._serials.take(len(items))
        with in_words(self._directory):
            rows = [self._begin(item, serial, now) for item, serial in zip(items, serials, strict=True)]
        pending = PendingClaims(
            self._peer, self._resumption, rows, lambda index: self._forget(items[index].item, rows[index][0])
        )
        self._writer.claim(pending)
        return pending

    def _begin(self, claim: ClaimItem, serial: int, now: float) -> ClaimRow:
        """Give a claim a slot for its marks."""
        if claim.item in self._open:
            raise ValueError(f"item {claim.item} is claimed already")
        self._open[claim.item] = (serial, self._marks.take())
        instance = claim.instance
        return (
            serial,
            instance.sop_instance_uid,
            instance.study_instance_uid,
            instance.series_instance_uid,
            instance.sop_class_uid,
            instance.size,
            instance.mtime_ns,
            claim.inode,
            instance.size - instance.offset,
            now,
        )

    def _forget(self, item: int, serial: int) -> None:
        """Let go of a claim that was not made: another run holds it, or an earlier run makes it needless."""
        if self._open.get(item, (0, 0))[0] == serial:
            _, slot = self._open.pop(item)
            self._marks.give_back([slot])

    def mark(self, item: int, phase: Phase, sha256: str = "") -> None:
        """Note how far an instance got, and the digest of its data set; never waits for the disk."""
        self._writer.check()
        serial, slot = self._open[item]
        progress = Progress.LAST_BYTE if phase is Phase.LAST_BYTE else Progress.FIRST_BYTE
        # Here and below not `in_words`: this is the sending path, and the context manager costs as much as the write.
        try:
            self._marks.note(slot, serial, progress, sha256)
        except OSError as error:
            raise unavailable(error, self._directory) from error

    def settle(self, settlement: Settlement) -> None:
        """Note what became of a claimed instance; kept from a kill at once, even after the database failed, and committed in groups."""
        serial, slot = self._open[settlement.item]
        outcome = settlement.outcome.value
        row = (
            serial,
            outcome,
            settlement.reason,
            settlement.status,
            settlement.sha256,
            settlement.for_good,
            settlement.proof.value if outcome in _DELIVERED else "",
            time.time(),
        )
        try:
            self._marks.note_settled(slot, row)
        except OSError as error:
            raise unavailable(error, self._directory) from error
        self._writer.settle(row, slot)
        del self._open[settlement.item]

    def release(self, items: Sequence[int]) -> None:
        """Give claims back of which no byte was sent, also before their verdicts were asked for."""
        claims = [self._open[item] for item in items]
        self._writer.release([serial for serial, _ in claims], [slot for _, slot in claims])
        for item in items:
            del self._open[item]

    def revise(self, rows: Sequence[PlannedInstance], outcome: Outcome, reason: str) -> None:
        """Note that instances which were settled as delivered are not: another outcome stands for them now."""
        self._writer.revise([(outcome.value, reason, *self._peer, row.sop_instance_uid) for row in rows])

    def prove(self, rows: Sequence[PlannedInstance], proof: Proof) -> None:
        """Note what the delivery of instances rests on now."""
        self._writer.prove([(proof.value, *self._peer, row.sop_instance_uid) for row in rows])

    def barrier(self) -> None:
        """Return when every settlement so far is durable, in files that whoever opens this folder will find."""
        self._writer.barrier()
        if not self._marks.is_there():
            words = "was taken away while it was in use: what was sent meanwhile is recorded nowhere"
            raise JournalUnavailable(f"the ledger in {self._directory} {words}")


def open_ledger(directory: str, *, run_id: str) -> Ledger:
    """Open or create the ledger in a directory (0700), and settle what dead runs left open.

    Raises JournalUnavailable with a sentence: no permission, disk full, a network file system, another program's file or format, damage,
    or a living run of the same id. The caller closes it.
    """
    place = Path(directory)
    with in_words(place):
        prepare(place)
        with alone(place), ExitStack() as unless_opened:
            leftovers = dead_marks(place)
            connection = unless_opened.enter_context(closing(connect(place / DATABASE, crashed=bool(leftovers))))
            recovered = recover_dead_runs(connection, place, leftovers)
            marks = _new_marks(place, run_id)
            unless_opened.pop_all()
    writer = Writer(connection, place, run_id, marks.give_back)
    return Ledger(directory=place, writer=writer, marks=marks, recovered=recovered)


def _new_marks(directory: Path, run_id: str) -> MarkFile:
    """The marks of a run that begins; dead runs have left none of that name."""
    try:
        return MarkFile(mark_path(directory, run_id))
    except FileExistsError:
        raise JournalUnavailable(f"the run {run_id} is at work on the ledger in {directory} already") from None
