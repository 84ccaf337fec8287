"""Closing a ledger: what was handed in is durable, and whoever comes late is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomjobs.errors import JournalUnavailable
from dicomjobs.execute.ports import Phase
from dicomjobs.ledger.ledger import open_ledger
from tests.support.ledgers import ARCHIVE, claim, known, opened, send, settle, uid


def test_what_is_not_committed_yet_is_committed_by_closing(directory: Path) -> None:
    """A clean close leaves neither marks nor claims."""
    with opened(directory) as ledger:
        journal = ledger.journal(ARCHIVE)
        claim(journal, 1)
        send(journal, 1)

    assert known(directory) == {uid(1): ("delivered", "")}
    assert sorted(path.name for path in directory.iterdir()) == ["ledger.lock", "ledger.sqlite3"]


def test_closing_twice_is_closing_once(directory: Path) -> None:
    """`finally` and `with` may both do it."""
    ledger = open_ledger(str(directory), run_id="run")
    ledger.close()
    ledger.close()


def test_a_closed_ledger_takes_nothing_any_more(directory: Path) -> None:
    """A lane that outlives it must not believe that it was heard."""
    ledger = open_ledger(str(directory), run_id="run")
    journal = ledger.journal(ARCHIVE)
    claim(journal, 1)
    ledger.close()

    for call in (lambda: claim(journal, 2), lambda: journal.mark(1, Phase.FIRST_BYTE), journal.barrier):
        with pytest.raises(JournalUnavailable, match="closed"):
            call()


def test_a_lane_that_settles_after_closing_writes_into_no_other_file(directory: Path, tmp_path: Path) -> None:
    """The descriptor of the marks is given to whatever is opened next."""
    ledger = open_ledger(str(directory), run_id="run")
    journal = ledger.journal(ARCHIVE)
    claim(journal, 1)
    ledger.close()
    others = [(tmp_path / str(number)).open("w+") for number in range(8)]

    with pytest.raises(JournalUnavailable):
        settle(journal, 1)
    for other in others:
        other.close()
    assert {(tmp_path / str(number)).stat().st_size for number in range(8)} == {0}
