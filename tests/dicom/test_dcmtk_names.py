"""DCMTK's own names of UIDs."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest

from dicomjobs.dicom.dcmtk_names import Since, dcmtk_name_of, dcmtk_names, since_of, uid_named_by_dcmtk
from dicomjobs.dicom.table_file import table_text
from dicomjobs.dicom.uids import uid_of
from tests.support.peers import run_program


@pytest.mark.parametrize(
    ("name", "uid"),
    [
        ("CTImageStorage", "1.2.840.10008.5.1.4.1.1.2"),
        ("LittleEndianExplicit", "1.2.840.10008.1.2.1"),
        ("LocalEndianExplicit", "1.2.840.10008.1.2.1"),
        ("XMLEncoding", "1.2.840.10008.1.2.6.2"),
        ("ExplicitVRLittleEndian", None),
        ("ctimagestorage", None),
        ("1.2.840.10008.1.2.1", None),
        ("", None),
    ],
)
def test_a_name_is_dcmtk_s_or_none(name: str, uid: str | None) -> None:
    """Keywords of PS3.6 count only where DCMTK has the same, and case counts."""
    assert uid_named_by_dcmtk(name) == uid


def test_a_uid_has_the_name_that_lasts() -> None:
    """Not one that depends on the host, nor one that some releases do not know."""
    assert dcmtk_name_of("1.2.840.10008.1.2.1") == "LittleEndianExplicit"
    assert dcmtk_name_of("1.2.840.10008.1.2.6.2") is None
    assert dcmtk_name_of("1.2.840.10008.1.2.6.2", since=Since.NEWER) == "RETIRED_XMLEncoding"
    assert dcmtk_name_of("1.2.3") is None


def test_every_name_has_a_uid_and_every_name_that_only_dcmtk_has_is_there() -> None:
    """The table of names goes with the tables of UIDs."""
    rows = [line.split("\t") for line in table_text("dcmtk_names.tsv").splitlines()]
    only_dcmtk = {line.split("\t")[2] for line in table_text("dcmtk_uids.tsv").splitlines()}

    assert all(uid_of(name) for name, _ in rows)
    assert only_dcmtk <= {name for name, _ in rows}
    assert len({name for name, _ in rows}) == len(rows)


def test_the_dcmtk_that_is_installed_knows_every_lasting_name(tmp_path: Path) -> None:
    """And means the same UID by it; names that came later it need not know."""
    names = [name for name in dcmtk_names() if since_of(name) is Since.LASTING and "EndianExplicit" not in name]
    dump = "".join(f"(0009,{0x1000 + place:04x}) UI ={name}\n" for place, name in enumerate(names))
    (tmp_path / "names.dump").write_text(f'(0008,0018) UI [1.2.3]\n(0009,0010) LO "NAMES"\n{dump}', encoding="ascii")

    run_program("dump2dcm", "--ignore-errors", "--write-dataset", tmp_path / "names.dump", tmp_path / "names.dcm")

    data_set = pydicom.dcmread(tmp_path / "names.dcm", force=True)
    theirs = {names[each.tag.element - 0x1000]: str(each.value) for each in data_set if each.tag >= 0x00091000}
    assert theirs == {name: uid_of(name) for name in names}
