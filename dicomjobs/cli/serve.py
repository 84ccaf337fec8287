"""`dicomjobs serve`: the embedded SCP alone, until a signal ends it."""

from __future__ import annotations

import select

from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.stop import ProcessStop
from dicomjobs.wire.receive import start_receiver


def main(arguments: Arguments) -> int:
    """Serve until SIGINT, SIGTERM or SIGHUP, all of which are a clean end here; raises OSError when the port is taken."""
    stop = ProcessStop(lambda _: None)
    with (
        stop.watching_signals(),
        start_receiver(
            arguments.directory, ae_title=arguments.ae_title, host=arguments.host, port=arguments.port
        ) as receiver,
    ):
        print(
            f"{arguments.ae_title}@{arguments.host}:{receiver.port} keeps what it gets in {arguments.directory}",
            flush=True,
        )
        select.select([stop.finish_fd], [], [])
    return 0
