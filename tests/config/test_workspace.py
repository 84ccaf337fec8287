"""From a job file to jobs."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from dicomjobs.config.workspace import MissingParameters, SourceFile, load_workspace, select_jobs
from dicomjobs.diagnostics import InvalidInput
from dicomjobs.dicom.attributes import by_tag
from dicomjobs.model.job import FindJob
from tests.support.job_files import NOW, codes, complaints, load, load_with_warnings, write

VALID = sorted((Path(__file__).parents[1] / "examples" / "valid").glob("*.yaml"))


@pytest.mark.parametrize("file", VALID, ids=lambda file: file.name)
def test_every_valid_example_loads_without_a_word(file: Path) -> None:
    """They are what people copy from."""
    workspace, warnings = load_with_warnings(str(file))

    assert warnings == ()
    assert workspace.declared


def test_every_input_is_named_with_its_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan says what it was made from."""
    write(tmp_path, "dicomjobs: 1\n", "sites/site.yaml")
    write(tmp_path, "dicomjobs: 1\ninclude: [sites/site.yaml]\n")
    monkeypatch.chdir(tmp_path)
    workspace, _ = load_with_warnings("job.yaml")

    assert workspace.file == "job.yaml"
    assert workspace.inputs == tuple(
        SourceFile(path=path, sha256=hashlib.sha256(Path(path).read_bytes()).hexdigest())
        for path in ("job.yaml", "sites/site.yaml")
    )


def test_the_runs_moment_is_in_the_documents_timezone(tmp_path: Path) -> None:
    """The host's, where it names none; --at fixes it."""
    tokyo = "timezone: Asia/Tokyo\n"

    assert load(tmp_path, tokyo).at.isoformat() == "2026-11-22T07:30:45+09:00"
    assert load(tmp_path, tokyo, at="2026-01-02").at.isoformat() == "2026-01-02T00:00:00+09:00"
    assert load(tmp_path, "").at == NOW
    assert load(tmp_path, "").at.utcoffset() is not None


def test_one_now_serves_the_whole_run(tmp_path: Path) -> None:
    """--at decides what today is, everywhere."""
    text = """
        timezone: Europe/Berlin
        jobs:
          find:
            find:
              peer: {host: pacs, port: 104}
              query: {model: study, level: STUDY, keys: {StudyDate: "${today-1d}-${today}", StudyTime: "-${now-1h}"}}
              outputs: [{format: csv, file: "${now:%Y%m%dT%H%M}.csv"}]
        """
    (job,) = load(tmp_path, text, at="2026-03-29T00:30+01:00").jobs

    assert isinstance(job, FindJob)
    found = {attribute.keyword: e.values for e in job.query.identifier if (attribute := by_tag(e.tag))}
    assert (found["StudyDate"], found["StudyTime"]) == (("20260328-20260329",), ("-233000",))
    assert job.outputs[0].file == "20260329T0030.csv"


def test_folders_are_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    """None where the document names none."""
    write(tmp_path, "dicomjobs: 1\nreports: {directory: reports}\n", "sites/site.yaml")
    workspace = load(tmp_path, "include: [sites/site.yaml]\nstate: {directory: state}\n")

    assert workspace.reports_directory == str(tmp_path / "sites/reports")
    assert workspace.state_directory == str(tmp_path / "state")
    assert load(tmp_path, "").reports_directory is None


def test_mistakes_of_every_stage_before_the_shape_are_told_together(tmp_path: Path) -> None:
    """One run of `check` is enough to mend a file."""
    text = """
        timezone: Europe/Berln
        parameters: {a: null, b: "${nobody}"}
        peers: {x: {host: "${a}", port: 0, prot: 1}}
        """

    assert sorted(codes(complaints(tmp_path, text, settings={"c": "1"}))) == [
        "DJ201",
        "DJ204",
        "DJ402",
        "DJ404",
        "DJ405",
        "DJ412",
    ]


def test_mistakes_of_every_stage_after_the_shape_are_told_together(tmp_path: Path) -> None:
    """Names, values and rules."""
    text = """
        peers: {x: {host: a, port: 104, character_set: latin1}}
        queries: {q: {model: study, level: PATIENT, keys: {StudyDat: 1}}}
        jobs: {a: {needs: [b], echo: {peer: x}}, c: {echo: {peer: y}}}
        """

    assert sorted(codes(complaints(tmp_path, text))) == ["DJ304", "DJ309", "DJ501", "DJ512", "DJ518"]


def test_every_diagnostic_with_a_place_has_its_source_line(tmp_path: Path) -> None:
    """Warnings too."""
    text = "queries: {q: {model: study, level: SERIES, keys: {StudyTime: 10:30:00}}}\n"
    found = complaints(tmp_path, text)

    assert codes(found) == ["DJ506", "DJ519"]
    assert {diagnostic.source_line for diagnostic in found} == {text.rstrip()}


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """As any other mistake."""
    with pytest.raises(InvalidInput) as raised:
        load_with_warnings(str(tmp_path / "nowhere.yaml"))

    assert codes(raised.value.diagnostics) == ["DJ101"]


def test_now_must_be_aware(tmp_path: Path) -> None:
    """A moment without an offset would be another one on another machine; any offset will do."""
    file = write(tmp_path, "dicomjobs: 1\ntimezone: UTC\n")
    workspace, _ = load_workspace(
        file,
        settings={},
        now=(NOW + timedelta(0)).astimezone(),
        at=None,
        missing_parameters=MissingParameters.REFUSE,
    )

    assert workspace.at == NOW


JOBS = """
    include: [site.yaml]
    jobs:
      send: {needs: [theirs, ask], echo: {peer: a}}
      ask: {echo: {peer: a}}
      alone: {echo: {peer: a}}
    """


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        ([], ["theirs", "ask", "send", "alone"]),
        (["alone"], ["alone"]),
        (["send"], ["theirs", "ask", "send"]),
        (["alone", "ask"], ["ask", "alone"]),
        (["unused"], ["unused"]),
    ],
)
def test_jobs_run_in_file_order_after_what_they_need(tmp_path: Path, only: list[str], expected: list[str]) -> None:
    """Included jobs only when they are needed or named."""
    write(
        tmp_path,
        """
        dicomjobs: 1
        peers: {a: {host: pacs, port: 104}}
        jobs:
          unused: {echo: {peer: a}}
          theirs: {echo: {peer: a}}
        """,
        "site.yaml",
    )

    assert [job.name for job in select_jobs(load(tmp_path, JOBS), only)] == expected


def test_jobs_that_are_not_there_are_all_told(tmp_path: Path) -> None:
    """Each with what was probably meant."""
    workspace = load(tmp_path, "jobs: {send_them: {echo: {peer: {host: a, port: 104}}}}\n")
    with pytest.raises(InvalidInput) as raised:
        select_jobs(workspace, ["send-them", "xyz"])

    assert [diagnostic.hint for diagnostic in raised.value.diagnostics] == [
        "did you mean `send_them`?",
        "known here: send_them",
    ]
