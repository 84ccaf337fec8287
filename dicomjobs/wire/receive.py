"""An SCP of our own for demos, tests and `dicomjobs serve`: it stores what it is sent and answers queries about it.

The only module that knows pynetdicom. It knows nothing of jobs, plans, or the associations that we request ourselves.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from dicomjobs.dicom.sop_classes import PATIENT_ROOT_FIND, PATIENT_STUDY_ONLY_FIND, STUDY_ROOT_FIND, VERIFICATION
from dicomjobs.dicom.transfer_syntaxes import NATIVE
from dicomjobs.dicom.uids import UidKind, kind_of
from dicomjobs.model.query import InformationModel
from dicomjobs.wire.archive import Archive, Refused
from dicomjobs.wire.pdu import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pynetdicom.ae import ApplicationEntity
    from pynetdicom.association import Association
    from pynetdicom.events import Event
    from pynetdicom.pdu_primitives import SOPClassCommonExtendedNegotiation
    from pynetdicom.transport import ThreadedAssociationServer

MAXIMUM_PDU_LENGTH = 131_072
"""Bytes that we say we receive in a P-DATA-TF PDU."""

MAXIMUM_ASSOCIATIONS = 64
NETWORK_SECONDS = 60.0
"""How long a peer may leave a PDU unfinished, not take what we send, or keep an association idle."""

_LARGEST_PDU = 1_048_576  # an A-ASSOCIATE-RQ is not bound by the maximum length; nothing that makes sense is longer
_STOP_SECONDS = 1.5
_STOP_POLL_SECONDS = 0.05
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

    def __init__(self, server: ThreadedAssociationServer, ae_title: str, archive: Archive, links: _Links) -> None:
        """Take over a server that listens; `start_receiver` makes one."""
        self.host, self.port = str(server.server_address[0]), int(server.server_address[1])
        self.ae_title = ae_title
        self.directory = archive.directory
        self._server: ThreadedAssociationServer | None = server
        self._links = links

    def stop(self) -> None:
        """Stop listening, abort what is going on, and return within two seconds, whatever the peers do; again does nothing."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            associations = server.active_associations
            self._links.end()
            deadline = time.monotonic() + _STOP_SECONDS / 2
            for association in associations:
                association.join(max(0.0, deadline - time.monotonic()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start_receiver(directory: str, *, ae_title: str = "DICOMJOBS", host: str = "127.0.0.1", port: int = 0) -> Receiver:
    """Serve C-ECHO, C-STORE and C-FIND (PS3.4 A, B, C) over a directory; port 0 takes a free one. Raises OSError."""
    archive = Archive(directory)
    links = _Links()
    server = _listen(_entity(ae_title), host, port, _handlers(archive, links))
    return Receiver(server, ae_title, archive, links)


def _listen(entity: ApplicationEntity, host: str, port: int, handlers: list[Any]) -> ThreadedAssociationServer:
    """Do what start_server does, which would look only twice a second whether it is to stop."""
    from pynetdicom.transport import ThreadedAssociationServer

    server = entity.make_server((host, port), evt_handlers=handlers, server_class=ThreadedAssociationServer)
    entity._servers.append(server)  # noqa: SLF001  # shutdown takes it out of there
    threading.Thread(target=server.serve_forever, args=(_STOP_POLL_SECONDS,), daemon=True).start()
    return server


def _entity(ae_title: str) -> ApplicationEntity:
    """The application entity; the contexts given here only say which services there are, `_accept` makes the real ones."""
    import pydicom.config
    from pynetdicom import _config
    from pynetdicom.ae import ApplicationEntity

    # What is logged about a request, or warned of a value in it, holds the peer's data, which is nobody's business.
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)
    _config.LOG_HANDLER_LEVEL = "none"
    _config.LOG_REQUEST_IDENTIFIERS = _config.LOG_RESPONSE_IDENTIFIERS = False
    entity = ApplicationEntity(ae_title)
    entity.implementation_class_uid = IMPLEMENTATION_CLASS_UID
    entity.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    entity.maximum_pdu_size = MAXIMUM_PDU_LENGTH
    entity.maximum_associations = MAXIMUM_ASSOCIATIONS
    entity.network_timeout = entity.acse_timeout = entity.dimse_timeout = NETWORK_SECONDS
    entity.add_supported_context(VERIFICATION)
    return entity


def _handlers(archive: Archive, links: _Links) -> list[Any]:
    """What is called when."""
    from pynetdicom import evt

    return [
        (evt.EVT_CONN_OPEN, links.opened),
        (evt.EVT_CONN_CLOSE, links.closed),
        (evt.EVT_REQUESTED, _accept),
        (evt.EVT_SOP_COMMON, _services),
        (evt.EVT_DIMSE_RECV, _abort_incomplete),
        (evt.EVT_C_STORE, _store, [archive]),
        (evt.EVT_C_FIND, _find, [archive]),
    ]


class _Links:
    """The connections that are open, each with its association: pynetdicom forgets to close one that broke."""

    def __init__(self) -> None:
        """Begin with none."""
        self._open: dict[Association, socket.socket] = {}

    def opened(self, event: Event) -> None:
        """Set a new connection up before its first byte is read."""
        association: Association = event.assoc
        link = association.dul.socket
        assert link is not None
        assert link.socket is not None
        self._open[association] = link.socket
        link.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.socket.settimeout(NETWORK_SECONDS)  # without it, a peer that stalls inside a PDU holds the thread for ever
        link.recv = partial(_receive, link.socket)  # type: ignore[method-assign]  # its own reads 4 KiB at a time, unbounded
        association.dul.daemon = True
        machine = association.dul.state_machine
        machine.do_action = partial(self._act, association, machine.do_action)  # type: ignore[method-assign]  # see there

    def _act(self, association: Association, do_action: Callable[[str], None], event: str) -> None:
        """Take a step of the state machine; answers that wait behind an A-ABORT are no reason to die with a traceback."""
        from pynetdicom.fsm import InvalidEventError

        try:
            do_action(event)
        except InvalidEventError:
            self._let_go(association)

    def closed(self, event: Event) -> None:
        """Take notice that the connection has ended."""
        self._let_go(event.assoc)

    def _let_go(self, association: Association) -> None:
        """Close the connection for good, and end the threads that pynetdicom would leave waiting for a PDU."""
        connection = self._open.pop(association, None)
        if connection is not None:
            connection.close()
        association.dul.kill_dul()
        if association.requestor.primitive is None:
            association.dul.to_user_queue.put(None)  # what it takes from there is the A-ASSOCIATE-RQ that will not come

    def end(self) -> None:
        """Abort every association that is open and let its threads end."""
        associations = list(self._open.items())
        for association, connection in associations:
            if association.is_established:
                association.abort(block=False)
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)  # ends a read that waits for the rest of a PDU
        deadline = time.monotonic() + _STOP_SECONDS / 2
        for association, connection in associations:
            _await_idle(association, deadline)
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)  # and a write that the peer does not take


def _await_idle(association: Association, deadline: float) -> None:
    """Wait until the state machine has no connection any more (PS3.8 9.2, state 1), which an A-ABORT that was sent leads to."""
    while association.dul.state_machine.current_state != "Sta1" and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


def _receive(connection: socket.socket, count: int) -> bytearray:
    """Read `count` bytes, fewer only at the end of the connection; raises OSError, which ends it, for a PDU without measure."""
    if count > _LARGEST_PDU:
        raise OSError("a PDU longer than any should be")
    if hasattr(socket, "TCP_QUICKACK"):  # a peer with Nagle's algorithm waits for our acknowledgement
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    received = bytearray(count)
    view, place = memoryview(received), 0
    while place < count:
        step = connection.recv_into(view[place:])
        if not step:
            return received[:place]
        place += step
    return received


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
