"""Every example of a mistake under tests/examples/invalid/ is told to the user in exactly the words beside it.

An example is a folder `<code>-<slug>/` with `job.yaml`, what it includes, and `expected.txt`. Beside them `options.json` may
hold `settings` and `at` as on the command line, `only` job names to select, `environment` variables, and `repeat`
`{text, times}` to make `job.yaml` as long as nobody wants to keep in a repository.
"""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dicomjobs.cli.diagnostics_view import render_diagnostics
from dicomjobs.config.codes import CODES
from dicomjobs.config.parameters import MissingParameters
from dicomjobs.config.workspace import load_workspace, select_jobs
from dicomjobs.diagnostics import Diagnostics, InvalidInput

EXAMPLES = Path(__file__).parents[1] / "examples" / "invalid"
NOW = datetime(2026, 11, 21, 22, 30, 45, tzinfo=UTC)


def _folders() -> list[Path]:
    """All example folders."""
    return sorted(path for path in EXAMPLES.iterdir() if path.is_dir())


def _prepare(folder: Path, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Copy an example to a folder of its own, go there, and set what its options say."""
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    if repeat := options.get("repeat"):
        with (tmp_path / "job.yaml").open("a") as file:
            file.write(repeat["text"] * repeat["times"])
    for name, value in options.get("environment", {}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)


def _diagnose(options: dict[str, Any]) -> Diagnostics:
    """Load `job.yaml` here as the command line does, and return all that is said about it."""
    try:
        workspace, warnings = load_workspace(
            "job.yaml",
            settings=options.get("settings", {}),
            now=NOW,
            at=options.get("at"),
            missing_parameters=MissingParameters.REFUSE,
        )
        select_jobs(workspace, options.get("only", []))
    except InvalidInput as problem:
        return problem.diagnostics
    return warnings


@pytest.mark.parametrize("folder", _folders(), ids=lambda folder: folder.name)
def test_the_mistake_is_told_in_the_expected_words(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """An example's diagnostics, its folder written as `.`, are its `expected.txt`, and its code is among them."""
    options_file = folder / "options.json"
    options = json.loads(options_file.read_text()) if options_file.exists() else {}
    _prepare(folder, options, monkeypatch, tmp_path)

    found = _diagnose(options)
    text = render_diagnostics(found, colour=False).replace(str(tmp_path), ".")
    if pytestconfig.getoption("--update-golden"):
        (folder / "expected.txt").write_text(text)

    assert text == (folder / "expected.txt").read_text()
    assert folder.name.partition("-")[0] in {diagnostic.code for diagnostic in found}


def test_every_code_has_an_example() -> None:
    """No code is without an example, and no example without a code."""
    shown = {folder.name.partition("-")[0] for folder in _folders()}

    assert shown == set(CODES)
