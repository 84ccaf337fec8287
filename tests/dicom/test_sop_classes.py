"""The SOP classes that the program names, and which ones are for storage, compared with pydicom and pynetdicom."""

from __future__ import annotations

import pydicom.uid
import pynetdicom.sop_class
import pytest

from dicomjobs.dicom import sop_classes


def test_the_named_sop_classes_are_those_of_ps3_6() -> None:
    """Each constant is the UID of the keyword it is named after."""
    keywords = {
        sop_classes.VERIFICATION: "Verification",
        sop_classes.PATIENT_ROOT_FIND: "PatientRootQueryRetrieveInformationModelFind",
        sop_classes.STUDY_ROOT_FIND: "StudyRootQueryRetrieveInformationModelFind",
        sop_classes.PATIENT_STUDY_ONLY_FIND: "PatientStudyOnlyQueryRetrieveInformationModelFind",
        sop_classes.MODALITY_WORKLIST_FIND: "ModalityWorklistInformationModelFind",
    }

    assert {uid: pydicom.uid.UID(uid).keyword for uid in keywords} == keywords


def test_everything_that_pynetdicom_would_store_is_a_storage_class() -> None:
    """What pynetdicom lists is PS3.4 B.5."""
    assert all(sop_classes.is_storage(uid) for uid in pynetdicom.sop_class._STORAGE_CLASSES.values())


@pytest.mark.parametrize(
    "uid",
    [
        sop_classes.VERIFICATION,
        sop_classes.STUDY_ROOT_FIND,
        pydicom.uid.MediaStorageDirectoryStorage,
        "1.2.840.10008.1.20.1",  # Storage Commitment Push Model
        pydicom.uid.ExplicitVRLittleEndian,
        "1.2.3.4",
        "",
    ],
)
def test_nothing_else_is_a_storage_class(uid: str) -> None:
    """Services, a DICOMDIR, transfer syntaxes and private UIDs are none."""
    assert not sop_classes.is_storage(uid)


def test_retired_and_draft_storage_classes_are_storage_classes() -> None:
    """Old instances are sent as well."""
    assert sop_classes.is_storage("1.2.840.10008.5.1.4.1.1.5")  # Nuclear Medicine Image Storage (Retired)
    assert sop_classes.is_storage("1.2.840.10008.5.1.4.1.1.66.7")  # Label Map Segmentation Storage, not yet in pydicom
