"""Queries to a real archive of several hundred studies, and what becomes of their matches."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent

import pytest

from tests.support.command import Ended, RunDirectory, dicomjobs, latest, peer_yaml
from tests.support.instances import make_instance
from tests.support.job_files import write
from tests.support.peers import Peer, dcmqrscp, free_port, run_program

STUDIES = 300
ALL = "StudyInstanceUID: , StudyDate: , PatientID: , PatientName: , StudyDescription: "


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """A dcmqrscp with three hundred studies, put there by DCMTK's own tool."""
    folder = tmp_path_factory.mktemp("studies")
    for n in range(STUDIES):
        day = f"202601{n % 28 + 1:02}"
        extra = ((0x00080020, "DA", day), (0x00081030, "LO", f'chest, "{n}"'), (0x00100020, "LO", f"P{n:03}"))
        make_instance(folder / f"{n}.dcm", study=n, rows=0, extra=extra)
    with dcmqrscp(tmp_path_factory.mktemp("dcmqrscp"), nodelay=True) as peer:
        sent = run_program("storescu", "-aec", peer.ae_title, "+sd", peer.host, peer.port, folder, nodelay=True)
        assert sent.returncode == 0, sent.stderr
        yield peer


def ask(tmp_path: Path, port: int, keys: str = ALL, *, more: str = "", called: str = "QRSCP") -> Ended:
    """Run one query at study level; `more` are further keys of the job, a line each."""
    text = f"""\
dicomjobs: 1
jobs:
  ask:
    find:
      peer: {peer_yaml(port, called=called)}
      query: {{model: study, level: STUDY, keys: {{{keys}}}}}
"""
    return dicomjobs("run", write(tmp_path, text + indent(more, " " * 6)), "--reports", tmp_path / "reports")


def table(path: Path) -> list[dict[str, str]]:
    """Read a CSV file."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def the_run(tmp_path: Path) -> RunDirectory:
    """Return the last run of a test."""
    return latest(tmp_path / "reports")


def test_several_hundred_matches_come_out_as_a_table_and_as_lines(tmp_path: Path, archive: Peer) -> None:
    """Both in the run directory, as many as findscu gets, values with commas and quotes whole."""
    ended = ask(tmp_path, archive.port)

    keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID")
    findscu = run_program("findscu", "-v", "-S", "-aec", archive.ae_title, *keys, archive.host, archive.port)
    run = the_run(tmp_path)
    rows = table(run.path / "matches.csv")
    lines = [json.loads(line) for line in run.text("matches.jsonl").splitlines()]
    assert (ended.code, ended.err, run.job("ask")["counts"]["matches"]) == (0, "", STUDIES)
    assert (findscu.stdout + findscu.stderr).count("(0020,000d)") >= STUDIES == len(rows) == len(lines)
    assert {row["StudyDescription"] for row in rows} == {f'chest, "{n}"' for n in range(STUDIES)}
    assert sorted(row["PatientID"] for row in rows) == [f"P{n:03}" for n in range(STUDIES)]
    assert [row["StudyInstanceUID"] for row in rows] == [line["StudyInstanceUID"] for line in lines]


def test_keys_narrow_the_answer_to_what_matches(tmp_path: Path, archive: Peer) -> None:
    """A range of dates and a wildcard, matched by the peer."""
    ask(tmp_path, archive.port, 'StudyDate: "20260101-20260102", PatientID: "P0*", StudyInstanceUID: ')

    rows = table(the_run(tmp_path).path / "matches.csv")
    assert {row["StudyDate"] for row in rows} == {"20260101", "20260102"}
    assert len(rows) == len([n for n in range(100) if n % 28 < 2])


def test_outputs_go_where_the_job_says(tmp_path: Path, archive: Peer) -> None:
    """A bare name to the run directory, a path with a folder from the job file, an absolute one as it is; columns in order."""
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    more = f"""\
outputs:
  - {{format: csv, file: studies.csv, columns: [StudyDate, PatientID]}}
  - {{format: jsonl, file: out/studies.jsonl, columns: [PatientID]}}
  - {{format: csv, file: {tmp_path}/elsewhere/all.csv}}
"""
    ended = ask(tmp_path, archive.port, ALL.replace("PatientID: ", "PatientID: P007"), more=more)

    assert (ended.code, ended.err) == (0, "")
    assert (the_run(tmp_path).path / "studies.csv").read_text() == "StudyDate,PatientID\n20260108,P007\n"
    assert (tmp_path / "out" / "studies.jsonl").read_text() == '{"PatientID":"P007"}\n'
    assert [row["StudyDescription"] for row in table(tmp_path / "elsewhere" / "all.csv")] == ['chest, "7"']
    assert (tmp_path / "elsewhere" / "all.csv").stat().st_mode & 0o777 == 0o600


def test_a_second_run_replaces_an_output_unless_it_must_not(tmp_path: Path, archive: Peer) -> None:
    """With `if_exists: fail` nothing is sent, and no run is left behind."""
    (tmp_path / "out").mkdir()
    replace = "outputs: [{format: csv, file: out/a.csv, columns: [PatientID]}]\n"
    fail = replace.replace("columns", "if_exists: fail, columns")

    first = ask(tmp_path, archive.port, "PatientID: P001", more=fail)
    second = ask(tmp_path, archive.port, "PatientID: P002", more=replace)
    third = ask(tmp_path, free_port(), "PatientID: P003", more=fail)

    assert (first.code, second.code, third.code) == (0, 0, 2)
    assert (tmp_path / "out" / "a.csv").read_text() == "PatientID\nP002\n"
    assert "a.csv exists already" in third.err
    assert len(list((tmp_path / "reports").glob("2*"))) == 2


def test_an_output_whose_folder_is_missing_is_refused_before_anybody_is_asked(tmp_path: Path) -> None:
    """Nobody listens at that port, and it does not matter."""
    more = "outputs: [{format: csv, file: nowhere/a.csv}]\n"

    ended = ask(tmp_path, free_port(), "PatientID: P001", more=more)

    assert ended.code == 2
    assert "there is no folder" in ended.err
    assert list((tmp_path / "reports").glob("2*")) == []


def test_more_matches_than_allowed_are_never_published(tmp_path: Path, archive: Peer) -> None:
    """Code 3; what came lies in the run directory and is called incomplete, yesterday's table stays."""
    (tmp_path / "a.csv").write_text("yesterday\n")
    more = f"max_matches: 10\noutputs: [{{format: csv, file: {tmp_path}/a.csv}}]\n"

    ended = ask(tmp_path, archive.port, more=more)

    run = the_run(tmp_path)
    assert ended.code == 3
    assert "10 matches (incomplete)" in ended.out
    assert (run.job("ask")["truncated"], run.job("ask")["outcome"]) == (True, "failed")
    assert run.job("ask")["failures"][0]["reason"] == "truncated"
    assert len(table(run.path / "matches.csv")) == 10
    assert (tmp_path / "a.csv").read_text() == "yesterday\n"


def test_exactly_as_many_matches_as_allowed_are_fine(tmp_path: Path, archive: Peer) -> None:
    """The limit is the most there may be."""
    ended = ask(tmp_path, archive.port, more=f"max_matches: {STUDIES}\n")

    assert (ended.code, the_run(tmp_path).job("ask")["truncated"]) == (0, False)


def test_cancel_after_asks_the_peer_to_end_and_is_a_success(tmp_path: Path, archive: Peer) -> None:
    """A C-CANCEL goes out after the fifth match (PS3.7 9.3.2.3), and no match after it is reported."""
    ended = ask(tmp_path, archive.port, more="cancel_after: 5\n")

    job = the_run(tmp_path).job("ask")
    assert (ended.code, job["counts"]["matches"], job["associations"][0]["ended_by"]) == (0, 5, "release")
    assert len(table(the_run(tmp_path).path / "matches.csv")) == 5


@pytest.mark.parametrize(("policy", "code"), [("ok", 0), ("fail", 3)])
def test_no_match_is_an_empty_table_or_a_failure(tmp_path: Path, archive: Peer, policy: str, code: int) -> None:
    """As the job wants it; a failed job publishes nothing."""
    more = f"if_no_match: {policy}\noutputs: [{{format: csv, file: {tmp_path}/a.csv, columns: [PatientID]}}]\n"

    ended = ask(tmp_path, archive.port, "PatientID: NOBODY", more=more)

    assert ended.code == code
    assert (tmp_path / "a.csv").exists() is (code == 0)
    assert ("matched nothing" in ended.out) is (code == 3)
