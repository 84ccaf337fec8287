"""How much of what was written the peer has not acknowledged yet, where the kernel tells (Linux); elsewhere nothing is assumed."""

from __future__ import annotations

import socket
import struct
import sys


def unacknowledged(sock: socket.socket) -> int:
    """Bytes in the socket's send queue; 0 where it cannot be asked."""
    if sys.platform != "linux":
        return 0
    import fcntl
    import termios

    try:
        (count,) = struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4)))
    except OSError:
        return 0
    return int(count)
