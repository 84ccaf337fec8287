"""What is installed is whole: a wheel carries the schemas, profiles and tables, and the program runs from it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.resources import files
from pathlib import Path

import pytest

from dicomjobs import __version__
from dicomjobs.resources import schema_text

ROOT = Path(__file__).parents[1]
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "dicomjobs", "schemas", "profiles")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a wheel from a copy of the sources and unpack it; returns the folder."""
    copy = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    built = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "-w", str(built), str(copy)], check=True, capture_output=True)
    (archive,) = built.glob("dicomjobs-*.whl")
    zipfile.ZipFile(archive).extractall(built / "unpacked")
    return built / "unpacked"


def _run(wheel: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program as it stands in the unpacked wheel."""
    environment = {**os.environ, "PYTHONPATH": str(wheel)}
    command = [sys.executable, "-c", "import sys; from dicomjobs.cli.main import main; sys.exit(main())", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd=wheel)


def test_a_wheel_carries_every_module_and_data_file(wheel: Path) -> None:
    """The same as the sources, file for file."""
    wanted = {
        path.relative_to(ROOT)
        for folder in ("dicomjobs", "schemas", "profiles")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    installed = {Path("dicomjobs") / path if path.parts[0] in {"schemas", "profiles"} else path for path in wanted}

    assert {path for path in installed if not (wheel / path).is_file()} == set()


def test_the_program_runs_from_a_wheel(wheel: Path) -> None:
    """It finds its schema and its tables there."""
    (wheel / "job.yaml").write_text("dicomjobs: 1\npeers: {a: {host: x, prot: 1}}\n", encoding="utf-8")

    assert _run(wheel, "--version").stdout == f"dicomjobs {__version__}\n"
    checked = _run(wheel, "check", "job.yaml")
    assert checked.returncode == 2
    assert "did you mean `port`?" in checked.stderr


def test_a_checkout_finds_its_schemas_and_profiles() -> None:
    """As an editable install does."""
    assert json.loads(schema_text("dicomjobs.schema.json"))["$schema"].endswith("2020-12/schema")
    assert files("dicomjobs.profiles").joinpath("site.yaml").is_file()


def test_the_version_is_said_once() -> None:
    """pyproject.toml and the package agree."""
    assert f'version = "{__version__}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
