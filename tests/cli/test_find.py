"""`dicomjobs find`: the everyday query from the shell, against a peer of our own."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import pytest

from dicomjobs.cli import find as find_module
from tests.support.command import Ended, dicomjobs
from tests.support.identifiers import explicit
from tests.support.scripted_scp import (
    RELEASE_RP,
    Conversation,
    Step,
    accept,
    match,
    read_message,
    respond,
    scripted_scp,
)

EXPLICIT = "1.2.840.10008.1.2.1"


def study(number: int, name: bytes = b"Doe^Jane") -> bytes:
    """Encode a study."""
    values = (
        (0x00080005, b"CS", b"ISO_IR 100"),
        (0x00080020, b"DA", b"2026112%d" % number),
        (0x00100010, b"PN", name),
        (0x00100020, b"LO", b"P%03d" % number),
    )
    return b"".join(explicit(tag, vr, value + b" " * (len(value) % 2)) for tag, vr, value in values)


def release(conversation: Conversation) -> None:
    """Let the association end."""
    conversation.read_pdu()
    conversation.socket.sendall(RELEASE_RP)


def ask(*arguments: str, steps: tuple[Step, ...] = (match(study(1), study(2, b"M\xfcller")), respond())) -> Ended:
    """Ask a script."""
    with scripted_scp(accept(transfer_syntax=EXPLICIT), read_message(), *steps, release) as port:
        return dicomjobs("find", f"ARCHIVE@127.0.0.1:{port}", *arguments)


def rows(ended: Ended) -> list[dict[str, str]]:
    """Read CSV that was printed."""
    return list(csv.DictReader(io.StringIO(ended.out)))


def test_matches_are_printed_as_csv_into_a_pipe() -> None:
    """With what was asked for, and what everybody wants to know of a study."""
    ended = ask("StudyDate=20261120-", "OtherPatientIDs")

    assert (ended.code, ended.err) == (0, "")
    assert [(row["PatientID"], row["PatientName"]) for row in rows(ended)] == [
        ("P001", "Doe^Jane"),
        ("P002", "M\u00fcller"),
    ]
    assert list(rows(ended)[0])[:4] == ["OtherPatientIDs", "StudyDate", "StudyTime", "PatientID"]
    assert "NumberOfStudyRelatedInstances" in rows(ended)[0]


def test_json_is_the_dicom_json_model_and_jsonl_the_table() -> None:
    """A match a line."""
    model = [json.loads(line) for line in ask("--format", "json").out.splitlines()]
    table = [json.loads(line) for line in ask("--format", "jsonl").out.splitlines()]

    assert [each["00100010"]["Value"][0]["Alphabetic"] for each in model] == ["Doe^Jane", "M\u00fcller"]
    assert [each["PatientName"] for each in table] == ["Doe^Jane", "M\u00fcller"]


def test_a_table_can_be_had_anywhere() -> None:
    """With headings, and nothing that steers a terminal."""
    ended = ask("--format", "table", steps=(match(study(1, b"\x1b[31mred")), respond()))

    assert "PatientID" in ended.out
    assert "P001" in ended.out
    assert "\x1b[31m" not in ended.out


def test_a_table_is_the_answer_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """And how many matches there were is said beside it."""
    monkeypatch.setattr(find_module, "_on_a_terminal", lambda: True)

    ended = ask()

    assert "," not in ended.out.splitlines()[0]
    assert "2 matches" in ended.err


def test_no_match_is_said_and_is_no_failure() -> None:
    """A heading alone would be taken for a mistake."""
    ended = ask(steps=(respond(),))

    assert (ended.code, rows(ended)) == (0, [])
    assert "0 matches" in ended.err


@pytest.mark.parametrize(
    ("steps", "code", "words"),
    [
        ((match(study(1)), respond(status=0xA900)), 3, "A900H"),
        ((match(study(1)), respond(status=0xA700)), 4, "A700H"),
        ((match(study(1)), lambda conversation: conversation.socket.close()), 4, "closed the connection"),
    ],
)
def test_an_answer_cut_short_is_told_and_is_in_the_exit_code(steps: tuple[Step, ...], code: int, words: str) -> None:
    """What had come is printed all the same."""
    with scripted_scp(accept(transfer_syntax=EXPLICIT), read_message(), *steps, lambda _: None) as port:
        ended = dicomjobs("find", f"ARCHIVE@127.0.0.1:{port}")

    assert (ended.code, len(rows(ended))) == (code, 1)
    assert words in ended.err
    assert "The answer is not complete." in ended.err


def test_most_stops_the_query() -> None:
    """With exit code 3: there are more."""
    ended = ask(
        "--most",
        "1",
        steps=(match(study(1), study(2)), read_message(), respond(status=0xFE00, field=0x8020, message_id=1)),
    )

    assert (ended.code, len(rows(ended))) == (3, 1)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("StudyDate=yesterday",), "DJ505"),
        (("PatientNmae=x",), "DJ501"),
        (("PatientID=1", "PatientID=2"), "DJ113"),
        (("StudyDate=${tomorrow}",), "DJ4"),
        (("--level", "PATIENT", "--model", "study"), "DJ5"),
    ],
)
def test_a_mistake_is_told_before_anybody_is_asked(arguments: tuple[str, ...], code: str) -> None:
    """By the rules of a document."""
    ended = dicomjobs("find", "ARCHIVE@127.0.0.1:9", *arguments)

    assert ended.code == 2
    assert code in ended.err


def identifiers(*arguments: str) -> Iterator[str]:
    """Return what `plan` would show of the query that arguments mean."""
    from dicomjobs.cli.arguments import parse_arguments

    query, _ = find_module._query(parse_arguments(["find", "archive", *arguments]))
    yield f"{query.model.value} {query.level.value if query.level else ''}"
    for element in query.identifier:
        yield f"{element.tag:08X}={'/'.join(element.values)}"


def test_keys_mean_what_they_mean_in_a_document() -> None:
    """Several values, tags, paths, quotes and expressions; keys may stand behind options."""
    found = list(
        identifiers("ModalitiesInStudy=CT\\PT", "-f", "site.yaml", "0010,0010=O'NEIL*", "StudyDate=${today-1d}-")
    )

    assert {"study STUDY", "00080061=CT/PT", "00100010=O'NEIL*", "00080052=STUDY"} <= set(found)
    assert any(each.startswith("00080020=20") and each.endswith("-") for each in found)


def test_levels_and_models() -> None:
    """A patient is asked for in the patient root; a worklist has no level."""
    assert next(identifiers("--level", "PATIENT")) == "patient PATIENT"
    assert next(identifiers("--level", "SERIES", "StudyInstanceUID=1.2")) == "study SERIES"
    assert next(identifiers("--model", "worklist")) == "worklist "
    assert any(each.startswith("00400100") for each in identifiers("--model", "worklist"))


def test_what_is_no_key_is_refused() -> None:
    """An option that there is not is no key."""
    assert dicomjobs("find", "ARCHIVE@127.0.0.1:9", "--nonsense").code == 2
