"""What an earlier run left decides what becomes of a claim: every rule, first as a table, then through the ledger itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dicomjobs.events import Outcome
from dicomjobs.execute.ports import ClaimItem, Journal, Verdict
from dicomjobs.ledger.judging import judge
from dicomjobs.model.resume import AlreadyDelivered, OnUnknown, Resend
from tests.support.ledgers import ARCHIVE, SPARING, ask, claim, known, open_claims, opened, planned, send, settle, uid

CLAIM = (1, "1.2", "1.2", "1.2", "1.2", 1000, 50, 7, 700, 1.0)
RUN = 9


def verdict(
    outcome: Outcome, *, size: int = 1000, inode: int = 7, run: int = 1, failed_runs: int = 0, **changes: object
) -> Verdict:
    """Judge a claim whose instance has this row; `changes` are to the usual resumption."""
    row = (run, "run-1", outcome.value, "", None, 0.5, size, 50, inode, 700, "", failed_runs, "status", 0)
    return judge(CLAIM, row, replace(SPARING, **changes), run=RUN)[0]  # type: ignore[arg-type]  # any field


@pytest.mark.parametrize("outcome", [Outcome.DELIVERED, Outcome.DELIVERED_WITH_WARNING])
def test_what_was_delivered_is_spared_unless_it_is_asked_for(outcome: Outcome) -> None:
    """The same file by its stat; another has to be compared; an inode that is not known says nothing."""
    assert verdict(outcome) is Verdict.ALREADY_DELIVERED
    assert verdict(outcome, inode=0) is Verdict.ALREADY_DELIVERED
    assert verdict(outcome, inode=8) is Verdict.COMPARE_FIRST
    assert verdict(outcome, size=1001) is Verdict.COMPARE_FIRST
    assert verdict(outcome, already_delivered=AlreadyDelivered.SEND) is Verdict.SEND
    assert verdict(outcome, resend=Resend.ALL) is Verdict.SEND
    assert verdict(outcome, resend=Resend.FAILED) is Verdict.ALREADY_DELIVERED


def test_twice_in_one_run_is_for_that_run_only() -> None:
    """A job that says `duplicates: send` still spares what an earlier run delivered."""
    assert verdict(Outcome.DELIVERED, run=RUN) is Verdict.ALREADY_DELIVERED
    assert verdict(Outcome.DELIVERED, run=RUN, twice_in_one_run=True) is Verdict.SEND
    assert verdict(Outcome.DELIVERED, twice_in_one_run=True) is Verdict.ALREADY_DELIVERED


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Verdict.RESOLVE_FIRST),
        ({"on_unknown": OnUnknown.SEND}, Verdict.SEND),
        ({"resend": Resend.UNKNOWN}, Verdict.SEND),
        ({"resend": Resend.ALL}, Verdict.SEND),
        ({"resend": Resend.FAILED}, Verdict.RESOLVE_FIRST),
        ({"already_delivered": AlreadyDelivered.SEND}, Verdict.RESOLVE_FIRST),
    ],
)
def test_what_is_unknown_is_resolved_first_unless_it_is_to_be_sent(
    changes: dict[str, object], expected: Verdict
) -> None:
    """Whatever else is sent again."""
    assert verdict(Outcome.UNKNOWN, **changes) is expected  # type: ignore[arg-type]  # any field


@pytest.mark.parametrize(
    ("failed_runs", "changes", "expected"),
    [
        (2, {}, Verdict.SEND),
        (3, {}, Verdict.PARKED),
        (4, {}, Verdict.PARKED),
        (3, {"runs": 0}, Verdict.SEND),
        (3, {"run": RUN}, Verdict.SEND),
        (3, {"size": 1001}, Verdict.SEND),
        (3, {"resend": Resend.FAILED}, Verdict.SEND),
        (3, {"resend": Resend.ALL}, Verdict.SEND),
        (3, {"resend": Resend.UNKNOWN}, Verdict.PARKED),
        (3, {"already_delivered": AlreadyDelivered.SEND}, Verdict.SEND),
    ],
)
def test_what_failed_on_enough_runs_is_parked(failed_runs: int, changes: dict[str, object], expected: Verdict) -> None:
    """Until somebody asks for it or its file changes; never in the middle of the run that fails with it."""
    assert verdict(Outcome.FAILED, failed_runs=failed_runs, **changes) is expected  # type: ignore[arg-type]  # any field


def test_what_verification_missed_is_sent() -> None:
    """The peer does not have it, whatever it once answered."""
    assert verdict(Outcome.MISSING) is Verdict.SEND


def test_verdicts_come_with_the_claims_and_only_what_may_be_sent_is_claimed(directory: Path) -> None:
    """In one run after another, with what was known of each beside it."""
    with opened(directory, "first") as ledger:
        journal = ledger.journal(ARCHIVE)
        claim(journal, 1, 2, 3, 4)
        send(journal, 1)
        settle(journal, 2, Outcome.UNKNOWN, reason="no_answer")
        settle(journal, 3, Outcome.FAILED, reason="refused", for_good=True)
        settle(journal, 4, sha256="ab" * 32)

    with opened(directory, "second") as ledger:
        journal = ledger.journal(ARCHIVE, replace(SPARING, runs=1))
        items = [ClaimItem(item=number, instance=planned(number)) for number in range(1, 6)]
        items[3] = replace(items[3], instance=replace(items[3].instance, mtime_ns=1))
        claims = journal.claim(items)

        assert claims.verdicts() == [
            Verdict.ALREADY_DELIVERED,
            Verdict.RESOLVE_FIRST,
            Verdict.PARKED,
            Verdict.COMPARE_FIRST,
            Verdict.SEND,
        ]
        assert open_claims(directory) == [uid(2), uid(5)]
        earlier = claims.earlier(3)
        assert earlier
        assert (earlier.run_id, earlier.sha256, earlier.data_set_bytes, earlier.same_file) == (
            ("first", "ab" * 32, planned(4).size - planned(4).offset, False)
        )
        assert claims.earlier(4) is None
        journal.release([2, 5])

    assert known(directory)[uid(2)] == ("unknown", "no_answer")


def test_a_claim_is_judged_by_every_settlement_before_it(directory: Path) -> None:
    """Also by one that is committed together with it: what became unknown a moment ago is not simply sent again."""
    with opened(directory) as ledger:
        journal = ledger.journal(ARCHIVE, SPARING)
        for number in range(50):
            claim(journal, number)
            settle(journal, number, Outcome.UNKNOWN, reason="no_answer")

            assert claim(journal, number) == [Verdict.RESOLVE_FIRST]
            journal.release([number])


def test_a_claim_that_was_not_made_can_be_made_again(directory: Path) -> None:
    """Its item is free, and so is its mark."""
    with opened(directory) as ledger:
        send_one(ledger.journal(ARCHIVE))
        journal = ledger.journal(ARCHIVE, SPARING)

        assert [*claim(journal, 1), *claim(journal, 1)] == [Verdict.ALREADY_DELIVERED] * 2


def send_one(journal: Journal) -> None:
    """Deliver the first instance."""
    claim(journal, 1)
    send(journal, 1)
    journal.barrier()


@pytest.mark.parametrize(
    ("before", "now", "changed", "expected"),
    [
        (Outcome.DELIVERED, Outcome.UNKNOWN, True, 1),
        (Outcome.UNKNOWN, Outcome.UNKNOWN, True, 1),
        (Outcome.DELIVERED, Outcome.FAILED, True, 1),
        (Outcome.FAILED, Outcome.UNKNOWN, True, 1),
        (Outcome.DELIVERED, Outcome.UNKNOWN, False, 0),
        (Outcome.UNKNOWN, Outcome.DELIVERED, True, 0),
    ],
)
def test_other_content_that_may_have_arrived_is_remembered(
    directory: Path, before: Outcome, now: Outcome, changed: bool, expected: int
) -> None:
    """Until the new content is acknowledged; what was refused may have been kept all the same."""
    row = planned(1)
    later = replace(row, mtime_ns=row.mtime_ns + 1) if changed else row
    with opened(directory) as ledger:
        journal = ledger.journal(ARCHIVE)
        for item, instance, outcome in ((1, row, before), (2, later, now), (3, later, now)):
            journal.claim([ClaimItem(item=item, instance=instance)]).verdicts()
            settle(journal, item, outcome)

    assert ask(directory, "SELECT older_copy FROM instance") == [(expected,)]


def test_a_copy_that_verification_misses_is_an_older_copy_all_the_same(directory: Path) -> None:
    """The peer may only have been late to index it."""
    row = planned(1)
    with opened(directory) as ledger:
        journal = ledger.journal(ARCHIVE)
        journal.claim([ClaimItem(item=1, instance=row)]).verdicts()
        settle(journal, 1, Outcome.DELIVERED)
        journal.revise([row], Outcome.MISSING, "not_found")
        journal.claim([ClaimItem(item=2, instance=replace(row, mtime_ns=1))]).verdicts()
        settle(journal, 2, Outcome.UNKNOWN)

    assert ask(directory, "SELECT outcome, older_copy FROM instance") == [("unknown", 1)]


@pytest.mark.parametrize(("reason", "expected"), [("not_arrived", 1), ("refused", 1), ("broken_off", 0)])
def test_what_failed_may_be_an_older_copy(directory: Path, reason: str, expected: int) -> None:
    """Two looks may come too early, a refusal may be kept; what was cut off before its last byte is not there."""
    row = planned(1)
    with opened(directory) as ledger:
        journal = ledger.journal(ARCHIVE)
        for item, instance, outcome, why in (
            (1, row, Outcome.FAILED, reason),
            (2, replace(row, mtime_ns=1), Outcome.UNKNOWN, "no_answer"),
        ):
            journal.claim([ClaimItem(item=item, instance=instance)]).verdicts()
            settle(journal, item, outcome, reason=why)

    assert ask(directory, "SELECT outcome, older_copy FROM instance") == [("unknown", expected)]
