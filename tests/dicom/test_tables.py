"""The shipped tables are what the generator makes of pydicom's dictionary, and what DCMTK itself says of its names."""

from __future__ import annotations

from pathlib import Path

import pydicom

from dicomjobs.dicom.table_file import table_text
from dicomjobs.dicom.uids import UidKind, is_uid
from tests.dicom import generate_tables
from tests.support.peers import run_program


def test_uids_are_those_of_pydicom() -> None:
    """uids.tsv is up to date."""
    assert (generate_tables.TABLES / "uids.tsv").read_text("ascii") == generate_tables.uid_table()


def test_attributes_are_those_of_pydicom() -> None:
    """attributes.tsv is up to date."""
    assert (generate_tables.TABLES / "attributes.tsv").read_text("ascii") == generate_tables.attribute_table()


def test_retired_attributes_are_those_of_pydicom() -> None:
    """retired_attributes.txt is up to date."""
    assert (generate_tables.TABLES / "retired_attributes.txt").read_text("ascii") == generate_tables.retired_table()


def test_names_of_dcmtk_are_not_keywords_as_well() -> None:
    """A name is in one table only, once, so that it cannot mean two UIDs."""
    names = [line.split("\t")[2] for table in ("uids.tsv", "dcmtk_uids.tsv") for line in table_text(table).splitlines()]

    assert len(set(names)) == len(names)


def test_names_of_dcmtk_are_well_formed() -> None:
    """Each line holds a UID, a kind that we know, and a name that cannot be taken for a UID."""
    for line in table_text("dcmtk_uids.tsv").splitlines():
        uid, kind, name = line.split("\t")

        assert is_uid(uid)
        assert UidKind(kind)
        assert not name[0].isdigit()


def test_the_dcmtk_that_is_installed_agrees_with_every_name_it_knows(tmp_path: Path) -> None:
    """dump2dcm turns names into UIDs; those of its own release are the same as ours, and those are most of them."""
    rows = [line.split("\t") for line in table_text("dcmtk_uids.tsv").splitlines()]
    dump = "".join(f"(0009,{0x1000 + place:04x}) UI ={name}\n" for place, (_, _, name) in enumerate(rows))
    (tmp_path / "names.dump").write_text(f'(0008,0018) UI [1.2.3]\n(0009,0010) LO "NAMES"\n{dump}', encoding="ascii")

    run_program("dump2dcm", "--ignore-errors", "--write-dataset", tmp_path / "names.dump", tmp_path / "names.dcm")

    data_set = pydicom.dcmread(tmp_path / "names.dcm", force=True)
    theirs = {rows[each.tag.element - 0x1000][2]: str(each.value) for each in data_set if each.tag >= 0x00091000}
    ours = {name: uid for uid, _, name in rows}
    assert len(theirs) > 200
    assert theirs == {name: ours[name] for name in theirs}
