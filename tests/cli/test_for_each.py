"""A query asked for each row of a table: on one association, its results called by rows, and an account of every row."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

from dicomjobs.answers.json_model import decode_identifier
from tests.support.capped_scp import EXPLICIT, next_query
from tests.support.command import Ended, dicomjobs, latest
from tests.support.identifiers import explicit
from tests.support.job_files import write
from tests.support.scripted_scp import Conversation, accept, response, scripted_scp

JOB = """\
dicomjobs: 1
queries:
  by_patient: {{model: study, level: STUDY, keys: {{PatientID: "${{row.Patient}}", StudyDate: "${{row.Day}}-", AccessionNumber: }}}}
jobs:
  ask:
    for_each: {{csv: list.csv, id: Key{more}}}
    find:
      peer: {{host: 127.0.0.1, port: {port}}}
      query: by_patient
      outputs: [{{format: csv, file: ./found.csv, columns: [PatientID]}}, {{format: jsonl, file: ./found.jsonl}}]
"""


def archive(
    asked: list[tuple[str, str]], answers: Callable[[str], int], *, status: Callable[[str], int] = lambda _: 0
) -> Callable[[Conversation], None]:
    """Answer each query with so many studies as `answers` says for its patient, and then with a status."""

    def step(conversation: Conversation) -> None:
        while (data := next_query(conversation)) is not None:
            keys = decode_identifier(data, EXPLICIT, "")
            patient, day = (str(keys[tag]["Value"][0]) for tag in ("00100020", "00080020"))  # type: ignore[index]  # JSON
            asked.append((patient, day))
            for number in range(answers(patient)):
                found = explicit(0x00080050, b"SH", b"A%03d" % number) + explicit(0x00100020, b"LO", patient.encode())
                conversation.socket.sendall(response(conversation, status=0xFF00, data=found))
            conversation.socket.sendall(response(conversation, status=status(patient)))

    return step


def run(tmp_path: Path, table: bytes, *steps: Callable[[Conversation], None], more: str = "") -> Ended:
    """Run the job with a table."""
    (tmp_path / "list.csv").write_bytes(table)
    with scripted_scp(accept(transfer_syntax=EXPLICIT), *steps) as port:
        return dicomjobs("run", write(tmp_path, JOB.format(port=port, more=more)), "--reports", tmp_path / "reports")


def rows(tmp_path: Path) -> list[list[str]]:
    """Return rows.csv."""
    return list(csv.reader(io.StringIO(latest(tmp_path / "reports").text("rows.csv"))))


TABLE = b"Key,Patient,Day\nfirst,P1AA,20260101\nsecond,P2AA,20260102\nthird,P1AA,20260101\n=4,P3AA,20260103\n"


def test_each_row_is_asked_once_on_one_association_and_named_in_every_result(tmp_path: Path) -> None:
    """Rows that ask the same are folded: their matches are called by both."""
    asked: list[tuple[str, str]] = []
    ended = run(tmp_path, TABLE, archive(asked, lambda patient: int(patient[1]) - 1 if patient != "P1AA" else 1))

    assert (ended.code, ended.err) == (0, "")
    assert asked == [("P1AA", "20260101-"), ("P2AA", "20260102-"), ("P3AA", "20260103-")]
    assert (tmp_path / "found.csv").read_text().splitlines() == [
        "row.Key,PatientID",
        "first\\third,P1AA",
        "second,P2AA",
        '"\'=4",P3AA',
        '"\'=4",P3AA',
    ]
    table = latest(tmp_path / "reports").text("matches.csv")
    assert dicomjobs("report", "latest", "--reports", tmp_path / "reports", "--format", "matches").out == table
    lines = [json.loads(line) for line in (tmp_path / "found.jsonl").read_text().splitlines()]
    assert [line["row.Key"] for line in lines] == [["first", "third"], "second", "=4", "=4"]
    assert lines[3]["AccessionNumber"] == "A001"
    job = latest(tmp_path / "reports").job("ask")
    assert (job["counts"]["matches"], job["queries"], len(job["associations"])) == (4, 3, 1)


def test_what_became_of_each_row_is_told(tmp_path: Path) -> None:
    """Matched, matched nothing, failed in words; a row's failure does not keep the next from being asked."""
    ended = run(
        tmp_path,
        TABLE,
        archive([], lambda patient: patient == "P1AA", status=lambda patient: 0xA900 if patient == "P2AA" else 0),
    )

    told = rows(tmp_path)
    assert ended.code == 3
    assert told[0] == ["line", "id", "matches", "outcome", "reason", "words"]
    assert [row[:5] for row in told[1:]] == [
        ["2", "first", "1", "matched", ""],
        ["3", "second", "0", "failed", "refused"],
        ["4", "third", "1", "matched", ""],
        ["5", "'=4", "0", "no_match", ""],
    ]
    assert "A900H" in told[2][5]
    assert not (tmp_path / "found.csv").exists()


def test_rows_that_were_never_asked_are_told_too(tmp_path: Path) -> None:
    """The association broke at the second."""

    def break_off(conversation: Conversation) -> None:
        next_query(conversation)
        conversation.socket.sendall(response(conversation))
        next_query(conversation)
        conversation.socket.close()

    ended = run(tmp_path, TABLE, break_off)

    assert ended.code == 4
    assert [row[3] for row in rows(tmp_path)[1:]] == ["no_match", "failed", "no_match", "not_asked"]


def test_a_table_may_be_of_another_make(tmp_path: Path) -> None:
    """Semicolons, Latin-1, a byte order mark, quotes, and blank lines."""
    asked: list[tuple[str, str]] = []
    table = 'Key;Patient;Day\r\nM\u00fcller;"P1 A";20260101\r\n\r\n'.encode("latin-1")
    ended = run(tmp_path, table, archive(asked, lambda _: 1), more=', delimiter: ";", encoding: latin-1')

    assert (ended.code, asked) == (0, [("P1 A", "20260101-")])
    assert (tmp_path / "found.csv").read_text().splitlines()[1] == "M\u00fcller,P1 A"

    ended = run(tmp_path, b"\xef\xbb\xbf" + TABLE, archive([], lambda _: 0))
    assert ended.code == 0


def test_the_table_is_an_input_of_the_plan_and_shown_in_it(tmp_path: Path) -> None:
    """Its digest is there, and what is asked for which row."""
    (tmp_path / "list.csv").write_bytes(TABLE)
    job = write(tmp_path, JOB.format(port=11112, more=""))

    dicomjobs("plan", job, "-o", tmp_path / "plan.json")
    before = json.loads((tmp_path / "plan.json").read_text())
    (tmp_path / "list.csv").write_bytes(TABLE + b"fifth,P5,20260105\n")
    dicomjobs("plan", job, "-o", tmp_path / "plan.json")
    after = json.loads((tmp_path / "plan.json").read_text())

    assert [len(each["jobs"][0]["step"]["queries"]) for each in (before, after)] == [3, 4]
    assert before["inputs"][1]["path"].endswith("list.csv")
    assert before["inputs"][1]["sha256"] != after["inputs"][1]["sha256"]
    shown = dicomjobs("plan", job).out
    assert "5 rows, 4 different queries, called by Key" in shown
    assert "identifier for first, third" in shown


def test_the_resolved_document_still_says_where_cells_go(tmp_path: Path) -> None:
    """As it was written."""
    (tmp_path / "list.csv").write_bytes(TABLE)

    assert "'${row.Patient}'" in dicomjobs("show", write(tmp_path, JOB.format(port=11112, more=""))).out


def test_a_table_without_rows_asks_nobody(tmp_path: Path) -> None:
    """A list that is made every night may be empty; the outputs are, too."""
    (tmp_path / "list.csv").write_bytes(b"Key,Patient,Day\n")

    ended = dicomjobs("run", write(tmp_path, JOB.format(port=9, more="")), "--reports", tmp_path / "reports")

    job = latest(tmp_path / "reports").job("ask")
    assert (ended.code, job["associations"], job["counts"]["matches"]) == (0, [], 0)
    assert (tmp_path / "found.csv").read_text() == "row.Key,PatientID\n"
