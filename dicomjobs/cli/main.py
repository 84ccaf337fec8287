"""The command `dicomjobs`: arguments in, exit code out, and the one place where every exception becomes a sentence.

Nothing heavy is imported before a verb is known, so that `--help` and shell completion are instant.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from dicomjobs.cli.arguments import Arguments, parse_arguments
from dicomjobs.cli.pipes import open_closed_streams
from dicomjobs.cli.terminable import Terminated, terminable

VERBS = {
    "check": "dicomjobs.cli.check",
    "show": "dicomjobs.cli.show",
    "plan": "dicomjobs.cli.plan",
    "run": "dicomjobs.cli.run",
    "serve": "dicomjobs.cli.serve",
    "report": "dicomjobs.cli.report",
    "echo": "dicomjobs.cli.echo",
    "find": "dicomjobs.cli.find",
    "ledger": "dicomjobs.cli.ledger",
    "probe": "dicomjobs.cli.probe",
    "import": "dicomjobs.cli.import_verb",
    "export": "dicomjobs.cli.export_verb",
}
"""Each verb and the module whose function `main(arguments) -> int` carries it out."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code (README, "Exit codes")."""
    open_closed_streams()
    arguments = parse_arguments(sys.argv[1:] if argv is None else argv)
    try:
        with terminable():
            return _carry_out(arguments)
    except BrokenPipeError:  # the reader of our output went away, as `| head` does
        from dicomjobs.cli.pipes import lead_nowhere

        lead_nowhere(sys.stdout)
        return 7
    except KeyboardInterrupt as interrupt:  # before or after the work itself, during which signals only move a state
        print("interrupted", file=sys.stderr)
        return 128 + (interrupt.number if isinstance(interrupt, Terminated) else signal.SIGINT)
    except Exception as error:
        from dicomjobs.cli.failures import explain

        return explain(error, arguments)


def _carry_out(arguments: Arguments) -> int:
    """Import the verb's module, run it, and see what it printed written."""
    verb: Callable[[Arguments], int] = import_module(VERBS[arguments.verb]).main
    code = verb(arguments)
    sys.stdout.flush()
    return code
