"""What a run opens before its first event: secrets once, embedded peers by their folder, and nothing when one of them fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomjobs.events import EndedBy
from tests.support.command import dicomjobs, latest, peer_yaml, runs
from tests.support.instances import make_study
from tests.support.job_files import write
from tests.support.recording_scp import recording_scp


def identified(port: int, passcode: str) -> str:
    """Return a peer that wants to know who we are."""
    user = f"{{username: jo, passcode: {passcode}}}"
    return peer_yaml(port, user_identity=user, allow="[identity_without_tls]")


def test_a_secret_that_a_later_job_lacks_ends_the_run_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2 says that nothing was sent, and so it is; no directory is left for a run that was none."""
    monkeypatch.delenv("NO_SUCH_SECRET", raising=False)
    with recording_scp() as scp:
        text = f"""\
dicomjobs: 1
jobs:
  first: {{echo: {{peer: {peer_yaml(scp.port)}}}}}
  second: {{echo: {{peer: {identified(scp.port, "{env: NO_SUCH_SECRET}")}}}}}
"""
        ran = dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports")

    assert (ran.code, ran.out, scp.requests) == (2, "", [])
    assert "NO_SUCH_SECRET" in ran.err
    assert not list(runs(tmp_path / "reports"))


def test_a_secret_is_fetched_once_for_the_whole_run(tmp_path: Path) -> None:
    """A command that counts its calls, and two associations that carry what it printed."""
    script = tmp_path / "secret.sh"
    script.write_text(f"#!/bin/sh\necho called >> {tmp_path}/calls\necho hush\n")
    script.chmod(0o700)
    with recording_scp() as scp:
        peer = identified(scp.port, f"{{command: [{script}]}}")
        text = f"dicomjobs: 1\njobs:\n  a: {{echo: {{peer: {peer}}}}}\n  b: {{echo: {{peer: {peer}}}}}\n"
        ran = dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports")

    assert ran.code == 0
    assert [request.user.identity and request.user.identity.secondary for request in scp.requests] == [b"hush", b"hush"]
    assert (tmp_path / "calls").read_text() == "called\n"


def embedded(first: str, second: str, *, titles: tuple[str, str] = ("ONE", "ONE")) -> str:
    """Return a document that sends the same files to two embedded peers."""
    return f"""\
dicomjobs: 1
peers:
  a: {{called_ae_title: {titles[0]}, embedded: {{directory: {first}}}}}
  b: {{called_ae_title: {titles[1]}, embedded: {{directory: {second}}}}}
jobs:
  one: {{store: {{peer: a, send_set: {{paths: [files]}}}}}}
  two: {{echo: {{peer: b}}}}
"""


def test_a_folder_of_embedded_peers_is_one_receiver_however_it_is_spelt(tmp_path: Path) -> None:
    """A link leads to the same place, which has one ledger."""
    make_study(tmp_path / "files", 1, rows=4)
    (tmp_path / "kept").mkdir()
    (tmp_path / "link").symlink_to("kept")

    ran = dicomjobs("run", write(tmp_path, embedded("link/", "kept")), "--reports", tmp_path / "reports")

    ends = [job["associations"][0]["ended_by"] for job in latest(tmp_path / "reports").report["jobs"]]
    assert (ran.code, ends) == (0, [EndedBy.RELEASE.value] * 2)
    assert len(list((tmp_path / "kept").rglob("*.dcm"))) == 1


def test_embedded_peers_of_two_titles_in_one_folder_are_refused(tmp_path: Path) -> None:
    """One application entity keeps a folder."""
    make_study(tmp_path / "files", 1, rows=4)
    text = embedded("kept", "./kept/", titles=("ONE", "TWO"))

    ran = dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports")

    assert (ran.code, ran.out) == (2, "")
    assert "DJ610" in ran.err
    assert "ONE and TWO" in ran.err
    assert not list(runs(tmp_path / "reports"))


def test_an_embedded_peer_that_cannot_be_started_leaves_no_directory(tmp_path: Path) -> None:
    """Its folder's name belongs to a file."""
    make_study(tmp_path / "files", 1, rows=4)
    (tmp_path / "kept").write_text("a file\n")

    ran = dicomjobs("run", write(tmp_path, embedded("kept", "kept")), "--reports", tmp_path / "reports")

    assert (ran.code, ran.out) == (7, "")
    assert str(tmp_path / "kept") in ran.err
    assert not list(runs(tmp_path / "reports"))
