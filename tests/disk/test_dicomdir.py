"""A DICOMDIR as an input: the files it names are sent, and nothing outside of its folder whatever it says."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.uid import ExplicitVRLittleEndian

from dicomjobs.disk.dicomdir import Medium
from dicomjobs.disk.survey import survey
from dicomjobs.events import INSTANCE_REASONS
from dicomjobs.model.job import Duplicates
from dicomjobs.model.send_set import SendSet
from dicomjobs.plan.inventory import SurveyedFile
from tests.support.instances import Elements, encode_elements, file_meta, make_instance
from tests.support.peers import run_program
from tests.support.send_sets import send_set_of

DIRECTORIES = Path(pydicom.__file__).parent / "data" / "test_files" / "dicomdirtests"
DIRECTORY_CLASS = "1.2.840.10008.1.3.10"


def _survey(send_set: SendSet) -> list[SurveyedFile]:
    """Return all that a survey finds, and see that every problem has a name and words."""
    found = list(survey(send_set, duplicates=Duplicates.SKIP, now=1_800_000_000.0))
    assert all(not file.problem or (file.problem in INSTANCE_REASONS and file.words) for file in found)
    return found


def _told(send_set: SendSet, folder: Path) -> list[tuple[str, str]]:
    """Return the path below a folder and the problem of each file, in order."""
    return [(os.path.relpath(file.path, folder), file.problem) for file in _survey(send_set)]


def _directory(path: Path, *file_ids: str, in_use: int = 0xFFFF, undefined: bool = False) -> Path:
    """Write a DICOMDIR that names these files, in items of explicit or of undefined length."""
    items = b""
    for file_id in file_ids:
        record: Elements = [
            (0x00041400, "UL", 0),
            (0x00041410, "US", in_use),
            (0x00041430, "CS", "IMAGE"),
            (0x00041500, "CS", file_id),
            (0x00200013, "IS", "1"),
        ]
        item = encode_elements(record, ExplicitVRLittleEndian)
        length = b"\xff\xff\xff\xff" if undefined else len(item).to_bytes(4, "little")
        items += b"\xfe\xff\x00\xe0" + length + item + (b"\xfe\xff\x0d\xe0\0\0\0\0" if undefined else b"")
    length = b"\xff\xff\xff\xff" if undefined else len(items).to_bytes(4, "little")
    end = b"\xfe\xff\xdd\xe0\0\0\0\0" if undefined else b""
    head = file_meta(sop_class_uid=DIRECTORY_CLASS, sop_instance_uid="1.2.3", transfer_syntax=ExplicitVRLittleEndian)
    path.write_bytes(head + b"\x04\0\x20\x12SQ\0\0" + length + items + end)
    return path


@pytest.mark.parametrize("name", ["DICOMDIR", "DICOMDIR-bigEnd", "DICOMDIR-implicit", "DICOMDIR-nopatient"])
def test_the_files_are_those_that_pydicom_finds(name: str) -> None:
    """In the order of the records, whatever the transfer syntax; the DICOMDIR itself comes last and is skipped."""
    *files, last = _survey(send_set_of(DIRECTORIES / name))

    data_set = pydicom.dcmread(DIRECTORIES / name)
    expected = [
        str(DIRECTORIES.joinpath(*([one] if isinstance(one := record.ReferencedFileID, str) else one)))
        for record in data_set.DirectoryRecordSequence
        if "ReferencedFileID" in record
    ]
    assert [file.path for file in files] == expected
    assert not any(file.problem for file in files)
    assert all(file.named for file in files)
    assert (last.problem, last.named) == ("media_storage_directory", False)
    assert "names 31 files" in last.words


def test_a_medium_that_dcmtk_writes_is_read_in_whatever_case_its_names_are_shown(tmp_path: Path) -> None:
    """Linux shows the names of a CD in small letters."""
    cd = tmp_path / "cd"
    (cd / "IMAGES").mkdir(parents=True)
    for number in range(3):
        make_instance(
            cd / "IMAGES" / f"IM{number}", number=number, extra=[(0x00100030, "DA", ""), (0x00200010, "SH", "1")]
        )
    names = [f"IMAGES/IM{number}" for number in range(3)]
    made = run_program("dcmmkdir", "+I", "+id", cd, "+D", cd / "DICOMDIR", "-W", "-Nxc", *names)
    assert made.returncode == 0, made.stderr
    for path in [*(cd / "IMAGES").iterdir(), cd / "IMAGES"]:
        path.rename(path.with_name(path.name.lower()))

    found = _told(send_set_of(cd / "DICOMDIR"), cd)

    assert found == [*((f"images/im{number}", "") for number in range(3)), ("DICOMDIR", "media_storage_directory")]


@pytest.mark.parametrize("undefined", [True, False])
def test_a_file_that_is_missing_or_no_instance_is_an_outcome_of_its_own(tmp_path: Path, *, undefined: bool) -> None:
    """It was named, so it has failed; the others are sent."""
    make_instance(tmp_path / "A")
    (tmp_path / "TEXT").write_text("not an instance")
    (tmp_path / "FOLDER").mkdir()
    directory = _directory(tmp_path / "DICOMDIR", "GONE", "A", "TEXT", "FOLDER", "X\\Y", undefined=undefined)

    found = _survey(send_set_of(directory))

    assert [(Path(file.path).name, file.problem, file.named) for file in found] == [
        ("GONE", "no_such_file", True),
        ("A", "", True),
        ("TEXT", "not_dicom", True),
        ("FOLDER", "not_a_regular_file", True),
        ("Y", "no_such_file", True),
        ("DICOMDIR", "media_storage_directory", False),
    ]


@pytest.mark.parametrize(
    "file_id",
    ["..\\SECRET", "A\\..\\..\\SECRET", "/etc/passwd", "..", ".", "A\\\\B", "a/../../SECRET", "\\".join("ABCDEFGHI")],
)
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, file_id: str) -> None:
    """Nothing outside is so much as looked at, and the rest is sent."""
    make_instance(tmp_path / "SECRET")
    (tmp_path / "cd" / "A").mkdir(parents=True)
    make_instance(tmp_path / "cd" / "GOOD")

    found = _told(send_set_of(_directory(tmp_path / "cd" / "DICOMDIR", file_id, "GOOD")), tmp_path / "cd")

    assert found == [("DICOMDIR", "leaves_its_folder"), ("GOOD", ""), ("DICOMDIR", "media_storage_directory")]


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    """Neither to a file nor through a folder."""
    make_instance(tmp_path / "SECRET")
    cd = tmp_path / "cd"
    cd.mkdir()
    (cd / "FILE").symlink_to(tmp_path / "SECRET")
    (cd / "DIR").symlink_to(tmp_path)

    found = _told(send_set_of(_directory(cd / "DICOMDIR", "FILE", "DIR\\SECRET")), cd)

    assert found[0] == ("FILE", "symlink_outside")
    assert found[1] == ("DIR/SECRET", "symlink_outside")


def test_records_that_are_not_in_use_are_passed_over(tmp_path: Path) -> None:
    """PS3.3 F.3.2.2: 0000H marks an inactive record."""
    make_instance(tmp_path / "A")

    assert len(_survey(send_set_of(_directory(tmp_path / "DICOMDIR", "A", in_use=0)))) == 1


def test_a_file_that_a_folder_and_a_directory_name_is_sent_once(tmp_path: Path) -> None:
    """In either order; a DICOMDIR that a scan comes across is skipped, its files are found by themselves."""
    make_instance(tmp_path / "A")
    directory = _directory(tmp_path / "DICOMDIR", "A", "A")

    for paths in ((directory, tmp_path), (tmp_path, directory)):
        found = [path for path, problem in _told(send_set_of(*paths), tmp_path) if not problem]
        assert found == ["A"]


def test_a_directory_that_ends_too_soon_says_so_and_what_it_names_until_then_is_sent(tmp_path: Path) -> None:
    """It has failed, for it was named."""
    make_instance(tmp_path / "A")
    directory = _directory(tmp_path / "DICOMDIR", "A", "A" * 60)
    directory.write_bytes(directory.read_bytes()[:-30])

    first, last = _survey(send_set_of(directory))

    assert first.problem == ""
    assert (last.problem, last.named) == ("incomplete_header", True)
    assert "after 1 of the files" in last.words


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_mutation_makes_the_reader_raise_or_leave_the_folder(tmp_path: Path, data: st.DataObject) -> None:
    """Whatever bytes are changed or lost."""
    folder = tmp_path / "cd"
    if not folder.exists():
        shutil.copytree(DIRECTORIES / "77654033", folder / "77654033")
    whole = bytearray((DIRECTORIES / "DICOMDIR").read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(400, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(400, len(whole)))
    (folder / "DICOMDIR").write_bytes(whole[:cut])

    for file in survey(send_set_of(folder / "DICOMDIR"), duplicates=Duplicates.SKIP, now=1_800_000_000.0):
        assert Path(file.path).is_relative_to(folder)
        assert ".." not in Path(file.path).parts


def test_a_name_that_is_not_there_stays_as_it_is_written(tmp_path: Path) -> None:
    """So that the report says what was looked for."""
    assert Medium(str(tmp_path)).path(("NO", "SUCH")) == f"{tmp_path}/NO/SUCH"
