"""What tests of the ledger need: rows to claim, and what SQLite itself says is in the file afterwards."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from dicomjobs.events import Outcome
from dicomjobs.execute.ports import ClaimItem, Journal, Phase, Settlement, Verdict
from dicomjobs.ledger.batch import Batch
from dicomjobs.ledger.ledger import Ledger, PeerIdentity, open_ledger
from dicomjobs.model.resume import AlreadyDelivered, OnUnknown, Resend, Resumption
from dicomjobs.plan.plan import PlannedInstance

Sender = subprocess.Popen[str]
"""A run in a process of its own, tests/ledger/sender.py."""

StartSender = Callable[..., Sender]
"""(step, *, run_id, number): start one and wait until it got to that step."""

ARCHIVE = PeerIdentity(called_ae_title="ARCHIVE", host="archive.example", port=104)

SPARING = Resumption(
    already_delivered=AlreadyDelivered.SKIP,
    on_unknown=OnUnknown.STOP,
    runs=3,
    resend=Resend.NOTHING,
    twice_in_one_run=False,
)
"""What a job says that says nothing, but that nobody is asked."""


def planned(number: int) -> PlannedInstance:
    """A row of a plan, each number with a UID of its own."""
    return PlannedInstance(
        path=f"/data/{number}.dcm",
        size=1000 + number,
        mtime_ns=1_800_000_000_123_456_789,
        offset=300,
        sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
        sop_instance_uid=uid(number),
        study_instance_uid="1.2.3",
        series_instance_uid="1.2.3.4",
        transfer_syntax="1.2.840.10008.1.2.1",
        context_id=1,
    )


def uid(number: int) -> str:
    """The SOP Instance UID of `planned(number)`."""
    return f"1.2.3.4.{number}"


def claim(journal: Journal, *numbers: int) -> Sequence[Verdict]:
    """Claim `planned` rows, each as the item of its number, and wait until that is durable."""
    return journal.claim([ClaimItem(item=number, instance=planned(number)) for number in numbers]).verdicts()


def settle(journal: Journal, item: int, outcome: Outcome = Outcome.DELIVERED, *, reason: str = "", **more: Any) -> None:
    """Settle a claimed item; `more` are further fields of the settlement."""
    status = 0 if outcome is Outcome.DELIVERED else None
    settlement = Settlement(item=item, outcome=outcome, reason=reason, status=status, sha256="")
    journal.settle(replace(settlement, **more))


def send(journal: Journal, item: int) -> None:
    """Go through all that the journal is told of an instance that is delivered."""
    journal.mark(item, Phase.FIRST_BYTE)
    journal.mark(item, Phase.LAST_BYTE)
    settle(journal, item)


@contextmanager
def opened(directory: Path, run_id: str = "run") -> Iterator[Ledger]:
    """A ledger that is closed afterwards."""
    with closing(open_ledger(str(directory), run_id=run_id)) as ledger:
        yield ledger


def ask(directory: Path, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    """What a connection of our own reads from the ledger."""
    with closing(sqlite3.connect(directory / "ledger.sqlite3")) as connection:
        return connection.execute(query, parameters).fetchall()


def known(directory: Path) -> dict[str, tuple[str, str]]:
    """Outcome and reason of every instance in the ledger, by UID."""
    return {found: (outcome, reason) for found, outcome, reason in ask(directory, KNOWN)}


KNOWN = "SELECT sop_instance_uid, outcome, reason FROM instance"


def open_claims(directory: Path) -> list[str]:
    """UIDs of the claims that are open."""
    return [found for (found,) in ask(directory, "SELECT sop_instance_uid FROM claim ORDER BY run, serial")]


def is_sound(directory: Path) -> bool:
    """Whether SQLite finds every page, index and reference of the ledger right."""
    return ask(directory, "PRAGMA integrity_check") == [("ok",)] and not ask(directory, "PRAGMA foreign_key_check")


def die(ledger: Ledger) -> None:
    """End a ledger of this process as a kill does: nothing more is committed, and the lock falls."""
    writer = ledger._writer
    with writer._lock:
        writer._batch = Batch()
    writer.close()
    ledger._marks.close()


def kill(sender: Sender) -> list[str]:
    """Kill with SIGKILL and wait until it is gone; what it had still said, by line."""
    sender.kill()
    assert sender.stdout
    with sender.stdout as said:
        lines = said.readlines()
    sender.wait()
    return lines
