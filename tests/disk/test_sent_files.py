"""Files put away after they were sent: never another file, never over another one, and always whole under some name."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dicomjobs.disk.sent_files import Cabinet
from dicomjobs.model.sent_files import PutAway, SentFiles
from dicomjobs.plan.plan import PlannedInstance
from tests.support.instances import make_instance
from tests.support.unprivileged import folder_for_anybody, without_root

RENAME = SentFiles(put_away=PutAway.RENAME, directory="")
DELETE = SentFiles(put_away=PutAway.DELETE, directory="")


def _to(folder: Path) -> SentFiles:
    """Return that files are moved to a folder."""
    return SentFiles(put_away=PutAway.MOVE, directory=str(folder))


def _made(path: Path, number: int = 1) -> PlannedInstance:
    """Write a file and return its row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return make_instance(path, number=number, rows=4).planned()


def _names(folder: Path) -> list[str]:
    """Return what is in a folder and below."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


def test_a_delivered_file_is_deleted_renamed_or_moved(tmp_path: Path) -> None:
    """The folder is made, the bytes stay the same."""
    rows = [_made(tmp_path / "in" / f"{n}.dcm", n) for n in range(4)]
    bytes_of_third = Path(rows[2].path).read_bytes()
    cabinet = Cabinet()

    told = [
        cabinet.put_away(DELETE, rows[0]),
        cabinet.put_away(RENAME, rows[1]),
        cabinet.put_away(_to(tmp_path / "sent" / "today"), rows[2]),
        cabinet.mark_failed(rows[3]),
    ]

    assert told == [""] * 4
    assert _names(tmp_path) == ["in/1.dcm.done", "in/3.dcm.bad", "sent/today/2.dcm"]
    assert (tmp_path / "sent/today/2.dcm").read_bytes() == bytes_of_third


@pytest.mark.parametrize("links", [True, False])
def test_a_name_that_is_taken_gets_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    """Whatever is there stays, on file systems without hard links, too."""
    if not links:
        monkeypatch.setattr(os, "link", _refusing(errno.EPERM))
    (tmp_path / "sent").mkdir()
    (tmp_path / "sent" / "a.dcm").write_text("another")
    (tmp_path / "sent" / "a.dcm.2").write_text("another")
    (tmp_path / "in0").mkdir()
    (tmp_path / "in0" / "a.dcm.done").write_text("another")
    rows = [_made(tmp_path / f"in{n}" / "a.dcm", n) for n in range(4)]
    cabinet = Cabinet()

    told = [cabinet.put_away(RENAME, rows[0]), *(cabinet.put_away(_to(tmp_path / "sent"), row) for row in rows[1:])]

    assert told == [""] * 4
    assert _names(tmp_path) == [
        "in0/a.dcm.1.done",
        "in0/a.dcm.done",
        "sent/a.dcm",
        "sent/a.dcm.1",
        "sent/a.dcm.2",
        "sent/a.dcm.3",
        "sent/a.dcm.4",
    ]
    assert (tmp_path / "sent" / "a.dcm").read_text() == (tmp_path / "sent" / "a.dcm.2").read_text() == "another"


def test_a_file_is_copied_to_another_file_system_before_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its time of change, and under a name that was free."""
    monkeypatch.setattr(os, "link", _refusing(errno.EXDEV))
    rows = [_made(tmp_path / f"in{n}" / "a.dcm", n) for n in range(2)]
    contents = [Path(row.path).read_bytes() for row in rows]

    told = [Cabinet().put_away(_to(tmp_path / "sent"), row) for row in rows]

    assert told == ["", ""]
    assert _names(tmp_path) == ["sent/a.dcm", "sent/a.dcm.1"]
    assert [(tmp_path / "sent" / name).read_bytes() for name in ("a.dcm", "a.dcm.1")] == contents
    assert (tmp_path / "sent" / "a.dcm").stat().st_mtime_ns == rows[0].mtime_ns


def test_a_copy_that_fails_leaves_the_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk over there is full."""
    monkeypatch.setattr(os, "link", _refusing(errno.EXDEV))
    monkeypatch.setattr("shutil.copyfileobj", _refusing(errno.ENOSPC))
    row = _made(tmp_path / "in" / "a.dcm")

    assert Cabinet().put_away(_to(tmp_path / "sent"), row) == "No space left on device"
    assert _names(tmp_path) == ["in/a.dcm"]


@pytest.mark.parametrize("sent_files", [DELETE, RENAME])
def test_a_file_that_is_no_longer_the_one_that_was_sent_is_left_alone(tmp_path: Path, sent_files: SentFiles) -> None:
    """It was written to, or is another one of the same size."""
    longer, newer = _made(tmp_path / "longer.dcm"), _made(tmp_path / "newer.dcm")
    with Path(longer.path).open("ab") as file:
        file.write(b"more")
    os.utime(newer.path, ns=(0, newer.mtime_ns + 1))

    told = [Cabinet().put_away(sent_files, row) for row in (longer, newer)]

    assert told == ["the file changed after it was sent"] * 2
    assert _names(tmp_path) == ["longer.dcm", "newer.dcm"]


@pytest.mark.parametrize("how", [DELETE, RENAME])
def test_a_file_that_somebody_else_has_put_away_is_put_away(tmp_path: Path, how: SentFiles) -> None:
    """Two jobs may send the same folder to two peers."""
    row = _made(tmp_path / "a.dcm")
    Path(row.path).unlink()

    assert Cabinet().put_away(how, row) == ""


def test_what_has_failed_and_is_gone_or_has_changed_is_no_further_failure(tmp_path: Path) -> None:
    """It may be whole by now, and will be sent by the next run."""
    gone, changed = _made(tmp_path / "gone.dcm"), _made(tmp_path / "changed.dcm")
    Path(gone.path).unlink()
    os.utime(changed.path, ns=(0, 0))

    assert [Cabinet().mark_failed(row) for row in (gone, changed)] == ["", ""]
    assert _names(tmp_path) == ["changed.dcm"]


def test_a_link_goes_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    """Deleted, renamed or moved it is the link, which leads to the same file afterwards."""
    made = _made(tmp_path / "real.dcm")
    (tmp_path / "sent").mkdir()
    (tmp_path / "sent" / "moved").write_text("another")
    links = [tmp_path / name for name in ("deleted", "renamed", "moved")]
    for link in links:
        link.symlink_to("real.dcm")
    rows = [make_row(made, link) for link in links]

    told = [
        Cabinet().put_away(sent_files, row)
        for sent_files, row in zip([DELETE, RENAME, _to(tmp_path / "sent")], rows, strict=True)
    ]

    assert told == [""] * 3
    assert _names(tmp_path) == ["real.dcm", "renamed.done", "sent/moved", "sent/moved.1"]
    assert {(tmp_path / link).resolve() for link in ("renamed.done", "sent/moved.1")} == {tmp_path / "real.dcm"}
    assert (tmp_path / "renamed.done").readlink() == Path("real.dcm")


def test_a_link_that_cannot_leave_its_folder_leaves_no_other_where_it_should_go() -> None:
    """Or each run of a night would add one."""
    with folder_for_anybody() as folder:
        made = _made(folder / "real.dcm")
        (folder / "in").mkdir()
        (folder / "in" / "link").symlink_to("../real.dcm")
        (folder / "in").chmod(0o555)
        (folder / "sent").mkdir()
        (folder / "sent").chmod(0o777)
        with without_root():
            told = Cabinet().put_away(_to(folder / "sent"), make_row(made, folder / "in" / "link"))
        assert told == "Permission denied"
        assert _names(folder) == ["in/link", "real.dcm"]


def make_row(made: PlannedInstance, path: Path) -> PlannedInstance:
    """Return the row of a link to a file."""
    return replace(made, path=str(path))


def test_a_folder_that_may_not_be_changed_is_told_in_the_words_of_the_system() -> None:
    """And the file is still there."""
    with folder_for_anybody() as folder:
        row = _made(folder / "in" / "a.dcm")
        (folder / "in").chmod(0o500)
        try:
            with without_root():
                told = [Cabinet().put_away(each, row) for each in (DELETE, RENAME, _to(folder / "sent"))]
        finally:
            (folder / "in").chmod(0o700)
        assert told == ["Permission denied"] * 3
        assert Path(row.path).exists()


@pytest.mark.parametrize("device", ["the same", "another"])
def test_a_file_that_cannot_leave_its_folder_leaves_no_copies_where_it_should_go(
    monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    """Or each run of a night would add one."""
    with folder_for_anybody() as folder:
        row = _made(folder / "in" / "a.dcm")
        (folder / "in").chmod(0o555)
        (folder / "sent").mkdir()
        (folder / "sent").chmod(0o777)
        if device == "another":
            monkeypatch.setattr(os, "link", _refusing(errno.EXDEV))
        with without_root():
            told = [Cabinet().put_away(_to(folder / "sent"), row) for _ in range(3)]
        assert told == ["Permission denied"] * 3
        assert _names(folder) == ["in/a.dcm"]


def test_the_mode_of_a_file_goes_with_it_to_another_file_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who could read it there can read it here."""
    row = _made(tmp_path / "in" / "a.dcm")
    Path(row.path).chmod(0o640)
    monkeypatch.setattr(os, "link", _refusing(errno.EXDEV))

    assert Cabinet().put_away(_to(tmp_path / "sent"), row) == ""
    assert stat.S_IMODE((tmp_path / "sent" / "a.dcm").stat().st_mode) == 0o640


def _refusing(number: int) -> Any:
    """Return a function of the operating system that always fails."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return refuse
