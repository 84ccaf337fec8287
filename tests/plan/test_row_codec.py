"""Rows as lines of JSON: exact, ASCII, and refused when damaged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomjobs.plan.plan import Excluded, PlannedInstance
from dicomjobs.plan.row_codec import StalePlan, decode_row, decode_rows, encode_row

TEXT = st.text(st.characters(codec=None), max_size=20)
ROWS = st.builds(
    PlannedInstance,
    path=TEXT,
    size=st.integers(0, 2**40),
    mtime_ns=st.integers(0, 2**63),
    offset=st.integers(0, 2**20),
    sop_class_uid=TEXT,
    sop_instance_uid=TEXT,
    study_instance_uid=TEXT,
    series_instance_uid=TEXT,
    transfer_syntax=TEXT,
    context_id=st.integers(0, 255),
)


@given(ROWS)
def test_a_row_survives_the_round_trip(row: PlannedInstance) -> None:
    """Also with a file name that is no UTF-8, which Python holds as lone surrogates."""
    line = encode_row(row)

    assert line.isascii()
    assert "\n" not in line
    assert decode_row(line) == row


@given(ROWS, st.sampled_from([Excluded.SKIPPED, Excluded.FAILED]), TEXT, TEXT)
def test_an_excluded_row_survives_too(row: PlannedInstance, excluded: Excluded, reason: str, words: str) -> None:
    """With why."""
    fields = {name: getattr(row, name) for name in PlannedInstance.__slots__}
    left_out = PlannedInstance(**{**fields, "excluded": excluded, "reason": reason, "words": words})

    assert decode_row(encode_row(left_out)) == left_out


@given(st.lists(ROWS, max_size=4))
def test_lines_are_decoded_together_as_they_are_one_by_one(rows: list[PlannedInstance]) -> None:
    """Also when there are none."""
    lines = "".join(f"{encode_row(row)}\n" for row in rows).encode("ascii")

    assert list(decode_rows(lines)) == rows


@pytest.mark.parametrize("damage", [b"{\n", b"[]\n", b"7\n", b'{"path":"x"}\n', b"{},\n", b"\x00\n", b"\n"])
def test_one_damaged_row_among_others_is_refused(damage: bytes) -> None:
    """By the same exception."""
    row = PlannedInstance(
        path="a",
        size=1,
        mtime_ns=2,
        offset=3,
        sop_class_uid="1",
        sop_instance_uid="2",
        study_instance_uid="3",
        series_instance_uid="4",
        transfer_syntax="5",
    )
    line = encode_row(row).encode("ascii") + b"\n"

    with pytest.raises(StalePlan, match="a row of the plan cannot be read"):
        list(decode_rows(line + damage + line))


@pytest.mark.parametrize(
    "line", ["", "{", "[]", "7", '{"path":"x"}', '{"path":"x","surprise":1}', "\x00", '"0123456789"']
)
def test_a_damaged_row_is_refused(line: str) -> None:
    """By one exception with a sentence."""
    with pytest.raises(StalePlan, match="a row of the plan cannot be read"):
        decode_row(line)
