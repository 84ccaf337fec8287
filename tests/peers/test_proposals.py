"""What `propose:` puts on the wire is what storescu puts there: contexts, their IDs and order, and the context of each file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import dicomjobs, latest, store_yaml
from tests.support.instances import make_instance
from tests.support.job_files import write
from tests.support.peers import run_program
from tests.support.recording_scp import RecordingScp, recording_scp

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
DEFLATED, JPEG = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.70"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five instances of two classes in all native transfer syntaxes."""
    folder = tmp_path_factory.mktemp("natives")
    kinds = [(MR, EXPLICIT), (CT, IMPLICIT), (CT, BIG), (MR, DEFLATED), (CT, EXPLICIT)]
    for n, (sop_class, syntax) in enumerate(kinds):
        make_instance(folder / f"{n}.dcm", number=n, sop_class_uid=sop_class, transfer_syntax=syntax)
    return folder


@pytest.mark.parametrize(
    ("options", "propose"),
    [
        ("", "sop_classes: dcmtk_64"),
        ("+C", "sop_classes: dcmtk_64, combine: true"),
        ("-R", ""),
        ("-R +C", "combine: true"),
        ("-R -xb", "preferred: [ExplicitVRBigEndian]"),
        ("-R -xi", "preferred: [ImplicitVRLittleEndian], fallback: none"),
        ("-R -xd", "preferred: [DeflatedExplicitVRLittleEndian]"),
        ("-R -xs", "preferred: [JPEGLosslessSV1]"),
        ("-R -xs +C", "preferred: [JPEGLosslessSV1], combine: true"),
        ("-xi", "sop_classes: dcmtk_64, preferred: [ImplicitVRLittleEndian], fallback: none"),
    ],
)
def test_the_peer_sees_the_same_request_and_the_files_on_the_same_contexts(
    tmp_path: Path, files: Path, options: str, propose: str
) -> None:
    """Whatever the option, when the peer takes the first transfer syntax of every context, be it one that fits no file."""
    with recording_scp() as scp:
        theirs = run_program("storescu", "-nh", *options.split(), "127.0.0.1", scp.port, *sorted(files.iterdir()))
        expected = _seen(scp)
    with recording_scp() as scp:
        text = store_yaml(scp.port, files, more=f"association_profile: {{propose: {{{propose}}}}}")
        ours = dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports")

    assert theirs.returncode == 0  # with -nh whatever happens
    assert _seen(scp) == expected
    assert ours.code == (0 if expected[1] else 3)


def _seen(scp: RecordingScp) -> list[object]:
    """Return the contexts of the only request, and what came on them."""
    (request,) = scp.requests
    contexts = [(each.context_id, each.abstract_syntax, each.transfer_syntaxes) for each in request.contexts]
    return [contexts, [(each.command.sop_instance_uid, each.context_id) for each in scp.received]]


def test_over_128_contexts_either_nothing_is_sent_or_all_on_several_associations(tmp_path: Path) -> None:
    """Refused before anybody is asked, with a plan that says so; or split."""
    folder = tmp_path / "private"
    folder.mkdir()
    for n in range(65):
        make_instance(folder / f"{n}.dcm", number=n, sop_class_uid=f"1.2.826.0.1.3680043.9.{n}", rows=4)
    with recording_scp() as scp:
        for policy in ("fail", "split"):
            more = f"association_profile: {{propose: {{over_128_contexts: {policy}}}}}"
            write(tmp_path, store_yaml(scp.port, folder, more=more), f"{policy}.yaml")
        planned = dicomjobs("plan", tmp_path / "fail.yaml")
        failed = dicomjobs("run", tmp_path / "fail.yaml", "--reports", tmp_path / "failed")
        asked = len(scp.requests)
        split = dicomjobs("run", tmp_path / "split.yaml", "--reports", tmp_path / "split")

    assert (planned.code, failed.code, asked) == (3, 3, 0)
    assert "more presentation contexts are needed than one association has: 65 files" in planned.out
    assert latest(tmp_path / "failed").job("send")["counts"]["failed"] == 65
    assert split.code == 0
    assert [len(request.contexts) for request in scp.requests] == [128, 2]
    assert len(scp.received) == 65
