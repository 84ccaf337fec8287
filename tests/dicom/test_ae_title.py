"""What may stand where an AE title is meant."""

from __future__ import annotations

import pytest

from dicomjobs.dicom.ae_title import ae_title_problem


@pytest.mark.parametrize(
    "text", ["A", "ANY-SCP", "ORTHANC", " LEADING", "TRAILING ", "WITH SPACE", "sixteen letters!", "=^~"]
)
def test_an_ae_title_has_up_to_sixteen_printable_characters(text: str) -> None:
    """PS3.5 6.2 allows all of ISO 646 but the backslash and control characters."""
    assert ae_title_problem(text) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        ("    ", "has nothing but spaces"),
        ("seventeen letters", "has 17 characters, 16 are allowed"),
        ("A\\B", "has a backslash"),
        ("A\nB", "has a control character"),
        ("A\x7f", "has a control character"),
        ("A\x1b[0m", "has a control character"),
        ("KÖLN", "has a character that is not ASCII"),
    ],
)
def test_the_problem_of_any_other_text_is_said(text: str, problem: str) -> None:
    """The words go after the name of the key."""
    assert ae_title_problem(text) == problem
