"""A process that has everything loaded and forks a run for each line it reads, since starting Python takes longer than such a run.

A line is {"arguments": […], "output": FILE, "kill": [step, when, count] | null, "file_limit": bytes}; the answers are the number of the
process when it begins and its exit code when it has ended, negative for a signal.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import dicomjobs.cli.run
import dicomjobs.config.schema
import dicomjobs.ledger.ledger
import dicomjobs.wire.association
from dicomjobs.cli.main import main
from tests.chaos.failpoints import kill_at, limit_files

LOADED = (dicomjobs.cli.run, dicomjobs.config.schema, dicomjobs.ledger.ledger, dicomjobs.wire.association)
"""What a run would have to load first."""


def run(order: dict[str, Any]) -> int:
    """Be the run that was ordered; returns its exit code."""
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for ours, theirs in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(ours, theirs)
    if order["kill"]:
        kill_at(*order["kill"])
    if order["file_limit"]:
        limit_files(order["file_limit"])
    try:
        return main(order["arguments"])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def say(number: int) -> None:
    """Answer with a number."""
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def serve() -> None:
    """Fork a run for each line until there are no more."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            code = 1
            try:
                code = run(json.loads(line))
            except KeyboardInterrupt:  # before the program took its signals over
                code = 130
            finally:
                os._exit(code)
        say(child)
        say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    serve()
