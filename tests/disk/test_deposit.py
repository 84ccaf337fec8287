"""Files that appear whole or not at all."""

from __future__ import annotations

import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dicomjobs.disk.deposit import write_atomically


def test_a_new_file_has_all_chunks_and_belongs_to_its_owner_alone(tmp_path: Path) -> None:
    """Nothing else is left in the folder, whatever the umask."""
    path = tmp_path / "report.json"
    write_atomically(path, [b"one", memoryview(b"two")])

    assert path.read_bytes() == b"onetwo"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_an_old_file_is_replaced_and_readers_keep_what_they_opened(tmp_path: Path) -> None:
    """Its content is not changed in place."""
    path = tmp_path / "report.json"
    path.write_bytes(b"old")
    with path.open("rb") as reader:
        write_atomically(path, [b"new"])

        assert reader.read() == b"old"
    assert path.read_bytes() == b"new"


def test_chunks_that_fail_leave_the_old_file(tmp_path: Path) -> None:
    """And no other."""
    path = tmp_path / "report.json"
    path.write_bytes(b"old")

    def chunks() -> Iterator[bytes]:
        """Fail behind the first chunk."""
        yield b"half"
        raise LookupError("no more")

    with pytest.raises(LookupError):
        write_atomically(path, chunks())

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_block_leaves_nothing(tmp_path: Path) -> None:
    """KeyboardInterrupt is no Exception, but no reason to leave a part either."""

    def chunks() -> Iterator[bytes]:
        """Be interrupted behind the first chunk."""
        yield b"half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "matches.csv", chunks())

    assert list(tmp_path.iterdir()) == []


def test_a_killed_writer_never_leaves_a_torn_file(tmp_path: Path) -> None:
    """Killed in the middle of the block, the old content is there."""
    path = tmp_path / "report.json"
    path.write_bytes(b"old")
    script = (
        "import os, pathlib, sys\n"
        "from dicomjobs.disk.deposit import replacing\n"
        "with replacing(pathlib.Path(sys.argv[1])) as file:\n"
        "    file.write(b'half')\n"
        "    file.flush()\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, path], check=False)

    assert killed.returncode == -9
    assert path.read_bytes() == b"old"


def test_a_link_in_the_place_of_the_file_is_replaced_not_followed(tmp_path: Path) -> None:
    """What it leads to stays as it is."""
    target = tmp_path / "target"
    target.write_bytes(b"precious")
    (tmp_path / "report.json").symlink_to(target)

    write_atomically(tmp_path / "report.json", [b"new"])

    assert target.read_bytes() == b"precious"
    assert not (tmp_path / "report.json").is_symlink()


def test_names_of_the_greatest_length_work(tmp_path: Path) -> None:
    """The name of the part is not longer than the file system allows."""
    write_atomically(tmp_path / ("n" * 255), [b"x"])
    write_atomically(tmp_path / ("ü" * 127), [b"x"])

    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_that_is_missing_raises(tmp_path: Path) -> None:
    """It is the caller's to make."""
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "missing" / "report.json", [b"x"])
