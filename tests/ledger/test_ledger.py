"""The journal as a sender uses it: claims, marks, settlements, and what is in the file when all went well."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from stat import S_IMODE

import pytest

from dicomjobs.events import INSTANCE_REASONS, Outcome, Proof
from dicomjobs.execute.ports import ClaimItem, Journal, Settlement, Verdict
from dicomjobs.ledger.ledger import PeerIdentity
from tests.support.ledgers import ARCHIVE, ask, claim, known, open_claims, opened, planned, send, settle, uid


def test_a_claim_is_durable_when_its_verdicts_are_there(directory: Path) -> None:
    """Another connection sees it at once."""
    with opened(directory) as ledger:
        assert claim(ledger.journal(ARCHIVE), 1, 2) == [Verdict.SEND, Verdict.SEND]

        assert open_claims(directory) == [uid(1), uid(2)]


def test_a_settled_instance_has_everything_that_is_known_of_it(directory: Path) -> None:
    """Every column is what the claim, the settlement or the run said."""
    with opened(directory, "20261121T223045Z-send_them-3f9a") as ledger:
        journal = ledger.journal(ARCHIVE)
        claim(journal, 7)
        settlement = Settlement(
            item=7, outcome=Outcome.DELIVERED_WITH_WARNING, reason="coerced", status=0xB000, sha256="5f" * 32
        )
        journal.settle(settlement)
        journal.barrier()

    columns = (
        "sop_instance_uid, study_instance_uid, series_instance_uid, sop_class_uid, size, mtime_ns, outcome, reason"
    )
    row = planned(7)
    assert ask(directory, f"SELECT {columns} FROM instance") == [
        (
            *(row.sop_instance_uid, row.study_instance_uid, row.series_instance_uid, row.sop_class_uid),
            *(row.size, row.mtime_ns, "delivered_with_warning", "coerced"),
        )
    ]
    assert ask(directory, "SELECT status, sha256, attempts, failed_runs FROM instance") == [(0xB000, "5f" * 32, 1, 0)]
    assert ask(directory, "SELECT claimed_at <= settled_at FROM instance") == [(1,)]
    assert ask(directory, "SELECT run_id FROM instance JOIN run ON run.id = instance.run") == [
        ("20261121T223045Z-send_them-3f9a",)
    ]
    assert ask(directory, "SELECT called_ae_title, host, port FROM peer") == [("ARCHIVE", "archive.example", 104)]


def test_a_delivery_that_verification_denies_is_revised(directory: Path) -> None:
    """For this peer alone, and durable after the next barrier."""
    elsewhere = PeerIdentity(called_ae_title="ARCHIVE", host="other.example", port=104)
    with opened(directory) as ledger:
        for journal in (ledger.journal(elsewhere), ledger.journal(ARCHIVE)):
            claim(journal, 1, 2)
            send(journal, 1)
            send(journal, 2)
        journal.prove([planned(1), planned(2)], Proof.QUERY)
        journal.revise([planned(2)], Outcome.MISSING, "not_found")
        journal.barrier()

        found = ask(
            directory,
            "SELECT host, outcome, reason FROM instance JOIN peer ON peer.id = peer WHERE outcome = 'missing'",
        )

        proofs = ask(
            directory, "SELECT host, proof FROM instance JOIN peer ON peer.id = peer ORDER BY host, sop_instance_uid"
        )

    assert found == [("archive.example", "missing", "not_found")]
    assert proofs == [
        ("archive.example", "query"),
        ("archive.example", ""),
        ("other.example", "status"),
        ("other.example", "status"),
    ]


def test_a_barrier_makes_every_settlement_before_it_durable(directory: Path) -> None:
    """Also hundreds of them, while the ledger is open."""
    numbers = range(300)
    with opened(directory) as ledger:
        journal = ledger.journal(ARCHIVE)
        claim(journal, *numbers)
        for number in numbers:
            send(journal, number)
        journal.barrier()

        assert len(known(directory)) == len(numbers)
        assert open_claims(directory) == []


def test_settlements_become_durable_by_themselves(directory: Path) -> None:
    """Nobody needs to ask for it; closing has nothing left to do but for the last few."""
    with opened(directory) as ledger:
        journal = ledger.journal(ARCHIVE)
        claim(journal, 1)
        send(journal, 1)

        deadline = time.monotonic() + 30
        while not known(directory) and time.monotonic() < deadline:
            threading.Event().wait(0.005)
        assert known(directory) == {uid(1): ("delivered", "")}


@pytest.mark.parametrize("outcome", [Outcome.NOT_SENT, Outcome.SKIPPED])
def test_an_outcome_that_says_nothing_about_the_peer_changes_nothing_that_is_known(
    directory: Path, outcome: Outcome
) -> None:
    """What was delivered stays delivered when it is skipped, and what was never sent has no row."""
    with opened(directory) as ledger:
        journal = ledger.journal(ARCHIVE)
        claim(journal, 1)
        send(journal, 1)
        claim(journal, 1, 2)
        settle(journal, 1, outcome, reason="interrupted")
        settle(journal, 2, outcome, reason="interrupted")

    assert known(directory) == {uid(1): ("delivered", "")}
    assert open_claims(directory) == []


def test_a_released_claim_leaves_no_trace(directory: Path) -> None:
    """Before or after its verdict was asked for."""
    with opened(directory) as ledger:
        journal = ledger.journal(ARCHIVE)
        claim(journal, 1)
        journal.claim([ClaimItem(item=2, instance=planned(2))])
        journal.release([1, 2])
        journal.barrier()

        assert open_claims(directory) == []
    assert known(directory) == {}


def test_the_same_instance_twice_in_one_run_is_two_claims_and_one_row(directory: Path) -> None:
    """`duplicates: send`: items differ, the UID does not; the last attempt is what is known."""
    with opened(directory) as ledger:
        journal = ledger.journal(ARCHIVE)
        twins = [ClaimItem(item=item, instance=planned(1)) for item in (10, 11)]
        assert journal.claim(twins).verdicts() == [Verdict.SEND, Verdict.SEND]
        settle(journal, 10)
        settle(journal, 11, Outcome.FAILED, reason="refused")

    assert known(directory) == {uid(1): ("failed", "refused")}
    assert ask(directory, "SELECT attempts FROM instance") == [(2,)]


def test_an_item_is_claimed_and_settled_again_when_it_is_tried_again(directory: Path) -> None:
    """Attempts are counted, and the first failure does not stay."""
    with opened(directory) as ledger:
        journal = ledger.journal(ARCHIVE)
        for outcome in (Outcome.FAILED, Outcome.UNKNOWN, Outcome.DELIVERED):
            claim(journal, 1)
            settle(journal, 1, outcome)

    assert known(directory) == {uid(1): ("delivered", "")}
    assert ask(directory, "SELECT attempts FROM instance") == [(3,)]


def test_failing_is_counted_by_runs_until_an_instance_is_delivered(directory: Path) -> None:
    """Two failures for good in one run are one failed run, and one that may pass is none."""
    counts = []
    for run, outcomes in enumerate([[Outcome.FAILED] * 2, [Outcome.UNKNOWN], [Outcome.FAILED], [Outcome.DELIVERED]]):
        with opened(directory, f"run-{run}") as ledger:
            journal = ledger.journal(ARCHIVE)
            for outcome in outcomes:
                claim(journal, 1)
                settle(journal, 1, outcome, for_good=outcome is Outcome.FAILED)
        counts.append(ask(directory, "SELECT failed_runs FROM instance"))

    assert counts == [[(1,)], [(1,)], [(2,)], [(0,)]]


def test_peers_differ_by_title_host_and_port_only(directory: Path) -> None:
    """The same instance is another story at another peer."""
    peers = [
        ARCHIVE,
        PeerIdentity(called_ae_title="OTHER", host="archive.example", port=104),
        PeerIdentity(called_ae_title="ARCHIVE", host="other.example", port=104),
        PeerIdentity(called_ae_title="ARCHIVE", host="archive.example", port=105),
        PeerIdentity(called_ae_title="ARCHIVE", host="archive.example", port=104),
    ]
    with opened(directory) as ledger:
        for peer in peers:
            journal = ledger.journal(peer)
            claim(journal, 1)
            send(journal, 1)

    assert ask(directory, "SELECT count(*) FROM peer") == [(4,)]
    assert sorted(ask(directory, "SELECT attempts FROM instance")) == [(1,), (1,), (1,), (2,)]


def test_several_lanes_share_a_journal(directory: Path) -> None:
    """Four threads at once lose nothing and hang nobody."""
    with opened(directory) as ledger:
        journal = ledger.journal(ARCHIVE)
        lanes = [threading.Thread(target=_send_a_study, args=(journal, lane * 1000)) for lane in range(4)]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()

    assert len(known(directory)) == 4 * 600
    assert ask(directory, "SELECT max(attempts) FROM instance") == [(1,)]


def _send_a_study(journal: Journal, first: int) -> None:
    """Send 600 instances in batches."""
    for start in range(first, first + 600, 50):
        numbers = range(start, start + 50)
        claim(journal, *numbers)
        for number in numbers:
            send(journal, number)
    journal.barrier()


def test_the_ledger_and_its_folder_are_for_their_owner_only(directory: Path) -> None:
    """Whatever the umask says, and while the write-ahead log is there too."""
    with opened(directory) as ledger:
        claim(ledger.journal(ARCHIVE), 1)
        modes = {path.name: S_IMODE(path.stat().st_mode) for path in directory.iterdir()}

    assert S_IMODE(directory.stat().st_mode) == 0o700
    assert modes == dict.fromkeys(
        ["ledger.lock", "ledger.sqlite3", "ledger.sqlite3-shm", "ledger.sqlite3-wal", "marks-run.log"], 0o600
    )


def test_no_attribute_of_a_patient_and_no_path_is_in_the_ledger(directory: Path) -> None:
    """UIDs are all that tells an instance: a path may hold a name."""
    with opened(directory) as ledger:
        journal = ledger.journal(ARCHIVE)
        claim(journal, 1)
        send(journal, 1)

    assert b"/data" not in (directory / "ledger.sqlite3").read_bytes()


def test_every_reason_fits_into_a_mark() -> None:
    """A reason that were cut would not be recognised after a crash."""
    assert max(len(reason.encode()) for reason in INSTANCE_REASONS) <= 44
    assert max(len(outcome.value.encode()) for outcome in Outcome) <= 24


def test_the_marks_do_not_grow_with_the_number_of_instances(directory: Path) -> None:
    """Slots of committed claims are used again, so that a job of millions needs as much room as one of hundreds."""
    with opened(directory) as ledger:
        journal = ledger.journal(ARCHIVE)
        for first in range(0, 3000, 50):
            claim(journal, *range(first, first + 50))
            for number in range(first, first + 49):
                send(journal, number)
            journal.release([first + 49])
            journal.barrier()
        size = (directory / "marks-run.log").stat().st_size

    assert size == 128 * 1024


def test_claiming_an_item_that_is_claimed_is_a_bug(directory: Path) -> None:
    """Two lanes with the same item would settle each other's claim."""
    with opened(directory) as ledger:
        journal = ledger.journal(ARCHIVE)
        claim(journal, 1)

        with pytest.raises(ValueError, match="claimed already"):
            claim(journal, 1)
