"""How people write attributes as keys."""

from __future__ import annotations

import pytest

from dicomjobs.config.attribute_paths import NotAnAttribute, attribute_of, parse_path


@pytest.mark.parametrize("text", ["PatientID", "(0010,0020)", "0010,0020", "00100020", "(0010, 0020)", " PatientID "])
def test_an_attribute_has_several_spellings(text: str) -> None:
    """Keywords, and tags as people write them."""
    path = parse_path(text)

    assert not isinstance(path, NotAnAttribute)
    assert [(step.attribute.tag, step.attribute.vr, step.item) for step in path] == [(0x00100020, "LO", None)]


@pytest.mark.parametrize(
    "text",
    [
        "(0040,0100)[0].ScheduledStationAETitle",
        "ScheduledProcedureStepSequence[0].(0040,0001)",
        "00400100[0].00400001",
        "ScheduledProcedureStepSequence.ScheduledStationAETitle",
    ],
)
def test_a_path_leads_into_a_sequence(text: str) -> None:
    """DCMTK's paths; without a number it is the first item."""
    path = parse_path(text)

    assert not isinstance(path, NotAnAttribute)
    assert [(step.attribute.tag, step.item) for step in path] == [(0x00400100, 0), (0x00400001, None)]


def test_a_private_attribute_is_unknown() -> None:
    """Nobody can tell its VR from its tag."""
    attribute = attribute_of("(0009,1001)")

    assert not isinstance(attribute, NotAnAttribute)
    assert (attribute.tag, attribute.keyword, attribute.vr) == (0x00091001, "", "UN")


def test_a_private_creator_is_a_text() -> None:
    """PS3.5 7.8.1: (gggg,0010-00FF) of an odd group has VR LO."""
    attribute = attribute_of("(0009,0010)")

    assert not isinstance(attribute, NotAnAttribute)
    assert attribute.vr == "LO"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("PatientsName", "did you mean `PatientName`?"),
        ("Patient's Name", "did you mean `PatientName`?"),
        ("Patient ID", "did you mean `PatientID`?"),
        ("ScheduledProcedureStepSequence[0].Modalty", "did you mean `Modality`?"),
        ("ScheduledProcedureStepSequence[0]", "for example `ScheduledProcedureStepSequence[0].Modality`, or write the item as a mapping"),
        ("PatientID[0]", "write its name alone"),
        ("PatientID.Modality", ""),
    ],
)  # fmt: skip
def test_what_means_no_attribute_is_told_with_what_to_type(text: str, hint: str) -> None:
    """Old names and missing letters are recognised."""
    found = parse_path(text)

    assert isinstance(found, NotAnAttribute)
    assert found.hint == hint


@pytest.mark.parametrize(
    "text", ["", ".", "PatientID.", "[0]", "(0010,00)", "(0010,002G)", "a[0][1].b", "0010002\u0966"]
)
def test_nonsense_means_no_attribute(text: str) -> None:
    """Nothing is guessed from it."""
    assert isinstance(parse_path(text), NotAnAttribute)
