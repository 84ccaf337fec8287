"""How element heads are written: the forms of PS3.5 7.1, one for each transfer syntax."""

from __future__ import annotations

import pytest
from pydicom.uid import UID, AllTransferSyntaxes
from pydicom.valuerep import EXPLICIT_VR_LENGTH_16

from dicomjobs.dicom.encoding import SHORT_VRS, encoding_of


def test_the_vrs_with_a_short_length_are_pydicoms() -> None:
    """PS3.5 table 7.1-2."""
    assert {vr.decode() for vr in SHORT_VRS} == EXPLICIT_VR_LENGTH_16


@pytest.mark.parametrize("uid", AllTransferSyntaxes)
def test_every_transfer_syntax_is_encoded_as_pydicom_says(uid: UID) -> None:
    """VR form, byte order and deflation."""
    encoding = encoding_of(uid)

    assert encoding.explicit is not uid.is_implicit_VR
    assert (encoding.byte_order == "little") is uid.is_little_endian
    assert encoding.deflated is (uid.is_deflated or uid in {"1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205"})


def test_an_unknown_transfer_syntax_is_explicit_little_endian() -> None:
    """PS3.5 A.4 asks for it wherever pixel data is encapsulated, and so do makers of private ones."""
    encoding = encoding_of("1.2.3.4.5")

    assert (encoding.explicit, encoding.byte_order, encoding.deflated) == (True, "little", False)
