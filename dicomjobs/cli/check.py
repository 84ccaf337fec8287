"""`dicomjobs check FILE…`: every mistake of every file at once, nothing run; fit for a commit hook."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.diagnostics_view import render_diagnostics
from dicomjobs.cli.failures import INPUT_IS_WRONG
from dicomjobs.cli.inputs import read_workspace
from dicomjobs.cli.places import state_folder
from dicomjobs.cli.refusal import mistake
from dicomjobs.config.workspace import MissingParameters, Workspace
from dicomjobs.diagnostics import Diagnostic, Diagnostics, InvalidInput, Severity


def main(arguments: Arguments) -> int:
    """Check each file; parameters that a run must be given may be missing."""
    wrong: list[Diagnostics] = []
    files, empty = _yaml_files(arguments.files)
    if empty:
        wrong.append(empty)
    for file in files:
        try:
            workspace = read_workspace(replace(arguments, file=file), missing_parameters=MissingParameters.TOLERATE)
        except InvalidInput as error:
            wrong.append(error.diagnostics)
            continue
        if arguments.here:
            wrong += _check_here(workspace)
    if wrong:
        shown = tuple(dict.fromkeys(diagnostic for diagnostics in wrong for diagnostic in diagnostics))
        print(render_diagnostics(shown, colour=sys.stderr.isatty()), file=sys.stderr)
        if any(diagnostic.severity is Severity.ERROR for diagnostic in shown):
            return INPUT_IS_WRONG
    if not arguments.quiet:
        print(f"{len(files)} file{'s' if len(files) != 1 else ''} checked, no mistake found")
    return 0


def _yaml_files(given: tuple[str, ...]) -> tuple[list[str], Diagnostics]:
    """Return the files named and the YAML files of the folders named, in order, and what to say of folders without any."""
    files: list[str] = []
    empty: list[Diagnostic] = []
    for each in given:
        found = _in_folder(Path(each)) if Path(each).is_dir() else [each]
        files += found
        if not found:
            empty.append(mistake("DJ608", f"there is no YAML file (*.yaml, *.yml) in {each}"))
    return files, tuple(empty)


def _in_folder(folder: Path) -> list[str]:
    """Return the YAML files of a folder, deeper ones as well."""
    return [str(path) for path in sorted(folder.rglob("*")) if path.suffix in {".yaml", ".yml"} and path.is_file()]


def _check_here(workspace: Workspace) -> list[Diagnostics]:
    """Open what only this machine has: keys, secrets and folders."""
    from dicomjobs.cli.contexts_here import context_warnings
    from dicomjobs.cli.here import check_here

    found = check_here(workspace)
    if all(diagnostic.severity is not Severity.ERROR for diagnostic in found):  # else there may be no files to look at
        found = (*found, *context_warnings(workspace))
    print(f"{workspace.file}: state in {state_folder(workspace.state_directory)}")
    return [found] if found else []
