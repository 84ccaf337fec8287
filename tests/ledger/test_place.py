"""Where a ledger may lie: not across a network, and opened by one at a time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dicomjobs.errors import JournalUnavailable
from dicomjobs.ledger import place
from tests.support.ledgers import opened

MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
97 22 0:51 / /mnt/pacs rw,relatime shared:52 master:3 - nfs4 server:/export rw,vers=4.2
98 22 0:52 / /mnt/with\\040space rw - cifs //server/share rw
"""


@pytest.mark.parametrize(
    ("major", "minor", "kind"), [(254, 0, "ext4"), (0, 51, "nfs4"), (0, 52, "cifs"), (0, 5, ""), (25, 40, "")]
)
def test_a_file_system_is_told_by_its_device(major: int, minor: int, kind: str) -> None:
    """With any number of optional fields before the dash."""
    assert place.file_system(MOUNTS, os.makedev(major, minor)) == kind


def test_a_network_file_system_is_refused_with_the_way_out(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names the key that says where else."""
    directory.mkdir()
    device = directory.stat().st_dev
    line = f"97 22 {os.major(device)}:{os.minor(device)} / /mnt rw - nfs4 server:/export rw"
    monkeypatch.setattr(place, "_mounts", lambda: line)

    with (
        pytest.raises(JournalUnavailable, match=r"network file system \(nfs4\).*state: \{directory"),
        opened(directory),
    ):
        pass
    assert list(directory.iterdir()) == []


def test_a_system_that_lists_no_mounts_is_given_the_benefit_of_the_doubt(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refusing there would refuse everybody."""
    monkeypatch.setattr(place, "_mounts", lambda: "")

    with opened(directory):
        assert (directory / "ledger.sqlite3").exists()


def test_opening_waits_no_longer_than_it_says_for_one_who_opens(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was stopped while opening must not stop everybody for ever."""
    monkeypatch.setattr(place, "_OPENING_SECONDS", 0.02)
    directory.mkdir()

    with place.alone(directory), pytest.raises(JournalUnavailable, match="has been opening"), opened(directory):
        pass


def test_this_machine_tells_its_boot() -> None:
    """Where /proc does; the same one whenever it is asked."""
    assert place.boot_id() == place.boot_id()
    assert bool(place.boot_id()) is Path("/proc/sys/kernel/random/boot_id").exists()
