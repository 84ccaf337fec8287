"""A document with its expressions worked out."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomjobs.config.expand import inside, usage_of
from dicomjobs.config.nodes import Scalar
from dicomjobs.config.rendering import PATH, PLAIN_TEXT, Kind, Usage
from dicomjobs.diagnostics import Location
from tests.support.job_files import complaints


@pytest.mark.parametrize(
    ("way", "usage"),
    [
        (("queries", "q", "keys", "StudyDate"), Usage(kind=Kind.ATTRIBUTE, vr="DA", rows=True)),
        (("queries", "q", "keys", "(0040,0100)[0].(0040,0003)"), Usage(kind=Kind.ATTRIBUTE, vr="TM", rows=True)),
        (
            ("queries", "q", "keys", "ScheduledProcedureStepSequence", "Modality"),
            Usage(kind=Kind.ATTRIBUTE, vr="CS", rows=True),
        ),
        (("queries", "q", "keys", "Nonsense"), Usage(kind=Kind.ATTRIBUTE, rows=True)),
        (("jobs", "j", "find", "query", "keys", "StudyDate"), Usage(kind=Kind.ATTRIBUTE, vr="DA", rows=True)),
        (("send_sets", "s", "where", "StudyDate"), Usage(kind=Kind.ATTRIBUTE, vr="DA")),
        (("send_sets", "s", "paths"), PATH),
        (("jobs", "j", "find", "outputs", "file"), PATH),
        (("peers", "p", "tls", "certificate"), PATH),
        (("peers", "p", "user_identity", "passcode", "file"), PATH),
        (("reports", "directory"), PATH),
        (("peers", "keys", "host"), PLAIN_TEXT),
        (("peers", "p", "user_identity", "username"), PLAIN_TEXT),
    ],
)
def test_what_a_text_is_used_for_follows_from_its_place(way: tuple[str, ...], usage: Usage) -> None:
    """Keys, paths and everything else."""
    assert usage_of(way) == usage


@pytest.mark.parametrize(
    ("plain", "width", "column"),
    [(True, 8, 12), (False, 10, 13), (False, 12, 10)],
)
def test_a_mistake_is_placed_inside_its_text_where_that_is_certain(*, plain: bool, width: int, column: int) -> None:
    """Behind the quote; at the text's own place where escapes make it longer in the file than it is."""
    place = Location(file="job.yaml", line=1, column=10, width=width)
    scalar = Scalar(text="12345678", plain=plain, location=place)

    assert inside(scalar, offset=2, width=3).column == column


@pytest.mark.parametrize(
    ("text", "line", "column", "width"),
    [
        ('timezone: "${nobody}"\n', 2, 12, 9),
        ("timezone: ${nobody}\n", 2, 11, 9),
        ("timezone: a-${nobody}\n", 2, 13, 9),
        ("timezone: >-\n  a\n  ${nobody}\n", 2, 11, 1),
    ],
)
def test_the_caret_is_under_the_expression(tmp_path: Path, text: str, line: int, column: int, width: int) -> None:
    """In quotes or without; a text of several lines is shown where it begins."""
    (problem,) = complaints(tmp_path, text)

    assert problem.code == "DJ402"
    assert problem.location is not None
    assert (problem.location.line, problem.location.column, problem.location.width) == (line, column, width)
