"""A misshapen definition does not hide the mistakes in the others."""

from __future__ import annotations

from dicomjobs.config.codes import error
from dicomjobs.config.places import Place, Places
from dicomjobs.config.sound import without_misshapen
from dicomjobs.diagnostics import Location

DOCUMENT = {
    "dicomjobs": 1,
    "peers": {"a": {"host": "x"}, "b": {"host": "y"}},
    "jobs": {"one": {"echo": {"peer": "a"}}, "two": {"echo": {"peer": "b"}}, "three": {"needs": ["one"]}},
}


def _at(line: int) -> Location:
    """Return the first column of a line."""
    return Location(file="job.yaml", line=line, column=1)


PLACES: Places = {
    (): Place(key=None, value=_at(1)),
    ("peers",): Place(key=_at(2), value=_at(3)),
    ("peers", "a"): Place(key=_at(4), value=_at(5)),
    ("peers", "a", "host"): Place(key=_at(6), value=_at(7)),
}


def test_a_sound_document_stays_as_it_is() -> None:
    """Nothing is taken out."""
    assert without_misshapen(DOCUMENT, places=PLACES, misshapen=()) == DOCUMENT


def test_a_misshapen_definition_goes_with_all_that_depends_on_it() -> None:
    """The job that names it, and the job that needs that job."""
    misshapen = (error("DJ203", "wrong", at=_at(7)),)

    assert without_misshapen(DOCUMENT, places=PLACES, misshapen=misshapen) == {
        "dicomjobs": 1,
        "peers": {"b": {"host": "y"}},
        "jobs": {"two": {"echo": {"peer": "b"}}},
    }


def test_a_misshapen_section_goes_as_a_whole() -> None:
    """What names things in it is left for later too."""
    rest = without_misshapen(DOCUMENT, places=PLACES, misshapen=(error("DJ203", "wrong", at=_at(2)),))

    assert "peers" not in rest
