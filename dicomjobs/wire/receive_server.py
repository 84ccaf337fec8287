"""A listening pynetdicom server that no peer can keep from ending: bounded reads, a timeout on every one, threads let go.

It knows no service; what is done with a request is up to the handlers it is given.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from dicomjobs.dicom.implementation import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

if TYPE_CHECKING:
    from pynetdicom.ae import ApplicationEntity
    from pynetdicom.association import Association
    from pynetdicom.events import Event
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


class Server:
    """A running server; `host` and `port` are where it listens. Leaving it as a context manager stops it."""

    def __init__(self, server: ThreadedAssociationServer, links: _Links) -> None:
        """Take over a server that listens; `start_server` makes one."""
        self.host, self.port = str(server.server_address[0]), int(server.server_address[1])
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


def start_server(
    entity: ApplicationEntity, host: str, port: int, handlers: Sequence[Any], *, most_bytes: int | None = None
) -> Server:
    """Listen and serve; port 0 takes a free one. A connection on which more than `most_bytes` come is closed. Raises OSError."""
    from pynetdicom import evt

    links = _Links(most_bytes)
    own = [(evt.EVT_CONN_OPEN, links.opened), (evt.EVT_CONN_CLOSE, links.closed)]
    return Server(_listen(entity, host, port, [*own, *handlers]), links)


def _listen(entity: ApplicationEntity, host: str, port: int, handlers: list[Any]) -> ThreadedAssociationServer:
    """Do what start_server does, which would look only twice a second whether it is to stop."""
    from pynetdicom.transport import ThreadedAssociationServer

    server = entity.make_server((host, port), evt_handlers=handlers, server_class=ThreadedAssociationServer)
    entity._servers.append(server)  # noqa: SLF001  # shutdown takes it out of there
    threading.Thread(target=server.serve_forever, args=(_STOP_POLL_SECONDS,), daemon=True).start()
    return server


def quiet_entity(ae_title: str) -> ApplicationEntity:
    """An application entity that writes nothing of what its peers send into any log; it has no contexts yet."""
    import pydicom.config
    from pynetdicom import _config
    from pynetdicom.ae import ApplicationEntity

    # What is logged about a request, or warned of a value in it, holds the peer's data, which is nobody's business.
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    warnings.filterwarnings("ignore", category=UserWarning, module=r"pydicom\.")
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)
    _config.LOG_HANDLER_LEVEL = "none"
    _config.LOG_REQUEST_IDENTIFIERS = _config.LOG_RESPONSE_IDENTIFIERS = False
    entity = ApplicationEntity(ae_title)
    entity.implementation_class_uid = IMPLEMENTATION_CLASS_UID
    entity.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    entity.maximum_pdu_size = MAXIMUM_PDU_LENGTH
    entity.maximum_associations = MAXIMUM_ASSOCIATIONS
    entity.network_timeout = entity.acse_timeout = entity.dimse_timeout = NETWORK_SECONDS
    return entity


class _Links:
    """The connections that are open, each with its association: pynetdicom forgets to close one that broke."""

    def __init__(self, most_bytes: int | None) -> None:
        """Begin with none; `most_bytes` may come on each."""
        self._most_bytes = most_bytes
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
        link.recv = _Reader(link.socket, self._most_bytes).receive  # type: ignore[method-assign]  # its own reads 4 KiB at a time, unbounded
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


class _Reader:
    """Reads from a connection what one PDU needs, up to a limit for all of them."""

    def __init__(self, connection: socket.socket, most_bytes: int | None) -> None:
        """Begin with nothing read."""
        self._connection = connection
        self._left = most_bytes

    def receive(self, nr_bytes: int) -> bytearray:
        """Read so many bytes, fewer only at the end; raises OSError, which ends the connection, for what is without measure."""
        if self._left is not None:
            self._left -= nr_bytes
        if nr_bytes > _LARGEST_PDU or (self._left is not None and self._left < 0):
            raise OSError("a PDU longer than any should be, or too many of them")
        return _receive(self._connection, nr_bytes)


def _receive(connection: socket.socket, count: int) -> bytearray:
    """Read `count` bytes, fewer only at the end of the connection."""
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
