"""Rows of a table from answers: what is skimmed says the same as what is taken apart."""

from __future__ import annotations

import json
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicomjobs.answers import rows as rows_module
from dicomjobs.answers.rows import PlainRows, Row, RowReader
from dicomjobs.errors import ProtocolError
from dicomjobs.report.matches import JsonLines, csv_text
from tests.support.identifiers import ITEM, SYNTAXES, explicit, sequence

EXPLICIT = "1.2.840.10008.1.2.1"
COLUMNS = ("SpecificCharacterSet", "StudyDate", "ModalitiesInStudy", "PatientName", "PatientID", "InstanceNumber")


def answer(name: bytes, *, declared: bytes = b"ISO_IR 100", modalities: bytes = b"CT", number: bytes = b"1 ") -> bytes:
    """Encode an answer; values are padded with a space."""
    values = (
        (0x00080005, b"CS", declared),
        (0x00080020, b"DA", b"20261121"),
        (0x00080061, b"CS", modalities),
        (0x00100010, b"PN", name),
        (0x00100020, b"LO", b"0012345"),
        (0x00200013, b"IS", number),
    )
    return b"".join(explicit(tag, vr, value + b" " * (len(value) % 2)) for tag, vr, value in values)


def read(*answers: bytes, columns: tuple[str, ...] = COLUMNS, fallback: str = "") -> list[PlainRows | Row]:
    """Read answers together."""
    return list(RowReader(columns, EXPLICIT, fallback).read(answers))


def taken_apart(answers: list[bytes], columns: tuple[str, ...], fallback: str) -> list[Row]:
    """Read each answer element by element."""
    reader = RowReader(columns, EXPLICIT, fallback)
    reader._skimmer = None
    return [row for row in reader.read(answers) if isinstance(row, Row)]


def told(rows: list[PlainRows | Row], columns: tuple[str, ...]) -> tuple[str, list[object]]:
    """Return rows as CSV and as what JSON Lines hold."""
    lines = "".join(JsonLines(RowReader(columns, EXPLICIT, "").columns).text(rows, ""))
    return "".join(csv_text(rows, ())), [json.loads(line) for line in lines.splitlines()]


def test_plain_answers_are_one_text() -> None:
    """Separated by what no text of DICOM may hold."""
    (rows,) = read(answer(b"M\xfcller^Hans"), answer(b"Doe^Jane", modalities=b"CT\\PT"))

    assert isinstance(rows, PlainRows)
    assert rows.text == (
        "ISO_IR 100\x1f20261121\x1fCT\x1fMüller^Hans\x1f0012345\x1f1\x1e"
        "ISO_IR 100\x1f20261121\x1fCT\\PT\x1fDoe^Jane\x1f0012345\x1f1\x1e"
    )


TEXTS = st.one_of(
    st.sampled_from(
        [b"Doe^Jane", b"M\xfcller", b" leading", b"a==c", b"a=", b"=b", b"a\\ b", b"a \\b", b'say "x"', b"a,b"]
    ),
    st.sampled_from(
        [b"=1+1", b"-1", b"\x1b$B;3ED\x1b(B", b"", b"\\", b"a\0b", b"a\x1fb", b"a\x1eb", b"a\nb", b"%s", b"\xff:"]
    ),
    st.binary(max_size=12),
)
NUMBERS = st.sampled_from(
    [b"1", b"0", b"007", b"+5", b"-5", b"1\\2", b"1.5", b"x", b"", b" 3", b"1234567890123456", b"\xb2"]
)
SETS = st.sampled_from([b"", b"ISO_IR 100", b"ISO_IR 192", b"\\ISO 2022 IR 87", b"ISO_IR 13", b"GB18030", b"nonsense"])
ANSWERS = st.builds(
    lambda name, declared, modalities, number: answer(name, declared=declared, modalities=modalities, number=number),
    TEXTS,
    SETS,
    st.sampled_from([b"CT", b"CT\\PT", b"CT\\\\PT", b"\\CT", b"C\xfcT", b"CT \\PT"]),
    NUMBERS,
)


@settings(max_examples=400, deadline=None)
@given(st.lists(ANSWERS, max_size=12), st.sampled_from(["", "ISO_IR 192", "ISO_IR 144"]))
def test_what_is_skimmed_says_the_same_as_what_is_taken_apart(answers: list[bytes], fallback: str) -> None:
    """Whatever the values hold, in CSV and in JSON."""
    columns = COLUMNS[1:]

    skimmed = read(*answers, columns=columns, fallback=fallback)

    assert told(skimmed, columns) == told([*taken_apart(answers, columns, fallback)], columns)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60), st.sampled_from(sorted(SYNTAXES)), st.booleans())
def test_bytes_that_are_no_answer_are_refused_or_read_alike(data: bytes, syntax: str, valid_before: bool) -> None:
    """Skimming lets nothing through that taking apart refuses."""
    prefix = explicit(0x00080020, b"DA", b"20261121") if valid_before else b""
    outcomes: list[tuple[str, list[object]] | None] = []
    for skims in (True, False):
        reader = RowReader(COLUMNS, syntax, "")
        if not skims:
            reader._skimmer = None
        try:
            outcomes.append(told(list(reader.read([prefix + data])), COLUMNS))
        except ProtocolError:
            outcomes.append(None)

    assert outcomes[0] == outcomes[1]


def test_one_answer_that_needs_care_spoils_only_its_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest stays plain, and the order is kept."""
    monkeypatch.setattr(rows_module, "_FEW", 1)
    names = [b"N%02d" % n for n in range(16)]
    names[5] = b'say "x"'

    rows = read(*map(answer, names))

    texts = chain.from_iterable([row.texts[3]] if isinstance(row, Row) else row.text.split("\x1e")[:-1] for row in rows)
    assert [text.split("\x1f")[3] if "\x1f" in text else text for text in texts] == [name.decode() for name in names]
    assert sum(isinstance(row, Row) for row in rows) == 1


def test_an_answer_that_cannot_be_read_comes_after_those_before_it() -> None:
    """They were good answers."""
    reader = RowReader(COLUMNS, EXPLICIT, "").read([answer(b"A"), answer(b"B"), answer(b"C")[:-3], answer(b"D")])

    rows = next(reader)
    assert isinstance(rows, PlainRows)
    assert rows.text.count("\x1e") == 2
    with pytest.raises(ProtocolError, match=r"cut off|ends in the middle"):
        next(reader)


def test_an_element_that_is_there_twice_is_refused() -> None:
    """By the first answer of its kind, and by a later one."""
    twice = answer(b"A") + explicit(0x00200013, b"IS", b"1 ")

    for answers in ([twice], [answer(b"A"), twice]):
        with pytest.raises(ProtocolError, match="there twice"):
            read(*answers)


def test_a_column_may_be_inside_a_sequence() -> None:
    """The item is said by its number, the first is meant when none is."""
    item = explicit(0x00080060, b"CS", b"CT")
    steps = b"\x40\0\0\x01" + sequence(ITEM + len(item).to_bytes(4, "little") + item)[4:]
    columns = tuple(
        f"ScheduledProcedureStepSequence{n}.{name}" for n in ("", "[0]", "[1]") for name in ("Modality", "(0008,0020)")
    )

    (row,) = read(steps, columns=columns)

    assert isinstance(row, Row)
    assert row.texts == ["CT", "", "CT", "", "", ""]


def test_memory_is_not_kept_for_kinds_of_elements_without_end() -> None:
    """A hostile peer may answer with other elements every time."""
    reader = RowReader(COLUMNS, EXPLICIT, "")
    answers = [answer(b"A") + explicit(0x00210000 + n, b"LO", b"x ") for n in range(1, 2000)]

    assert sum(1 for _ in reader.read(answers)) > 1
    assert reader._skimmer is not None
    assert len(reader._skimmer._heads) <= 200
