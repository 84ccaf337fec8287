"""Why the outputs that find jobs ask for could not be written, found out before anybody is asked; it writes nothing."""

from __future__ import annotations

import os
from pathlib import Path

from dicomjobs.cli.answer_files import output_path
from dicomjobs.cli.answer_forms import FOLDER_FORMS, names_of
from dicomjobs.cli.refusal import mistake
from dicomjobs.diagnostics import Diagnostic, InvalidInput
from dicomjobs.model.job import FILE_EACH, IfExists, Output
from dicomjobs.plan.plan import FindStep, Plan


def refuse_outputs(plan: Plan, directory: Path) -> None:
    """Raise InvalidInput, before anything is sent, for outputs that could not be written, or would cost a file that is needed."""
    inputs = {os.path.realpath(each.path) for each in plan.inputs}
    refused = tuple(
        problem
        for job in plan.jobs
        if isinstance(job.step, FindStep)
        for output in job.step.outputs
        if (problem := _output_problem(job.name, output, output_path(output, directory), inputs))
    )
    if refused:
        raise InvalidInput(refused)


def _output_problem(job: str, output: Output, path: Path, inputs: set[str]) -> Diagnostic | None:
    """Return why an output must not or cannot be written, None when nothing is known against it."""
    try:
        there = _there(output, path)
        if output.if_exists is IfExists.FAIL and there:
            hint = "move it away, or say if_exists: replace"
            return mistake("DJ605", f"{job}: {there} exists already (if_exists: fail)", hint=hint)
        summary, hint = _folder_obstacle(output, path) if output.format in FILE_EACH else _obstacle(path, inputs)
    except OSError as error:  # a folder above it that cannot be looked into
        summary, hint = f"{path}: {error.strerror}", "choose another folder"
    return mistake("DJ609", f"{job}: {summary}", hint=hint) if summary else None


def _there(output: Output, path: Path) -> Path | None:
    """Return a file that an output would replace, None when there is none; raises OSError."""
    if output.format not in FILE_EACH:
        return path if path.exists() else None
    names = names_of(FOLDER_FORMS[output.format][1])
    found = path.iterdir() if path.is_dir() else iter(())
    return next((each for each in found if names.fullmatch(each.name)), None)


def _folder_obstacle(output: Output, path: Path) -> tuple[str, str]:
    """Return what stands in the way of files in a folder and what to do about it, "" when nothing does; raises OSError."""
    if "/" not in output.place:  # made in the run's directory
        return "", ""
    if not path.is_dir():
        return (
            f"{path} is a file" if path.exists() else f"there is no folder {path}"
        ), "make the folder first; a run does not"
    if not os.access(path, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        return f"the folder {path} cannot be written to", "choose another folder"
    return "", ""


def _obstacle(path: Path, inputs: set[str]) -> tuple[str, str]:
    """Return what stands in the way of a file and what to do about it, "" when nothing does; raises OSError."""
    if os.path.realpath(path) in inputs:
        return f"{path} is a file that the jobs were read from", "give it another name"
    if path.is_dir():
        return f"{path} is a folder", "name a file in it"
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}", "make it first; a run does not"
    if not os.access(path.parent, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        return f"the folder {path.parent} cannot be written to", "choose another folder"
    return "", ""
