"""CSV that a program reads back, and that fools neither a spreadsheet nor a terminal."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomjobs.dicom.escape import one_line
from dicomjobs.report.csv_text import csv_line
from tests.support.runs import HOSTILE


def read_back(line: str) -> list[str]:
    """Return the fields that another program finds in a line."""
    (fields,) = csv.reader([line])
    return fields


@given(fields=st.lists(st.text(st.characters(exclude_categories=()), max_size=30), min_size=2, max_size=5))
def test_any_fields_are_read_back_escaped_and_disarmed(fields: list[str]) -> None:
    """Quoting is undone by a reader; what stays is the escape and the `'` before a formula."""
    disarmed = [f"'{field}" if field[:1] in set("=+-@\t\r") else field for field in fields]

    line = csv_line(fields)

    assert read_back(line) == [one_line(field, 10_000) for field in disarmed]
    assert line.count("\n") == 1


@pytest.mark.parametrize(
    ("field", "written"),
    [
        ("plain-text_1.2.840 (x)", "plain-text_1.2.840 (x)"),
        ("", ""),
        ("Müller", "Müller"),
        ("a,b", '"a,b"'),
        ('say "x"', '"say ""x"""'),
        (" padded ", '" padded "'),
        ("=1+1", '"\'=1+1"'),
        ("+49", '"\'+49"'),
        ("-1", '"\'-1"'),
        ("@cmd", '"\'@cmd"'),
        ("\tx", '"\'\\x09x"'),
        ("\rx", '"\'\\x0dx"'),
        ("\udcff", '"\\udcff"'),
        ("\x7f", '"\\x7f"'),
    ],
)
def test_fields_are_written_so(field: str, written: str) -> None:
    """Quotes only where they are needed, `'` where a spreadsheet would calculate."""
    assert csv_line([field, "x"]) == f"{written},x\n"


def test_a_hostile_field_can_be_encoded_and_stays_on_its_line() -> None:
    """What a peer says ends neither the line nor the program."""
    line = csv_line([HOSTILE])

    assert line.count("\n") == 1
    assert line.encode("utf-8")
    assert "\x1b" not in line
