"""What is wrong or doubtful in an association configuration file, as located diagnostics; DCMTK's own words stand below an error.

It knows no rule: whoever reads the file says what to tell.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dicomjobs.dcmtk.asconfig_entries import Entry
from dicomjobs.dcmtk.asconfig_text import AsconfigText, spoken
from dicomjobs.diagnostics import Diagnostic, Location, Severity

ILLEGAL_CALL = "Illegal call, perhaps wrong parameters"
"""DCMTK's words for whatever is empty where it must not be."""


ENOUGH = 1000
"""Errors, and warnings, after which no more are written down: the file is no association configuration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The diagnostics so far: errors in the order in which DCMTK would come upon them, and warnings."""

    text: AsconfigText
    errors: list[Diagnostic] = field(default_factory=list)
    warnings: list[Diagnostic] = field(default_factory=list)

    def error(self, code: str, summary: str, at: tuple[int, int], *, dcmtk: str, number: int | None, hint: str) -> None:
        """Write down an error; `dcmtk` is what DCMTK says then, `number` its error number in the module dcmnet."""
        if len(self.errors) == ENOUGH:
            return
        told = f"storescu says: {on_one_line(dcmtk)}" + (f" (dcmnet {number})" if number else "")
        self.errors.append(self._made(Severity.ERROR, code, summary, at, hint, told))

    def warning(self, code: str, summary: str, at: tuple[int, int], *, hint: str) -> None:
        """Write down what DCMTK drops or reads otherwise than it looks."""
        if len(self.warnings) < ENOUGH:
            self.warnings.append(self._made(Severity.WARNING, code, summary, at, hint, ""))

    def sorted_warnings(self) -> list[Diagnostic]:
        """Return the warnings in the order of their places."""
        return sorted(
            self.warnings, key=lambda each: (each.location.line, each.location.column) if each.location else (0, 0)
        )

    def line_of(self, place: int) -> int:
        """Return the number of the line on which a character is."""
        return self.text.location(place, place + 1).line

    def _made(
        self, severity: Severity, code: str, summary: str, at: tuple[int, int], hint: str, detail: str
    ) -> Diagnostic:
        """Make a diagnostic with its place and source line."""
        location = self.text.location(*at)
        return Diagnostic(
            code=code,
            severity=severity,
            summary=summary,
            location=location,
            source_line=self.text.source_line(location.line),
            detail=detail,
            hint=hint,
        )


def on_one_line(characters: str) -> str:
    """Return some of the file's characters as they can be shown inside a sentence."""
    return spoken(characters).replace("\n", "↵")


def about_file(code: str, summary: str, *, file: str, hint: str) -> Diagnostic:
    """Return an error about a file as a whole."""
    return Diagnostic(
        code=code, severity=Severity.ERROR, summary=summary, location=Location(file=file, line=1, column=1), hint=hint
    )


def value_place(entry: Entry, start: int = 0, end: int | None = None) -> tuple[int, int]:
    """Return where a part of an entry's value is, as far as it is on the first line of the value."""
    first, last = entry.value_span
    if not entry.parts:
        return first, last
    return min(first + start, last), last if end is None else min(first + end, last)
