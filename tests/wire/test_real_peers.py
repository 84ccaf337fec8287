"""Associations with the programs of DCMTK: what they store is what was sent, byte for byte."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset

from dicomjobs.errors import AssociationRejected, NoContextAccepted
from dicomjobs.model.association import EndedBy
from dicomjobs.model.dimse import EchoRequest, FindRequest, StoreRequest
from tests.support.peers import dcmqrscp, storescp
from tests.support.wire import (
    CT,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    STUDY_FIND,
    VERIFICATION,
    Bytes,
    a_peer,
    associated,
    proposing,
)


def _instance(number: int) -> Dataset:
    """A small CT image."""
    image = Dataset()
    image.SOPClassUID, image.SOPInstanceUID = CT, f"1.2.826.0.1.3680043.10.99.{number}"
    image.StudyInstanceUID, image.SeriesInstanceUID = f"1.2.3.{number}", f"1.2.3.{number}.1"
    image.PatientID, image.PatientName, image.StudyID, image.Modality = f"P{number}", "CANARY^TEST", "1", "CT"
    image.StudyDate, image.StudyTime, image.AccessionNumber, image.SeriesNumber = (
        "20261121",
        "101500",
        f"A{number}",
        "1",
    )
    image.InstanceNumber = number
    image.Rows = image.Columns = 64
    image.SamplesPerPixel, image.PhotometricInterpretation, image.PixelRepresentation = 1, "MONOCHROME2", 0
    image.BitsAllocated, image.BitsStored, image.HighBit = 16, 12, 11
    image.PixelData = bytes(64 * 64 * 2)
    return image


def _encoded(data_set: Dataset, transfer_syntax: str = EXPLICIT_LITTLE) -> bytes:
    """A data set's bytes."""
    buffer = BytesIO()
    pydicom.dcmwrite(
        buffer, data_set, implicit_vr=transfer_syntax == IMPLICIT_LITTLE, little_endian=True, enforce_file_format=False
    )
    return buffer.getvalue()


@pytest.mark.parametrize("nodelay", [False, True])
def test_storescp_stores_what_was_sent(tmp_path: Path, *, nodelay: bool) -> None:
    """Echo and stores on one association; the data sets on disk are the bytes that were given."""
    instances = [_instance(number) for number in range(1, 21)]
    with (
        storescp(tmp_path, nodelay=nodelay) as scp,
        associated(a_peer(scp.port), proposing(CT, VERIFICATION)) as association,
    ):
        (echo,) = association.answers(association.send(EchoRequest(), 3, None))
        for instance in instances:
            request = StoreRequest(sop_class_uid=CT, sop_instance_uid=instance.SOPInstanceUID)
            (answer,) = association.answers(association.send(request, 1, Bytes(_encoded(instance))))
            assert answer.status == 0
        association.release()
        stored = {pydicom.dcmread(path).SOPInstanceUID: path.read_bytes() for path in scp.files()}

    assert (echo.status, association.ended_by) == (0, EndedBy.RELEASE)
    assert stored.keys() == {instance.SOPInstanceUID for instance in instances}
    assert all(stored[instance.SOPInstanceUID].endswith(_encoded(instance)) for instance in instances)


def test_storescp_takes_a_large_instance_in_chunks(tmp_path: Path) -> None:
    """20 MB in chunks of 1 MiB."""
    instance = _instance(1)
    instance.Rows, instance.Columns, instance.PixelData = 3200, 3200, bytes(3200 * 3200 * 2)
    data = _encoded(instance)
    chunks = [data[start : start + (1 << 20)] for start in range(0, len(data), 1 << 20)]
    with storescp(tmp_path) as scp, associated(a_peer(scp.port)) as association:
        request = StoreRequest(sop_class_uid=CT, sop_instance_uid=instance.SOPInstanceUID)
        (answer,) = association.answers(association.send(request, 1, Bytes(*chunks)))
        association.release()
        (stored,) = scp.files()

        assert stored.read_bytes().endswith(data)
    assert answer.status == 0


def test_a_context_that_storescp_does_not_know_is_refused(tmp_path: Path) -> None:
    """It stores, and does not query."""
    with (
        storescp(tmp_path) as scp,
        pytest.raises(NoContextAccepted, match="abstract syntax not supported"),
        associated(a_peer(scp.port), proposing(STUDY_FIND)),
    ):
        pass


def test_dcmqrscp_rejects_an_ae_title_that_it_does_not_know(tmp_path: Path) -> None:
    """With the reason in words, and the AE title in the hint."""
    with (
        dcmqrscp(tmp_path) as scp,
        pytest.raises(AssociationRejected, match="called AE title not recognized") as caught,
        associated(a_peer(scp.port, called_ae_title="NOBODY"), proposing(STUDY_FIND)),
    ):
        pass

    assert "'NOBODY'" in caught.value.hint


def _study_query() -> bytes:
    """All studies, with their UID and patient ID."""
    query = Dataset()
    query.QueryRetrieveLevel, query.PatientID, query.StudyInstanceUID = "STUDY", "", ""
    return _encoded(query, IMPLICIT_LITTLE)


def test_dcmqrscp_is_found_in_and_can_be_cancelled(tmp_path: Path) -> None:
    """Every study comes back once; after a C-CANCEL the answers end early or on their own, and the association goes on."""
    with dcmqrscp(tmp_path) as scp:
        peer = a_peer(scp.port, called_ae_title=scp.ae_title)
        proposal = proposing(STUDY_FIND, CT, transfer_syntaxes=(IMPLICIT_LITTLE,))
        with associated(peer, proposal) as association:
            for number in range(1, 31):
                instance = _instance(number)
                request = StoreRequest(sop_class_uid=CT, sop_instance_uid=instance.SOPInstanceUID)
                payload = Bytes(_encoded(instance, IMPLICIT_LITTLE))
                (answer,) = association.answers(association.send(request, 3, payload))
                assert answer.status == 0

            find = FindRequest(sop_class_uid=STUDY_FIND)
            found = list(association.answers(association.send(find, 1, Bytes(_study_query()))))

            pending = association.send(find, 1, Bytes(_study_query()))
            cancelled = []
            for response in association.answers(pending):
                cancelled.append(response.status)
                if len(cancelled) == 1:
                    association.cancel(pending)

            association.release()

    assert [response.status for response in found] == [0xFF00] * 30 + [0]
    assert len({response.data for response in found[:-1]}) == 30
    assert cancelled[-1] in {0xFE00, 0}
    assert association.ended_by is EndedBy.RELEASE


def test_a_file_meta_is_not_part_of_what_is_sent(tmp_path: Path) -> None:
    """A guard for the tests above: what `_encoded` gives begins with the data set."""
    instance = _instance(1)
    instance.file_meta = FileMetaDataset()

    assert _encoded(instance)[:4] == bytes.fromhex("08001600")
