"""A TCP connection to a peer within its connect timeout: names resolved, every address tried.

It knows no TLS and no DICOM.
"""

from __future__ import annotations

import errno
import os
import socket
import threading
from contextlib import suppress
from time import monotonic

from dicomjobs.errors import ConnectionFailed, HostUnknown, Timeout
from dicomjobs.model.peer import AddressFamily, Peer
from dicomjobs.wire.deadline import Deadline
from dicomjobs.wire.waiter import READ, WRITE, Waiter

Address = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]
"""A family and the socket address that belongs to it."""

_FAMILIES = {
    AddressFamily.AUTO: socket.AF_UNSPEC,
    AddressFamily.IPV4: socket.AF_INET,
    AddressFamily.IPV6: socket.AF_INET6,
}
_HINTS = {
    errno.ECONNREFUSED: "nothing listens on that port: check host and port, and that the peer is running",
    errno.EHOSTUNREACH: "the host cannot be reached: check the address, the network and firewalls",
    errno.ENETUNREACH: "the network cannot be reached: check the address and this machine's network",
    errno.ECONNRESET: "something in between, such as a firewall, refused the connection",
}


def address_of(peer: Peer) -> str:
    """host:port, with the brackets that an IPv6 address needs."""
    return f"[{peer.host}]:{peer.port}" if ":" in peer.host else f"{peer.host}:{peer.port}"


def dial(peer: Peer, deadline: Deadline, wake_fd: int) -> socket.socket:
    """A connected, non-blocking socket. Raises ConnectionFailed, HostUnknown, Timeout or Interrupted.

    Addresses are tried in order; what is left of the time is shared out, so that one dead address does not use it all.
    """
    addresses = _resolve(peer, deadline, wake_fd)
    failure: ConnectionFailed | Timeout = HostUnknown(f"{peer.host} has no address")
    for tried, address in enumerate(addresses):
        share = Deadline(monotonic() + deadline.left() / (len(addresses) - tried), deadline.term)
        try:
            return _connect(address, address_of(peer), share, wake_fd)
        except (ConnectionFailed, Timeout) as error:
            failure = error
    raise failure


def _resolve(peer: Peer, deadline: Deadline, wake_fd: int) -> list[Address]:
    """The peer's addresses. getaddrinfo cannot be given a timeout, so a name is looked up in a thread that may be left behind."""
    with suppress(OSError, UnicodeError):
        return _look_up(peer, socket.AI_NUMERICHOST)
    found: list[list[Address] | Exception] = []
    here, there = socket.socketpair()

    def look_up() -> None:
        with there:
            try:
                found.append(_look_up(peer, 0))
            except (OSError, UnicodeError) as error:
                found.append(error)

    threading.Thread(target=look_up, name=f"resolve {peer.host}", daemon=True).start()
    with here:
        Waiter(here.fileno()).wait(READ, deadline, wake_fd)
    if isinstance(result := found[0], Exception):
        raise _unknown(peer, result) from result
    return result


def _look_up(peer: Peer, flags: int) -> list[Address]:
    """Ask the resolver for the addresses of a peer."""
    family = _FAMILIES[peer.address_family]
    rows = socket.getaddrinfo(peer.host, peer.port, family, socket.SOCK_STREAM, flags=flags)
    return [(row[0], row[4]) for row in rows]


def _unknown(peer: Peer, error: Exception) -> ConnectionFailed:
    """The error for a name that does not resolve, now or at all."""
    reason = getattr(error, "strerror", None) or error
    if getattr(error, "errno", None) == socket.EAI_AGAIN:
        return ConnectionFailed(f"the name {peer.host} cannot be resolved now: {reason}", hint="is the name server up?")
    words = f"the name {peer.host} cannot be resolved: {reason}"
    return HostUnknown(words, hint="check `host`, and `address_family` if it is set")


def _connect(address: Address, name: str, deadline: Deadline, wake_fd: int) -> socket.socket:
    """Connect to one address."""
    family, target = address
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise ConnectionFailed(f"no socket for {name}: {error.strerror}") from error
    try:
        sock.setblocking(False)
        code = sock.connect_ex(target)
        if code == errno.EINPROGRESS:
            Waiter(sock.fileno()).wait(WRITE, deadline, wake_fd)
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    except BaseException:
        sock.close()
        raise
    if code:
        sock.close()
        raise ConnectionFailed(f"no connection to {name}: {os.strerror(code)}", hint=_HINTS.get(code, ""))
    return sock
