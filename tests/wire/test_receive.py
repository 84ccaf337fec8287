"""The SCP of our own, driven by DCMTK's programs and by an SCU that sends what no program would."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import socket
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    MediaStorageDirectoryStorage,
    RLELossless,
)

from dicomjobs.dicom.sop_classes import (
    MODALITY_WORKLIST_FIND,
    PATIENT_STUDY_ONLY_FIND,
    STUDY_ROOT_FIND,
    VERIFICATION,
)
from dicomjobs.wire import receive_server
from dicomjobs.wire.receive import Receiver, start_receiver
from tests.support.instances import MadeInstance, make_instance, make_study, make_uid
from tests.support.peers import run_program
from tests.support.raw_scu import associate_rq, raw_scu

PRIVATE_SOP_CLASS = "1.2.826.0.1.3680043.2.1143.999.1"
FUTURE_SOP_CLASS = "1.2.840.10008.5.1.4.1.1.999.9"
PRIVATE_TRANSFER_SYNTAX = "1.2.826.0.1.3680043.2.1143.999.2"
SYNTAXES = (
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
    RLELossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEG2000Lossless,
    PRIVATE_TRANSFER_SYNTAX,
)


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    """A receiver over an empty directory."""
    with start_receiver(str(tmp_path / "received")) as running:
        yield running


def kept(receiver: Receiver) -> list[Path]:
    """The files in a receiver's directory, whatever their names."""
    return sorted(path for path in Path(receiver.directory).rglob("*") if path.is_file())


def data_set_of(instance: MadeInstance) -> bytes:
    """The encoded data set of a file."""
    return instance.path.read_bytes()[instance.offset :]


def store(receiver: Receiver, instance: MadeInstance, **other: str | bytes) -> int | None:
    """C-STORE an instance as its file has it, with another UID in the command set if asked; the status, None after an abort."""
    sop_class_uid = other.get("sop_class_uid", instance.sop_class_uid)
    sop_instance_uid = other.get("sop_instance_uid", instance.sop_instance_uid)
    context = (instance.sop_class_uid, [instance.transfer_syntax])
    with raw_scu(receiver.host, receiver.port, context) as scu:
        answer = scu.store(1, sop_class_uid, sop_instance_uid, data_set_of(instance))
    return None if answer is None else int(answer.Status)


def test_echoscu_gets_an_answer(receiver: Receiver) -> None:
    """C-ECHO (PS3.4 A.4)."""
    echo = run_program("echoscu", receiver.host, receiver.port)

    assert echo.returncode == 0, echo.stderr


@pytest.mark.parametrize("transfer_syntax", SYNTAXES)
def test_the_bytes_of_a_data_set_are_kept_unchanged(receiver: Receiver, tmp_path: Path, transfer_syntax: str) -> None:
    """Whatever the transfer syntax, nothing is decoded and encoded again."""
    instance = make_instance(tmp_path / "sent.dcm", transfer_syntax=transfer_syntax)

    assert store(receiver, instance) == 0x0000

    [path] = kept(receiver)
    assert path.read_bytes().endswith(data_set_of(instance))
    meta = dcmread(path, specific_tags=[]).file_meta
    assert meta.TransferSyntaxUID == transfer_syntax
    assert meta.MediaStorageSOPInstanceUID == instance.sop_instance_uid
    assert meta.SourceApplicationEntityTitle == "RAW-SCU"
    assert path.stat().st_size == 132 + 12 + meta.FileMetaInformationGroupLength + len(data_set_of(instance))


@pytest.mark.parametrize("sop_class_uid", [PRIVATE_SOP_CLASS, FUTURE_SOP_CLASS])
def test_sop_classes_that_nobody_knows_are_stored(receiver: Receiver, tmp_path: Path, sop_class_uid: str) -> None:
    """A private SOP class, or one of a later edition of the standard, is no reason to refuse."""
    instance = make_instance(tmp_path / "sent.dcm", sop_class_uid=sop_class_uid)

    assert store(receiver, instance) == 0x0000

    assert len(kept(receiver)) == 1


@pytest.mark.parametrize(
    ("file", "options"),
    [
        ("CT_small.dcm", ("-xe",)),
        ("MR_small_bigendian.dcm", ("-xb",)),
        ("MR_small_implicit.dcm", ("-xi",)),
        ("image_dfl.dcm", ("-xd",)),
        ("MR_small_RLE.dcm", ("-xr",)),
        ("SC_rgb_jpeg_gdcm.dcm", ("-xs",)),
        ("SC_rgb_jpeg_dcmtk.dcm", ("-xy",)),
        ("JPEG2000.dcm", ("-xw",)),
        ("MR_small_jpeg_ls_lossless.dcm", ("-xt",)),
        ("test-SR.dcm", ()),
        ("rtplan.dcm", ("-xi",)),
    ],
)
def test_storescu_delivers_in_every_syntax_it_can_propose(
    receiver: Receiver, file: str, options: tuple[str, ...]
) -> None:
    """What storescu reads from a file is what is held afterwards."""
    source = str(get_testdata_file(file, download=False))
    sent = run_program("storescu", *options, receiver.host, receiver.port, source)

    assert sent.returncode == 0, sent.stderr
    [path] = kept(receiver)
    before, after = dcmread(source), dcmread(path)
    assert after.file_meta.TransferSyntaxUID == before.file_meta.TransferSyntaxUID
    assert after.SOPInstanceUID == before.SOPInstanceUID
    assert after.get("PixelData") == before.get("PixelData")


def test_dcmsend_delivers_a_folder_over_one_association(receiver: Receiver, tmp_path: Path) -> None:
    """Many instances one after the other."""
    instances = make_study(tmp_path / "out", 40, series=4)
    sent = run_program("dcmsend", "+sd", receiver.host, receiver.port, tmp_path / "out")

    assert sent.returncode == 0, sent.stderr
    assert {path.stem for path in kept(receiver)} == {instance.sop_instance_uid for instance in instances}


def test_many_associations_at_once_are_served(receiver: Receiver, tmp_path: Path) -> None:
    """Twenty SCUs that are all connected before the first one sends."""
    instances = make_study(tmp_path, 20)
    together = threading.Barrier(len(instances), timeout=30.0)
    statuses: list[int] = []

    def send(instance: MadeInstance) -> None:
        with raw_scu(receiver.host, receiver.port, (CTImageStorage, [instance.transfer_syntax])) as scu:
            together.wait()
            answer = scu.store(1, instance.sop_class_uid, instance.sop_instance_uid, data_set_of(instance))
            assert answer is not None
            statuses.append(int(answer.Status))

    threads = [threading.Thread(target=send, args=(instance,)) for instance in instances]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60.0)

    assert statuses == [0x0000] * len(instances)
    assert len(kept(receiver)) == len(instances)


def test_each_context_is_answered_on_its_own(receiver: Receiver) -> None:
    """The first syntax proposed is taken; what is no service of ours is refused with its reason (PS3.8 table 9-18)."""
    contexts = (
        (VERIFICATION, [ImplicitVRLittleEndian]),
        (CTImageStorage, [JPEG2000Lossless, ImplicitVRLittleEndian]),
        (CTImageStorage, [ExplicitVRBigEndian]),
        (MODALITY_WORKLIST_FIND, [ImplicitVRLittleEndian]),
        (MediaStorageDirectoryStorage, [ExplicitVRLittleEndian]),
        (STUDY_ROOT_FIND, [JPEG2000Lossless]),
        (PATIENT_STUDY_ONLY_FIND, [DeflatedExplicitVRLittleEndian]),
        (PRIVATE_SOP_CLASS, [PRIVATE_TRANSFER_SYNTAX]),
    )
    with raw_scu(receiver.host, receiver.port, *contexts) as scu:
        assert scu.results == {1: 0, 3: 0, 5: 0, 7: 3, 9: 3, 11: 3, 13: 0, 15: 0}


def test_the_same_instance_again_replaces_the_file(receiver: Receiver, tmp_path: Path) -> None:
    """One SOP Instance UID, one file; the last content wins and the index knows it."""
    first = make_instance(tmp_path / "first.dcm", extra=[(0x00200013, "IS", "1")])
    second = make_instance(tmp_path / "second.dcm", extra=[(0x00200013, "IS", "2")])

    assert [store(receiver, first), store(receiver, second)] == [0x0000, 0x0000]

    [path] = kept(receiver)
    assert path.read_bytes().endswith(data_set_of(second))


def test_only_the_owner_may_read_what_was_received(receiver: Receiver, tmp_path: Path) -> None:
    """Files have mode 0600 and folders 0700, whatever the umask."""
    former = os.umask(0)
    try:
        store(receiver, make_instance(tmp_path / "sent.dcm"))
    finally:
        os.umask(former)

    [path] = kept(receiver)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "uid",
    [b"../../x", b"/tmp/x", b"1.2\x00.3", b"..", b"1.2.3/4", b"a" * 64, b"\xff\xfe", b"9" * 4000, b"1.2\\1.3", b""],
    ids=["parent", "absolute", "nul", "dots", "slash", "letters", "not-ascii", "4000", "two", "empty"],
)
def test_no_uid_becomes_a_path(receiver: Receiver, tmp_path: Path, uid: bytes) -> None:
    """Text of a peer that is no UID names nothing: the instance is refused, or kept under a digest inside the directory."""
    before = set(tmp_path.rglob("*"))
    hostile = make_instance(
        tmp_path / "sent.dcm", extra=[(0x00080018, "UI", uid), (0x0020000D, "UI", uid or b"../study")]
    )
    status = store(receiver, hostile, sop_instance_uid=uid)

    new = set(tmp_path.rglob("*")) - before - {hostile.path}
    assert all(path.is_relative_to(receiver.directory) for path in new)
    assert all(set(part) <= set("0123456789abcdef.dcm") for path in kept(receiver) for part in path.parts[-2:])
    assert (len(kept(receiver)) == 1) == (status == 0x0000)
    assert run_program("echoscu", receiver.host, receiver.port).returncode == 0


@pytest.mark.parametrize("other", [{"sop_instance_uid": "1.2.3"}, {"sop_class_uid": "1.2.840.10008.5.1.4.1.1.4"}])
def test_a_command_about_another_instance_is_refused(
    receiver: Receiver, tmp_path: Path, other: dict[str, str | bytes]
) -> None:
    """The UIDs of command set and data set must agree; nothing is kept otherwise (PS3.4 B.2.3, A900)."""
    assert store(receiver, make_instance(tmp_path / "sent.dcm"), **other) == 0xA900

    assert kept(receiver) == []


def test_bytes_that_are_no_data_set_are_refused(receiver: Receiver) -> None:
    """Neither text nor sequences nested thousands deep stop the receiver."""
    item = b"\x08\x00\x40\x11\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    statuses = []
    for data in (b"not a data set at all, just text", item * 3000):
        with raw_scu(receiver.host, receiver.port, (CTImageStorage, [ImplicitVRLittleEndian])) as scu:
            answer = scu.store(1, CTImageStorage, "1.2.3", data)
            statuses.append(answer and answer.Status)

    assert set(statuses) <= {0xA900, 0xC000}
    assert kept(receiver) == []


def test_a_full_disk_is_said_so_and_leaves_no_trace(receiver: Receiver, tmp_path: Path) -> None:
    """A write that fails half-way is answered with A700, and the next instance is kept."""
    large, small = (
        make_instance(tmp_path / "large.dcm", rows=512),
        make_instance(tmp_path / "small.dcm", number=2, rows=1),
    )
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, hard))
    try:
        status = store(receiver, large)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert status == 0xA700
    assert kept(receiver) == []
    assert store(receiver, small) == 0x0000


def test_a_folder_that_is_a_symbolic_link_is_not_followed(receiver: Receiver, tmp_path: Path) -> None:
    """Nobody who can write into the directory leads us out of it."""
    outside = tmp_path / "outside"
    outside.mkdir()
    instance = make_instance(tmp_path / "sent.dcm")
    Path(receiver.directory, instance.study_instance_uid).symlink_to(outside)

    assert store(receiver, instance) == 0xA700

    assert list(outside.iterdir()) == []


def test_a_pdu_without_measure_ends_the_connection(receiver: Receiver) -> None:
    """A PDU that claims 4 GiB is not waited for."""
    with raw_scu(receiver.host, receiver.port, (VERIFICATION, [ImplicitVRLittleEndian])) as scu:
        scu.connection.sendall(b"\x04\x00\xff\xff\xff\xff" + b"x" * 64)

        assert scu.read_pdu() == (0, b"")


@pytest.mark.parametrize(
    "sent",
    [b"", associate_rq([(VERIFICATION, [ImplicitVRLittleEndian])])[:40], b"\x04\x00\x00\x01\x00\x00half"],
    ids=["nothing", "half an A-ASSOCIATE-RQ", "half a P-DATA-TF"],
)
def test_a_stalled_peer_does_not_keep_it_from_stopping(tmp_path: Path, sent: bytes) -> None:
    """A client that connects, or stops inside a PDU, is let go of; no thread stays."""
    before = set(threading.enumerate())
    receiver = start_receiver(str(tmp_path / "received"))
    with socket.create_connection((receiver.host, receiver.port), timeout=10.0) as connection:
        connection.sendall(sent)
        _await_threads(len(before) + 3)
        begun = time.monotonic()
        receiver.stop()

        assert time.monotonic() - begun < receive_server.NETWORK_SECONDS / 4
        assert set(threading.enumerate()) == before


def test_malformed_requests_leave_no_threads_behind(tmp_path: Path) -> None:
    """A hundred A-ASSOCIATE-RQ with wrong bytes in them: more than may be associated at once, and still there is room for one more."""
    before = set(threading.enumerate())
    good = associate_rq([(VERIFICATION, [ImplicitVRLittleEndian]), (CTImageStorage, [JPEG2000Lossless])])
    choice = random.Random(1)
    with start_receiver(str(tmp_path / "received")) as receiver:
        for _ in range(100):
            request = bytearray(good)
            for _ in range(choice.choice((1, 2, 8))):
                request[choice.randrange(6, len(request))] = choice.randrange(256)
            with socket.create_connection((receiver.host, receiver.port), timeout=10.0) as connection:
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
                with contextlib.suppress(ConnectionResetError):
                    connection.recv(1)
        echo = run_program("echoscu", receiver.host, receiver.port)

    assert echo.returncode == 0, echo.stderr
    assert set(threading.enumerate()) == before


def test_stopping_aborts_what_is_established(tmp_path: Path) -> None:
    """An idle association gets an A-ABORT, and one that stalls inside a message is closed; no thread stays."""
    before = set(threading.enumerate())
    context = (CTImageStorage, [ImplicitVRLittleEndian])
    receiver = start_receiver(str(tmp_path / "received"))
    with (
        raw_scu(receiver.host, receiver.port, context) as idle,
        raw_scu(receiver.host, receiver.port, context) as stalled,
    ):
        stalled.connection.sendall(b"\x04\x00\x00\x01\x00\x00half")
        receiver.stop()
        receiver.stop()

        assert idle.read_pdu()[0] in {0x07, 0}
        assert stalled.read_pdu()[0] in {0x07, 0}
    assert set(threading.enumerate()) == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((receiver.host, receiver.port), timeout=1.0)


def test_instances_that_share_a_study_are_found_after_a_restart(tmp_path: Path) -> None:
    """What one receiver kept, the next one over the same directory answers with."""
    directory = str(tmp_path / "received")
    instance = make_instance(tmp_path / "sent.dcm")
    with start_receiver(directory) as first:
        store(first, instance)
    with start_receiver(directory) as second:
        keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID")
        found = run_program("findscu", "-v", "-S", second.host, second.port, *keys)

    assert make_uid("seed", 1) in found.stderr + found.stdout


def _await_threads(count: int) -> None:
    """Wait until that many threads run: the server's, and the two that pynetdicom has for a connection."""
    deadline = time.monotonic() + 10.0
    while threading.active_count() < count and time.monotonic() < deadline:
        threading.Event().wait(0.01)
