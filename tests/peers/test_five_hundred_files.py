"""Five hundred files of several studies, classes and transfer syntaxes reach the peers people have, and are found there again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.uid import (
    UID,
    CTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    MRImageStorage,
    SecondaryCaptureImageStorage,
    UltrasoundImageStorage,
)

from tests.support.command import Ended, dicomjobs, latest, peer_yaml
from tests.support.instances import MadeInstance, make_study
from tests.support.job_files import write
from tests.support.peers import OrthancPeer, Peer, dcmqrscp, orthanc, storescp

NATIVE = (
    (CTImageStorage, ExplicitVRLittleEndian, 150),
    (CTImageStorage, ImplicitVRLittleEndian, 100),
    (MRImageStorage, ImplicitVRLittleEndian, 100),
    (UltrasoundImageStorage, ExplicitVRBigEndian, 50),
    (SecondaryCaptureImageStorage, ExplicitVRLittleEndian, 100),
)
COMPRESSED = (
    *NATIVE[:3],
    (UltrasoundImageStorage, JPEGBaseline8Bit, 50),
    (SecondaryCaptureImageStorage, JPEG2000Lossless, 100),
)
Studies = list[list[MadeInstance]]


def made(folder: Path, kinds: tuple[tuple[UID, UID, int], ...]) -> Studies:
    """Make a study of each kind in a folder of its own."""
    return [
        make_study(folder / str(n), count, study=n, sop_class_uid=kind, transfer_syntax=syntax, rows=8)
        for n, (kind, syntax, count) in enumerate(kinds)
    ]


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Studies]:
    """Five hundred files that every peer takes."""
    folder = tmp_path_factory.mktemp("native")
    return folder, made(folder, NATIVE)


@pytest.fixture(scope="module")
def compressed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Studies]:
    """Five hundred files, a third of them compressed."""
    folder = tmp_path_factory.mktemp("compressed")
    return folder, made(folder, COMPRESSED)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrthancPeer]:
    """An Orthanc."""
    with orthanc(tmp_path_factory.mktemp("orthanc")) as peer:
        yield peer


@pytest.fixture(scope="module")
def query_peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """A dcmqrscp."""
    with dcmqrscp(tmp_path_factory.mktemp("dcmqrscp")) as peer:
        yield peer


def send_and_find(tmp_path: Path, peer: Peer, folder: Path, studies: Studies) -> Ended:
    """Send everything, ask for the studies and then for the images of each."""
    finds = "".join(
        f"  images_{n}:\n    needs: [studies]\n    find:\n      peer: archive\n      query: {{model: study, level: IMAGE,"
        f' keys: {{StudyInstanceUID: "{study[0].study_instance_uid}",'
        f' SeriesInstanceUID: "{study[0].series_instance_uid}", SOPInstanceUID: , SOPClassUID: }}}}\n'
        for n, study in enumerate(studies)
    )
    text = f"""\
dicomjobs: 1
peers: {{archive: {peer_yaml(peer.port, called=peer.ae_title)}}}
jobs:
  check: {{echo: {{peer: archive}}}}
  send:
    needs: [check]
    store: {{peer: archive, send_set: {{paths: [{folder}]}}}}
  studies:
    needs: [send]
    find: {{peer: archive, query: {{model: study, level: STUDY, keys: {{PatientID: CANARY-PHI-ID, StudyInstanceUID: }}}}}}
{finds}"""
    return dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports")


def found(reports: Path, job: str, column: str) -> list[str]:
    """Return a column of a job's matches."""
    header, *lines = latest(reports).text(f"matches-{job}.csv").splitlines()
    place = header.split(",").index(column)
    return sorted(line.split(",")[place] for line in lines)


def assert_all_is_there(ended: Ended, reports: Path, studies: Studies) -> None:
    """Everything was delivered, and the peer names every study and every instance."""
    assert (ended.code, ended.err) == (0, "")
    run = latest(reports)
    sent = run.job("send")
    assert sent["counts"] | {"matches": 0} == dict.fromkeys(sent["counts"], 0) | {"planned": 500, "delivered": 500}
    assert Counter(row["outcome"] for row in run.rows) == {"delivered": 500}
    assert {row["status"] for row in run.rows} == {"0000"}
    assert found(reports, "studies", "StudyInstanceUID") == sorted(s[0].study_instance_uid for s in studies)
    for number, study in enumerate(studies):
        uids = sorted(made.sop_instance_uid for made in study)
        assert found(reports, f"images_{number}", "SOPInstanceUID") == uids
        assert run.job(f"images_{number}")["counts"]["matches"] == len(uids)


def test_stock_storescp_keeps_five_hundred_files(tmp_path: Path, native: tuple[Path, Studies]) -> None:
    """As many files lie in its folder as the report says, under the names made of their UIDs; big endian ones converted."""
    folder, studies = native
    with storescp(tmp_path) as peer:
        text = f"dicomjobs: 1\njobs: {{send: {{store: {{peer: {peer_yaml(peer.port)}, send_set: {{paths: [{folder}]}}}}}}}}\n"
        ended = dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports")
        names = [path.name for path in peer.files()]

    run = latest(tmp_path / "reports")
    assert (ended.code, ended.err, ended.out.count("\n")) == (0, "", 1)
    assert run.job("send")["counts"]["delivered"] == len(names) == 500
    assert sorted(name.split(".", 1)[1] for name in names) == sorted(m.sop_instance_uid for s in studies for m in s)
    assert {row["sent_transfer_syntax"] for row in run.rows} <= {ExplicitVRLittleEndian, ImplicitVRLittleEndian}


def test_orthanc_keeps_five_hundred_files_and_finds_them(
    tmp_path: Path, archive: OrthancPeer, compressed: tuple[Path, Studies]
) -> None:
    """Its own count and its list of UIDs agree with what we say was delivered, compressed files as they are."""
    folder, studies = compressed

    ended = send_and_find(tmp_path, archive, folder, studies)

    assert_all_is_there(ended, tmp_path / "reports", studies)
    assert archive.count_instances() == 500
    assert archive.sop_instance_uids() == sorted(m.sop_instance_uid for s in studies for m in s)
    assert all(
        row["transfer_syntax"] == row["sent_transfer_syntax"]
        for row in latest(tmp_path / "reports").rows
        if row["transfer_syntax"] in {JPEG2000Lossless, JPEGBaseline8Bit}
    )


def test_dcmqrscp_keeps_five_hundred_files_and_finds_them(
    tmp_path: Path, query_peer: Peer, native: tuple[Path, Studies]
) -> None:
    """Its storage area holds a file each."""
    folder, studies = native

    ended = send_and_find(tmp_path, query_peer, folder, studies)

    assert_all_is_there(ended, tmp_path / "reports", studies)
    assert len([path for path in query_peer.files() if path.name != "index.dat"]) == 500
