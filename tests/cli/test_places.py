"""What a run is called and where it is kept: a name of its own, however many runs there are in a second, in folders that can be had."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomjobs.cli.places import make_run_directory, new_run_id
from dicomjobs.ledger.marks import mark_path
from tests.support.command import dicomjobs, peer_yaml
from tests.support.job_files import write
from tests.support.peers import free_port
from tests.support.unprivileged import folder_for_anybody, without_root


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


@pytest.mark.parametrize("mode", [0o000, 0o555])
@pytest.mark.parametrize(
    ("closed", "words"),
    [("state", "`state: {directory: …}`"), ("reports", "--reports DIR says, or else `reports: {directory: …}`")],
)
def test_a_folder_that_cannot_be_written_is_told_with_what_names_it(
    tmp_path: Path, closed: str, words: str, mode: int
) -> None:
    """Exit code 7 and one line: the folder, why, and where another one is to be named."""
    text = f"""\
dicomjobs: 1
state: {{directory: state}}
reports: {{directory: reports}}
jobs: {{ask: {{echo: {{peer: {peer_yaml(free_port())}}}}}}}
"""
    dicomjobs("run", write(tmp_path, text))  # imports what it needs, which may lie where only root may look
    with folder_for_anybody() as folder:
        for name in ("state", "reports"):
            (folder / name).mkdir()
            (folder / name).chmod(mode if name == closed else 0o777)
        file = write(folder, text)
        with without_root():
            ended = dicomjobs("run", file)

    assert (ended.code, ended.out) == (7, "")
    assert f"dicomjobs run: {folder}/{closed}/" in ended.err
    assert "Permission denied (" in ended.err
    assert words in ended.err
    assert ended.err.count("\n") == 1
