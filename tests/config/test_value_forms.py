"""What a value of each VR may look like as a key of a query."""

from __future__ import annotations

import pytest

from dicomjobs.config.value_forms import FORMS, misfit, old_form
from dicomjobs.dicom.attributes import by_keyword, keywords


@pytest.mark.parametrize(
    ("vr", "value"),
    [
        ("AE", "ARCHIVE*"),
        ("AS", "045Y"),
        ("AT", "00100020"),
        ("AT", "(0010,0020)"),
        ("CS", "HEAD_NECK 1"),
        ("CS", "C?"),
        ("DA", "20261121"),
        ("DA", "20261101-20261121"),
        ("DA", "20261101-"),
        ("DA", "-20261121"),
        ("DA", "2026.11.21"),
        ("DS", "-1.5e-3"),
        ("DT", "2026"),
        ("DT", "20261121103000.123456+0100"),
        ("DT", "20261121-0500-20261122-0500"),
        ("FD", "1.5"),
        ("IS", "+12"),
        ("LO", "Größe *"),
        ("OB", "0aFF"),
        ("PN", "Buc^Jérôme=" + "x" * 64),
        ("SH", "x" * 16),
        ("TM", "10"),
        ("TM", "1030"),
        ("TM", "103000.123456"),
        ("TM", "10:30:00"),
        ("TM", "080000-120000"),
        ("UI", "1.2.840.10008.*"),
        ("IS", "-2147483648"),
        ("US", "512"),
        ("UT", "a\tb\nc"),
    ],
)
def test_values_of_each_vr_are_let_through(vr: str, value: str) -> None:
    """PS3.5 6.2 with the matching of PS3.4 C.2.2.2."""
    assert misfit(value, vr) is None


@pytest.mark.parametrize(
    ("vr", "value"),
    [
        ("AE", "x" * 17),
        ("AS", "45"),
        ("CS", "ct"),
        ("CS", "X" * 17),
        ("DA", "20261321"),
        ("DA", "20261132"),
        ("DA", "261121"),
        ("DA", "2026-11-21"),
        ("DA", "-"),
        ("DA", "2026*"),
        ("DA", "20261101-20261121-"),
        ("DS", "1,5"),
        ("DT", "20261321"),
        ("IS", "1.5"),
        ("IS", "1" * 13),
        ("LO", "x" * 65),
        ("LO", "a\nb"),
        ("OB", "abc"),
        ("PN", "x" * 65),
        ("TM", "24"),
        ("TM", "1060"),
        ("TM", "8am"),
        ("UI", "1.2.a"),
        ("UI", "1" * 65),
        ("AE", "ARCHIVÉ"),
        ("IS", "2147483648"),
        ("US", "many"),
        ("US", "65536"),
        ("US", "-1"),
    ],
)
def test_values_that_a_vr_cannot_have_are_told(vr: str, value: str) -> None:
    """What a peer would refuse, or silently match nothing with."""
    assert misfit(value, vr) is not None


@pytest.mark.parametrize(
    ("vr", "value", "hint"),
    [
        ("CS", "mr", "write `MR`"),
        ("DA", "2026-11-21", "write `20261121`"),
        ("CS", "CT,MR,PT,US,XA,RF", "write several values as a list: [CT, MR]"),
        ("AS", "45", "write an age such as 018M or 045Y"),
    ],
)
def test_the_hint_is_what_to_type(vr: str, value: str, hint: str) -> None:
    """The commonest mistakes get their correction."""
    found = misfit(value, vr)

    assert found is not None
    assert found.hint == hint


def test_the_forms_of_acr_nema_are_known() -> None:
    """Colons in times and dots in dates are from before DICOM (PS3.5 6.2)."""
    assert old_form("10:30:00", "TM") == "103000"
    assert old_form("2026.11.01-2026.11.21", "DA") == "20261101-20261121"
    assert old_form("103000.5", "TM") == ""


def test_every_attribute_of_the_dictionary_has_a_form() -> None:
    """A key of any VR but SQ can be checked."""
    vrs = {attribute.vr for keyword in keywords() if (attribute := by_keyword(keyword))}

    assert vrs - {"SQ"} <= set(FORMS)
