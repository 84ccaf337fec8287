"""Files that appear in a folder together or not at all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dicomjobs.disk.deposit_folder import PartFolder

OURS = re.compile(r"n[0-9]+")


def test_files_appear_when_they_are_published(tmp_path: Path) -> None:
    """With what they replace gone, and what is not ours untouched."""
    for name in ("n1", "n7", "other"):
        (tmp_path / name).write_bytes(b"old")
    part = PartFolder(tmp_path, belongs=OURS)
    part.write("n1", b"one")
    part.write("n2", b"two")
    assert (tmp_path / "n1").read_bytes() == b"old"

    part.publish()

    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {
        "n1": b"one",
        "n2": b"two",
        "other": b"old",
    }


def test_files_that_are_discarded_leave_nothing(tmp_path: Path) -> None:
    """Not even the hidden folder."""
    part = PartFolder(tmp_path, belongs=OURS)
    part.write("n1", b"one")

    part.discard()

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_goes_away_is_an_error(tmp_path: Path) -> None:
    """Which names the operating system's reason."""
    folder = tmp_path / "out"
    folder.mkdir()
    part = PartFolder(folder, belongs=OURS)
    part.write("n1", b"one")
    folder.rename(tmp_path / "elsewhere")

    with pytest.raises(FileNotFoundError):
        part.publish()
    with pytest.raises(FileNotFoundError):
        PartFolder(folder, belongs=OURS)
