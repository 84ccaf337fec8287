"""A peer that says no, in every way peers say it: nothing counts as delivered, each instance keeps its status, the code tells why."""

from __future__ import annotations

import socket
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.support.command import RunDirectory, dicomjobs, latest, peer_yaml, store_yaml
from tests.support.instances import make_study
from tests.support.job_files import write
from tests.support.peers import free_port, orthanc, storescp
from tests.support.recording_scp import recording_scp, rejecting_scp
from tests.support.scripted_scp import RELEASE_RP, accept, read_one_pdu, scripted_sessions, send

FILES = 5


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five files of one study."""
    folder = tmp_path_factory.mktemp("files")
    make_study(folder, FILES, rows=4)
    return folder


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (0xA700, 4, "out of resources"),
        (0xA900, 3, "does not match"),
        (0x0124, 9, "not authorized"),
        (0xC000, 3, "cannot understand"),
        (0x0122, 3, "not supported"),
    ],
)
def test_a_peer_that_refuses_everything_is_reported_instance_by_instance(
    tmp_path: Path, files: Path, status: int, code: int, words: str
) -> None:
    """Report, table and JUnit all carry the status; the exit code says whether running again can help."""
    with recording_scp(lambda _: status) as scp:
        ran = dicomjobs("run", write(tmp_path, store_yaml(scp.port, files)), "--reports", tmp_path / "reports")

    run = latest(tmp_path / "reports")
    job = run.job("send")
    assert (ran.code, run.report["exit_code"], len(scp.stored)) == (code, code, FILES)
    assert (job["counts"]["delivered"], job["counts"]["failed"], job["outcome"]) == (0, FILES, "failed")
    assert [(row["outcome"], row["status"]) for row in run.rows] == [("failed", f"{status:04X}")] * FILES
    assert [(each["reason"], each["count"], each["status"]) for each in job["failures"]] == [
        ("refused", FILES, f"{status:04X}")
    ]
    assert words in job["failures"][0]["words"].lower()
    assert f"(status {status:04X})" in ran.out
    assert_junit_has_the_group(run, f"{status:04X}")


def assert_junit_has_the_group(run: RunDirectory, status: str) -> None:
    """A failed case for the job, and one for the group with its count, status and examples."""
    suite = ET.fromstring(run.text("junit.xml")).find("testsuite")
    assert suite is not None
    cases = suite.findall("testcase")
    assert (suite.get("tests"), suite.get("failures")) == ("2", "2")
    assert [case.get("name", "").startswith("send") for case in cases] == [True, True]
    told = cases[1].find("failure")
    assert told is not None
    assert told.get("type") == "refused"
    assert f"{FILES} instances" in told.get("message", "")
    assert status in told.get("message", "")


def test_only_what_was_refused_counts_as_failed(tmp_path: Path, files: Path) -> None:
    """One of five: four are delivered, one of them with a warning, and a transient refusal is worth another run."""
    statuses = iter((0x0000, 0xB000, 0xA700, 0x0000, 0x0000))
    with recording_scp(lambda _: next(statuses)) as scp:
        ran = dicomjobs("run", write(tmp_path, store_yaml(scp.port, files)), "--reports", tmp_path / "reports")

    counts = latest(tmp_path / "reports").job("send")["counts"]
    assert ran.code == 4
    assert (counts["planned"], counts["delivered"], counts["delivered_with_warning"], counts["failed"]) == (5, 3, 1, 1)


def test_with_on_failure_stop_nothing_more_is_sent(tmp_path: Path, files: Path) -> None:
    """The rest is not sent, and is named as such."""
    with recording_scp(lambda _: 0xA900) as scp:
        text = store_yaml(scp.port, files, more="on_failure: stop")
        ran = dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports")

    rows = latest(tmp_path / "reports").rows
    assert (ran.code, len(scp.stored)) == (3, 1)
    assert Counter(row["reason"] for row in rows) == {"refused": 1, "stopped_after_failure": 4}


def test_a_peer_that_is_not_there_is_worth_another_run(tmp_path: Path, files: Path) -> None:
    """The words name the address, the hint says what to look at, and each instance is accounted for."""
    port = free_port()

    ran = dicomjobs("run", write(tmp_path, store_yaml(port, files)), "--reports", tmp_path / "reports")

    run = latest(tmp_path / "reports")
    failure = run.job("send")["failures"][0]
    assert (ran.code, failure["count"]) == (4, FILES)
    assert f"127.0.0.1:{port}" in failure["words"]
    assert "refused" in failure["words"]
    assert failure["try"]
    assert f"try: {failure['try']}" in ran.out
    assert {row["reason"] for row in run.rows} == {"association_failed"}


def test_a_peer_that_does_not_know_its_name_needs_another_configuration(tmp_path: Path, files: Path) -> None:
    """Called AE title not recognized (1, 1, 7): running again would be of no use, and the words say which title."""
    with rejecting_scp(1, 1, 7) as port:
        text = store_yaml(port, files, peer=peer_yaml(port, called="WRONG"))
        ran = dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports")

    run = latest(tmp_path / "reports")
    failure = run.job("send")["failures"][0]
    assert (ran.code, failure["count"]) == (9, FILES)
    assert "called AE title" in failure["words"]
    assert "WRONG" in failure["words"] + failure["try"]
    assert run.job("send")["associations"][0]["ended_by"] == "rejected"


def test_orthanc_rejects_a_title_that_is_not_its_own(tmp_path: Path) -> None:
    """The same from a real peer, and an echo is enough to learn it."""
    with orthanc(tmp_path, DicomCheckCalledAet=True) as peer:
        text = f"dicomjobs: 1\njobs: {{check: {{echo: {{peer: {peer_yaml(peer.port, called='WRONG')}}}}}}}\n"
        ran = dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports")

    assert ran.code == 9
    assert "called AE title" in ran.out


def test_a_peer_that_is_busy_is_worth_another_run(tmp_path: Path, files: Path) -> None:
    """Rejected for the moment: local limit exceeded (2, 3, 2)."""
    with rejecting_scp(2, 3, 2) as port:
        ran = dicomjobs("run", write(tmp_path, store_yaml(port, files)), "--reports", tmp_path / "reports")

    assert ran.code == 4
    assert latest(tmp_path / "reports").job("send")["counts"]["failed"] == FILES


def test_a_host_that_nobody_knows_is_a_mistake_of_the_configuration(
    tmp_path: Path, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name does not resolve (the resolver is told so here: a test asks no name server)."""

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    text = store_yaml(104, files, peer=peer_yaml(104, host="pacs.invalid"))

    ran = dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports")

    assert ran.code == 9
    assert "pacs.invalid" in ran.out


def test_a_job_whose_need_failed_is_told_of_with_all_its_instances(tmp_path: Path, files: Path) -> None:
    """An echo that fails keeps the store behind it from running; the exit code is the echo's."""
    text = f"""\
dicomjobs: 1
peers: {{pacs: {peer_yaml(free_port())}}}
jobs:
  check: {{echo: {{peer: pacs}}}}
  send: {{needs: [check], store: {{peer: pacs, send_set: {{paths: [{files}]}}}}}}
"""
    ran = dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports")

    run = latest(tmp_path / "reports")
    assert (ran.code, run.job("send")["outcome"], run.job("send")["counts"]["not_sent"]) == (4, "not_run", FILES)
    assert {(row["outcome"], row["reason"]) for row in run.rows} == {("not_sent", "needed_job_failed")}
    assert "check" in run.job("send")["failures"][0]["words"]


def test_a_peer_that_takes_only_one_of_two_classes_gets_that_one(tmp_path: Path, files: Path) -> None:
    """Storescp takes CT and not a private class: five are delivered, one fails with the reason."""
    make_study(tmp_path / "more" / "ct", FILES, study=2, rows=4)
    make_study(tmp_path / "more" / "private", 1, study=3, rows=4, sop_class_uid="1.2.3.4.5")
    with storescp(tmp_path) as peer:
        text = store_yaml(peer.port, tmp_path / "more")
        ran = dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports")
        kept = peer.files()

    run = latest(tmp_path / "reports")
    assert (ran.code, len(kept)) == (3, FILES)
    assert Counter((row["outcome"], row["reason"]) for row in run.rows) == {
        ("delivered", ""): FILES,
        ("failed", "no_presentation_context"): 1,
    }
    assert (run.job("send")["associations"][0]["proposed"], run.job("send")["associations"][0]["refused"]) == (2, 1)


def test_the_contexts_of_a_peer_that_accepts_none_of_them_are_all_refused(tmp_path: Path, files: Path) -> None:
    """In report.json and in words, and again when the report is made from its events."""
    session = (accept(results=dict.fromkeys(range(1, 256, 2), 3)), read_one_pdu(), send(RELEASE_RP))
    with scripted_sessions(session) as port:
        text = store_yaml(port, files, more="retry: {attempts: 1}")
        ran = dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports")

    run = latest(tmp_path / "reports")
    (association,) = run.job("send")["associations"]
    assert (association["proposed"], association["accepted"], association["refused"]) == (1, 0, 1)
    assert "1 association, 1 context: 0 accepted, 1 refused" in ran.out
    again = dicomjobs("report", run.path, "--format", "text")
    assert "1 association, 1 context: 0 accepted, 1 refused" in again.out


def test_nothing_was_proposed_to_a_port_where_nobody_listens(tmp_path: Path, files: Path) -> None:
    """The report does not count contexts that no peer heard of."""
    text = store_yaml(free_port(), files, more="retry: {attempts: 1}")
    dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports")

    associations = latest(tmp_path / "reports").job("send")["associations"]
    assert {(each["proposed"], each["refused"]) for each in associations} == {(0, 0)}
