"""Every file of the corpus ends as a named outcome, whatever it is, and none as a traceback, a long wait or a full memory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.faults.bad_files import BAD_FILES, SKIPPED
from tests.faults.kit import MEMORY, Process
from tests.support.command import RunDirectory, dicomjobs, latest
from tests.support.instances import CANARY
from tests.support.job_files import write

NAMED_OUTRIGHT = {
    "link_to_a_device": ("failed", "not_a_regular_file"),
    "dicomdir": ("skipped", "media_storage_directory"),
}
"""What becomes of files that are named, where that is something else: a link is followed, and a DICOMDIR stands for its files."""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with all of them."""
    folder = tmp_path_factory.mktemp("corpus")
    for name, file in BAD_FILES.items():
        file.make(folder / name)
    return folder


def _run(folder: Path, paths: list[Path]) -> tuple[RunDirectory, str]:
    """Send paths to a peer of our own; returns the run and what it printed."""
    text = f"""\
        dicomjobs: 1
        state: {{directory: {folder / "state"}}}
        jobs:
          send:
            store:
              peer: {{embedded: {{directory: {folder / "received"}}}}}
              send_set: {{paths: {json.dumps([str(path) for path in paths])}}}
        """
    ended = dicomjobs("run", write(folder / "job", text), "--reports", folder / "reports")
    assert "internal error" not in ended.err
    return latest(folder / "reports"), ended.out + ended.err


def _became(ran: RunDirectory) -> dict[str, tuple[str, str]]:
    """Return outcome and reason of each file."""
    return {Path(row["path"]).name: (row["outcome"], row["reason"]) for row in ran.rows}


def test_there_is_a_file_of_every_kind() -> None:
    """As many as the README says."""
    assert len(BAD_FILES) >= 60


def test_a_scan_makes_of_every_file_what_it_is(corpus: Path, tmp_path: Path) -> None:
    """In one run, in bounded memory, with nothing of the patient in any of its output."""
    before = Process.now()

    ran, printed = _run(tmp_path, [corpus])

    assert Process.peak() - before.resident < MEMORY
    assert _became(ran) == {name: (file.outcome, file.reason) for name, file in BAD_FILES.items()}
    told = printed + "".join(path.read_text() for path in ran.path.iterdir())
    assert CANARY not in told
    assert "\x1b" not in told


def test_a_file_that_is_named_outright_is_never_passed_over(corpus: Path, tmp_path: Path) -> None:
    """What a scan skips has then failed, but for what is skipped by name."""
    skipped = [name for name, file in BAD_FILES.items() if file.outcome == SKIPPED]

    ran, _ = _run(tmp_path, [corpus / name for name in skipped])

    expected = {name: NAMED_OUTRIGHT.get(name, ("failed", BAD_FILES[name].reason)) for name in skipped}
    assert _became(ran) == expected
