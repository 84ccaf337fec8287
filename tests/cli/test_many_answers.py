"""Memory while answers stream: the same for many as for few, whole process, CSV out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.measure import DICOMJOBS, measure
from tests.support.answer_stream import KEYS, answer_stream
from tests.support.job_files import write

SLACK = 12 << 20
"""Bytes by which two runs may differ that do the same."""


def peak_of(tmp_path: Path, answers: int) -> int:
    """Run a query with so many answers; returns the peak of the process's resident memory in bytes, once everything was there."""
    text = f"""\
dicomjobs: 1
jobs:
  ask:
    find:
      peer: {{host: 127.0.0.1, port: PORT}}
      query: {{model: study, level: STUDY, keys: {{{", ".join(f"{key}: " for key in KEYS)}}}}}
      outputs: [{{format: csv, file: ./out.csv, columns: [PatientID, StudyDate, PatientName]}}]
"""
    tmp_path.mkdir()
    with answer_stream(answers) as port:
        job = write(tmp_path, text.replace("PORT", str(port)))
        measured = measure([*DICOMJOBS, "run", job, "--reports", str(tmp_path / "reports")])
    run = tmp_path / "reports" / "latest"
    assert measured.code == 0
    assert json.loads((run / "report.json").read_text())["jobs"][0]["counts"]["matches"] == answers
    for table in (tmp_path / "out.csv", run / "matches.csv"):
        with table.open("rb") as file:
            assert sum(1 for _ in file) == answers + 1
    return measured.peak_bytes


def test_twenty_thousand_answers_take_no_more_memory_than_two_thousand(tmp_path: Path) -> None:
    """What is held is what came together."""
    few, many = peak_of(tmp_path / "few", 2_000), peak_of(tmp_path / "many", 20_000)

    assert many < few + SLACK


@pytest.mark.long
def test_a_million_answers_take_no_more_memory_than_two_thousand(tmp_path: Path) -> None:
    """About half a minute and two gigabytes of disk."""
    few, many = peak_of(tmp_path / "few", 2_000), peak_of(tmp_path / "many", 1_000_000)

    assert many < few + SLACK
