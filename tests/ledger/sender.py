"""A run of its own in another process: goes as far as it is told, says so on stdout, and waits to be killed.

python sender.py DIRECTORY RUN_ID STEP [NUMBER]
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path

from dicomjobs.execute.ports import ClaimItem, Journal, Phase
from dicomjobs.ledger import writer
from dicomjobs.ledger.ledger import open_ledger
from tests.support.ledgers import ARCHIVE, claim, planned, send, settle


def nothing(journal: Journal, number: int) -> None:
    """Die before anything was claimed."""


def claimed(journal: Journal, number: int) -> None:
    """Die with a durable claim."""
    claim(journal, number)


def first_byte(journal: Journal, number: int) -> None:
    """Die in the middle of the data set."""
    claim(journal, number)
    journal.mark(number, Phase.FIRST_BYTE)


def last_byte(journal: Journal, number: int) -> None:
    """Die while the answer is awaited."""
    first_byte(journal, number)
    journal.mark(number, Phase.LAST_BYTE)


def settled(journal: Journal, number: int) -> None:
    """Die with an answer that only the marks know of."""
    last_byte(journal, number)
    settle(journal, number)


def committed(journal: Journal, number: int) -> None:
    """Die with a durable answer."""
    settled(journal, number)
    journal.barrier()


def released(journal: Journal, number: int) -> None:
    """Die with a claim that was given back."""
    claim(journal, number)
    journal.release([number])
    journal.barrier()


def sent_again(journal: Journal, number: int) -> None:
    """Die in the middle of a second attempt, the first having been delivered."""
    committed(journal, number)
    first_byte(journal, number)


def claimed_again(journal: Journal, number: int) -> None:
    """Die before the first byte of a second attempt, the first having been delivered."""
    committed(journal, number)
    claim(journal, number)


def for_ever(journal: Journal, number: int) -> None:
    """Send one instance after another, telling of each that was begun and of each whose answer was noted, until killed."""
    while True:
        numbers = range(number, number + 8)
        claims = journal.claim([ClaimItem(item=each, instance=planned(each)) for each in numbers])
        claims.verdicts()
        for each in numbers:
            sys.stdout.write(f"begun {each}\n")
            send(journal, each)
            sys.stdout.write(f"noted {each}\n")
        number += 8


STEPS: dict[str, Callable[[Journal, int], None]] = {
    step.__name__: step
    for step in (
        nothing,
        claimed,
        first_byte,
        last_byte,
        settled,
        committed,
        released,
        sent_again,
        claimed_again,
        for_ever,
    )
}


def main() -> None:
    """Go as far as the arguments say."""
    directory, run_id, step, *number = sys.argv[1:]
    if step == "settled":
        writer.LINGER_SECONDS = 3600.0
    ledger = open_ledger(str(Path(directory)), run_id=run_id)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # stdout is a text file here
    STEPS[step](ledger.journal(ARCHIVE), int(number[0]) if number else 1)
    sys.stdout.write("there\n")
    threading.Event().wait()


if __name__ == "__main__":
    main()
