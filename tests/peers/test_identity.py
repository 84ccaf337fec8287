"""User identities of every type, from the job file to the wire, byte for byte as the real storescu sends them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dicomjobs.wire.pdu import IdentityItem
from tests.support.command import dicomjobs, latest, peer_yaml, store_yaml
from tests.support.instances import make_study
from tests.support.job_files import write
from tests.support.peers import run_program
from tests.support.recording_scp import recording_scp
from tests.support.scripted_scp import accept, hang, scripted_scp

TICKET = bytes(range(256)) + b"ticket\r\n\n"
"""Bytes of every value, and an end that looks like a text's."""
CASES: list[tuple[int, str, str]] = [
    (1, "-usr jo", "{username: jo}"),
    (2, "-usr jo -pwd secret", "{username: jo, passcode: {env: PASSCODE}}"),
    (2, "-usr jo -epw", "{username: jo, passcode: {empty: true}}"),
    (3, "-kt ticket", "{kerberos: {file: ticket}}"),
    (4, "--saml ticket", "{saml: {file: ticket}}"),
    (5, "--jwt ticket", "{jwt: {file: ticket}}"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file to send, a ticket and a passcode, in which both programs run."""
    make_study(tmp_path / "files", 1, rows=4)
    (tmp_path / "ticket").write_bytes(TICKET)
    (tmp_path / "ticket").chmod(0o600)
    monkeypatch.setenv("PASSCODE", "secret")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sent_by_storescu(folder: Path, *options: str) -> IdentityItem | None:
    """The identity that storescu proposes."""
    (file,) = (folder / "files").rglob("*.dcm")
    with recording_scp(lambda _: 0) as scp:
        run_program("storescu", *options, "127.0.0.1", scp.port, file)
        scp.next_end()
        return scp.requests[0].user.identity


def sent_by_a_job(folder: Path, identity: str) -> IdentityItem | None:
    """The identity that a job file proposes."""
    with recording_scp(lambda _: 0) as scp:
        peer = peer_yaml(scp.port, user_identity=identity, allow="[identity_without_tls]")
        file = write(folder, store_yaml(scp.port, folder / "files", peer=peer))
        dicomjobs("run", file, "--reports", folder / "reports")
        scp.next_end()
        return scp.requests[0].user.identity


@pytest.mark.parametrize(("identity_type", "options", "identity"), CASES)
@pytest.mark.parametrize("response", ["", " -rsp"])
def test_an_identity_is_what_storescu_sends(
    folder: Path, identity_type: int, options: str, identity: str, response: str
) -> None:
    """Type, fields and whether an answer is wanted."""
    written = identity[:-1] + ", positive_response: true}" if response else identity
    theirs = sent_by_storescu(folder, *(options + response).split())
    ours = sent_by_a_job(folder, written)

    assert ours is not None
    assert ours.identity_type == identity_type
    assert ours == theirs


@pytest.mark.parametrize(("identity_type", "options", "identity"), CASES)
def test_an_identity_that_nobody_confirms_is_a_refusal(
    folder: Path, identity_type: int, options: str, identity: str
) -> None:
    """Exit code 9 and nothing sent; storescu only looks for types 1 and 2, and goes on with the others."""
    del options
    with scripted_scp(accept(), hang()) as port:
        peer = peer_yaml(
            port,
            user_identity=identity[:-1] + ", positive_response: true}",
            allow="[identity_without_tls]",
            timeouts="{acse: 0.3}",
        )
        ran = dicomjobs("run", write(folder, store_yaml(port, folder / "files", peer=peer)), "--reports", folder / "r")

    run = latest(folder / "r")
    (failure,) = run.job("send")["failures"]
    assert (ran.code, run.job("send")["counts"]["delivered"]) == (9, 0)
    assert "did not confirm the user identity" in failure["words"]
    assert ("'jo'" in failure["words"]) is (identity_type in {1, 2})
    assert "secret" not in json.dumps(run.report)
    assert b"ticket\r\n" not in b"".join(path.read_bytes() for path in run.path.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "is empty"), (bytes(65_536), "more than 65535 bytes")], ids=["empty", "too long"]
)
def test_a_ticket_that_cannot_be_sent_is_told_before_anything_is(folder: Path, content: bytes, words: str) -> None:
    """Exit code 2; storescu refuses an empty one as well, and cuts off what is too long."""
    (folder / "ticket").write_bytes(content)
    peer = peer_yaml(1, user_identity="{kerberos: {file: ticket}}", allow="[identity_without_tls]")
    ran = dicomjobs("run", write(folder, store_yaml(1, folder / "files", peer=peer)), "--reports", folder / "reports")

    assert ran.code == 2
    assert words in ran.err
