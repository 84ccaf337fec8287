"""The SOP classes that the program names, compared with pydicom."""

from __future__ import annotations

import pydicom.uid

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
