"""`verify: query`: what was delivered is asked for, missing ones are named, and nothing is called proven that was not."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from dicomjobs.wire.receive import start_receiver
from tests.support.command import Ended, RunDirectory, dicomjobs, latest, peer_yaml, store_yaml
from tests.support.instances import make_study
from tests.support.job_files import write
from tests.support.peers import dcmqrscp, orthanc, storescp
from tests.support.scripted_scp import (
    Conversation,
    Step,
    accept,
    close,
    hang,
    match,
    read_message,
    read_one_pdu,
    respond,
    scripted_sessions,
)
from tests.support.verifying_scp import RELEASED, UIDS, asked, counted, identifier_of_match, named, then

FILES = 3
PEER_SECONDS = 5
"""The timeouts of the peer that is asked."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three files of one series."""
    folder = tmp_path_factory.mktemp("files")
    make_study(folder, FILES, rows=4)
    return folder


def run(
    tmp_path: Path,
    files: Path,
    port: int,
    *,
    queries_at: int = 0,
    verify: str = "query",
    within: str = "0s",
    more: str = "",
) -> tuple[Ended, RunDirectory]:
    """Send and verify."""
    times = f"{{connect: {PEER_SECONDS}s, acse: {PEER_SECONDS}s, dimse: {PEER_SECONDS}s, network: {PEER_SECONDS}s}}"
    asked_at = {"queries_at": f"{{host: 127.0.0.1, port: {queries_at}, timeouts: {times}}}"} if queries_at else {}
    peer = peer_yaml(port, called="ANY-SCP", **asked_at)
    job = store_yaml(port, files, peer=peer, more=f"verify: {verify}, verify_within: {within}{more}")
    text = f"state: {{directory: {tmp_path / 'state'}}}\n{job}".replace("dicomjobs: 1\n", "", 1)
    ended = dicomjobs("run", write(tmp_path, f"dicomjobs: 1\n{text}"), "--reports", tmp_path / "reports")
    return ended, latest(tmp_path / "reports")


def proofs(ran: RunDirectory) -> dict[str, int]:
    """Return how many delivered instances rest on what, leaving out what none does."""
    return {proof: count for proof, count in ran.job("send")["proofs"].items() if count}


def rows(ran: RunDirectory) -> list[tuple[str, str, str]]:
    """Return outcome, reason and proof of each row."""
    return [(row["outcome"], row["reason"], row["proof"]) for row in ran.rows]


def queried(
    tmp_path: Path, files: Path, *sessions: Sequence[Step], verify: str = "query", within: str = "0s", more: str = ""
) -> tuple[Ended, RunDirectory]:
    """Send to a peer of our own and verify at one that follows a script."""
    (tmp_path / "store").mkdir(exist_ok=True)
    port_file = tmp_path / "port"
    known = int(port_file.read_text()) if port_file.exists() else 0
    with start_receiver(str(tmp_path / "store"), port=known) as receiver, scripted_sessions(*sessions) as port:
        port_file.write_text(str(receiver.port))
        return run(tmp_path, files, receiver.port, queries_at=port, verify=verify, within=within, more=more)


@pytest.mark.parametrize("start", [dcmqrscp, orthanc], ids=["dcmqrscp", "orthanc"])
def test_a_real_archive_names_every_instance(start: Callable[..., Any], tmp_path: Path, files: Path) -> None:
    """Each row says that its delivery rests on a query."""
    with start(tmp_path) as peer:
        (tmp_path / "job").mkdir()
        text = store_yaml(peer.port, files, peer=peer_yaml(peer.port, called=peer.ae_title), more="verify: query")
        ended = dicomjobs("run", write(tmp_path / "job", text), "--reports", tmp_path / "reports")

    ran = latest(tmp_path / "reports")
    assert (ended.code, proofs(ran), rows(ran)) == (0, {"query": FILES}, [("delivered", "", "query")] * FILES)


def test_an_instance_that_is_not_there_is_missing(tmp_path: Path, files: Path) -> None:
    """Exit code 6; the others are proven. It is named in the report, the table and on the terminal."""
    ended, ran = queried(tmp_path, files, asked(named(UIDS[0], UIDS[2]), respond()))

    assert (ended.code, ran.report["exit_code"]) == (6, 6)
    assert rows(ran) == [("delivered", "", "query"), ("missing", "not_found", ""), ("delivered", "", "query")]
    job = ran.job("send")
    assert (job["outcome"], job["counts"]["delivered"], job["counts"]["missing"]) == ("failed", 2, 1)
    assert [(each["reason"], each["count"]) for each in job["failures"]] == [("not_found", 1)]
    assert job["failures"][0]["try"] == "run again: what is missing is then sent once more"
    assert "verified: 2 by query" in ended.out
    assert "1 missing" in ended.out


@pytest.mark.parametrize(
    ("answers", "kept"), [((named(UIDS[0], UIDS[2]), respond()), 1), ((respond(status=0x0124),) * 3, FILES)]
)
def test_no_file_is_deleted_whose_delivery_was_not_proven(
    answers: Sequence[Step], kept: int, tmp_path: Path, files: Path
) -> None:
    """`sent_files: delete` waits for what `verify` asks for."""
    copies = tmp_path / "files"
    shutil.copytree(files, copies)

    ended, _ = queried(tmp_path, copies, asked(*answers), more=", sent_files: delete")

    assert ended.code == 6
    assert len(list(copies.iterdir())) == kept


def test_a_missing_instance_is_sent_again_by_the_next_run_and_no_other(tmp_path: Path, files: Path) -> None:
    """The ledger knows that it is not there."""
    queried(tmp_path, files, asked(named(UIDS[0], UIDS[2]), respond()))

    ended, ran = queried(tmp_path, files, asked(named(UIDS[1])))

    assert ended.code == 0
    assert [row[0] for row in rows(ran)] == ["skipped", "delivered", "skipped"]


def test_what_an_earlier_run_could_not_verify_is_verified_by_the_next_and_then_never_again(
    tmp_path: Path, files: Path
) -> None:
    """It is not sent again for that; the ledger knows what its delivery rests on."""
    failed, _ = queried(tmp_path, files, (accept(), read_message(), close()))
    proven, ran = queried(tmp_path, files, asked(named(*UIDS)))
    at_rest, _ = queried(tmp_path, files, (read_one_pdu(), close()))

    assert (failed.code, proven.code, at_rest.code) == (6, 0, 0)
    assert rows(ran) == [("skipped", "already_delivered", "query")] * FILES


def test_proof_that_a_run_catches_up_on_is_told_by_it_and_by_those_after_it(tmp_path: Path, files: Path) -> None:
    """In the rows, in the counts and in the summary, though nothing was sent."""
    queried(tmp_path, files, (read_one_pdu(), close()), verify="status")
    caught_up, first = queried(tmp_path, files, asked(named(*UIDS)))
    at_rest, second = queried(tmp_path, files, (read_one_pdu(), close()))

    for ended, ran in ((caught_up, first), (at_rest, second)):
        assert (ended.code, proofs(ran)) == (0, {"query": FILES})
        assert rows(ran) == [("skipped", "already_delivered", "query")] * FILES
        assert "; verified: 3 by query" in ended.out


def test_what_an_earlier_run_delivered_and_is_not_there_is_missing(tmp_path: Path, files: Path) -> None:
    """Never skipped over."""
    queried(tmp_path, files, (accept(), read_message(), close()))

    ended, ran = queried(tmp_path, files, asked(named(*UIDS[:2]), respond()))

    assert ended.code == 6
    assert (ran.job("send")["counts"]["missing"], ran.job("send")["skipped"]) == (1, {"already_delivered": FILES - 1})
    assert (proofs(ran), rows(ran)[2]) == ({"query": FILES - 1}, ("missing", "not_found", ""))


def test_an_instance_that_is_there_a_little_later_is_delivered(tmp_path: Path, files: Path) -> None:
    """An archive may take its time until it knows what it took; only what is left is asked for again."""
    first = asked(named(UIDS[0], UIDS[2]), respond(), named(UIDS[1]))

    ended, ran = queried(tmp_path, files, first, within="20s")

    assert (ended.code, proofs(ran)) == (0, {"query": FILES})


def test_a_peer_without_image_level_is_asked_for_numbers(tmp_path: Path, files: Path) -> None:
    """Of the series; and the report says that this is a weaker proof."""
    ended, ran = queried(tmp_path, files, asked(respond(status=0xA900), counted("SERIES", FILES)))

    assert (ended.code, proofs(ran), rows(ran)[0]) == (0, {"count": FILES}, ("delivered", "", "count"))
    assert "verified: 3 by count" in ended.out


def test_a_peer_without_series_level_is_asked_for_the_number_of_its_study(tmp_path: Path, files: Path) -> None:
    """The last resort."""
    answers = (respond(status=0xA900), respond(status=0xC000), counted("STUDY", FILES))

    ended, ran = queried(tmp_path, files, asked(*answers))

    assert (ended.code, proofs(ran)) == (0, {"count": FILES})


def test_fewer_than_were_delivered_are_missing_altogether(tmp_path: Path, files: Path) -> None:
    """Nobody can tell which."""
    ended, ran = queried(tmp_path, files, asked(respond(status=0xA900), counted("SERIES", 2)))

    assert (ended.code, rows(ran)) == (6, [("missing", "fewer_than_sent", "")] * FILES)
    assert "it has 2 instances of its series, and 3 were delivered" in ran.job("send")["failures"][0]["words"]


NOT_ANSWERED: dict[str, Sequence[Step]] = {
    "refused at every level": asked(*[respond(status=0xA900)] * 3),
    "closed": (accept(), read_message(), close()),
    "another instance in the answer": (accept(), read_message(), named("1.2.3")),
    "numbers without a number": asked(
        respond(status=0xA900), then(match(identifier_of_match(level="SERIES")), respond())
    ),
    "no query service": (accept(results={1: 3, 3: 3}), *RELEASED),
}


@pytest.mark.parametrize("session", NOT_ANSWERED.values(), ids=NOT_ANSWERED.keys())
def test_what_cannot_be_verified_stays_delivered_by_its_status_and_the_job_says_so(
    session: Sequence[Step], tmp_path: Path, files: Path
) -> None:
    """Nothing is called missing that nobody denied; exit code 6 all the same, for the proof was asked for."""
    ended, ran = queried(tmp_path, files, session)

    assert (ended.code, proofs(ran), rows(ran)) == (6, {"status": FILES}, [("delivered", "", "status")] * FILES)
    assert [each["reason"] for each in ran.job("send")["failures"]] == ["not_verified"]
    assert "could not be verified" in ended.out


@pytest.mark.parametrize(
    "session", [(accept(), read_message(), hang()), (read_one_pdu(), hang())], ids=["no answer", "no association"]
)
def test_a_peer_that_is_silent_is_not_waited_for_longer_than_the_verification_may_take(
    session: Sequence[Step], tmp_path: Path, files: Path
) -> None:
    """Neither by its own timeouts, which are longer, nor by asking a second time."""
    began = time.monotonic()

    ended, ran = queried(tmp_path, files, session, within="0.5s")

    assert time.monotonic() - began < PEER_SECONDS
    assert (ended.code, proofs(ran), len(ran.job("send")["associations"])) == (6, {"status": FILES}, 2)
    assert "`verify_within`" in ran.job("send")["failures"][0]["try"]


def test_a_signal_ends_the_waiting_and_what_was_delivered_stays_so(tmp_path: Path, files: Path) -> None:
    """The job is interrupted; the next run verifies what this one could not."""

    def interrupt(_: Conversation) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    session = asked(named(UIDS[0], UIDS[2]), then(respond(), interrupt))
    began = time.monotonic()

    ended, ran = queried(tmp_path, files, session, within="60s")

    assert time.monotonic() - began < 10
    assert (ended.code, ran.job("send")["outcome"]) == (130, "interrupted")
    assert rows(ran) == [("delivered", "", "query"), ("delivered", "", "status"), ("delivered", "", "query")]
    assert queried(tmp_path, files, asked(named(UIDS[1])))[0].code == 0


def test_a_peer_that_only_stores_cannot_verify(tmp_path: Path, files: Path) -> None:
    """DCMTK's storescp has no query service."""
    with storescp(tmp_path) as peer:
        (tmp_path / "job").mkdir()
        ended, ran = run(tmp_path / "job", files, peer.port)

    assert (ended.code, proofs(ran)) == (6, {"status": FILES})
    (failure,) = ran.job("send")["failures"]
    assert "the peer answers no queries (" in failure["words"]
    assert "`queries_at`" in failure["try"]
    assert "not proven to be there" in ended.out


def test_the_plan_says_where_and_how_long_is_asked(tmp_path: Path, files: Path) -> None:
    """Before anything is sent."""
    text = store_yaml(11112, files, more="verify: query, verify_within: 2m")

    ended = dicomjobs("plan", write(tmp_path, text))

    assert "then each delivered instance is looked up at ANY-SCP@127.0.0.1:11112" in ended.out
    assert "again for 2 min" in ended.out
