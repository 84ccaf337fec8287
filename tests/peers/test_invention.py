"""Invented identities on the wire, beside storescu's with +II: the same attributes are replaced, and how they count."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset

from tests.support.command import dicomjobs, latest, store_yaml
from tests.support.instances import CANARY, CANARY_ID, Elements, make_instance
from tests.support.job_files import write
from tests.support.peers import run_program
from tests.support.recording_scp import RecordingScp, recording_scp

REPLACED = {
    "SOPInstanceUID",
    "PatientName",
    "PatientID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "StudyID",
    "SeriesNumber",
    "InstanceNumber",
}
NUMBERED: Elements = [(0x00200010, "SH", "S1"), (0x00200011, "IS", "5")]


def _data_sets(scp: RecordingScp) -> list[Dataset]:
    """Return what came, and see that the requests are about the same instances."""
    received: list[Dataset] = [pydicom.dcmread(io.BytesIO(each.data), force=True) for each in scp.received]
    uids = [str(data_set.SOPInstanceUID) for data_set in received]
    assert [each.command.sop_instance_uid for each in scp.received] == uids
    return received


def _changed(before: Dataset, after: Dataset) -> set[str]:
    """Return the attributes that differ."""
    tags = before.keys() | after.keys()
    return {element_of(before, after, tag) for tag in tags if before.get(tag) != after.get(tag)}


def element_of(before: Dataset, after: Dataset, tag: Any) -> str:
    """Return the keyword of an attribute that one of two data sets has."""
    return str((before.get(tag) or after.get(tag)).keyword)


def test_the_attributes_that_storescu_replaces_are_replaced_and_no_others(tmp_path: Path) -> None:
    """In each instance, and in the same groups; attributes that are missing are not added, as it does not add them."""
    for n in range(6):
        make_instance(
            tmp_path / f"{n}.dcm", number=n + 10, rows=4, extra=NUMBERED if n != 5 else [(0x0020000D, "UI", "1.2")]
        )
    paths = sorted(tmp_path.glob("*.dcm"))
    originals = [pydicom.dcmread(path) for path in paths]
    with recording_scp() as scp:
        run_program("storescu", "+II", "+IR", 2, "+IS", 10, "+IP", 10, "127.0.0.1", scp.port, *paths)
        theirs = _data_sets(scp)
    with recording_scp() as scp:
        invent = "invent: {instances_per_series: 2, series_per_study: 10, studies_per_patient: 10}"
        text = store_yaml(scp.port, tmp_path, more=invent).replace(f"[{tmp_path}]", f"[{tmp_path}/*.dcm]")
        planned = dicomjobs("plan", write(tmp_path, text), "-o", tmp_path / "plan.json")
        ran = dicomjobs("run", tmp_path / "plan.json", "--reports", tmp_path / "reports")
        ours = _data_sets(scp)

    assert (planned.code, ran.code) == (0, 0)
    assert "every instance as another one" in planned.out
    assert [_changed(*pair) for pair in zip(originals, ours, strict=True)] == [
        _changed(*pair) for pair in zip(originals, theirs, strict=True)
    ]
    assert _changed(originals[0], ours[0]) == REPLACED
    for keyword in ("SeriesNumber", "InstanceNumber"):
        assert [one.get(keyword) for one in ours] == [one.get(keyword) for one in theirs]
    for keyword in ("SeriesInstanceUID", "StudyInstanceUID", "PatientID"):
        assert _groups(ours, keyword) == _groups(theirs, keyword)
    run = latest(tmp_path / "reports")
    assert [row["sop_instance_uid"] for row in run.rows] == [one.SOPInstanceUID for one in ours]
    assert [row["study_instance_uid"] for row in run.rows] == [one.StudyInstanceUID for one in ours]
    for said in (
        planned.out,
        run.text("instances.csv"),
        run.text("plan.json"),
        (tmp_path / "plan-instances.jsonl").read_text(),
    ):
        assert CANARY not in said
        assert CANARY_ID not in said


def _groups(data_sets: list[Dataset], keyword: str) -> list[int]:
    """Return which instances share a value, as the position of the first that has it."""
    values = [data_set.get(keyword) for data_set in data_sets]
    return [values.index(value) for value in values]


def test_a_plan_of_the_same_moment_invents_the_same_and_another_run_others(tmp_path: Path) -> None:
    """So the same command again sends new instances, and none is taken for one that was delivered."""
    make_instance(tmp_path / "a.dcm", rows=4)
    with recording_scp() as scp:
        text = store_yaml(scp.port, tmp_path / "a.dcm", more="invent: {}, repeat: 3")
        write(tmp_path, text)
        plans = [
            dicomjobs("plan", tmp_path / "job.yaml", "--at", at, "-o", tmp_path / f"{n}.json")
            for n, at in enumerate(["2026-11-21T22:30", "2026-11-21T22:30", "2026-11-21T22:31"])
        ]
        for _ in range(2):
            assert dicomjobs("run", tmp_path / "job.yaml", "--reports", tmp_path / "reports").code == 0

    first, second, third = ((tmp_path / f"{n}-instances.jsonl").read_bytes() for n in range(3))
    assert [ended.code for ended in plans] == [0, 0, 0]
    assert first == second
    assert first != third
    assert len(set(scp.stored)) == len(scp.stored) == 6
