"""The resolved document, each value with where it came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomjobs.config.workspace import MissingParameters, load_workspace, show_workspace
from tests.support.job_files import NOW, write

SITE = """
    dicomjobs: 1
    peers:
      archive: {host: "${host}", port: 104, tls: {certificate: c.pem, key_password: {env: PACS_KEY}, system_trust: true}}
    """

JOB = """
    dicomjobs: 1
    include: [sites/site.yaml]
    parameters: {host: null, days: "1"}
    queries:
      q:
        model: study
        level: STUDY
        keys: {StudyDate: "${today-${days}d}", PatientID: 0012345, PatientName: , StudyDescription: "$${x} 'a'"}
    jobs:
      find: {find: {peer: archive, query: q, outputs: [{format: csv, file: a.csv}]}}
    """


def show(folder: Path, monkeypatch: pytest.MonkeyPatch, *, missing: MissingParameters, **settings: str) -> str:
    """Write the two files and show them."""
    write(folder, SITE, "sites/site.yaml")
    write(folder, JOB)
    monkeypatch.chdir(folder)
    return show_workspace("job.yaml", settings=settings, now=NOW, at="2026-11-21", missing_parameters=missing)


def line_of(text: str, key: str) -> list[str]:
    """The value and the comment of the first line with a key."""
    line = next(line for line in text.splitlines() if line.lstrip(" -").startswith(f"{key}:"))
    value, _, comment = line.partition("  #")
    return [value.partition(":")[2].strip(), comment.strip()]


def test_every_value_says_where_it_came_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file and line, an expression, --set or the schema's default."""
    text = show(tmp_path, monkeypatch, missing=MissingParameters.REFUSE, host="pacs")

    assert line_of(text, "archive") == ["", ""]
    assert text.splitlines()[0].split() == ["dicomjobs:", "1", "#", "job.yaml:1"]
    assert "    host: pacs" in text
    assert line_of(text, "host") == ["pacs", "sites/site.yaml:3, from ${host}"]
    assert line_of(text, "port") == ["104", "sites/site.yaml:3"]
    assert line_of(text, "called_ae_title") == ["ANY-SCP", "default"]
    assert line_of(text, "days") == ["'1'", "job.yaml:3"]
    assert line_of(text, "StudyDate") == ["'20261120'", "job.yaml:8, from ${today-${days}d}"]
    assert line_of(text, "PatientID") == ["'0012345'", "job.yaml:8"]
    assert line_of(text, "PatientName") == ["", "job.yaml:8"]
    assert "host: pacs" in text.split("parameters:")[1]
    assert text.split("parameters:")[1].splitlines()[1].endswith("# job.yaml:3, --set")


def test_secrets_stay_pointers_and_paths_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bare output file lands in the run directory, so it stays bare."""
    monkeypatch.setenv("PACS_KEY", "CANARY")
    text = show(tmp_path, monkeypatch, missing=MissingParameters.REFUSE, host="pacs")

    assert line_of(text, "env")[0] == "PACS_KEY"
    assert "CANARY" not in text
    assert line_of(text, "certificate")[0].strip("'") == str(tmp_path / "sites/c.pem")
    assert line_of(text, "file")[0] == "a.csv"


def test_what_is_not_given_yet_is_shown_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its expression."""
    text = show(tmp_path, monkeypatch, missing=MissingParameters.TOLERATE)

    assert line_of(text, "host") == ["'${host}'", "sites/site.yaml:3, not given yet"]


def test_what_is_shown_loads_to_the_same_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a job file without includes and expressions."""
    text = show(tmp_path, monkeypatch, missing=MissingParameters.REFUSE, host="pacs")
    again = write(tmp_path, text, "elsewhere/shown.yaml")
    first, _ = load_workspace(
        "job.yaml", settings={"host": "pacs"}, now=NOW, at="2026-11-21", missing_parameters=MissingParameters.REFUSE
    )
    second, _ = load_workspace(again, settings={}, now=NOW, at=None, missing_parameters=MissingParameters.REFUSE)

    assert first.jobs == second.jobs
