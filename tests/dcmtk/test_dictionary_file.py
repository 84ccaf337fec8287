"""DCMTK's data dictionary files: what their lines mean, and what is said of those that mean nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomjobs.dcmtk.dictionary_file import read_dictionary
from dicomjobs.dicom.attributes import by_tag
from dicomjobs.dicom.data_dictionary import DataDictionary, dictionary_of
from tests.support.peers import skip_or_fail_in_ci


def _read(*lines: str) -> DataDictionary:
    """Return the dictionary of lines whose fields have blanks in the place of tabs."""
    found = read_dictionary("\n".join(line.replace(" ", "\t") for line in lines), "site.dic", code="DJ563")
    assert found.diagnostics == ()
    return dictionary_of(found.entries)


def test_a_private_attribute_is_found_in_whatever_block_its_creator_has() -> None:
    """PS3.5 7.8.1; the creator's name is padded in some files."""
    dictionary = _read('(0019,"ACME",22) DS DetectorSpacing 1 PrivateTag')

    for tag in (0x00191022, 0x0019FF22):
        found = dictionary.find(tag, "ACME ")
        assert found is not None
        assert (found.name, found.vr, found.vm) == ("DetectorSpacing", "DS", "1")
    assert dictionary.find(0x00191022, "OTHER") is None
    assert dictionary.find(0x00191023, "ACME") is None
    assert dictionary.find(0x00211022, "ACME") is None


def test_an_element_with_its_block_is_in_that_block_alone() -> None:
    """The other form of DCMTK's private.dic."""
    dictionary = _read('(0025,"ACME",1010) LO WorkspaceID 1')

    assert dictionary.find(0x00251010, "ACME") is not None
    assert dictionary.find(0x00251110, "ACME") is None


@pytest.mark.parametrize(
    ("tag", "inside", "outside"),
    [
        ("(6000-60FF,0010)", 0x60020010, 0x60010010),
        ("(6001-o-60FF,0010)", 0x60030010, 0x60020010),
        ("(6000-u-60FF,0010)", 0x60030010, 0x61000010),
        ("(0020,3100-31FF)", 0x00203102, 0x00203101),
    ],
)
def test_ranges_are_of_even_numbers_unless_they_say_so(tag: str, inside: int, outside: int) -> None:
    """Both groups and elements."""
    dictionary = _read(f"{tag} US Thing 1")

    assert dictionary.find(inside, "") is not None
    assert dictionary.find(outside, "") is None


def test_a_later_entry_replaces_an_earlier_one() -> None:
    """As DCMTK says in the head of its own file."""
    dictionary = _read('(0019,"ACME",22) DS Old 1', '(0019,"ACME",22) IS New 1')

    found = dictionary.find(0x00191022, "ACME")
    assert found is not None
    assert (found.name, dictionary.by_name["Old"].vr) == ("New", "DS")


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        ("(0019,0010)\tLO", 1, "at least a tag, a VR and a name"),
        ("0019,0010\tLO\tName\t1", 1, "`0019,0010` is no tag"),
        ("(0019,0010)\tXY\tName\t1", 13, "there is no VR `XY`"),
        ("(0019,0010)\tLO\tName\tmany", 21, "`many` is no value multiplicity"),
    ],
)
def test_a_line_that_is_no_entry_is_told_with_its_place(line: str, column: int, words: str) -> None:
    """The others are still read."""
    found = read_dictionary(f'# comment\n\n{line}\n(0019,"ACME",22)\tDS\tSpacing\n', "site.dic", code="DJ563")

    (problem,) = found.diagnostics
    assert problem.location is not None
    assert (problem.location.file, problem.location.line, problem.location.column) == ("site.dic", 3, column)
    assert words in problem.summary
    assert [entry.name for entry in found.entries] == ["Spacing"]


def test_the_dictionaries_that_dcmtk_ships_are_read_without_a_complaint() -> None:
    """All of them; what the standard lists has the VR that we know it by."""
    files = sorted(Path("/usr/share").glob("libdcmtk*/*.dic"))
    if not files:
        skip_or_fail_in_ci("DCMTK's data dictionaries are not installed: apt-get install dcmtk")
    for file in files:
        found = read_dictionary(file.read_text(), str(file), code="DJ563")
        assert found.diagnostics == ()
        assert len(found.entries) > 10
        if file.name == "dicom.dic":
            known = [(by_tag(e.group.first << 16 | e.element.first), e) for e in found.entries]
            different = {e.name for attribute, e in known if attribute and attribute.vr != e.vr}
            assert different == {"RETIRED_GrayLookupTableData"}  # US or SS or OW
