"""Query files are part of a plan: read when it is made, told of when they cannot be, and never opened by `check`."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from dicomjobs.model.association import ExtendedNegotiation
from tests.support.command import dicomjobs
from tests.support.finding_scp import finding_scp
from tests.support.job_files import write

JOB = """\
dicomjobs: 1
jobs:
  ask:
    find:
      peer: {host: pacs, port: 104, character_set: ISO_IR 100}
      repeat: 2
      query:
        model: study
        files: [one.dump, two.dump]
        negotiate: [relational]
        keys: {PatientName: "Miller*"}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: a job file with two query files."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, JOB)
    (tmp_path / "one.dump").write_bytes(b"(0008,0052) CS [STUDY]\n(0010,0010) PN [J\xfcrgen]\n(0010,0020) LO []\n")
    (tmp_path / "two.dump").write_bytes(b"(0008,0052) CS [SERIES]\n(0008,1030) LO [J\xfcrgen]\n")
    return tmp_path


def _plan(*arguments: str) -> Any:
    """Return the plan as JSON."""
    ended = dicomjobs("plan", "job.yaml", "--format", "json", *arguments)
    assert (ended.code, ended.err) == (0, "")
    return json.loads(ended.out)


@pytest.mark.usefixtures("folder")
def test_the_plan_holds_each_query_with_the_keys_laid_over_it() -> None:
    """And the files among its inputs."""
    plan = _plan()

    queries = plan["jobs"][0]["step"]["queries"]
    texts = [{e["tag"]: "\\".join(e["values"]) for e in query["identifier"]} for query in queries]
    assert texts == [
        {"00080052": "STUDY", "00100010": "Miller*", "00100020": ""},
        {"00080052": "SERIES", "00081030": "J\u00fcrgen", "00100010": "Miller*"},
    ]
    assert [each["sha256"] for each in plan["inputs"][1:]] == [
        sha256(Path(name).read_bytes()).hexdigest() for name in ("one.dump", "two.dump")
    ]


@pytest.mark.usefixtures("folder")
def test_a_person_sees_which_query_is_of_which_file() -> None:
    """With what is negotiated, and how often each is asked."""
    lines = dicomjobs("plan", "job.yaml").out.splitlines()

    assert [line.split("/")[0] for line in lines if "identifier" in line] == ["  identifier of ", "  identifier of "]
    assert "    extended negotiation 01 (relational) for StudyRootQueryRetrieveInformationModelFind" in lines
    assert "  asked 2 times each" in lines


@pytest.mark.parametrize("command", [("plan",), ("run",), ("check", "--here")])
def test_a_file_that_is_no_query_is_told_with_every_other(folder: Path, command: tuple[str, ...]) -> None:
    """Before anybody is asked."""
    (folder / "one.dump").unlink()
    (folder / "two.dump").write_bytes(b"hello")
    os.mkfifo(folder / "three.dump")
    write(folder, JOB.replace("two.dump]", "two.dump, three.dump]"))

    ended = dicomjobs(*command, "job.yaml")

    assert ended.code == 2
    assert "DJ601 query ask.query" in ended.err
    assert "one.dump: No such file" in ended.err
    assert "DJ638 query ask.query" in ended.err
    assert "two.dump: it is no dump" in ended.err
    assert "three.dump: not a regular file" in ended.err


def test_a_private_key_does_not_take_the_block_of_another_creator(folder: Path) -> None:
    """The file's own private elements would be taken for somebody else's."""
    (folder / "one.dump").write_text("(0009,0010) LO [ACME]\n(0009,1001) UN 41\n")
    write(folder, JOB.replace("{PatientName:", "{'(0009,\"OTHER\",01)': 42, PatientName:"))

    ended = dicomjobs("plan", "job.yaml")

    assert ended.code == 2
    assert "it reserves (0009,0010) for ACME, the keys for OTHER" in ended.err


def test_check_opens_no_query_file(folder: Path) -> None:
    """It is fit for a commit hook, on a machine that has none of them."""
    (folder / "one.dump").unlink()

    assert dicomjobs("check", "job.yaml").code == 0


def test_what_a_query_negotiates_is_what_the_peer_is_told(tmp_path: Path) -> None:
    """PS3.7 D.3.3.5: one item for the information model, a byte for each word up to the last."""
    with finding_scp({}) as scp:
        text = f"""\
dicomjobs: 1
jobs:
  ask:
    find:
      peer: {{host: 127.0.0.1, port: {scp.port}}}
      query: {{model: study, level: SERIES, negotiate: [fuzzy_names, relational], keys: {{Modality: CT}}}}
"""
        ended = dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports", "-q")
        heard = scp.next_heard()

    assert (ended.code, ended.err) == (0, "")
    assert heard.request.user.extended_negotiation == (
        ExtendedNegotiation(sop_class_uid="1.2.840.10008.5.1.4.1.2.2.1", information="010001"),
    )
