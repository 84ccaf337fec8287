"""An SCP of our own for demos, tests and `dicomjobs serve`: it stores what it is sent and answers queries about it.

It knows nothing of jobs, plans, or the associations that we request ourselves.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from dicomjobs.dicom.sop_classes import PATIENT_ROOT_FIND, PATIENT_STUDY_ONLY_FIND, STUDY_ROOT_FIND, VERIFICATION
from dicomjobs.dicom.transfer_syntaxes import NATIVE
from dicomjobs.dicom.uids import UidKind, kind_of
from dicomjobs.model.query import InformationModel
from dicomjobs.wire.archive import Archive, Refused
from dicomjobs.wire.receive_server import Server, quiet_entity, start_server

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pynetdicom.association import Association
    from pynetdicom.events import Event
    from pynetdicom.pdu_primitives import SOPClassCommonExtendedNegotiation

_POLL_SECONDS = 0.001
_ANSWERS_IN_FLIGHT = 32
_CANCELLED = 0xFE00
_C_STORE_RQ, _C_FIND_RQ, _NO_DATA_SET = 0x0001, 0x0020, 0x0101
_STORAGE_SERVICE_CLASS = "1.2.840.10008.4.2"
_MODELS = {
    PATIENT_ROOT_FIND: InformationModel.PATIENT,
    STUDY_ROOT_FIND: InformationModel.STUDY,
    PATIENT_STUDY_ONLY_FIND: InformationModel.PATIENT_STUDY_ONLY,
}


class Receiver:
    """A running SCP; `host` and `port` are where it listens. Leaving it as a context manager stops it."""

    def __init__(self, server: Server, ae_title: str, archive: Archive) -> None:
        """Take over a server that listens; `start_receiver` makes one."""
        self.host, self.port = server.host, server.port
        self.ae_title = ae_title
        self.directory = archive.directory
        self.stop = server.stop

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start_receiver(directory: str, *, ae_title: str = "DICOMJOBS", host: str = "127.0.0.1", port: int = 0) -> Receiver:
    """Serve C-ECHO, C-STORE and C-FIND (PS3.4 A, B, C) over a directory; port 0 takes a free one. Raises OSError."""
    archive = Archive(directory)
    entity = quiet_entity(ae_title)
    entity.add_supported_context(VERIFICATION)  # it needs one; `_accept` makes the real ones
    return Receiver(start_server(entity, host, port, _handlers(archive)), ae_title, archive)


def _handlers(archive: Archive) -> list[Any]:
    """What is called when."""
    from pynetdicom import evt

    return [
        (evt.EVT_REQUESTED, _accept),
        (evt.EVT_SOP_COMMON, _services),
        (evt.EVT_DIMSE_RECV, _abort_incomplete),
        (evt.EVT_C_STORE, _store, [archive]),
        (evt.EVT_C_FIND, _find, [archive]),
    ]


def _accept(event: Event) -> None:
    """Say which of the proposed contexts we support, in the requestor's order of preference: storage in any transfer syntax."""
    from pynetdicom.presentation import build_context

    proposed: dict[str, list[str]] = {}
    request: Any = event.assoc.requestor.primitive
    for context in request.presentation_context_definition_list:
        syntaxes = proposed.setdefault(context.abstract_syntax, [])
        syntaxes += (each for each in context.transfer_syntax if _is_served(context.abstract_syntax, each))
    event.assoc.acceptor.supported_contexts = [build_context(uid, found) for uid, found in proposed.items() if found]


def _is_served(abstract_syntax: str, transfer_syntax: str) -> bool:
    """Whether we take part in a service with a transfer syntax."""
    if abstract_syntax == VERIFICATION or abstract_syntax in _MODELS:
        return transfer_syntax in NATIVE
    return kind_of(abstract_syntax) in {UidKind.STORAGE, None}  # one that is nowhere registered is private, or new


def _services(event: Event) -> dict[str, SOPClassCommonExtendedNegotiation]:
    """Tell pynetdicom that the SOP classes it does not know are for storage, as a peer might have (PS3.7 D.3.3.6)."""
    from pynetdicom.pdu_primitives import SOPClassCommonExtendedNegotiation
    from pynetdicom.service_class import StorageServiceClass
    from pynetdicom.sop_class import uid_to_service_class

    services = {}
    for context in event.assoc.acceptor.supported_contexts:
        uid = str(context.abstract_syntax)
        if uid != VERIFICATION and uid not in _MODELS and uid_to_service_class(uid) is not StorageServiceClass:
            services[uid] = SOPClassCommonExtendedNegotiation()
            services[uid].sop_class_uid = uid
            services[uid].service_class_uid = _STORAGE_SERVICE_CLASS
    return services


def _abort_incomplete(event: Event) -> None:
    """Abort where pynetdicom would leave the peer without an answer: a request lacks its data set or a UID (PS3.7 9.3)."""
    command = event.message.command_set
    if command.CommandField not in {_C_STORE_RQ, _C_FIND_RQ}:
        return
    needed = ["AffectedSOPClassUID"] + ["AffectedSOPInstanceUID"] * (command.CommandField == _C_STORE_RQ)
    if command.CommandDataSetType == _NO_DATA_SET or not all(command.get(keyword) for keyword in needed):
        event.assoc.abort()


def _store(event: Event, archive: Archive) -> int | Dataset:
    """Answer a C-STORE-RQ; the status is 0000 only once the instance is durable (PS3.4 B.2.3)."""
    request: Any = event.request
    try:
        archive.store(
            str(request.AffectedSOPClassUID),
            str(request.AffectedSOPInstanceUID),
            str(event.context.transfer_syntax),
            str(event.assoc.requestor.ae_title),
            request.DataSet,
        )
    except Refused as refused:
        return _status(refused)
    return 0x0000


def _find(event: Event, archive: Archive) -> Iterator[tuple[int | Dataset, Dataset | None]]:
    """Answer a C-FIND-RQ, until all matches are sent or a C-CANCEL-RQ came (PS3.4 C.4.1.3)."""
    context, request = event.context, cast("Any", event.request)
    try:
        matches = archive.find(_MODELS[context.abstract_syntax], str(context.transfer_syntax), request.Identifier)
        for number, (status, match) in enumerate(matches):
            if number % _ANSWERS_IN_FLIGHT == 0 and not _await_sent(event.assoc):
                return
            if event.is_cancelled:
                yield _CANCELLED, None
                return
            yield status, match
    except Refused as refused:
        yield _status(refused), None


def _await_sent(association: Association) -> bool:
    """Let the peer take what we sent, or memory fills up, and let pynetdicom read, which it does only when nothing is to be sent.

    False when nobody sends any more.
    """
    time.sleep(_POLL_SECONDS)
    while association.dul.is_alive() and not association.dul.to_provider_queue.empty():
        time.sleep(_POLL_SECONDS)
    return association.dul.is_alive()


def _status(refused: Refused) -> Dataset:
    """A failure status with its comment (PS3.7 C)."""
    from pydicom.dataset import Dataset

    status = Dataset()
    status.Status = refused.status
    status.ErrorComment = refused.comment
    return status
