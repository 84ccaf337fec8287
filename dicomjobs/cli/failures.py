"""Every exception that reaches the top, as a sentence on stderr and an exit code; a bug also leaves a log with its traceback."""

from __future__ import annotations

import platform
import sys
import tempfile
import traceback

from dicomjobs import __version__
from dicomjobs.cli.arguments import Arguments
from dicomjobs.diagnostics import InvalidInput
from dicomjobs.errors import JournalUnavailable

INTERNAL_ERROR = 1
INPUT_IS_WRONG = 2
LOCAL_RESOURCE = 7


def explain(error: Exception, arguments: Arguments) -> int:
    """Print what happened and return the exit code for it."""
    from dicomjobs.cli.diagnostics_view import render_diagnostics
    from dicomjobs.config.secrets import SecretUnavailable
    from dicomjobs.plan.row_codec import StalePlan

    if isinstance(error, InvalidInput):
        print(render_diagnostics(error.diagnostics, colour=sys.stderr.isatty()), file=sys.stderr)
        return INPUT_IS_WRONG
    if isinstance(error, StalePlan | SecretUnavailable):
        print(f"dicomjobs {arguments.verb}: {error}", file=sys.stderr)
        return INPUT_IS_WRONG
    if isinstance(error, JournalUnavailable):
        print(f"dicomjobs {arguments.verb}: the ledger is not available: {error}", file=sys.stderr)
        return LOCAL_RESOURCE
    if isinstance(error, OSError):
        where = f" {error.filename}:" if error.filename else ""
        print(f"dicomjobs {arguments.verb}:{where} {error.strerror or error}", file=sys.stderr)
        return LOCAL_RESOURCE
    return _bug(error)


def _bug(error: Exception) -> int:
    """Keep the traceback in a file of its own and say where it is; it may name files, so it is ours alone to read (0600)."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="dicomjobs-bug-", suffix=".log", delete=False, encoding="utf-8"
    ) as log:
        log.write(f"dicomjobs {__version__}, Python {platform.python_version()}, {platform.platform()}\n\n")
        log.write("".join(traceback.format_exception(error)))
    print(f"dicomjobs: internal error ({type(error).__name__}); please report it with {log.name}", file=sys.stderr)
    return INTERNAL_ERROR
