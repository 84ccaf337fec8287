"""Job files for tests: written to a folder, loaded as the command line loads them, at a time that stands still."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

from dicomjobs.config.workspace import MissingParameters, Workspace, load_workspace
from dicomjobs.diagnostics import Diagnostic, Diagnostics, InvalidInput

NOW = datetime(2026, 11, 21, 22, 30, 45, tzinfo=UTC)


def write(folder: Path, text: str, name: str = "job.yaml") -> str:
    """Write a file and the folders it is in; return its path."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text).lstrip("\n"))
    return str(path)


def load_with_warnings(
    file: str,
    *,
    settings: Mapping[str, str] | None = None,
    at: str | None = None,
    missing: MissingParameters = MissingParameters.REFUSE,
) -> tuple[Workspace, Diagnostics]:
    """Load a job file."""
    return load_workspace(file, settings=settings or {}, now=NOW, at=at, missing_parameters=missing)


def load(
    folder: Path,
    text: str,
    *,
    settings: Mapping[str, str] | None = None,
    at: str | None = None,
    missing: MissingParameters = MissingParameters.REFUSE,
) -> Workspace:
    """Write `job.yaml`, with its format version, and load it."""
    file = write(folder, "dicomjobs: 1\n" + dedent(text))
    return load_with_warnings(file, settings=settings, at=at, missing=missing)[0]


def complaints(
    folder: Path,
    text: str,
    *,
    settings: Mapping[str, str] | None = None,
    at: str | None = None,
    missing: MissingParameters = MissingParameters.REFUSE,
) -> tuple[Diagnostic, ...]:
    """Write `job.yaml`, with its format version, load it, and return everything that is said about it."""
    file = write(folder, "dicomjobs: 1\n" + dedent(text))
    try:
        return load_with_warnings(file, settings=settings, at=at, missing=missing)[1]
    except InvalidInput as problem:
        return problem.diagnostics


def codes(diagnostics: Diagnostics) -> list[str]:
    """Return the codes of diagnostics, in order."""
    return [diagnostic.code for diagnostic in diagnostics]
