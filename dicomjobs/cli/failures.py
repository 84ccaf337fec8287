"""Every exception that reaches the top, as a sentence on stderr and an exit code; a bug also leaves a log with its traceback."""

from __future__ import annotations

import platform
import sys
import tempfile
import traceback

from dicomjobs import __version__
from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.pipes import unless_unread
from dicomjobs.diagnostics import InvalidInput
from dicomjobs.errors import JournalUnavailable

INTERNAL_ERROR = 1
INPUT_IS_WRONG = 2
LOCAL_RESOURCE = 7
LOCKED = 11


def explain(error: Exception, arguments: Arguments) -> int:
    """Print what happened and return the exit code for it."""
    from dicomjobs.cli.diagnostics_view import render_diagnostics
    from dicomjobs.cli.lock import Locked
    from dicomjobs.config.secrets import SecretUnavailable
    from dicomjobs.plan.row_codec import StalePlan

    if isinstance(error, InvalidInput):
        return _tell(render_diagnostics(error.diagnostics, colour=sys.stderr.isatty()), INPUT_IS_WRONG)
    if isinstance(error, StalePlan | SecretUnavailable):
        return _tell(f"dicomjobs {arguments.verb}: {error}", INPUT_IS_WRONG)
    if isinstance(error, Locked):
        return _tell(f"dicomjobs {arguments.verb}: {error}", LOCKED)
    if isinstance(error, JournalUnavailable):
        return _tell(f"dicomjobs {arguments.verb}: the ledger is not available: {error}", LOCAL_RESOURCE)
    if isinstance(error, OSError):
        where = f" {error.filename}:" if error.filename else ""
        return _tell(f"dicomjobs {arguments.verb}:{where} {error.strerror or error}", LOCAL_RESOURCE)
    return _tell(f"dicomjobs: internal error ({type(error).__name__}); {_keep(error)}", INTERNAL_ERROR)


def _tell(words: str, code: int) -> int:
    """Print a sentence, if anybody reads it, and return the code."""
    with unless_unread(sys.stderr):
        print(words, file=sys.stderr)
    return code


def _keep(error: Exception) -> str:
    """Keep the traceback in a file and say where; it may name files, so it is ours alone to read (0600).

    Where no file can be written, as on a disk that is full, the traceback itself is what is said.
    """
    trace = "".join(traceback.format_exception(error))
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="dicomjobs-bug-", suffix=".log", delete=False, encoding="utf-8", errors="backslashreplace"
        ) as log:
            log.write(f"dicomjobs {__version__}, Python {platform.python_version()}, {platform.platform()}\n\n{trace}")
    except OSError:
        return f"please report it\n{trace}"
    return f"please report it with {log.name}"
