"""From the arguments to a workspace: --set, --at and the clock; warnings are printed, errors raised."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.diagnostics_view import render_diagnostics
from dicomjobs.cli.refusal import refusal
from dicomjobs.config.workspace import MissingParameters, Workspace, load_workspace
from dicomjobs.diagnostics import Diagnostics


def settings_of(given: Sequence[str]) -> dict[str, str]:
    """Return the parameters given with --set; raises InvalidInput for one without an equals sign."""
    wrong = [each for each in given if "=" not in each]
    if wrong:
        raise refusal("DJ602", f"--set {wrong[0]} has no value", hint=f"write --set {wrong[0]}=VALUE")
    return dict(each.split("=", 1) for each in given)


def read_workspace(arguments: Arguments, *, missing_parameters: MissingParameters) -> Workspace:
    """Read the job file the arguments name; raises InvalidInput."""
    workspace, warnings = load_workspace(
        arguments.file,
        settings=settings_of(arguments.settings),
        now=datetime.now(UTC),
        at=arguments.at,
        missing_parameters=missing_parameters,
    )
    tell_warnings(warnings, arguments)
    return workspace


def tell_warnings(warnings: Diagnostics, arguments: Arguments) -> None:
    """Print what may go wrong, unless only failures are wanted."""
    if warnings and not arguments.quiet:
        print(render_diagnostics(warnings, colour=sys.stderr.isatty()), file=sys.stderr)
