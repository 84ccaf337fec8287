"""A listening socket whose connections each get a thread of their own; what an SCP says on one is not known here."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Serve = Callable[[socket.socket, threading.Event], None]
"""Talks on a connection until its end, or until the event says that all is over."""


@contextmanager
def listening(
    server: socket.socket, serve: Serve, *, seconds: float, accepted: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Accept until the block ends; then nothing that was begun outlives it by more than `seconds`, which is each socket's timeout too."""
    over = threading.Event()
    threads: list[threading.Thread] = []

    def take() -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                connection.settimeout(seconds)
                accepted()
                threads.append(threading.Thread(target=serve, args=(connection, over), daemon=True))
                threads[-1].start()

    taker = threading.Thread(target=take, daemon=True)
    taker.start()
    try:
        yield
    finally:
        over.set()
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        deadline = time.monotonic() + seconds
        for thread in (taker, *threads):
            thread.join(max(0.0, deadline - time.monotonic()))
