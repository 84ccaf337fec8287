"""Every file in jobs/ and profiles/ is what a site can copy: it checks, it plans, and the demo is what the README says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dicomjobs.cli.main import main

ROOT = Path(__file__).parents[1]
JOBS = sorted((ROOT / "jobs").glob("*.yaml"))
PROFILES = sorted((ROOT / "profiles").glob("*.yaml"))


@pytest.mark.parametrize("file", [*JOBS, *PROFILES], ids=lambda path: path.name)
def test_a_shipped_file_has_no_mistake_and_no_warning(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not even a warning."""
    assert main(["check", str(file)]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("file", [*JOBS, *PROFILES], ids=lambda path: path.name)
def test_a_shipped_file_names_its_schema_for_editors(file: Path) -> None:
    """By a path that leads there."""
    first = file.read_text(encoding="utf-8").splitlines()[0]

    assert first.startswith("# yaml-language-server: $schema=")
    assert (file.parent / first.partition("=")[2]).resolve().is_file()


@pytest.mark.parametrize("file", JOBS, ids=lambda path: path.name)
def test_a_shipped_job_plans(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With an empty inbox, where it has one."""
    inbox = ["--set", f"inbox={tmp_path}"] if "inbox:" in file.read_text(encoding="utf-8") else []

    assert main(["plan", str(file), *inbox, "-o", str(tmp_path / "plan.json")]) == 0
    assert capsys.readouterr().out


def test_the_demo_sends_many_modalities_in_many_transfer_syntaxes_and_nothing_stays_behind(tmp_path: Path) -> None:
    """Real images; each has a context."""
    main(["plan", str(ROOT / "jobs" / "demo.yaml"), "-o", str(tmp_path / "plan.json")])
    rows = [json.loads(line) for line in (tmp_path / "plan-instances.jsonl").read_text("ascii").splitlines()]

    assert len(rows) >= 20
    assert all(row["context_id"] and "excluded" not in row for row in rows)
    assert len({row["sop_class_uid"] for row in rows}) >= 8
    assert len({row["transfer_syntax"] for row in rows}) >= 8
