"""`dicomjobs echo PEER`: one line, and an exit code that tells the truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import dicomjobs, peer_yaml
from tests.support.peers import free_port, storescp
from tests.support.recording_scp import recording_scp, rejecting_scp


def test_a_peer_that_answers_is_told_in_one_line(tmp_path: Path) -> None:
    """By its address, from a real SCP."""
    with storescp(tmp_path) as peer:
        ended = dicomjobs("echo", peer.address)

    assert ended.code == 0
    assert ended.out.startswith(f"{peer.address} answers (")
    assert ended.out.count("\n") == 1
    assert ended.err == ""


def test_a_peer_by_its_name_is_spoken_to_as_the_document_says(tmp_path: Path) -> None:
    """AE titles are those of the document, and the association is released."""
    with recording_scp() as scp:
        peer = peer_yaml(scp.port, called="ARCHIVE", calling_ae_title="RESEARCH")
        (tmp_path / "site.yaml").write_text(f"dicomjobs: 1\npeers: {{archive: {peer}}}\n")

        ended = dicomjobs("echo", "archive", "-f", tmp_path / "site.yaml")

        assert scp.next_end() == "released"
    assert ended.code == 0
    assert (scp.requests[0].called_ae_title, scp.requests[0].calling_ae_title) == ("ARCHIVE", "RESEARCH")
    assert [each.command.field for each in scp.received] == [0x0030]


def test_an_embedded_peer_is_started_for_the_occasion(tmp_path: Path) -> None:
    """A demo's peer answers as well."""
    (tmp_path / "site.yaml").write_text("dicomjobs: 1\npeers: {here: {embedded: {directory: received}}}\n")

    assert dicomjobs("echo", "here", "-f", tmp_path / "site.yaml").code == 0


def test_nobody_there_may_be_tried_again() -> None:
    """Exit code 4, and what to look at."""
    ended = dicomjobs("echo", f"NOBODY@127.0.0.1:{free_port()}")

    assert ended.code == 4
    assert ended.out == ""
    assert "does not answer: no connection" in ended.err
    assert "try: " in ended.err


def test_a_rejection_is_a_refusal() -> None:
    """Exit code 9."""
    with rejecting_scp(1, 1, 7) as port:
        ended = dicomjobs("echo", f"WRONG@127.0.0.1:{port}")

    assert ended.code == 9
    assert "try: " in ended.err


def test_a_failure_status_fails() -> None:
    """An answer is not enough."""
    with recording_scp(lambda _: 0x0122) as scp:
        ended = dicomjobs("echo", f"ANY@127.0.0.1:{scp.port}")

    assert ended.code in {3, 9}
    assert "0122" in ended.err


@pytest.mark.parametrize("arguments", [["archive"], ["A@h"]])
def test_a_peer_that_is_none_is_wrong_input(arguments: list[str]) -> None:
    """Exit code 2."""
    assert dicomjobs("echo", *arguments).code == 2
