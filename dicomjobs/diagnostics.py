"""Located problems as values: what is wrong, where, and what to type instead.

Nothing here reads files or prints; `cli/diagnostics_view.py` renders them with the source line and a caret.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """How much a diagnostic weighs: an error stops the command before anything runs."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Location:
    """A place in a file: 1-based line and column, and how many characters the caret underlines."""

    file: str
    line: int
    column: int
    width: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One problem: a stable code (DJ203), one sentence, where, and a hint that says what to type instead."""

    code: str
    severity: Severity
    summary: str
    location: Location | None = None
    source_line: str = ""
    detail: str = ""
    hint: str = ""


Diagnostics = tuple[Diagnostic, ...]


class InvalidInput(Exception):
    """The input is wrong; raised once, between stages, with every diagnostic found so far."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        """Keep the diagnostics, sorted by file and place, those without a place first."""
        ordered = sorted(
            diagnostics,
            key=lambda d: ((d.location.file, d.location.line, d.location.column) if d.location else ("", 0, 0), d.code),
        )
        self.diagnostics: Diagnostics = tuple(ordered)
        super().__init__("; ".join(d.summary for d in self.diagnostics))


def stop_on_errors(diagnostics: Diagnostics) -> None:
    """Raise InvalidInput when any of the diagnostics is an error."""
    if any(d.severity is Severity.ERROR for d in diagnostics):
        raise InvalidInput(diagnostics)
