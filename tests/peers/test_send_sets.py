"""Send sets on the wire beside storescu's: what is read, and how often it is sent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.command import dicomjobs, latest, store_yaml
from tests.support.instances import NATIVE, make_instance
from tests.support.job_files import write
from tests.support.peers import run_program
from tests.support.recording_scp import RecordingScp, recording_scp

PROPOSE = "association_profile: {propose: {sop_classes: dcmtk_64}}"


def _received(scp: RecordingScp) -> list[tuple[int, int, str]]:
    """Return message ID, context and instance of every request."""
    return [(each.message_id, each.context_id, each.command.sop_instance_uid) for each in scp.received]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files, files without preamble and bare data sets in all native transfer syntaxes, and what is none of these."""
    folder = tmp_path_factory.mktemp("forms")
    for n, syntax in enumerate(NATIVE):
        made = make_instance(folder / f"{n}-file", number=n, transfer_syntax=syntax, rows=4)
        whole = made.path.read_bytes()
        (folder / f"{n}-no-preamble").write_bytes(whole[132:])
        (folder / f"{n}-bare").write_bytes(whole[made.offset :])
    (folder / "5-empty").touch()
    (folder / "6-text").write_text("Notes on a transfer.\n" * 20)
    (folder / "7-zeros").write_bytes(bytes(500))
    return folder


@pytest.mark.parametrize(("option", "read"), [("+f", "auto"), ("+fo", "file"), ("-f", "data_set")])
def test_files_and_bare_data_sets_are_told_apart_as_storescu_does(
    tmp_path: Path, files: Path, option: str, read: str
) -> None:
    """The same instances on the same contexts; what it cannot load is an outcome here, whose message it skips as well."""
    names = [path for path in sorted(files.iterdir()) if read == "auto" or not path.name.endswith("no-preamble")]
    paths = ", ".join(map(str, names))
    with recording_scp() as scp:
        run_program("storescu", "-nh", option, "127.0.0.1", scp.port, *names)
        expected = [each[1:] for each in _received(scp)]
    with recording_scp() as scp:
        more = f"duplicates: send, {PROPOSE}"
        text = store_yaml(scp.port, files, more=more).replace(f"paths: [{files}]", f"paths: [{paths}], read: {read}")
        ran = dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports")

    counts = latest(tmp_path / "reports").job("send")["counts"]
    assert [each[1:] for each in _received(scp)] == expected
    assert ran.code == 3
    assert (counts["delivered"], counts["failed"]) == (len(expected), len(names) - len(expected))


def test_whatever_lies_in_a_folder_is_an_outcome_with_a_name(tmp_path: Path) -> None:
    """FIFOs, links in circles, empty and torn files, files that go or change between plan and run, names in any bytes."""
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    good = ["plain.dcm", "new\nline.dcm", os.fsdecode(b"\xff\xfe not utf-8.dcm"), "=cmd|'C calc'!A0.dcm", 'quote".dcm']
    for n, path in enumerate([*good, "deep/gone.dcm", "deep/changed.dcm", "deep/torn.dcm", "deep/head.dcm"]):
        make_instance(folder / path, number=n, rows=4)
    whole = (folder / "deep" / "torn.dcm").read_bytes()
    (folder / "deep" / "torn.dcm").write_bytes(whole[:-5])
    (folder / "deep" / "head.dcm").write_bytes(whole[:200])
    (folder / "empty").touch()
    (folder / "text").write_text("not an instance")
    os.mkfifo(folder / "fifo")
    (folder / "deep" / "up").symlink_to(folder)
    (folder / "self").symlink_to(folder / "self")
    (folder / "nowhere").symlink_to(folder / "nothing")
    (folder / "out").symlink_to("/dev/zero")
    with recording_scp() as scp:
        write(tmp_path, store_yaml(scp.port, folder))
        planned = dicomjobs("plan", tmp_path / "job.yaml", "-o", tmp_path / "plan.json")
        (folder / "deep" / "gone.dcm").unlink()
        os.utime(folder / "deep" / "changed.dcm", ns=(0, 0))
        ran = dicomjobs("run", tmp_path / "plan.json", "--reports", tmp_path / "reports")

    run = latest(tmp_path / "reports")
    named = {row["path"].rpartition("/")[2]: row["reason"] for row in run.rows if row["reason"]}
    assert (planned.code, ran.code) == (0, 7)  # for what this computer cannot read
    assert "Traceback" not in planned.err + ran.err
    assert named == {
        "gone.dcm": "changed_since_plan",
        "changed.dcm": "changed_since_plan",
        "torn.dcm": "truncated_file",
        "head.dcm": "incomplete_header",
        "empty": "not_dicom",
        "text": "not_dicom",
        "fifo": "not_a_regular_file",
        "self": "unreadable",
        "nowhere": "symlink_broken",
        "out": "symlink_outside",
    }
    counts = run.job("send")["counts"]
    assert (counts["planned"], counts["delivered"], counts["failed"], counts["skipped"]) == (15, 5, 6, 4)
    assert len(scp.stored) == len(good)


def test_a_file_is_sent_as_often_as_storescu_sends_it(tmp_path: Path) -> None:
    """One time after the other on one association, the message IDs counting on, and the ledger takes none for a duplicate."""
    made = [make_instance(tmp_path / f"{n}.dcm", number=n, rows=4) for n in range(2)]
    with recording_scp() as scp:
        run_program("storescu", "--repeat", 70, "127.0.0.1", scp.port, *(each.path for each in made), nodelay=True)
        expected = _received(scp)
    with recording_scp() as scp:
        text = store_yaml(scp.port, tmp_path, more=f"repeat: 70, {PROPOSE}").replace(
            "[" + str(tmp_path), "[" + str(tmp_path) + "/*.dcm"
        )
        planned = dicomjobs("plan", write(tmp_path, text))
        ran = dicomjobs("run", tmp_path / "job.yaml", "--reports", tmp_path / "reports")

    rows = latest(tmp_path / "reports").rows
    assert "140 transfers: 140 to send" in planned.out
    assert "each file 70 times" in planned.out
    assert ran.code == 0
    assert _received(scp) == expected
    assert [row["outcome"] for row in rows] == ["delivered"] * 140
    assert len(scp.requests) == 1
