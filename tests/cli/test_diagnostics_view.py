"""A diagnostic shows where, what and what to type instead, and nothing from a file reaches the terminal unescaped."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicomjobs.cli.diagnostics_view import render_diagnostics
from dicomjobs.diagnostics import Diagnostic, Location, Severity


def diagnostic(line: str = "", *, column: int = 1, width: int = 1, number: int = 14, **other: str) -> Diagnostic:
    """Return a diagnostic about a line."""
    return Diagnostic(
        code="DJ304",
        severity=Severity.ERROR,
        summary=other.pop("summary", "there is no peer `pacs-nroth`"),
        location=Location(file=other.pop("file", "jobs/night.yaml"), line=number, column=column, width=width),
        source_line=line,
        **other,
    )


def lines(*diagnostics: Diagnostic) -> list[str]:
    """Return diagnostics rendered without colour, as lines."""
    return render_diagnostics(diagnostics, colour=False).splitlines()


def test_a_diagnostic_shows_its_line_a_caret_and_a_hint() -> None:
    """The place stands first, in the form that editors and terminals make a link of."""
    shown = lines(diagnostic("    peer: pacs-nroth", column=11, width=10, hint="did you mean `pacs-north`?"))

    assert shown == [
        "jobs/night.yaml:14:11 error DJ304 there is no peer `pacs-nroth`",
        "  14 |     peer: pacs-nroth",
        "     |           ^^^^^^^^^^",
        "     = did you mean `pacs-north`?",
    ]


def test_a_diagnostic_without_a_place_begins_with_its_severity() -> None:
    """There is nothing to quote."""
    warning = Diagnostic(code="DJ101", severity=Severity.WARNING, summary="odd", detail="one\ntwo")

    assert lines(warning) == ["warning DJ101 odd", "    = one", "    = two"]


def test_diagnostics_are_separated_by_an_empty_line() -> None:
    """Each ends its own lines."""
    assert render_diagnostics((diagnostic("a"), diagnostic("b")), colour=False).count("\n\n") == 1


def test_no_diagnostics_are_no_text() -> None:
    """Nothing is printed for nothing."""
    assert render_diagnostics((), colour=True) == ""


def test_without_colour_there_is_no_escape_sequence_and_with_it_the_same_text() -> None:
    """Colour adds to the text and changes nothing of it."""
    one = diagnostic("  peer: x", column=9, hint="h", detail="d")
    coloured = render_diagnostics((one,), colour=True)

    assert "\x1b[31m" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == render_diagnostics((one,), colour=False)


@pytest.mark.parametrize(
    ("line", "column", "width", "caret"),
    [
        ("\tpeer: x", 8, 1, "       ^"),
        ("名前: x", 5, 1, "      ^"),
        ("x: 名前", 4, 2, "   ^^^^"),
        ("e\u0301: x", 5, 1, "   ^"),
        ("\x1b[31m: x", 8, 1, "          ^"),
        ("host:", 6, 1, "     ^"),
        ("host:", 99, 4, "     ^"),
        ("host: x", 7, 99, "      ^"),
    ],
    ids=["tab", "wide-before", "wide-marked", "combining", "escape-sequence", "end", "beyond-the-end", "too-wide"],
)
def test_the_caret_stands_under_what_it_means(line: str, column: int, width: int, caret: str) -> None:
    """Columns of the terminal are counted, not characters of the file."""
    assert lines(diagnostic(line, column=column, width=width))[2] == f"     | {caret}"


def test_a_long_line_is_cut_on_both_sides_of_the_caret() -> None:
    """The place stays in view."""
    _, excerpt, caret = lines(diagnostic("x" * 2000 + "HERE" + "y" * 2000, column=2001, width=4))

    assert len(excerpt) < 140
    assert excerpt[caret.index("^") :].startswith("HERE")
    assert excerpt.startswith("  14 | …")
    assert excerpt.endswith("…")


def test_a_hostile_file_name_and_summary_cannot_steer_the_terminal() -> None:
    """Names come from includes, summaries quote what was typed."""
    text = "\n".join(
        lines(diagnostic(file="\x1b]0;x\x07.yaml", summary="no \x1b[2J\r\u202e", hint="\x9b1m", detail="\x00"))
    )

    assert not any(unicodedata.category(character) in {"Cc", "Cf"} for character in text.replace("\n", ""))


@settings(max_examples=200, deadline=None)
@given(line=st.text(max_size=200), column=st.integers(1, 220), width=st.integers(1, 220), colour=st.booleans())
def test_any_line_and_place_can_be_shown(line: str, column: int, width: int, *, colour: bool) -> None:
    """Whatever the file holds, there are at most three lines of a bounded length, ended."""
    shown = render_diagnostics((diagnostic(line, column=column, width=width),), colour=colour)

    assert shown.endswith("\n")
    assert shown.count("\n") in {1, 3}
    assert all(len(part) < 400 for part in shown.splitlines())
