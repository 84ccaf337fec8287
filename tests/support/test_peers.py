"""The peers the tests rely on do what the other tests expect of them, and the guards do guard."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

from tests.support import peers

CT = str(get_testdata_file("CT_small.dcm", download=False))
CT_SOP_INSTANCE_UID = "1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322"
CT_STUDY_INSTANCE_UID = "1.3.6.1.4.1.5962.1.2.1.20040119072730.12322"


def store(peer: peers.Peer, *files: str) -> None:
    """Send files to a peer with storescu."""
    sent = peers.run_program("storescu", "-aec", peer.ae_title, peer.host, peer.port, *files)
    assert sent.returncode == 0, sent.stderr


def test_storescp_keeps_what_it_is_sent_and_is_gone_afterwards(tmp_path: Path) -> None:
    """One file in, one file kept; the process has ended and its port is closed when the block is left."""
    with peers.storescp(tmp_path, nodelay=True) as peer:
        store(peer, CT)
        kept = peer.files()

    assert len(kept) == 1
    assert peer.process.returncode is not None
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((peer.host, peer.port), timeout=1.0)


def test_dcmqrscp_finds_what_it_was_sent(tmp_path: Path) -> None:
    """C-STORE and C-FIND on one storage area."""
    with peers.dcmqrscp(tmp_path) as peer:
        store(peer, CT)
        keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID")
        found = peers.run_program("findscu", "-v", "-S", "-aec", peer.ae_title, peer.host, peer.port, *keys)

    assert CT_STUDY_INSTANCE_UID in found.stdout + found.stderr


def test_orthanc_counts_what_it_was_sent(tmp_path: Path) -> None:
    """C-STORE in, REST out."""
    with peers.orthanc(tmp_path) as peer:
        store(peer, CT)

        assert peer.count_instances() == 1
        assert peer.sop_instance_uids() == [CT_SOP_INSTANCE_UID]


def test_wlmscpfs_answers_an_echo(tmp_path: Path) -> None:
    """The worklist SCP accepts its own AE title."""
    with peers.wlmscpfs(tmp_path) as peer:
        echo = peers.run_program("echoscu", "-aec", peer.ae_title, peer.host, peer.port)

    assert echo.returncode == 0, echo.stderr


def test_a_program_that_ends_at_once_fails_with_its_own_words(tmp_path: Path) -> None:
    """A peer that cannot start is reported with its output, not waited for."""
    with pytest.raises(pytest.fail.Exception, match="--no-such-option"), peers.storescp(tmp_path, "--no-such-option"):
        pass


def test_sockets_reach_loopback_only() -> None:
    """The guard refuses any other address."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as outside,
        pytest.raises(AssertionError, match="may not connect"),
    ):
        outside.connect(("192.0.2.1", 104))


def test_home_is_a_fresh_folder_of_this_test(no_home_writes: Path) -> None:
    """HOME and the state folder are the test's own."""
    assert os.environ["HOME"] == str(no_home_writes)
    assert os.environ["XDG_STATE_HOME"].startswith(str(no_home_writes))
    assert list(no_home_writes.iterdir()) == []


def test_what_cannot_run_here_is_skipped_but_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody reads what CI skips."""
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-program is not installed"):
        peers.need_program("no-such-program")

    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no-such-program is not installed"):
        peers.need_program("no-such-program")
