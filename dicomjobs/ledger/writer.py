"""The one thread that writes a ledger: it commits in groups what the lanes hand it, and knows nothing of sending."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from dicomjobs.errors import JournalUnavailable
from dicomjobs.execute.ports import CLAIMED, Earlier, Verdict
from dicomjobs.ledger import schema
from dicomjobs.ledger.batch import Batch, PeerKey, PendingClaims, ProvenRow, RevisedRow, Waiting, again
from dicomjobs.ledger.database import in_words
from dicomjobs.ledger.judging import judge
from dicomjobs.ledger.marks import SettledRow, is_held, mark_path
from dicomjobs.ledger.place import boot_id
from dicomjobs.ledger.recovery import adopt, drop, settle
from dicomjobs.ledger.statements import execute_rows, transaction

LINGER_SECONDS = 0.2
"""How long settlements wait for claims to be committed with, which cost as much alone; those that a kill cuts off are in the marks."""

_CLOSED = JournalUnavailable("the ledger is closed")


class Writer:
    """Owns the connection once it is started. Every method but `close` may be called from any thread."""

    def __init__(
        self, connection: sqlite3.Connection, directory: Path, run_id: str, on_committed: Callable[[list[int]], None]
    ) -> None:
        """Start the thread; `on_committed` hears of the slots whose claims are no longer in the database."""
        self._connection = connection
        self._directory = directory
        self._run_id = run_id
        self._on_committed = on_committed
        self._run = 0
        self._peers: dict[PeerKey, int] = {}
        self._batch = Batch()
        self._urgent = False
        self._closing = False
        self._failure: Exception | None = None
        self._lock = threading.Lock()
        self._bell = threading.Condition(self._lock)
        self._thread = threading.Thread(target=self._write_until_closed, name="ledger", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raise what ended the writer, if something did; costs next to nothing."""
        if self._failure is not None:
            raise again(self._failure)

    def claim(self, claims: PendingClaims) -> None:
        """Commit claims at once, together with all that is queued."""
        with self._lock:
            self.check()
            self._batch.claims.append(claims)
            self._ring()

    def settle(self, row: SettledRow, slot: int) -> None:
        """Commit a settlement soon."""
        with self._lock:
            self.check()
            self._batch.settled.append(row)
            self._batch.slots.append(slot)
            if len(self._batch.settled) == 1:
                self._bell.notify()

    def release(self, serials: list[int], slots: list[int]) -> None:
        """End claims soon, of which nothing is to be remembered."""
        with self._lock:
            self.check()
            self._batch.released += serials
            self._batch.slots += slots
            self._bell.notify()

    def revise(self, rows: Sequence[RevisedRow]) -> None:
        """Change the outcome of settled instances soon, after what was handed in before."""
        with self._lock:
            self.check()
            self._batch.revised += rows
            self._bell.notify()

    def prove(self, rows: Sequence[ProvenRow]) -> None:
        """Note other proofs of settled instances soon, after what was handed in before."""
        with self._lock:
            self.check()
            self._batch.proven += rows
            self._bell.notify()

    def barrier(self) -> None:
        """Return when everything handed in so far is durable."""
        barrier = Waiting()
        with self._lock:
            self.check()
            self._batch.barriers.append(barrier)
            self._ring()
        barrier.wait()

    def close(self) -> None:
        """Commit what is left, end the thread, close the connection; raises JournalUnavailable when something is not durable."""
        with self._lock:
            self._closing = True
            self._ring()
        self._thread.join()
        self._connection.close()
        if self._failure is not _CLOSED:
            self.check()

    def _ring(self) -> None:
        """Have the batch committed now; the caller holds the lock."""
        self._urgent = True
        self._bell.notify()

    def _write_until_closed(self) -> None:
        """Commit batch after batch; the boundary at which a bug of this thread becomes everybody's, so that nobody waits for ever."""
        batch = Batch()
        try:
            while batch := self._next_batch():
                with in_words(self._directory):
                    self._commit(batch)
                batch.answer()
        except Exception as failure:
            with self._lock:
                self._failure = failure
                rest, self._batch = self._batch, Batch()
            batch.answer(failure)
            rest.answer(failure)

    def _next_batch(self) -> Batch:
        """Wait for work, then a little for more unless somebody waits; an empty batch says that we are closing."""
        with self._lock:
            self._bell.wait_for(lambda: self._batch or self._closing)
            self._bell.wait_for(lambda: self._urgent, timeout=LINGER_SECONDS)
            batch, self._batch, self._urgent = self._batch, Batch(), self._closing
            if not batch:
                self._failure = _CLOSED
            return batch

    def _commit(self, batch: Batch) -> None:
        """Make a batch durable."""
        if not (batch.claims or batch.settled or batch.released or batch.revised or batch.proven):
            return
        with transaction(self._connection):
            settle(self._connection, self._run, batch.settled)
            if batch.claims:
                self._add_claims(batch.claims)
            self._connection.executemany(schema.PROVE, batch.proven)
            self._connection.executemany(schema.REVISE, batch.revised)
            drop(self._connection, self._run, [*(row[0] for row in batch.settled), *batch.released])
        self._on_committed(batch.slots)

    def _add_claims(self, claims: Sequence[PendingClaims]) -> None:
        """Write the claims of one batch and judge them."""
        if not self._run:
            self._run = self._register_run()
        for pending in claims:
            peer = self._peer_id(pending.peer)
            execute_rows(self._connection, schema.ADD_CLAIMS, pending.rows, self._run, peer)
            pending.found = self._judged(pending, peer)
            let_go = [serial for serial, (verdict, _) in pending.found.items() if verdict not in CLAIMED]
            drop(self._connection, self._run, let_go)

    def _judged(self, pending: PendingClaims, peer: int) -> dict[int, tuple[Verdict, Earlier | None]]:
        """The verdicts of a claim that are not simply to send, or that earlier runs have failed with, by serial.

        What a living run holds is not judged further.
        """
        found: dict[int, tuple[Verdict, Earlier | None]] = {}
        if self._connection.execute(schema.OTHER_RUNS_HAVE_CLAIMS, (self._run,)).fetchone() == (1,):
            wanted = [row[:2] for row in pending.rows]
            held = self._held(execute_rows(self._connection, schema.CLAIMS_OF_OTHER_RUNS, wanted, peer, self._run))
            found = dict.fromkeys(held, (Verdict.HELD_BY_OTHER_RUN, None))
        if pending.resumption.sends_all or not pending.rows:
            return found
        first, last = pending.rows[0][0], pending.rows[-1][0]
        for serial, *earlier in self._connection.execute(schema.EARLIER, (self._run, first, last)):
            verdict, known = judge(pending.rows[serial - first], tuple(earlier), pending.resumption, run=self._run)
            if verdict is not Verdict.SEND or (known.failed_runs and earlier[0] != self._run):
                found.setdefault(serial, (verdict, known))
        return found

    def _held(self, conflicts: list[tuple[int, int, str, str]]) -> set[int]:
        """The serials that living runs hold; what dead ones held is settled on the way."""
        runs = {run_id: (run, boot) for _, run, run_id, boot in conflicts}
        living = {run_id for run_id in runs if is_held(mark_path(self._directory, run_id))}
        for run_id in runs.keys() - living:
            run, boot = runs[run_id]
            adopt(self._connection, self._directory, run=run, run_id=run_id, boot=boot)
        return {serial for serial, _, run_id, _ in conflicts if run_id in living}

    def _register_run(self) -> int:
        """The row of this run, which is written with its first claims: a run without claims leaves no trace."""
        self._connection.execute(schema.ADD_RUN, (self._run_id, boot_id(), time.time()))
        (run,) = self._connection.execute(schema.FIND_RUN, (self._run_id,)).fetchone()
        return int(run)

    def _peer_id(self, peer: PeerKey) -> int:
        """The row of a peer, made when it is first claimed for."""
        if peer not in self._peers:
            self._connection.execute(schema.ADD_PEER, peer)
            (found,) = self._connection.execute(schema.FIND_PEER, peer).fetchone()
            self._peers[peer] = found
        return self._peers[peer]
