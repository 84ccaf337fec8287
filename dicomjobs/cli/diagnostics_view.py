"""Located problems as text for a person: the place, the source line, a caret under what is wrong, and what to type instead.

It knows no file: a diagnostic carries its own source line.
"""

from __future__ import annotations

import unicodedata

from dicomjobs.diagnostics import Diagnostic, Diagnostics, Location, Severity
from dicomjobs.dicom.escape import one_line

_WIDEST = 120
"""Columns of a source line that are shown."""
_BEFORE_CARET = 40
"""Columns kept before the caret when a line has to be cut on its left."""

_BOLD, _DIM, _RESET = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_COLOURS = {Severity.ERROR: "\x1b[31m", Severity.WARNING: "\x1b[33m"}
_HINT_COLOUR = "\x1b[36m"


def render_diagnostics(diagnostics: Diagnostics, *, colour: bool) -> str:
    """Return all diagnostics in the order given, a blank line between them, each line ended; "" for none."""
    return "\n".join(_render(diagnostic, _Palette(colour)) for diagnostic in diagnostics)


class _Palette:
    """Paints, or does not."""

    def __init__(self, colour: bool) -> None:  # noqa: FBT001 the one place that asks
        self._colour = colour

    def __call__(self, text: str, *codes: str) -> str:
        """Return the text in these colours."""
        return f"{''.join(codes)}{text}{_RESET}" if self._colour and text else text


def _render(diagnostic: Diagnostic, paint: _Palette) -> str:
    """Return one diagnostic as lines."""
    gutter = " " * (len(str(diagnostic.location.line)) if diagnostic.location else 1)
    lines = [_headline(diagnostic, paint)]
    if diagnostic.location and diagnostic.source_line.strip():
        lines += _excerpt(diagnostic.source_line, diagnostic.location, _COLOURS[diagnostic.severity], paint)
    lines += [f"  {gutter} {paint('=', _DIM)} {one_line(text, 1000)}" for text in diagnostic.detail.splitlines()]
    if diagnostic.hint:
        lines.append(f"  {gutter} {paint('=', _DIM)} {paint(one_line(diagnostic.hint, 1000), _HINT_COLOUR)}")
    return "".join(f"{line}\n" for line in lines)


def _headline(diagnostic: Diagnostic, paint: _Palette) -> str:
    """Return `file:line:column error DJ203 summary`; a diagnostic of no place begins with its severity."""
    location = diagnostic.location
    place = f"{one_line(location.file, 1000)}:{location.line}:{location.column} " if location else ""
    severity = paint(diagnostic.severity.value, _BOLD, _COLOURS[diagnostic.severity])
    return f"{paint(place, _BOLD)}{severity} {diagnostic.code} {paint(one_line(diagnostic.summary, 1000), _BOLD)}"


def _excerpt(source_line: str, location: Location, colour: str, paint: _Palette) -> list[str]:
    """Return the source line with its number, and the caret line below it."""
    start = max(0, min(location.column - 1, len(source_line)))
    before, marked, behind = (
        _displayed(part)
        for part in (
            source_line[:start],
            source_line[start : start + location.width],
            source_line[start + location.width :],
        )
    )
    if _columns(before) > _WIDEST - _BEFORE_CARET:
        before = "…" + before[-_BEFORE_CARET:]
    marked = _cut(marked, _WIDEST - _columns(before))
    behind = _cut(behind, _WIDEST - _columns(before) - _columns(marked))
    caret = " " * _columns(before) + paint("^" * max(1, _columns(marked)), _BOLD, colour)
    number, bar = str(location.line), paint("|", _DIM)
    return [
        f"  {paint(number, _DIM)} {bar} {before}{marked}{behind}".rstrip(),
        f"  {' ' * len(number)} {bar} {caret}",
    ]


def _displayed(text: str) -> str:
    """Return source text as it is shown: a tab is one space wide, and what could steer a terminal is written out."""
    return one_line(text.replace("\t", " "), max(1, len(text)) * 10)


def _cut(text: str, columns: int) -> str:
    """Cut a text that takes more columns than there are."""
    if _columns(text) <= columns:
        return text
    kept = ""
    for character in text:
        if _columns(kept) + _columns(character) >= columns:
            break
        kept += character
    return f"{kept}…"


def _columns(text: str) -> int:
    """Return how many columns of a terminal a text takes: East Asian wide characters two, combining ones none."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
        for character in text
    )
