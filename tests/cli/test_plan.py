"""A plan is made without the network, is the same bytes for the same inputs, and `run` does exactly what a saved one says."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command import dicomjobs, dicomjobs_process, latest, store_yaml
from tests.support.golden import Golden
from tests.support.instances import make_instance, make_study
from tests.support.job_files import write
from tests.support.recording_scp import recording_scp

JOB = """\
dicomjobs: 1
peers:
  pacs: {host: 192.0.2.1, port: 11112, called_ae_title: PACS, calling_ae_title: RESEARCH}
  archive: {host: pacs.example.org, port: 104, called_ae_title: ARCHIVE, max_associations: 3}
parameters: {name: MILLER}
jobs:
  check: {echo: {peer: pacs}}
  ask:
    needs: [check]
    find:
      peer: pacs
      query:
        model: study
        level: STUDY
        keys: {PatientName: "${name}*", StudyDate: "${today-7d}-${today}", ModalitiesInStudy: [CT, PT], StudyInstanceUID: }
      outputs: [{format: csv, file: studies.csv, columns: [StudyDate, StudyInstanceUID]}]
  send:
    needs: [{job: ask, even_if: failed}]
    store: {peer: archive, send_set: {paths: [files], where: {Modality: [CT, MR]}}}
  apart: {echo: {peer: archive}}
"""
AT = ("--at", "2026-11-21T22:30:45Z")
FIXED = 1_790_000_000


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: a job file, and files of every fate with a modification time that stands still."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, JOB)
    files = tmp_path / "files"
    make_study(files / "ct", 3, rows=4)
    make_study(files / "mr", 2, study=2, modality="MR", sop_class_uid="1.2.840.10008.5.1.4.1.1.4", rows=4)
    make_study(files / "us", 1, study=3, modality="US", rows=4)
    make_instance(files / "ct" / "again.dcm", number=0, rows=4)
    (files / "notes.txt").write_text("not DICOM\n")
    (files / "cut.dcm").write_bytes((files / "ct" / "000000.dcm").read_bytes()[:200])
    for path in files.rglob("*"):
        os.utime(path, (FIXED, FIXED))
    return tmp_path


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every attempt to make a socket or to resolve a name fail."""

    def refuse(*arguments: object, **_: object) -> None:
        raise AssertionError(f"planning touched the network: {arguments}")

    monkeypatch.setattr(socket.socket, "__init__", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def relative(text: str, folder: Path) -> str:
    """Return a text with the test's folder left out of it."""
    return text.replace(str(folder) + "/", "")


def test_a_plan_reads_as_in_the_golden_file(folder: Path, golden: Golden, no_network: None) -> None:
    """Every kind of job, contexts, files, and what stays behind with its reason."""
    planned = dicomjobs("plan", "job.yaml", *AT)

    assert (planned.code, planned.err) == (0, "")
    golden.check("plans/every-kind.txt", relative(planned.out, folder))


def test_a_plan_in_full_reads_as_in_the_golden_file(folder: Path, golden: Golden) -> None:
    """With -v nothing is left out, however many files there are."""
    make_study(folder / "files" / "many", 12, study=9, rows=4)

    short = dicomjobs("plan", "job.yaml", *AT, "--only", "send").out
    full = dicomjobs("plan", "job.yaml", *AT, "--only", "send", "-v").out

    assert "more (-v lists them)" in short
    assert "more (-v lists them)" not in full
    golden.check("plans/in-full.txt", relative(full, folder))


def test_a_saved_plan_is_as_in_the_golden_file(folder: Path, golden: Golden) -> None:
    """Head and rows, apart from the digests of files that name the test's folder."""
    dicomjobs("plan", "job.yaml", *AT, "-o", "plan.json")

    head = json.loads((folder / "plan.json").read_text())
    head["instances"]["sha256"] = "…"
    golden.check("plans/every-kind.json", relative(json.dumps(head, indent=1, ensure_ascii=False) + "\n", folder))
    golden.check("plans/every-kind-instances.jsonl", relative((folder / "plan-instances.jsonl").read_text(), folder))


def test_what_is_printed_as_json_is_what_is_saved(folder: Path) -> None:
    """A program may read either."""
    printed = dicomjobs("plan", "job.yaml", *AT, "--format", "json", "-o", "plan.json").out

    assert printed == (folder / "plan.json").read_text()


def test_the_same_inputs_give_the_same_bytes_in_every_process(folder: Path) -> None:
    """Whatever seed the hashes have."""
    saved = []
    for seed in ("0", "1"):
        name = f"plan{seed}.json"
        ended = dicomjobs_process(
            "plan", "job.yaml", *AT, "-o", name, cwd=folder, env={**os.environ, "PYTHONHASHSEED": seed}
        )
        assert (ended.code, ended.err) == (0, "")
        saved.append(((folder / name).read_bytes(), (folder / f"plan{seed}-instances.jsonl").read_bytes()))

    assert saved[0] == saved[1]


def test_a_plan_is_readable_by_its_owner_alone(folder: Path) -> None:
    """It names patients' files, and a query's keys."""
    dicomjobs("plan", "job.yaml", *AT, "-o", "plan.json")

    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.glob("plan*")}
    assert modes == {"plan.json": 0o600, "plan-instances.jsonl": 0o600}


def test_only_selects_a_job_with_what_it_needs(folder: Path) -> None:
    """In the order of the file, and `apart` is left out."""
    planned = dicomjobs("plan", "job.yaml", *AT, "--only", "ask", "--format", "json")

    assert [job["name"] for job in json.loads(planned.out)["jobs"]] == ["check", "ask"]


def test_only_refuses_a_job_that_is_not_there(folder: Path) -> None:
    """With a suggestion."""
    planned = dicomjobs("plan", "job.yaml", "--only", "sent")

    assert (planned.code, planned.out) == (2, "")
    assert "`send`" in planned.err


def test_set_reaches_the_identifier(folder: Path) -> None:
    """A parameter of the document."""
    assert "PatientName = JONES*" in dicomjobs("plan", "job.yaml", "--set", "name=JONES").out


def test_a_set_without_a_value_is_refused(folder: Path) -> None:
    """The hint says how it is written."""
    planned = dicomjobs("plan", "job.yaml", "--set", "name")

    assert planned.code == 2
    assert "--set name=VALUE" in planned.err


def test_a_plan_must_be_saved_under_a_name_that_run_takes_for_one(folder: Path) -> None:
    """Otherwise `run` would read it as YAML."""
    planned = dicomjobs("plan", "job.yaml", "-o", "plan.txt")

    assert planned.code == 2
    assert "-o plan.json" in planned.err
    assert not list(folder.glob("plan*"))


def test_a_profile_that_cannot_take_an_instance_gives_code_3(folder: Path) -> None:
    """The plan names the instances and their reason."""
    text = store_yaml(11112, folder / "files" / "ct").replace("send_set", "association_profile: mr, send_set", 1)
    text += (
        "association_profiles: {mr: {presentation_contexts: [{abstract_syntax: MRImageStorage,"
        " transfer_syntaxes: [ImplicitVRLittleEndian]}]}}\n"
    )
    write(folder, text, "narrow.yaml")

    planned = dicomjobs("plan", "narrow.yaml")

    assert planned.code == 3
    assert "no presentation context fits" in planned.out


def test_what_is_done_to_instances_and_files_is_said(tmp_path: Path) -> None:
    """One line each, in the order in which it is done."""
    make_study(tmp_path / "files", 2, rows=4)
    propose = "{propose: {preferred: [DeflatedExplicitVRLittleEndian]}}"
    counts = "{instances_per_series: 20, series_per_study: 4, studies_per_patient: 1}"
    more = f"association_profile: {propose}, invent: {counts}, new_vrs: as_ob, repeat: 2, sent_files: rename"
    text = store_yaml(11112, tmp_path / "files", more=more).replace("send_set: {", "send_set: {order: sorted, ")

    lines = dicomjobs("plan", write(tmp_path, text)).out.splitlines()

    said = [line.strip() for line in lines if line.startswith("  ") and not line.startswith("    ")]
    assert said == [
        "4 transfers: 4 to send (1.60 kB) on 1 association, 0 not",
        "every instance as another one: series of 20 instances, studies of 4 series, patients with 1 study",
        "OB written for the VRs UN, UT and later",
        "each file 2 times",
        "in the order of the paths, one association at a time",
        "native files go deflated where the peer accepts it",
        "association 1: 4 instances of 1 study, 2 presentation contexts, 1 of them for no file",
        "then each file gets the ending .done when it was delivered, .bad when it failed for good",
    ]


def test_a_folder_that_cannot_be_written_to_gives_code_7(folder: Path) -> None:
    """Here: one that is not there."""
    planned = dicomjobs("plan", "job.yaml", "-o", "nowhere/plan.json")

    assert planned.code == 7
    assert "nowhere" in planned.err


def test_run_sends_exactly_what_a_saved_plan_says(folder: Path) -> None:
    """Also when more files have come and the job file has changed since: UIDs in order, and the same head on disk."""
    with recording_scp() as scp:
        write(folder, store_yaml(scp.port, folder / "files" / "mr"))
        dicomjobs("plan", "job.yaml", "-o", "plan.json")
        saved = [json.loads(line) for line in (folder / "plan-instances.jsonl").read_text().splitlines()]
        make_study(folder / "files" / "mr" / "later", 2, study=7)
        (folder / "job.yaml").write_text("no longer YAML: [\n")
        ran = dicomjobs("run", "plan.json", "--reports", "reports")

    assert (ran.code, ran.err) == (0, "")
    assert scp.stored == [row["sop_instance_uid"] for row in saved]
    run = latest(folder / "reports")
    assert run.text("plan.json") == (folder / "plan.json").read_text()
    assert {path.stat().st_mode & 0o777 for path in run.path.iterdir()} == {0o600}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda path: path.write_bytes(path.read_bytes() + b"\0\0"), "changed_since_plan"),
        (lambda path: os.utime(path, (FIXED, FIXED + 1)), "changed_since_plan"),
        (lambda path: path.unlink(), "changed_since_plan"),
    ],
    ids=["size", "mtime", "gone"],
)
def test_a_file_that_changed_after_planning_fails_and_the_others_go(
    folder: Path, change: Callable[[Path], None], reason: str
) -> None:
    """What was planned is sent, or nothing."""
    with recording_scp() as scp:
        write(folder, store_yaml(scp.port, folder / "files" / "mr"))
        dicomjobs("plan", "job.yaml", "-o", "plan.json")
        change(folder / "files" / "mr" / "000000.dcm")
        ran = dicomjobs("run", "plan.json", "--reports", "reports")

    rows = latest(folder / "reports").rows
    assert (ran.code, len(scp.stored)) == (3, 1)
    assert [(row["outcome"], row["reason"]) for row in rows] == [("failed", reason), ("delivered", "")]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("plan-instances.jsonl", '"size":', '"size":1'),
        ("plan-instances.jsonl", "}\n", "}\n{}\n"),
        ("plan.json", '"count": 2', '"count": 1'),
        ("plan.json", '"dicomjobs_plan": 1', '"dicomjobs_plan": 2'),
        ("plan.json", '"jobs"', '"works"'),
        ("plan.json", "}", ""),
    ],
)
def test_a_plan_that_was_tampered_with_is_refused(folder: Path, name: str, old: str, new: str) -> None:
    """Before anything is sent, and without leaving a run behind."""
    with recording_scp() as scp:
        write(folder, store_yaml(scp.port, folder / "files" / "mr"))
        dicomjobs("plan", "job.yaml", "-o", "plan.json")
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))
        ran = dicomjobs("run", "plan.json", "--reports", "reports")

    assert (ran.code, ran.out, scp.requests) == (2, "", [])
    assert ran.err.startswith("dicomjobs run: ")
    assert not (folder / "reports").exists() or not list((folder / "reports").iterdir())


def test_a_plan_without_its_rows_is_refused(folder: Path) -> None:
    """They must be beside it; the message names the file that is missing."""
    dicomjobs("plan", "job.yaml", *AT, "-o", "plan.json")
    (folder / "plan-instances.jsonl").unlink()

    ran = dicomjobs("run", "plan.json", "--reports", "reports")

    assert ran.code == 2
    assert "plan-instances.jsonl" in ran.err


@pytest.mark.parametrize("option", [("--set", "name=X"), ("--only", "check"), ("--at", "2026-01-01")])
def test_what_would_change_a_saved_plan_is_refused(folder: Path, option: tuple[str, str]) -> None:
    """A plan is run as it stands."""
    dicomjobs("plan", "job.yaml", *AT, "-o", "plan.json")

    ran = dicomjobs("run", "plan.json", *option, "--reports", "reports")

    assert (ran.code, ran.out) == (2, "")
    assert "saved plan" in ran.err
    assert not (folder / "reports").exists()
