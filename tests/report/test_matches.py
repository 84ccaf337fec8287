"""Matches as tables that a spreadsheet and a program can read."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

import pytest
from pydicom.dataset import Dataset

from dicomjobs.answers.columns import default_columns
from dicomjobs.answers.rows import PlainRows, Row, RowReader
from dicomjobs.model.query import Element
from dicomjobs.report.csv_text import csv_line
from dicomjobs.report.matches import JsonLines, csv_text
from tests.support.golden import Golden
from tests.support.identifiers import pydicom_bytes
from tests.support.runs import HOSTILE

EXPLICIT = "1.2.840.10008.1.2.1"
STEPS = {
    "vr": "SQ",
    "Value": [
        {
            "00400001": {"vr": "AE", "Value": ["CT1"]},
            "00400002": {"vr": "DA", "Value": ["20261121"]},
            "00400006": {"vr": "PN", "Value": [{"Alphabetic": "Roe^Richard"}]},
        }
    ],
}
MATCHES = (
    {
        "00080061": {"vr": "CS", "Value": ["CT", "PT"]},
        "00100010": {
            "vr": "PN",
            "Value": [{"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎", "Phonetic": "やまだ^たろう"}],
        },
        "00100020": {"vr": "LO", "Value": ["0012345"]},
        "00201208": {"vr": "IS", "Value": [412]},
        "00400100": STEPS,
        "00091001": {"vr": "UN", "InlineBinary": "AAEC"},
    },
    {"00100010": {"vr": "PN"}, "00100020": {"vr": "LO", "Value": ["=1+1"]}, "00101020": {"vr": "DS", "Value": [1.75]}},
)
COLUMNS = (
    "PatientID",
    "PatientName",
    "ModalitiesInStudy",
    "NumberOfStudyRelatedInstances",
    "PatientSize",
    "ScheduledProcedureStepSequence",
    "(0009,1001)",
)


def received(*identifiers: Mapping[str, object]) -> Iterator[bytes]:
    """Give matches as they come: encoded by pydicom, in UTF-8."""
    for identifier in identifiers:
        declared = {"00080005": {"vr": "CS", "Value": ["ISO_IR 192"]}}
        yield pydicom_bytes(Dataset.from_json({**declared, **identifier}), EXPLICIT)


def rows(answers: Iterable[bytes], columns: Sequence[str]) -> Iterator[PlainRows | Row]:
    """Read answers one by one."""
    reader = RowReader(columns, EXPLICIT, "")
    return chain.from_iterable(reader.read([answer]) for answer in answers)


def matches_csv(answers: Iterable[bytes], columns: Sequence[str]) -> list[str]:
    """Return the lines of a table with its heading."""
    return [csv_line(columns), *csv_text(rows(answers, columns), ())]


def matches_jsonl(answers: Iterable[bytes], columns: Sequence[str]) -> Iterator[str]:
    """Return one object a match."""
    return JsonLines(RowReader(columns, EXPLICIT, "").columns).text(rows(answers, columns), "")


def cell(element: Mapping[str, object]) -> str:
    """Return what stands in the table for one element."""
    _, line = matches_csv(received({"00100010": element}), ["PatientName"])
    (row,) = csv.reader([line])
    return row[0] if row else ""


def value(element: Mapping[str, object]) -> object:
    """Return what stands in JSON Lines for one element."""
    (line,) = matches_jsonl(received({"00100010": element}), ["PatientName"])
    row: dict[str, object] = json.loads(line)
    return row["PatientName"]


def test_the_table_looks_as_it_always_did(golden: Golden) -> None:
    """Columns in the order that was asked for."""
    golden.check("reports/matches.csv", "".join(matches_csv(received(*MATCHES), COLUMNS)))


def test_the_lines_look_as_they_always_did(golden: Golden) -> None:
    """One object a match, all columns in each."""
    golden.check("reports/matches.jsonl", "".join(matches_jsonl(received(*MATCHES), COLUMNS)))


@pytest.mark.parametrize(
    ("element", "text", "plain"),
    [
        ({"vr": "PN"}, "", None),
        ({"vr": "PN", "Value": []}, "", None),
        ({"vr": "LO", "Value": ["a"]}, "a", "a"),
        ({"vr": "CS", "Value": ["CT", "PT"]}, "CT\\PT", ["CT", "PT"]),
        ({"vr": "CS", "Value": ["CT", None, "PT"]}, "CT\\\\PT", ["CT", None, "PT"]),
        ({"vr": "IS", "Value": [7, 8]}, "7\\8", [7, 8]),
        ({"vr": "DS", "Value": [0.5]}, "0.5", 0.5),
        ({"vr": "PN", "Value": [{"Alphabetic": "A^B"}]}, "A^B", "A^B"),
        ({"vr": "PN", "Value": [{"Alphabetic": "A", "Phonetic": "C"}]}, "A==C", "A==C"),
        ({"vr": "PN", "Value": [{"Ideographic": "B"}]}, "'=B", "=B"),
        ({"vr": "SQ", "Value": []}, "", None),
        ({"vr": "SQ", "Value": [{}]}, "[{}]", [{}]),
        (
            {"vr": "SQ", "Value": [{"00100020": {"vr": "LO", "Value": ["1"]}}]},
            '[{"PatientID":"1"}]',
            [{"PatientID": "1"}],
        ),
        ({"vr": "SQ", "Value": [{"00091001": {"vr": "LO"}}]}, '[{"00091001":null}]', [{"00091001": None}]),
    ],
)
def test_a_value_is_told_so(element: Mapping[str, object], text: str, plain: object) -> None:
    """Text in a table, the value itself in JSON."""
    assert cell(element) == text
    assert value(element) == plain


def test_what_a_match_lacks_is_empty() -> None:
    """A peer need not return everything that was asked for."""
    assert list(matches_csv(received({}), ["PatientID", "PatientName"])) == ["PatientID,PatientName\n", ",\n"]
    assert list(matches_jsonl(received({}), ["PatientID"])) == ['{"PatientID":null}\n']


def test_no_matches_are_a_table_with_a_header() -> None:
    """An empty answer is an answer."""
    assert list(matches_csv([], ["PatientID"])) == ["PatientID\n"]
    assert list(matches_jsonl([], ["PatientID"])) == []


def test_columns_may_be_tags() -> None:
    """DCMTK's way to write a tag, and plain digits, name a column as a keyword does."""
    identifier = {"0009100A": {"vr": "LO", "Value": ["x"]}}

    assert list(matches_csv(received(identifier), ["(0009,100a)", "0009100A"]))[1] == "x,x\n"


def test_by_default_the_columns_are_what_was_asked_for() -> None:
    """Keywords in the order of tags, digits where PS3.6 has no name."""
    asked = (Element(tag=0x00091001, vr="LO"), Element(tag=0x00100020, vr="LO"), Element(tag=0x00400100, vr="SQ"))

    assert default_columns(asked) == ("00091001", "PatientID", "ScheduledProcedureStepSequence")


def test_hostile_values_are_escaped() -> None:
    """What a peer answers moves no cursor and starts no new line."""
    hostile = HOSTILE.replace("\udc80", "")  # which no encoding has
    identifier = {"00100010": {"vr": "LO", "Value": [hostile]}}

    table = "".join(matches_csv(received(identifier), ["PatientName"]))
    lines = "".join(matches_jsonl(received(identifier), ["PatientName"]))

    assert (table.count("\n"), lines.count("\n")) == (2, 1)
    assert "\x1b" not in table + lines
    assert table.encode("utf-8")
    assert json.loads(lines)["PatientName"] == hostile


def test_matches_stream() -> None:
    """The first line is there before the last match has come."""

    def endless() -> Iterator[bytes]:
        while True:
            yield from received(*MATCHES)

    lines = matches_jsonl(endless(), ["PatientID"])

    assert [next(lines) for _ in range(3)][2] == '{"PatientID":"0012345"}\n'
