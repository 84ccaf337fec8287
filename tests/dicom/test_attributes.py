"""The data dictionary, compared with pydicom's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom._dicom_dict import DicomDictionary
from pydicom.datadict import dictionary_VM, dictionary_VR, keyword_for_tag
from pydicom.tag import Tag

from dicomjobs.dicom.attributes import Attribute, by_keyword, by_tag, keyword_of, keywords
from dicomjobs.dicom.value_representations import ALL
from tests.dicom.generate_tables import AMBIGUOUS_VRS


def test_an_attribute_is_found_by_keyword_and_by_tag() -> None:
    """Both ways lead to the same value."""
    patient_name = Attribute(0x00100010, "PatientName", "PN", "1")

    assert by_keyword("PatientName") == patient_name
    assert by_tag(0x00100010) == patient_name


def test_every_attribute_of_pydicom_is_here() -> None:
    """Tag, keyword, VR and VM are the same; items and their delimiters are no attributes."""
    for tag, (vr, vm, _, _, keyword) in DicomDictionary.items():
        if keyword and vr != "NONE":
            assert by_tag(tag) == Attribute(tag, keyword, AMBIGUOUS_VRS.get(vr, vr), vm)


def test_every_keyword_leads_back_to_itself() -> None:
    """Keywords are unique, and each VR is one that can be encoded."""
    assert len(set(keywords())) == len(keywords()) > 5000
    for keyword in keywords():
        attribute = by_keyword(keyword)

        assert attribute is not None
        assert attribute.keyword == keyword
        assert attribute.vr in ALL


def test_a_keyword_that_several_groups_share_means_the_first_of_them() -> None:
    """The others, and group lengths, are known by their tags alone."""
    assert [keyword_of(tag) for tag in (0x60000010, 0x60020010, 0x00080000, 0x00091001)] == ["OverlayRows", "", "", ""]


@pytest.mark.parametrize(
    "tag", [0x60000010, 0x60FE3000, 0x50020005, 0x00203110, 0x00280410, 0x10001230, 0x10101234, 0x7F020010]
)
def test_a_repeating_group_has_the_attribute_of_its_first_group(tag: int) -> None:
    """Overlays, curves and the older oddities answer to every tag of their groups (PS3.5 7.6)."""
    attribute = by_tag(tag)

    assert attribute is not None
    assert attribute.tag == tag
    assert attribute.keyword == keyword_for_tag(tag)
    assert attribute.vm == dictionary_VM(tag)


def test_the_keyword_of_a_repeating_group_means_its_first_group() -> None:
    """OverlayRows is (6000,0010) when nobody says more."""
    assert by_keyword("OverlayRows") == by_tag(0x60000010)


@pytest.mark.parametrize(
    "tag", [0x00090010, 0x00091001, 0x60010010, 0x60030010, 0x00101111, 0xFFFEE000, 0xFFFEE00D, -1, 1 << 32]
)
def test_private_and_unknown_tags_have_no_attribute(tag: int) -> None:
    """Odd groups are private; an item is not an attribute; a number may be no tag at all."""
    assert by_tag(tag) is None


@pytest.mark.parametrize("tag", [0x00080000, 0x00100000, 0x60000000])
def test_a_group_length_is_an_attribute_in_every_group(tag: int) -> None:
    """PS3.5 7.2."""
    attribute = by_tag(tag)

    assert attribute is not None
    assert (attribute.vr, attribute.vm) == ("UL", "1")


@pytest.mark.parametrize("keyword", ["", "patientname", "PatientName\t", "PatientName\n", "PN", "00100010", "1"])
def test_what_is_no_keyword_is_not_found(keyword: str) -> None:
    """Keywords are exact, and no other column of the table can be taken for one."""
    assert by_keyword(keyword) is None


@given(st.integers(min_value=0x00080000, max_value=0xFFFFFFFF))
def test_any_tag_is_answered_as_pydicom_answers_it(number: int) -> None:
    """What we know is what pydicom knows, apart from group lengths, which it names for private groups as well."""
    attribute = by_tag(number)
    if Tag(number).is_private or number & 0xFFFF == 0 or number >> 16 == 0xFFFE:
        return

    try:
        vr = dictionary_VR(number)
    except KeyError:
        vr = ""
    assert (attribute.vr if attribute else "") == AMBIGUOUS_VRS.get(vr, vr)
