"""The shipped worklist job against DCMTK's worklist SCP: the scanner gets what is scheduled on it today, and nothing else."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread

from tests.support.command import Ended, RunDirectory, dicomjobs, latest
from tests.support.job_files import write
from tests.support.peers import Peer, run_program, wlmscpfs

JOB = Path(__file__).parents[2] / "jobs" / "worklist.yaml"
TODAY = "20261121"

ENTRY = """\
(0008,0005) CS [ISO_IR 100]
(0008,0050) SH [{accession}]
(0010,0010) PN [{name}]
(0010,0020) LO [{patient}]
(0010,0030) DA [19500101]
(0020,000d) UI [1.2.3.{accession}]
(0032,1060) LO [Thorax, {name}]
(0040,1001) SH [R{accession}]
(0040,0100) SQ
(fffe,e000) -
(0008,0060) CS [{modality}]
(0040,0001) AE [{station}]
(0040,0002) DA [{date}]
(0040,0003) TM [{time}]
(0040,0006) PN [M\u00fcller^Anna]
(0040,0007) LO [Sch\u00e4del]
(0040,0009) SH [S{accession}]
(fffe,e00d) -
(fffe,e0dd) -
"""
SCHEDULED = (
    {"accession": "1", "name": "J\u00f6rg^A", "modality": "CT", "station": "CT1", "date": TODAY, "time": "0900"},
    {"accession": "2", "name": "Bach^B", "modality": "CT", "station": "CT1", "date": TODAY, "time": "1030"},
    {"accession": "3", "name": "Other^C", "modality": "MR", "station": "CT1", "date": TODAY, "time": "1100"},
    {"accession": "4", "name": "Other^D", "modality": "CT", "station": "CT2", "date": TODAY, "time": "1200"},
    {"accession": "5", "name": "Other^E", "modality": "CT", "station": "CT1", "date": "20261122", "time": "0800"},
)


@pytest.fixture(scope="module")
def ris(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """A wlmscpfs with two entries of today for the scanner CT1, and three others."""
    with wlmscpfs(tmp_path_factory.mktemp("wlmscpfs"), "-csk", ae_title="WORKLIST") as peer:
        for entry in SCHEDULED:
            dump = peer.directory / "entry.dump"
            dump.write_text(ENTRY.format(patient=f"P{entry['accession']}", **entry), encoding="latin-1")
            made = run_program("dump2dcm", "-q", dump, peer.directory / f"{entry['accession']}.wl")
            assert made.returncode == 0, made.stderr
        yield peer


def _ask(ris: Peer, folder: Path, job: Path, *settings: str) -> tuple[Ended, RunDirectory]:
    """Run the shipped job at a fixed day."""
    reports = folder / "reports"
    given = (f"ris_host={ris.host}", f"ris_port={ris.port}", *settings)
    arguments = [argument for setting in given for argument in ("--set", setting)]
    ended = dicomjobs("run", job, "--at", "2026-11-21T07:00:00", "--reports", reports, *arguments)
    return ended, latest(reports)


def test_the_shipped_job_gets_what_is_scheduled_today_on_this_scanner(tmp_path: Path, ris: Peer) -> None:
    """Keys inside the sequence are matched, names come in Latin-1, and the answer is in both forms."""
    ended, run = _ask(ris, tmp_path, JOB)

    with (run.path / "worklist-2026-11-21.csv").open(newline="", encoding="utf-8") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["PatientID"])
    assert (ended.code, ended.err) == (0, "")
    step = "ScheduledProcedureStepSequence[0]"
    assert [(row["PatientID"], row["PatientName"], row[f"{step}.ScheduledProcedureStepStartTime"]) for row in rows] == [
        ("P1", "J\u00f6rg^A", "0900"),
        ("P2", "Bach^B", "1030"),
    ]
    assert {row[f"{step}.ScheduledProcedureStepDescription"] for row in rows} == {"Sch\u00e4del"}
    lines = [json.loads(line) for line in run.text("worklist-2026-11-21.jsonl").splitlines()]
    steps = sorted(json.dumps(line["ScheduledProcedureStepSequence"], ensure_ascii=False) for line in lines)
    assert len(steps) == 2
    assert all("M\u00fcller^Anna" in step and "Sch\u00e4del" in step for step in steps)
    assert "0900" in steps[0]


def test_another_modality_is_another_worklist(tmp_path: Path, ris: Peer) -> None:
    """By the job's parameter."""
    _, run = _ask(ris, tmp_path, JOB, "modality=MR")

    assert [row["AccessionNumber"] for row in csv.DictReader(run.text("worklist-2026-11-21.csv").splitlines())] == ["3"]


def test_names_are_matched_in_the_character_set_of_the_peer(tmp_path: Path, ris: Peer) -> None:
    """What is typed in UTF-8 goes out in Latin-1, or in what the query declares."""
    for more in ("", "          SpecificCharacterSet: ISO_IR 100\n"):
        text = f"""\
dicomjobs: 1
jobs:
  ask:
    find:
      peer: {{host: {ris.host}, port: {ris.port}, called_ae_title: WORKLIST, character_set: ISO_IR 100}}
      query:
        model: worklist
        keys:
          PatientName: "J\u00f6rg*"
          AccessionNumber:
{more}      outputs: [{{format: csv, file: found.csv}}]
"""
        ended = dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports")

        assert (ended.code, ended.err) == (0, "")
        rows = list(csv.DictReader(latest(tmp_path / "reports").text("found.csv").splitlines()))
        assert [(row["PatientName"], row["AccessionNumber"]) for row in rows] == [("J\u00f6rg^A", "1")]


@pytest.mark.parametrize("extraction", ["-X", "-Xx", "-Xs all.xml"])
def test_an_imported_line_gets_the_files_that_findscu_gets(
    tmp_path: Path, ris: Peer, extraction: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a real worklist: the same names, the same XML to the byte, and the same elements in DICOM files."""
    monkeypatch.chdir(tmp_path)
    keys = ("PatientName", "PatientID", "(0040,0100)[0].Modality=CT", "(0040,0100)[0].ScheduledPerformingPhysicianName")
    line = [
        *extraction.split(),
        "-W",
        "-aec",
        "WORKLIST",
        *(a for key in keys for a in ("-k", key)),
        ris.host,
        ris.port,
    ]
    for folder in ("theirs", "ours"):
        (tmp_path / folder).mkdir()

    asked = run_program("findscu", "-od", "theirs", *line)
    imported = dicomjobs("import", "-o", "job.yaml", "findscu", "-od", "ours", *line)
    ran = dicomjobs("run", "job.yaml", "--reports", tmp_path / "reports", "-q")

    assert (asked.returncode, imported.code, ran.code) == (0, 0, 0), asked.stderr + imported.err + ran.err
    theirs, ours = (
        {path.name: _content(path) for path in (tmp_path / folder).iterdir()} for folder in ("theirs", "ours")
    )
    assert theirs == ours
    assert len(theirs) == (1 if extraction.startswith("-Xs") else 4)


def _content(path: Path) -> bytes | str:
    """Return the data set of a DICOM file as JSON, which has no lengths: findscu writes sequences with others than it got."""
    return dcmread(path).to_json() if path.suffix == ".dcm" else path.read_bytes()
