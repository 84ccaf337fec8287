"""Names to UIDs and back, compared with pydicom's dictionary."""

from __future__ import annotations

import pydicom.uid
import pynetdicom.sop_class
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomjobs.dicom.uids import UidKind, is_uid, kind_of, name_of, uid_names, uid_of
from tests.dicom.generate_tables import UIDS


@pytest.mark.parametrize(
    ("name", "uid"),
    [
        ("CTImageStorage", "1.2.840.10008.5.1.4.1.1.2"),
        ("ExplicitVRLittleEndian", "1.2.840.10008.1.2.1"),
        ("LittleEndianExplicit", "1.2.840.10008.1.2.1"),
        ("UltrasoundMultiframeImageStorage", "1.2.840.10008.5.1.4.1.1.3.1"),
        ("SRI24FrameOfReferenc", "1.2.840.10008.1.4.4.1"),
        ("1.2.3.4", "1.2.3.4"),
        ("ctimagestorage", None),
        ("CTImageStorage ", None),
        ("1.02.3", None),
        ("", None),
    ],
)
def test_a_name_is_a_keyword_a_dcmtk_name_or_a_uid(name: str, uid: str | None) -> None:
    """Names are exact; what is no name and no UID is nothing."""
    assert uid_of(name) == uid


def test_every_keyword_of_ps3_6_is_a_name_of_its_uid() -> None:
    """Keywords go both ways."""
    keywords = {entry[4]: uid for uid, entry in UIDS.items() if entry[4]}

    assert {keyword: uid_of(keyword) for keyword in keywords} == keywords
    assert {name_of(uid): uid for uid in keywords.values()} == keywords


def test_every_uid_that_pydicom_names_in_its_module_has_that_name_here() -> None:
    """`pydicom.uid` names are what a job file may say; its own implementation UID is no name of the standard's."""
    names = {name: str(uid) for name, uid in vars(pydicom.uid).items() if isinstance(uid, pydicom.uid.UID)}
    del names["PYDICOM_IMPLEMENTATION_UID"]

    assert {name: uid_of(name) for name in names} == names


def test_a_uid_that_only_dcmtk_names_has_dcmtk_s_name() -> None:
    """PS3.6 as pydicom has it lacks the JPEG XL transfer syntaxes."""
    assert name_of("1.2.840.10008.1.2.4.110") == "JPEGXLLossless"


def test_an_unknown_uid_is_its_own_name() -> None:
    """There is always something to print."""
    assert name_of("1.2.3.4") == "1.2.3.4"
    assert kind_of("1.2.3.4") is None


@pytest.mark.parametrize("text", ["0", "1", "1.0.2", "9" * 64, "1.2.840.10008.1.1"])
def test_a_uid_is_numbers_with_dots_between_them(text: str) -> None:
    """PS3.5 9.1 allows these."""
    assert is_uid(text)


@pytest.mark.parametrize(
    "text", ["", ".", "1.", ".1", "1..2", "01", "1.00", "9" * 65, "1.2\n", "1.2 ", "1.²", "1.٣", "1,2"]
)
def test_what_ps3_5_does_not_allow_is_no_uid(text: str) -> None:
    """Leading zeros, empty components, other characters and more than 64 of them."""
    assert not is_uid(text)


@given(st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=6))
def test_any_numbers_make_a_uid(numbers: list[int]) -> None:
    """As long as it is not too long."""
    assert is_uid(".".join(map(str, numbers)))


def test_names_can_be_had_by_kind() -> None:
    """A suggestion for a transfer syntax is a transfer syntax, and without a kind all names are there."""
    syntaxes = uid_names(UidKind.TRANSFER_SYNTAX)
    either = uid_names(UidKind.STORAGE, UidKind.SOP_CLASS)

    assert "LittleEndianExplicit" in syntaxes
    assert "CTImageStorage" not in syntaxes
    assert {"CTImageStorage", "Verification"} < set(either)
    assert set(syntaxes) | set(either) < set(uid_names())
    assert all(uid_of(name) for name in uid_names())


def test_everything_that_pynetdicom_would_store_is_of_the_kind_storage() -> None:
    """What pynetdicom lists is PS3.4 B.5."""
    assert {kind_of(uid) for uid in pynetdicom.sop_class._STORAGE_CLASSES.values()} == {UidKind.STORAGE}


@pytest.mark.parametrize(
    "name", ["Verification", "MediaStorageDirectoryStorage", "StorageCommitmentPushModel", "ExplicitVRLittleEndian"]
)
def test_services_and_a_dicomdir_are_not_of_the_kind_storage(name: str) -> None:
    """None of them holds what an archive keeps."""
    assert kind_of(str(uid_of(name))) not in {UidKind.STORAGE, None}


@pytest.mark.parametrize(
    "uid",
    [
        "1.2.840.10008.5.1.4.1.1.5",  # Nuclear Medicine Image Storage (Retired)
        "1.2.840.10008.5.1.4.1.1.66.7",  # Label Map Segmentation Storage, not yet in pydicom
    ],
)
def test_retired_and_draft_storage_classes_are_of_the_kind_storage(uid: str) -> None:
    """Old instances are sent as well."""
    assert kind_of(uid) is UidKind.STORAGE
