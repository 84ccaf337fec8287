"""YAML is read strictly: everything stays what was typed, and what could mean something else is refused."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from dicomjobs.config.documents import Document, parse_document, read_document, with_source_lines
from dicomjobs.config.nodes import Mapping, Node, Scalar, Sequence
from dicomjobs.diagnostics import Diagnostic, Location, Severity


def plain(node: Node) -> object:
    """Return a tree as dicts, lists and texts."""
    match node:
        case Scalar(text=text):
            return text
        case Sequence(items=items):
            return [plain(item) for item in items]
        case Mapping(entries=entries):
            return {entry.key.text: plain(entry.value) for entry in entries}


def read(text: str) -> object:
    """Return what a text without mistakes says."""
    document, diagnostics = parse_document(text.encode(), "job.yaml")

    assert diagnostics == ()
    assert document is not None
    return plain(document.root)


def codes(text: str | bytes) -> list[str]:
    """Return the codes of what is wrong with a text."""
    content = text if isinstance(text, bytes) else text.encode()
    return [diagnostic.code for diagnostic in parse_document(content, "job.yaml")[1]]


def only(text: str) -> Diagnostic:
    """Return the one thing that is wrong with a text."""
    (diagnostic,) = parse_document(text.encode(), "job.yaml")[1]
    return diagnostic


@pytest.mark.parametrize(
    "typed",
    [
        "0012345",
        "10:30:00",
        "NO",
        "on",
        "null",
        "~",
        "1.10",
        "1.2.840.10008.1.1",
        "2026-01-01",
        "1_000",
        "0x10",
        "?OE",
        "DOE*",
    ],
)
def test_a_scalar_stays_what_was_typed(typed: str) -> None:
    """Nothing becomes a number, a date or a truth value."""
    assert read(f"a: {typed}\n{typed}: b\n") == {"a": typed, typed: "b"}


def test_a_scalar_knows_its_place_and_whether_it_was_quoted() -> None:
    """Lines and columns count from 1, characters and not bytes, quotes belong to the width."""
    document, _ = parse_document('ä: [é, "ü"]\n'.encode(), "job.yaml")

    assert document is not None
    (entry,) = document.root.entries
    assert isinstance(entry.value, Sequence)
    assert entry.key.location == Location(file="job.yaml", line=1, column=1, width=1)
    assert entry.value.items == (
        Scalar(text="é", plain=True, location=Location(file="job.yaml", line=1, column=5, width=1)),
        Scalar(text="ü", plain=False, location=Location(file="job.yaml", line=1, column=8, width=3)),
    )


def test_an_alias_stands_for_its_anchor() -> None:
    """Anchors and aliases are allowed within limits."""
    assert read("a: &x {b: [1]}\nc: *x\n") == {"a": {"b": ["1"]}, "c": {"b": ["1"]}}


def test_a_byte_order_mark_at_the_start_is_no_part_of_the_text() -> None:
    """Files from Windows editors begin with one."""
    document, diagnostics = parse_document(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", "job.yaml")

    assert diagnostics == ()
    assert document is not None
    assert plain(document.root) == {"a": "1", "b": "2"}
    assert document.text_lines == ("a: 1", "b: 2", "")


def test_a_comment_after_nothing_is_a_comment_when_a_space_follows_the_hash() -> None:
    """A return key may have a remark."""
    assert read("PatientID:   # asked for\nPatientName: #\n") == {"PatientID": "", "PatientName": ""}


def test_a_backslash_in_double_quotes_is_welcome_outside_of_keys() -> None:
    """An escape that can be seen is no problem where nothing is matched."""
    assert read('a: "C:\\\\data"\n') == {"a": "C:\\data"}


def test_a_backslash_under_keys_is_found_behind_an_alias_too() -> None:
    """What is matched is looked at where it is used."""
    diagnostic = only('a: &v "CT\\\\PT"\nkeys: {Modality: *v}\n')

    assert diagnostic.code == "DJ118"
    assert diagnostic.location == Location(file="job.yaml", line=1, column=4, width=11)


def test_single_quotes_keep_backslashes_under_keys() -> None:
    """Several values may be typed as DICOM separates them."""
    assert read("keys: {Modality: 'CT\\PT'}\n") == {"keys": {"Modality": "CT\\PT"}}


def test_several_problems_are_told_at_once() -> None:
    """Only a syntax error ends the reading."""
    assert codes("a: 1\na: 2\n<<: {}\nb: !x 1\nc: #1\n") == ["DJ113", "DJ112", "DJ111", "DJ117"]


def test_the_first_of_two_values_is_kept_for_further_checks() -> None:
    """A duplicate key does not hide other mistakes."""
    document, _ = parse_document(b"a: 1\na: 2\n", "job.yaml")

    assert document is not None
    assert plain(document.root) == {"a": "1"}


def test_a_refused_value_is_not_looked_at_again() -> None:
    """It is marked as unresolved, so that no second mistake is made of it."""
    document, _ = parse_document(b"a: #1\nb: !2\nc: *d\n", "job.yaml")

    assert document is not None
    assert [isinstance(e.value, Scalar) and e.value.unresolved for e in document.root.entries] == [True] * 3


def test_a_diagnostic_carries_its_source_line() -> None:
    """What cannot be parsed has no document to quote from later."""
    assert only("a: 1\nb: *.dcm\n").source_line == "b: *.dcm"


def test_both_lines_of_a_duplicate_key_are_named() -> None:
    """The first place is as interesting as the second."""
    assert only("a: 1\nb: 2\na: 3\n").summary == "`a` is given twice: first in line 1, again in line 3"


def test_a_file_is_read_with_its_digest(tmp_path: Path) -> None:
    """The digest is of the bytes on disk."""
    path = tmp_path / "job.yaml"
    path.write_bytes(b"dicomjobs: 1\n")

    document, diagnostics = read_document(str(path))

    assert diagnostics == ()
    assert document is not None
    assert document.path == str(path)
    assert document.sha256 == hashlib.sha256(b"dicomjobs: 1\n").hexdigest()


def test_a_file_is_not_read_beyond_its_limit(tmp_path: Path) -> None:
    """A file of any length costs 1 MiB at most."""
    path = tmp_path / "job.yaml"
    with path.open("wb") as file:
        file.truncate(1 << 40)

    document, (diagnostic,) = read_document(str(path))

    assert document is None
    assert diagnostic.code == "DJ102"


def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    """Reading one could block for ever."""
    path = tmp_path / "pipe"
    os.mkfifo(path)

    assert [diagnostic.code for diagnostic in read_document(str(path))[1]] == ["DJ101"]


@pytest.mark.parametrize("name", ["missing.yaml", ".", "a\0b"])
def test_what_cannot_be_opened_is_a_diagnostic(name: str, tmp_path: Path) -> None:
    """A missing file, a folder and an impossible name."""
    assert [diagnostic.code for diagnostic in read_document(f"{tmp_path}/{name}")[1]] == ["DJ101"]


def quoting(*diagnostics: Diagnostic) -> list[str]:
    """Return the source lines that diagnostics get from a document of three lines."""
    lines = ("one: 1", "two: {secret: swordfish, other: x}", "three: 3")
    root = Mapping(entries=(), location=Location(file="f", line=1, column=1))
    document = Document(path="f", sha256="", text_lines=lines, root=root)
    return [diagnostic.source_line for diagnostic in with_source_lines(diagnostics, [document])]


def diagnostic_at(line: int, column: int, width: int = 1, *, code: str = "DJ201", file: str = "f") -> Diagnostic:
    """Return a diagnostic at a place."""
    place = Location(file=file, line=line, column=column, width=width)
    return Diagnostic(code=code, severity=Severity.ERROR, summary="", location=place)


def test_source_lines_are_added_where_there_is_one() -> None:
    """Another file, a line beyond the end and a diagnostic without a place have none."""
    nowhere = Diagnostic(code="DJ101", severity=Severity.ERROR, summary="")

    assert quoting(diagnostic_at(3, 1), diagnostic_at(9, 1), diagnostic_at(1, 1, file="g"), nowhere) == [
        "three: 3",
        "",
        "",
        "",
    ]


def test_a_secret_in_the_file_is_not_repeated_in_any_diagnostic_of_its_line() -> None:
    """Neither where it is refused nor where something else on its line is."""
    secret = diagnostic_at(2, 15, 9, code="DJ208")
    read_before = replace(diagnostic_at(2, 1), source_line="two: {secret: swordfish, other: x}")

    assert quoting(secret, diagnostic_at(2, 26), read_before) == ["two: {secret: *********, other: x}"] * 3
