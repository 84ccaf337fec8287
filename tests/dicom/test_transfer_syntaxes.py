"""What each transfer syntax does with pixel data, compared with pydicom."""

from __future__ import annotations

import pydicom.uid
import pytest

from dicomjobs.dicom import transfer_syntaxes

UNCOMPRESSED = pydicom.uid.UncompressedTransferSyntaxes


def test_the_named_transfer_syntaxes_are_those_of_ps3_6() -> None:
    """Each constant is the UID of the keyword it is named after."""
    keywords = {
        transfer_syntaxes.IMPLICIT_VR_LITTLE_ENDIAN: "ImplicitVRLittleEndian",
        transfer_syntaxes.EXPLICIT_VR_LITTLE_ENDIAN: "ExplicitVRLittleEndian",
        transfer_syntaxes.EXPLICIT_VR_BIG_ENDIAN: "ExplicitVRBigEndian",
        transfer_syntaxes.DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN: "DeflatedExplicitVRLittleEndian",
    }

    assert {uid: pydicom.uid.UID(uid).keyword for uid in keywords} == keywords


def test_the_fallback_is_in_the_order_of_dcmtk() -> None:
    """What storescu proposes is little endian explicit, big endian explicit, then implicit."""
    keywords = [pydicom.uid.UID(uid).keyword for uid in transfer_syntaxes.FALLBACK]

    assert keywords == ["ExplicitVRLittleEndian", "ExplicitVRBigEndian", "ImplicitVRLittleEndian"]


@pytest.mark.parametrize("uid", UNCOMPRESSED)
def test_uncompressed_is_native(uid: str) -> None:
    """What pydicom calls uncompressed is native, apart from the syntax that encapsulates what it does not compress."""
    encapsulates = uid == "1.2.840.10008.1.2.1.98"

    assert transfer_syntaxes.is_native(uid) is not encapsulates


@pytest.mark.parametrize("uid", [*sorted(set(pydicom.uid.AllTransferSyntaxes) - set(UNCOMPRESSED)), "1.2.3", ""])
def test_nothing_else_is_native(uid: str) -> None:
    """What is compressed, referred to by a URL, or unknown."""
    assert not transfer_syntaxes.is_native(uid)
