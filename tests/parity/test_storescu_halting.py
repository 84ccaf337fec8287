"""Halting as storescu halts, and exit codes that tell what storescu's do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.parity.storescu_peers import PEERS
from tests.support.command import RunDirectory, dicomjobs, latest
from tests.support.instances import make_study
from tests.support.peers import run_program
from tests.support.recording_scp import recording_scp

FILES = ("000000.dcm", "000001.dcm", "000002.dcm")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three instances in the working directory."""
    make_study(tmp_path, len(FILES), rows=8)
    monkeypatch.chdir(tmp_path)


def counts_of(run: RunDirectory) -> dict[str, int]:
    """What became of the instances, apart from what nothing became of."""
    counts = run.job("storescu")["counts"]
    return {name: count for name, count in counts.items() if count and name != "planned"}


@pytest.mark.parametrize(
    ("options", "peer", "their_code", "our_code", "counts"),
    [
        ("", "willing", 0, 0, {"delivered": 3}),
        ("", "A700 on the first", 167, 4, {"failed": 1, "not_sent": 2}),
        ("", "A700 on the second", 167, 4, {"delivered": 1, "failed": 1, "not_sent": 1}),
        ("", "C000 on the second", 192, 3, {"delivered": 1, "failed": 1, "not_sent": 1}),
        ("", "B000 on the second", 0, 0, {"delivered": 2, "delivered_with_warning": 1}),
        ("-nh", "A700 on the second", 0, 4, {"delivered": 2, "failed": 1}),
        ("-nh", "C000 on the second", 0, 3, {"delivered": 2, "failed": 1}),
        ("-nh", "A700 on every one", 0, 4, {"failed": 3}),
        ("-nh", "B007 on every one", 0, 0, {"delivered_with_warning": 3}),
        ("", "rejects", 1, 9, {"failed": 1, "not_sent": 2}),
        ("-nh", "rejects", 1, 9, {"failed": 3}),
        ("--abort", "C000 on the second", 192, 3, {"delivered": 1, "failed": 1, "not_sent": 1}),
    ],
)
def test_what_is_left_is_in_the_report_and_the_exit_code_is_true(
    tmp_path: Path, options: str, peer: str, their_code: int, our_code: int, counts: dict[str, int]
) -> None:
    """With --no-halt storescu says 0 when nothing at all was stored."""
    with recording_scp() as scp:
        line = (*options.split(), "127.0.0.1", str(scp.port), *FILES)
        PEERS[peer](scp)
        theirs = run_program("storescu", *line, nodelay=True)
        scp.received.clear()
        assert dicomjobs("import", "-o", "job.yaml", "storescu", *line).code == 0
        ours = dicomjobs("run", "job.yaml", "--reports", tmp_path / "reports")

    assert theirs.returncode == their_code
    assert ours.code == our_code, ours.err
    assert counts_of(latest(tmp_path / "reports")) == counts


def test_a_second_run_does_the_same_again(tmp_path: Path) -> None:
    """Storescu has no memory: everything is sent again, also what was refused."""
    with recording_scp() as scp:
        PEERS["A700 on the second"](scp)
        dicomjobs("import", "-o", "job.yaml", "storescu", "-nh", "127.0.0.1", str(scp.port), *FILES)
        codes = [dicomjobs("run", "job.yaml", "--reports", tmp_path / "reports").code for _ in range(2)]
        stored = scp.stored

    assert codes == [4, 0]  # the peer refuses the second request that it ever gets
    assert stored[:3] == stored[3:]
