"""The groups of VRs, compared with pydicom's."""

from __future__ import annotations

import pydicom.valuerep

from dicomjobs.dicom import value_representations as groups


def test_the_groups_are_those_of_pydicom() -> None:
    """Lengths, character sets and numbers are the standard's, read twice."""
    assert {str(vr) for vr in pydicom.valuerep.EXPLICIT_VR_LENGTH_32} == groups.LONG
    assert {str(vr) for vr in pydicom.valuerep.CUSTOMIZABLE_CHARSET_VR} == groups.CHARACTER_SET_TEXT
    assert {str(vr) for vr in pydicom.valuerep.STANDARD_VR} == groups.ALL


def test_every_vr_is_encoded_in_one_way() -> None:
    """Text, numbers, byte streams, tags and sequences do not overlap."""
    ways = [groups.CHARACTER_SET_TEXT, groups.PLAIN_TEXT, set(groups.NUMBERS), set(groups.BINARY), {"AT"}, {"SQ"}]

    assert sum(map(len, ways)) == len(groups.ALL)
    assert groups.SINGLE_TEXT | groups.LEADING_SPACES_IGNORED <= groups.CHARACTER_SET_TEXT | groups.PLAIN_TEXT
