"""`dicomjobs show FILE`: the resolved document, each value with where it came from."""

from __future__ import annotations

from datetime import UTC, datetime

from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.inputs import settings_of
from dicomjobs.config.workspace import MissingParameters, show_workspace


def main(arguments: Arguments) -> int:
    """Print the document."""
    text = show_workspace(
        arguments.file,
        settings=settings_of(arguments.settings),
        now=datetime.now(UTC),
        at=arguments.at,
        missing_parameters=MissingParameters.TOLERATE,
    )
    print(text, end="" if text.endswith("\n") else "\n")
    return 0
