"""A profile of an asconfig file goes over the wire as it does with storescu, and stands in the plan as it goes."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.asconfig_judge import asconfig_judge, negotiated
from tests.support.command import dicomjobs, peer_yaml
from tests.support.instances import make_instance
from tests.support.recording_scp import recording_scp

EXAMPLES = Path(__file__).parents[1] / "examples" / "asconfig" / "good"


def _job(folder: Path, port: int, asconfig: Path) -> Path:
    """Write a job file that sends a CT with the profile Default."""
    make_instance(folder / "files" / "ct.dcm")
    profile = f"{{asconfig: {{file: {asconfig}, profile: Default}}}}"
    (folder / "job.yaml").write_text(
        f"dicomjobs: 1\nstate: {{directory: state}}\njobs:\n  send:\n    store: {{peer: {peer_yaml(port)}, "
        f"send_set: {{paths: [files]}}, association_profile: {profile}}}\n"
    )
    return folder / "job.yaml"


def test_a_run_proposes_what_storescu_proposes(tmp_path: Path) -> None:
    """Two contexts of one class, its role twice, and extended negotiation."""
    (tmp_path / "files").mkdir()
    asconfig = tmp_path / "storescu.cfg"
    asconfig.write_text(
        (EXAMPLES / "role-of-a-class-with-two-contexts.cfg").read_text()
        + "ExtendedNegotiation = Ext\n[[ExtendedNegotiation]]\n[Ext]\nExtendedNegotiation1 = CTImageStorage\\020003\n"
    )
    with asconfig_judge(tmp_path) as judge, recording_scp() as scp:
        ran = dicomjobs("run", _job(tmp_path, scp.port, asconfig))
        theirs = judge(asconfig, "Default")

    assert ran.code == 0, ran.err
    assert negotiated(scp.requests[0]) == theirs.proposed
    assert theirs.proposed
    assert [len(theirs.proposed.contexts), len(theirs.proposed.roles)] == [3, 3]
    assert len(scp.stored) == 1


def test_a_plan_depends_on_the_file(tmp_path: Path) -> None:
    """It is an input with its digest; the same inputs give the same bytes, other ones do not."""
    (tmp_path / "files").mkdir()
    asconfig = tmp_path / "storescu.cfg"
    asconfig.write_text((EXAMPLES / "minimal.cfg").read_text())
    job = _job(tmp_path, 104, asconfig)

    first, second = (dicomjobs("plan", job, "--format", "json").out for _ in range(2))
    asconfig.write_text("# changed\n" + asconfig.read_text())
    third = dicomjobs("plan", job, "--format", "json").out

    assert first == second != third
    inputs = [json.loads(text)["inputs"] for text in (first, third)]
    assert [each["path"] for each in inputs[0]] == [str(job), str(asconfig)]
    assert inputs[0][0] == inputs[1][0]
    assert inputs[0][1]["sha256"] != inputs[1][1]["sha256"]


def test_show_and_check_know_the_profile(tmp_path: Path) -> None:
    """The document shows where it comes from, and a warning about the file is printed and is no failure."""
    (tmp_path / "files").mkdir()
    asconfig = tmp_path / "storescu.cfg"
    asconfig.write_text((EXAMPLES / "gap-in-the-numbers.cfg").read_text())
    job = _job(tmp_path, 104, asconfig)

    shown, checked = dicomjobs("show", job), dicomjobs("check", job)

    assert f"file: {asconfig}" in shown.out
    assert checked.code == 0
    assert f"{asconfig}:5:1 warning DJ534" in checked.err


def test_nothing_is_sent_with_a_file_that_dcmtk_would_refuse(tmp_path: Path) -> None:
    """Exit code 2, before anybody is asked."""
    (tmp_path / "files").mkdir()
    asconfig = tmp_path / "storescu.cfg"
    asconfig.write_text((EXAMPLES.parent / "bad" / "class-misspelt.cfg").read_text())
    with recording_scp() as scp:
        ran = dicomjobs("run", _job(tmp_path, scp.port, asconfig))

    assert ran.code == 2
    assert f"{asconfig}:7:24 error DJ528" in ran.err
    assert scp.requests == []
