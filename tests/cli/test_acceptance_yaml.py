"""What a peer accepts as a document: it loads to the same again, whatever the peer calls itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dicomjobs.cli.acceptance_yaml import acceptance_lines
from dicomjobs.config.parameters import MissingParameters
from dicomjobs.config.workspace import Workspace, load_workspace
from dicomjobs.model.acceptance import Acceptance
from dicomjobs.model.association import AsynchronousWindow
from dicomjobs.model.peer import Peer
from tests.support.runs import HOSTILE, make_peer

CT, MR, EXPLICIT, IMPLICIT = (
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.5.1.4.1.1.4",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2",
)
NOW = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)
FOUND = Acceptance(
    storage={CT: (EXPLICIT, IMPLICIT), MR: (EXPLICIT, IMPLICIT), "1.2.840.10008.5.1.4.1.1.7": (IMPLICIT,)},
    scp_role=(CT,),
    max_pdu=16384,
    implementation_class_uid="1.2.3",
    implementation_version="PEER_1",
    asynchronous_window=AsynchronousWindow(invoked=4, performed=0),
)


def loaded(folder: Path, acceptance: Acceptance, peer: Peer) -> Workspace:
    """Write the document and load it."""
    file = folder / "probe.yaml"
    file.write_text("".join(f"{line}\n" for line in acceptance_lines(acceptance, peer=peer, at=NOW)))
    workspace, warnings = load_workspace(
        str(file), settings={}, now=NOW, at=None, missing_parameters=MissingParameters.REFUSE
    )
    assert warnings == ()
    return workspace


def test_the_document_loads_to_the_same_again(tmp_path: Path) -> None:
    """With who was asked."""
    workspace = loaded(tmp_path, FOUND, make_peer())

    assert list(workspace.acceptances.values()) == [FOUND]
    [peer] = workspace.peers
    assert (peer.name, peer.host, peer.port, peer.called_ae_title) == ("archive", "pacs.example", 11112, "ARCHIVE")


def test_a_peer_that_accepts_nothing_has_a_document_as_well(tmp_path: Path) -> None:
    """That is a finding too."""
    nothing = replace(FOUND, storage={}, scp_role=(), implementation_version="", implementation_class_uid="")

    assert list(loaded(tmp_path, nothing, make_peer()).acceptances.values()) == [nothing]


@pytest.mark.parametrize("text", [HOSTILE, "${env:HOME}", "it's: #1", "null", "- x", "\t", "0012"])
def test_no_text_of_a_peer_leaves_its_place(text: str, tmp_path: Path) -> None:
    """It stays one value, on one line."""
    peer = replace(make_peer(f"A@{text}:1"), host="h'${x}", called_ae_title="A'B: ${c}")

    workspace = loaded(tmp_path, replace(FOUND, implementation_version=text), peer)

    [acceptance] = workspace.acceptances.values()
    assert acceptance.storage == FOUND.storage
    assert acceptance.implementation_version == text or not text.isprintable()
    assert (workspace.peers[0].host, workspace.peers[0].called_ae_title) == ("h'${x}", "A'B: ${c}")


def test_the_document_reads_well() -> None:
    """Classes with the same transfer syntaxes stand together, one a line, so that a difference is one too."""
    text = "\n".join(acceptance_lines(FOUND, peer=make_peer(), at=NOW))

    assert (
        text
        == """\
# What archive accepts: dicomjobs probe, 2026-11-21 22:30 UTC.
dicomjobs: 1
peers:
  archive:
    host: pacs.example
    port: 11112
    called_ae_title: ARCHIVE
    accepts:
      max_pdu: 16384
      implementation_class_uid: 1.2.3
      implementation_version: PEER_1
      asynchronous_window: {invoked: 4, performed: 0}
      scp_role:
        - CTImageStorage
      storage:
        - sop_classes:
            - CTImageStorage
            - MRImageStorage
          transfer_syntaxes:
            - ExplicitVRLittleEndian
            - ImplicitVRLittleEndian
        - sop_classes:
            - SecondaryCaptureImageStorage
          transfer_syntaxes:
            - ImplicitVRLittleEndian"""
    )
