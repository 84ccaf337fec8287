"""The end of a run as its user sees it: a summary on a terminal, one line for a clean run elsewhere, nothing when asked."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.pipes import unless_unread
from dicomjobs.report.report import Report
from dicomjobs.report.text import render_line, render_passed_over, render_text


def print_summary(report: Report, directory: Path, arguments: Arguments) -> None:
    """Print what happened to stdout, if anybody reads it; with -q only what is wrong, and to stderr what was passed over."""
    if arguments.quiet and report.exit_code == 0 and (words := render_passed_over(report)):
        with unless_unread(sys.stderr):
            print(words, file=sys.stderr)
    with unless_unread(sys.stdout):
        _print(report, directory, arguments)


def print_account(report: Report, directory: Path, _: Arguments) -> None:
    """Print to stderr, below what broke a run off, what became of its jobs until then."""
    with unless_unread(sys.stderr):
        print(f"{render_line(report)}\nReport: {directory}", file=sys.stderr)


def _print(report: Report, directory: Path, arguments: Arguments) -> None:
    """Print as much as is wanted."""
    clean = report.exit_code == 0
    if clean and arguments.quiet:
        return
    if clean and not sys.stdout.isatty() and not (arguments.verbose or arguments.debug):
        print(render_line(report))
        return
    text = render_text(report)
    if sys.stdout.isatty():
        _print_coloured(text, clean=clean)
    else:
        print(text, end="")
    print(f"Report: {directory}")


def _print_coloured(text: str, *, clean: bool) -> None:
    """Print the summary with its outcomes in colour; rich decides whether the terminal wants any (NO_COLOR, dumb)."""
    from rich.console import Console
    from rich.text import Text

    shown = Text(text.rstrip("\n"))
    for pattern, style in (
        (r"(?m)^Run .*$", "bold"),
        (r"\bsucceeded\b", "green"),
        (r"\b(failed|interrupted|not run)\b", "red"),
        (r"(?m)^\s*[Tt]ry: .*$", "yellow"),
    ):
        shown.highlight_regex(re.compile(pattern), style)
    lines = shown.split("\n", allow_blank=True)
    if lines:
        lines[-1].stylize("bold green" if clean else "bold red")
    console = Console()
    for line in lines:
        console.print(line, soft_wrap=True, highlight=False)
