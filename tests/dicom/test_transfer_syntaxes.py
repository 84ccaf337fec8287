"""What each transfer syntax does with pixel data, compared with pydicom."""

from __future__ import annotations

import pydicom.uid
import pytest

from dicomjobs.dicom import transfer_syntaxes
from dicomjobs.dicom.uids import UidKind, uid_names, uid_of


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


@pytest.mark.parametrize("uid", pydicom.uid.UncompressedTransferSyntaxes)
def test_uncompressed_is_native(uid: str) -> None:
    """What pydicom calls uncompressed is native, apart from the syntax that encapsulates what it does not compress."""
    encapsulates = uid == "1.2.840.10008.1.2.1.98"

    assert transfer_syntaxes.is_native(uid) is not encapsulates
    assert transfer_syntaxes.is_encapsulated(uid) is encapsulates


@pytest.mark.parametrize("uid", sorted(pydicom.uid.AllTransferSyntaxes))
def test_every_transfer_syntax_of_pydicom_is_native_or_encapsulated(uid: str) -> None:
    """JPIP, SMPTE and the like are neither; pydicom's list of pixel data syntaxes has none of them but JPIP."""
    neither = "JPIP" in pydicom.uid.UID(uid).keyword or "SMPTE" in pydicom.uid.UID(uid).keyword

    assert transfer_syntaxes.is_transfer_syntax(uid)
    assert (transfer_syntaxes.is_native(uid) != transfer_syntaxes.is_encapsulated(uid)) is not neither


def test_names_of_dcmtk_are_transfer_syntaxes_too() -> None:
    """A private one of GE's and JPEG XL are known through DCMTK."""
    assert all(transfer_syntaxes.is_transfer_syntax(str(uid_of(name))) for name in uid_names(UidKind.TRANSFER_SYNTAX))
    assert transfer_syntaxes.is_encapsulated(str(uid_of("JPEGXL")))
    assert not transfer_syntaxes.is_encapsulated(str(uid_of("PrivateGELittleEndianImplicitWithBigEndianPixelData")))


@pytest.mark.parametrize("uid", ["1.2.840.10008.1.1", "1.2.3", ""])
def test_what_is_no_transfer_syntax_is_neither(uid: str) -> None:
    """A private transfer syntax is unknown: nothing is said of it."""
    assert not transfer_syntaxes.is_transfer_syntax(uid)
    assert not transfer_syntaxes.is_native(uid)
    assert not transfer_syntaxes.is_encapsulated(uid)
