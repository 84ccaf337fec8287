"""Secrets stand in nothing that is printed or written, whatever goes wrong with the peer that they are for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.faults.establishing import AC, ASKED
from tests.support.command import dicomjobs, peer_yaml
from tests.support.instances import make_instance
from tests.support.job_files import write
from tests.support.scripted_scp import (
    Step,
    abort_pdu,
    accept,
    close,
    hang,
    read_message,
    reject_pdu,
    respond,
    scripted_sessions,
    send,
)
from tests.support.tls_keys import PASSWORD, TlsKeys, server_context

SECRET = "correct horse battery staple"
"""What nothing may repeat, as it is or in base64."""
FORMS = (SECRET.encode(), b"Y29ycmVjdCBob3JzZSBiYXR0ZXJ5IHN0YXBsZQ", SECRET.encode().hex().encode())

SCRIPTS: dict[str, Sequence[Step]] = {
    "confirmed": [accept(identity_response=SECRET.encode()), read_message(), respond(), hang()],
    "not confirmed": [accept(), hang()],
    "rejected": [ASKED, send(reject_pdu(1, 1, 1))],
    "aborted": [ASKED, send(abort_pdu(source=2, reason=6))],
    "cut": [ASKED, send(AC[:-9]), close()],
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_a_passcode_is_sent_and_never_told(
    script: Sequence[Step], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with -d, not by show, check or plan, not in any file; not even when the peer sends it back."""
    monkeypatch.setenv("PASSCODE", SECRET)
    make_instance(tmp_path / "a.dcm", rows=4)
    identity = "{username: jo, passcode: {env: PASSCODE}, positive_response: true}"
    with scripted_sessions(script, last_again=True) as port:
        peer = peer_yaml(
            port,
            user_identity=identity,
            allow="[identity_without_tls]",
            timeouts="{connect: 0.3, acse: 0.3, dimse: 0.3, network: 0.3}",
        )
        told = _everything(tmp_path, peer)

    assert not any(form in told for form in FORMS)


def test_a_keys_password_is_used_and_never_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tls_keys: TlsKeys
) -> None:
    """Right or wrong."""
    make_instance(tmp_path / "a.dcm", rows=4)
    locked = tls_keys.locked
    tls = f"{{certificate: {locked.certificate}, key: {locked.key}, key_password: {{env: KEY}}, trust: [{tls_keys.authority.certificate}]}}"
    for password in (PASSWORD, SECRET):
        monkeypatch.setenv("KEY", password)
        with scripted_sessions(
            [accept(), read_message(), respond(), hang()], tls=server_context(tls_keys), last_again=True
        ) as port:
            told = _everything(
                tmp_path, peer_yaml(port, tls=tls, timeouts="{connect: 2, acse: 0.3, dimse: 0.3, network: 0.3}")
            )

        assert password.encode() not in told


def _everything(folder: Path, peer: str) -> bytes:
    """Run every command on a job file with this peer; returns all that was printed and all that was written."""
    text = f"""\
        dicomjobs: 1
        state: {{directory: {folder / "state"}}}
        peers: {{archive: {peer}}}
        jobs: {{send: {{store: {{peer: archive, send_set: {{paths: [a.dcm]}}, retry: {{attempts: 1}}}}}}}}
        """
    document = write(folder, text)
    commands: tuple[tuple[object, ...], ...] = (
        ("check", "--here", document),
        ("show", document),
        ("plan", document, "-o", folder / "plan.json"),
        ("run", document, "--reports", folder / "reports", "-d"),
        ("echo", "archive", "-f", document),
    )
    ended = [dicomjobs(*command) for command in commands]
    assert not any("internal error" in each.err for each in ended)
    printed = "".join(each.out + each.err for each in ended).encode()
    written = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return printed + b"".join(path.read_bytes() for path in written)
