"""From a peer and a proposal to an association: TCP, TLS and A-ASSOCIATE, each under its deadline (PS3.8 7.1).

What an association does once it stands is in `association.py`.
"""

from __future__ import annotations

import socket
from dataclasses import replace

from dicomjobs.errors import AssociationError, AssociationRejected, ConnectionLost, ProtocolError, TlsHandshakeFailed
from dicomjobs.model.association import Proposal, TlsSession
from dicomjobs.model.peer import Peer
from dicomjobs.model.secret import OpenSecret
from dicomjobs.model.stop import StopSignal
from dicomjobs.wire.association import Association
from dicomjobs.wire.channel import Channel
from dicomjobs.wire.deadline import Deadline, deadline_in
from dicomjobs.wire.negotiation import association_request, check_usable, negotiated
from dicomjobs.wire.pdu import AssociateAccept, AssociateReject
from dicomjobs.wire.pdu_encode import encode
from dicomjobs.wire.reasons import rejected
from dicomjobs.wire.stream import Stream
from dicomjobs.wire.tcp import address_of, dial
from dicomjobs.wire.tls import handshake, session
from dicomjobs.wire.tls_context import client_context


def connect(peer: Peer, proposal: Proposal, *, open_secret: OpenSecret, stop: StopSignal) -> Association:
    """An association on which at least one context was accepted. Raises AssociationError; nothing stays open then.

    TCP and TLS together have the connect timeout, the A-ASSOCIATE-AC has the acse timeout; the first stop interrupts both.
    """
    address = address_of(peer)
    request = encode(association_request(peer, proposal, open_secret))
    sock, tls = _transport(peer, open_secret, stop.finish_fd)
    try:
        return _established(peer, proposal, request, Stream(sock, address, network=peer.timeouts.network), tls, stop)
    except AssociationError as error:
        error.requested = True
        raise


def _established(
    peer: Peer, proposal: Proposal, request: bytes, stream: Stream, tls: TlsSession | None, stop: StopSignal
) -> Association:
    """Ask for an association on a connection that stands, and see whether it is of use."""
    address = stream.peer
    channel = Channel(stream, max_pdu_length=peer.max_pdu.receive, network=peer.timeouts.network)
    try:
        accept = _associate(channel, peer, request, stop.finish_fd)
        negotiation = negotiated(peer, proposal, accept, tls=tls, address=address)
    except AssociationRejected:
        channel.close()  # all that is left to do after an A-ASSOCIATE-RJ (PS3.8 9.2.3, AE-4)
        raise
    except BaseException as error:
        channel.abort(source=2 if isinstance(error, ProtocolError) else 0)
        raise
    association = Association(channel, negotiation, peer=peer, stop=stop)
    try:
        check_usable(peer, accept, negotiation, address)
    except AssociationError:
        association.release()
        raise
    return association


def _transport(peer: Peer, open_secret: OpenSecret, wake_fd: int) -> tuple[socket.socket, TlsSession | None]:
    """A connected socket, with TLS on it where the peer has it."""
    address = address_of(peer)
    context = client_context(peer, peer.tls, open_secret) if peer.tls else None
    deadline = deadline_in(peer.timeouts.connect, "connect", f"no connection to {address} came about")
    sock = dial(peer, deadline, wake_fd)
    if context is None or peer.tls is None:
        return sock, None
    tls = handshake(
        sock,
        context,
        server_name=peer.tls.server_name or (peer.host if context.check_hostname else None),
        address=address,
        deadline=_for_tls(deadline, address),
        wake_fd=wake_fd,
    )
    try:
        return tls, session(tls, peer.tls, address)
    except TlsHandshakeFailed:
        tls.close()
        raise


def _for_tls(deadline: Deadline, address: str) -> Deadline:
    """What is left of the connect timeout, in words for the handshake."""
    missing = f"{address} took the connection but did not end the TLS handshake"
    return Deadline(deadline.at, replace(deadline.term, missing=missing, hint="the port may not speak TLS"))


def _associate(channel: Channel, peer: Peer, request: bytes, wake_fd: int) -> AssociateAccept:
    """Send the A-ASSOCIATE-RQ and wait for an A-ASSOCIATE-AC."""
    missing = f"no answer to the A-ASSOCIATE-RQ came from {channel.peer}"
    try:
        channel.write((request,), wake_fd)
        answer = channel.next_pdu(deadline_in(peer.timeouts.acse, "acse", missing), wake_fd)
    except ConnectionLost as error:
        error.hint = "the peer may not know our AE title or address, or may want TLS"
        raise
    match answer:
        case AssociateAccept():
            return answer
        case AssociateReject(result=result, source=source, diagnostic=diagnostic):
            if result not in (1, 2) or source not in (1, 2, 3):
                octets = f"result {result}, source {source}, reason {diagnostic}"
                raise ProtocolError(
                    f"{channel.peer} rejected the association with values PS3.8 does not have: {octets}"
                )
            raise rejected(peer, channel.peer, result=result, source=source, diagnostic=diagnostic)
        case _:
            raise AssertionError(answer)  # the upper layer lets nothing else through in this state
