"""`dicomjobs probe` asks real peers what they accept; the answer is a document that `check` understands."""

from __future__ import annotations

import re
import signal
import subprocess
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dicomjobs.config.parameters import MissingParameters
from dicomjobs.config.workspace import load_workspace
from dicomjobs.dicom.uids import uid_of
from dicomjobs.model.acceptance import Acceptance
from dicomjobs.model.association import AsynchronousWindow
from dicomjobs.plan.probing import probed_classes, probed_syntaxes
from dicomjobs.wire.pdu import RoleItem, UserInformation
from tests.support.command import Ended, command_line, dicomjobs, peer_yaml
from tests.support.peers import free_port, orthanc, storescp
from tests.support.recording_scp import recording_scp, rejecting_scp
from tests.support.scripted_scp import (
    RELEASE_RP,
    accept,
    hang,
    read_association_request,
    read_one_pdu,
    scripted_scp,
    send,
)

ASCONFIG = r"""
[[TransferSyntaxes]]
[Many]
TransferSyntax1 = JPEG2000LosslessOnly
TransferSyntax2 = LittleEndianExplicit
TransferSyntax3 = LittleEndianImplicit
[Few]
TransferSyntax1 = LittleEndianImplicit
[[PresentationContexts]]
[Contexts]
PresentationContext1 = CTImageStorage\Many
PresentationContext2 = MRImageStorage\Few
PresentationContext3 = UltrasoundImageStorage\Few
[[SCPSCURoleSelection]]
[Roles]
Role1 = MRImageStorage\BOTH
[[Profiles]]
[Default]
PresentationContexts = Contexts
SCPSCURoleSelection = Roles
"""


def acceptance(document: Path) -> Acceptance:
    """Return what a document says that its only peer accepts."""
    now = datetime(2026, 11, 21, tzinfo=UTC)
    workspace, warnings = load_workspace(
        str(document), settings={}, now=now, at=None, missing_parameters=MissingParameters.REFUSE
    )
    assert warnings == ()
    [found] = workspace.acceptances.values()
    return found


def by_name(**classes: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Return transfer syntaxes by class, both given by name."""
    return {str(uid_of(name)): tuple(str(uid_of(each)) for each in syntaxes) for name, syntaxes in classes.items()}


def probed(folder: Path, *arguments: object) -> Ended:
    """Probe a peer, and keep what is printed as probe.yaml."""
    ended = dicomjobs("probe", *arguments)
    (folder / "probe.yaml").write_text(ended.out)
    return ended


def test_storescp_accepts_what_its_profile_says(tmp_path: Path) -> None:
    """Class by class, with the role it grants; a probe stores nothing."""
    (tmp_path / "storescp.cfg").write_text(ASCONFIG)
    with storescp(tmp_path, "-xf", str(tmp_path / "storescp.cfg"), "Default", nodelay=True) as peer:
        ended = probed(tmp_path, peer.address)
        again = dicomjobs("probe", peer.address, "--compare", tmp_path / "probe.yaml")

        assert peer.files() == []
    found = acceptance(tmp_path / "probe.yaml")
    few = ("ImplicitVRLittleEndian",)
    assert (ended.code, ended.err) == (0, "")
    assert found.storage == by_name(
        CTImageStorage=("ImplicitVRLittleEndian", "ExplicitVRLittleEndian", "JPEG2000Lossless"),
        MRImageStorage=few,
        UltrasoundImageStorage=few,
    )
    assert found.scp_role == (uid_of("MRImageStorage"),)
    assert (found.max_pdu, found.implementation_class_uid[:22]) == (16384, "1.2.276.0.7230010.3.0.")
    assert found.implementation_version.startswith("OFFIS_DCMTK_")
    assert (again.code, again.out) == (0, "nothing changed\n")


@pytest.mark.parametrize(
    ("option", "syntaxes"),
    [
        ("+xi", ("ImplicitVRLittleEndian",)),
        ("+xs", ("ImplicitVRLittleEndian", "ExplicitVRLittleEndian", "ExplicitVRBigEndian", "JPEGLosslessSV1")),
    ],
)
def test_storescp_accepts_what_its_options_say(tmp_path: Path, option: str, syntaxes: tuple[str, ...]) -> None:
    """The same transfer syntaxes for all its classes."""
    with storescp(tmp_path, option, nodelay=True) as peer:
        probed(tmp_path, peer.address)

    found = acceptance(tmp_path / "probe.yaml")
    assert set(found.storage.values()) == {tuple(str(uid_of(name)) for name in syntaxes)}
    assert len(found.storage) > 100
    assert found.scp_role == ()


def test_orthanc_accepts_nearly_everything_until_it_is_told_otherwise(tmp_path: Path) -> None:
    """And --compare tells what an upgrade, or another configuration, has changed: exit code 6."""
    with orthanc(tmp_path) as peer:
        before = probed(tmp_path, peer.address)
    with orthanc(tmp_path, DeflatedTransferSyntaxAccepted=False, JpegTransferSyntaxAccepted=False) as peer:
        after = dicomjobs("probe", peer.address, "--compare", tmp_path / "probe.yaml", "-o", tmp_path / "after.yaml")

    found = acceptance(tmp_path / "probe.yaml")
    assert (before.code, before.err) == (0, "")
    assert uid_of("JPEG2000Lossless") in found.storage[str(uid_of("CTImageStorage"))]
    assert len(found.storage) > 100
    assert after.code == 6
    assert re.search(r"(?m)^- CTImageStorage: .*DeflatedExplicitVRLittleEndian.*JPEGBaseline8Bit", after.out)
    assert "ImplicitVRLittleEndian," not in after.out
    assert acceptance(tmp_path / "after.yaml").storage.keys() == found.storage.keys()


def test_a_peer_of_a_document_keeps_its_name_and_is_included(tmp_path: Path) -> None:
    """The document of a probe stands alone, and lies under the one that includes it."""
    with recording_scp() as scp:
        peer = peer_yaml(scp.port, called="ARCHIVE", calling_ae_title="RESEARCH")
        (tmp_path / "site.yaml").write_text(f"dicomjobs: 1\npeers: {{archive: {peer}}}\n")
        ended = dicomjobs("probe", "archive", "-f", tmp_path / "site.yaml", "-o", tmp_path / "probe.yaml")

    found = acceptance(tmp_path / "probe.yaml")
    (tmp_path / "site.yaml").write_text(
        f"dicomjobs: 1\ninclude: [probe.yaml]\npeers: {{archive: {peer.replace('127.0.0.1', 'pacs.example.org')}}}\n"
    )
    now = datetime(2026, 11, 21, tzinfo=UTC)
    workspace, _ = load_workspace(
        str(tmp_path / "site.yaml"), settings={}, now=now, at=None, missing_parameters=MissingParameters.REFUSE
    )
    assert (ended.code, ended.out) == (0, "")
    assert {request.calling_ae_title for request in scp.requests} == {"RESEARCH"}
    assert set(found.storage) == set(probed_classes())
    assert {frozenset(syntaxes) for syntaxes in found.storage.values()} == {frozenset(probed_syntaxes())}
    assert [(each.name, each.host, each.calling_ae_title) for each in workspace.peers] == [
        ("archive", "pacs.example.org", "RESEARCH")
    ]
    assert workspace.acceptances == {workspace.peers[0]: found}


def test_roles_and_window_are_those_that_the_peer_grants() -> None:
    """Once for each class, and only where the SCP role is granted; what was not asked for is no answer."""
    roles = [
        RoleItem(sop_class_uid=str(uid_of(name)), scu=True, scp=name != "MRImageStorage")
        for name in ("CTImageStorage", "MRImageStorage", "CTImageStorage", "StudyRootQueryRetrieveInformationModelFind")
    ]
    user = UserInformation(
        max_pdu_length=0,
        implementation_class_uid="1.2.3",
        implementation_version="PEER: '1'",
        roles=tuple(roles),
        asynchronous_window=AsynchronousWindow(invoked=4, performed=2),
    )
    with recording_scp(accepting=accept(answers=user)) as scp:
        ended = dicomjobs("probe", f"ANY@127.0.0.1:{scp.port}")

    assert ended.code == 0
    assert "      max_pdu: 0\n" in ended.out
    assert "      implementation_version: 'PEER: ''1'''\n" in ended.out
    assert "      asynchronous_window: {invoked: 4, performed: 2}\n" in ended.out
    assert "      scp_role:\n        - CTImageStorage\n      storage:\n" in ended.out
    assert scp.requests[-1].user.asynchronous_window == AsynchronousWindow(invoked=0, performed=0)
    assert {(role.scu, role.scp) for role in scp.requests[-1].user.roles} == {(True, True)}


def test_a_peer_that_accepts_nothing_at_all_is_told() -> None:
    """Not even Verification, on any association: exit code 3, and no document that says so."""
    with recording_scp(accepting=accept(results=dict.fromkeys(range(1, 256, 2), 3))) as scp:
        ended = dicomjobs("probe", f"ANY@127.0.0.1:{scp.port}")

    assert (ended.code, ended.out) == (3, "")
    assert "accepted none of the" in ended.err


def test_an_interrupted_probe_says_so() -> None:
    """Exit code 130, at once."""
    asked = threading.Event()
    with scripted_scp(read_association_request(), lambda _: asked.set(), hang()) as port:
        probing = subprocess.Popen(
            command_line("probe", f"ANY@127.0.0.1:{port}"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert asked.wait(20)
        probing.send_signal(signal.SIGINT)
        out, err = probing.communicate(timeout=20)

    assert (probing.returncode, out) == (130, b"")
    assert b"SIGINT" in err


def test_every_association_is_released(tmp_path: Path) -> None:
    """None is left to time out at the peer, and as few are made as 128 contexts allow."""
    with recording_scp() as scp:
        probed(tmp_path, f"ANY@127.0.0.1:{scp.port}")

    pairs = len(probed_classes()) * len(probed_syntaxes())
    expected = -(-pairs // 127) + -(-len(probed_classes()) // 127)
    assert len(scp.requests) == expected
    assert [scp.next_end() for _ in range(expected)] == ["released"] * expected


def test_nobody_there_is_told_like_in_a_run(tmp_path: Path) -> None:
    """Exit code 4, and nothing is written."""
    ended = dicomjobs("probe", f"NOBODY@127.0.0.1:{free_port()}", "-o", tmp_path / "probe.yaml")

    assert ended.code == 4
    assert "cannot be probed: no connection" in ended.err
    assert not (tmp_path / "probe.yaml").exists()


def test_a_rejection_is_a_refusal() -> None:
    """Exit code 9."""
    with rejecting_scp(1, 1, 7) as port:
        ended = dicomjobs("probe", f"WRONG@127.0.0.1:{port}")

    assert ended.code == 9
    assert "try: " in ended.err


def test_a_peer_that_ends_half_way_leaves_no_half_document(tmp_path: Path) -> None:
    """What was learned until then is not what the peer accepts."""
    with scripted_scp(accept(), read_one_pdu(), send(RELEASE_RP)) as port:
        peer = peer_yaml(port, timeouts="{acse: 0.3s}")
        (tmp_path / "site.yaml").write_text(f"dicomjobs: 1\npeers: {{archive: {peer}}}\n")
        ended = dicomjobs("probe", "archive", "-f", tmp_path / "site.yaml", "-o", tmp_path / "probe.yaml")

    assert ended.code == 4
    assert "archive cannot be probed: " in ended.err
    assert not (tmp_path / "probe.yaml").exists()


def test_a_document_that_says_nothing_of_the_peer_cannot_be_compared_with(tmp_path: Path) -> None:
    """Told before the peer is asked."""
    (tmp_path / "site.yaml").write_text("dicomjobs: 1\n")

    ended = dicomjobs("probe", f"NOBODY@127.0.0.1:{free_port()}", "--compare", tmp_path / "site.yaml")

    assert ended.code == 2
    assert "DJ616" in ended.err
