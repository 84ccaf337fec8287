"""Fields come out of a JSON object with their types, or not at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dicomjobs.events import Outcome
from dicomjobs.report.record import Record

OUTCOMES = {each.value: each for each in Outcome}


@pytest.mark.parametrize(
    ("take", "value", "taken"),
    [
        (Record.text, "a", "a"),
        (Record.whole, 3, 3),
        (Record.whole_or_none, None, None),
        (Record.whole_or_none, 3, 3),
        (Record.number, 3, 3.0),
        (Record.number, 0.5, 0.5),
        (Record.flag, False, False),
        (Record.texts, ["a", "b"], ("a", "b")),
        (Record.wholes, [1, 2], (1, 2)),
        (Record.record_or_none, None, None),
    ],
)
def test_a_field_is_taken_once(take: Callable[[Record, str], object], value: object, taken: object) -> None:
    """What was taken is what was there, and then it is gone."""
    record = Record({"field": value})

    assert take(record, "field") == taken
    record.finish()


@pytest.mark.parametrize(
    ("take", "value"),
    [
        (Record.text, 1),
        (Record.whole, -1),
        (Record.whole, 1.0),
        (Record.whole, True),
        (Record.whole_or_none, "1"),
        (Record.number, True),
        (Record.number, "1"),
        (Record.flag, 1),
        (Record.texts, "ab"),
        (Record.texts, [1]),
        (Record.wholes, [True]),
        (Record.records, {}),
        (Record.records, [1]),
        (Record.record_or_none, []),
    ],
)
def test_another_type_is_refused(take: Callable[[Record, str], object], value: object) -> None:
    """Nothing is converted."""
    with pytest.raises(ValueError, match=r"must be|is needed"):
        take(Record({"field": value}), "field")


def test_a_field_may_be_left_out_when_it_has_a_default() -> None:
    """Without a default it is missing."""
    assert Record({}).text("field", "") == ""
    with pytest.raises(ValueError, match='the field "field" is missing'):
        Record({}).text("field")


def test_one_of_a_set_of_words_becomes_what_it_stands_for() -> None:
    """Other words are refused with those that are allowed."""
    assert Record({"field": "failed"}).one_of("field", OUTCOMES) is Outcome.FAILED
    with pytest.raises(ValueError, match="must be one of delivered, delivered_with_warning"):
        Record({"field": "lost"}).one_of("field", OUTCOMES)


def test_what_is_left_over_is_refused() -> None:
    """A field that nobody takes is a mistake or a newer form."""
    with pytest.raises(ValueError, match='the field "more" is not known'):
        Record({"more": 1}).finish()
