"""What a run is called: a name of its own, however many runs there are in a second."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomjobs.cli.places import make_run_directory, new_run_id
from dicomjobs.ledger.marks import mark_path


def test_two_runs_of_one_second_never_share_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chance gives the same end twice; the one that a run directory has, or a living ledger, is passed over."""
    reports, state = tmp_path / "reports", tmp_path
    ends = iter(["aaaa", "aaaa", "bbbb", "cccc"])
    monkeypatch.setattr("secrets.token_hex", lambda _: next(ends))
    monkeypatch.setattr("dicomjobs.cli.places.datetime", _OneSecond)

    first = new_run_id(["send"], "job.yaml", reports=reports, state=state)
    make_run_directory(reports, first)
    mark_path(state, first.replace("aaaa", "bbbb")).touch()
    second = new_run_id(["send"], "job.yaml", reports=reports, state=state)

    assert (first, second) == ("20261121T223045Z-send-aaaa", "20261121T223045Z-send-cccc")


class _OneSecond:
    """A clock that stands still."""

    @staticmethod
    def now(_: object) -> _OneSecond:
        """Return the moment."""
        return _OneSecond()

    def __format__(self, _: str) -> str:
        return "20261121T223045Z"
