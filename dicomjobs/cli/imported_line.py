"""What the imports of DCMTK's command lines have in common: reading what a line names, and seeing that the job made of it is one.

It knows no program: `import_storescu.py` and its like do.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from dicomjobs.cli.refusal import refusal
from dicomjobs.config.workspace import MissingParameters, load_workspace
from dicomjobs.dcmtk.command_line import LineRefused
from dicomjobs.dcmtk.job_text import NotWritable
from dicomjobs.dcmtk.peer_entries import PathOf
from dicomjobs.diagnostics import Diagnostic, InvalidInput


def read_command_file(path: str) -> str:
    """Return the text of a command file, whatever its bytes are; raises OSError."""
    return Path(path).read_bytes().decode("utf-8", errors="surrogateescape")


def paths_from(output: str | None) -> PathOf:
    """Return how to write a path of the line: as it is when the job file is in the working directory, else absolute."""
    is_here = output is not None and Path(output).absolute().parent.samefile(Path.cwd())
    return _as_typed if is_here else _absolute


def _as_typed(path: str) -> str:
    """Return a path as it stands on the line."""
    return path


def _absolute(path: str) -> str:
    """Return a path from the root; a link on the way is left alone."""
    return str(Path.cwd() / path)


def job_of_line(program: str, make: Callable[[PathOf], str], output: str | None) -> str:
    """Return the job file that `make` gives for the way paths are written; raises InvalidInput with DCMTK's reason or our own."""
    try:
        _check(make(_absolute), output or "job.yaml")
        return make(paths_from(output))
    except LineRefused as reason:
        words = f"{program} refuses this line: {reason}"
        raise refusal("DJ620", words, hint="import takes what the program takes") from None
    except NotWritable as reason:
        raise refusal("DJ621", str(reason), hint="name the folder instead, or rename the file") from None


def _check(text: str, name: str) -> None:
    """Raise InvalidInput with what `dicomjobs check` says of a job file, each mistake in the file as it is to be named."""
    with tempfile.TemporaryDirectory(prefix="dicomjobs-import-") as folder:
        file = str(Path(folder) / "job.yaml")
        Path(file).write_text(text, encoding="utf-8")
        try:
            load_workspace(
                file, settings={}, now=datetime.now(UTC), at=None, missing_parameters=MissingParameters.REFUSE
            )
        except InvalidInput as mistakes:
            raise InvalidInput(tuple(_renamed(each, file, name) for each in mistakes.diagnostics)) from None


def _renamed(diagnostic: Diagnostic, file: str, name: str) -> Diagnostic:
    """Return a diagnostic about the job file under the name that it is to have."""
    place = diagnostic.location
    if place is None or place.file != file:
        return diagnostic
    return replace(diagnostic, location=replace(place, file=name))
