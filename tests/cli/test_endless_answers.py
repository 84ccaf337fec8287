"""A peer that never stops answering: cancelled, given a moment of grace, and aborted; what came is told as incomplete."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from dicomjobs.execute import asking
from tests.support.command import dicomjobs, latest, peer_yaml
from tests.support.identifiers import explicit
from tests.support.job_files import write
from tests.support.scripted_scp import Conversation, accept, read_message, response, scripted_scp

ANSWER = explicit(0x00100020, b"LO", b"P1")


def test_a_peer_that_goes_on_after_the_cancel_is_aborted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 3, and the file that was there stays as it was."""
    monkeypatch.setattr(asking, "CANCEL_GRACE", 0.3)
    (tmp_path / "found.csv").write_text("old")

    def for_ever(conversation: Conversation) -> None:
        block = response(conversation, status=0xFF00, data=ANSWER) * 100
        with suppress(OSError):
            while True:
                conversation.socket.sendall(block)

    text = """\
dicomjobs: 1
jobs:
  ask:
    find:
      peer: PEER
      query: {model: study, level: STUDY, keys: {PatientID: }}
      max_matches: 1000
      outputs: [{format: csv, file: ./found.csv}]
"""
    with scripted_scp(accept(transfer_syntax="1.2.840.10008.1.2.1"), read_message(), for_ever) as port:
        job = write(tmp_path, text.replace("PEER", peer_yaml(port)))
        ended = dicomjobs("run", job, "--reports", tmp_path / "reports")

    run = latest(tmp_path / "reports")
    told = run.job("ask")
    assert (ended.code, told["truncated"], told["counts"]["matches"]) == (3, True, 1000)
    assert [each["ended_by"] for each in told["associations"]] == ["abort"]
    assert "more matches than max_matches: 1000" in ended.out
    assert (tmp_path / "found.csv").read_text() == "old"
    assert len(run.text("matches.csv").splitlines()) == 1001
