"""The README is true: its job files and commands are run, its reading trail leads somewhere, its tables match the code."""

from __future__ import annotations

import importlib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pydicom
import pytest

from dicomjobs.cli.arguments import build_parser
from dicomjobs.cli.main import VERBS, main
from dicomjobs.report.exit_code import PRECEDENCE
from tests.support.command import SECONDS, latest
from tests.support.peers import free_port
from tests.support.recording_scp import recording_scp

README = Path(__file__).parents[1] / "README.md"
_BLOCK = re.compile(r"<!-- (file|output|cron): (.+?) -->\n```\w+\n(.*?)```", re.DOTALL)

BUNDLED = Path(pydicom.__file__).parent / "data" / "test_files"
IMAGES = ("CT_small.dcm", "MR_small.dcm", "ExplVR_BigEnd.dcm")
"""What lies in the inbox of the README's example."""


def _blocks(kind: str) -> dict[str, str]:
    """Return the marked blocks of a kind by their names."""
    return {name: text for found, name, text in _BLOCK.findall(README.read_text(encoding="utf-8")) if found == kind}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with the README's job files and an inbox, as the working directory."""
    (tmp_path / "inbox").mkdir()
    for name in IMAGES:
        (tmp_path / "inbox" / name).write_bytes((BUNDLED / name).read_bytes())
    for name, text in _blocks("file").items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", _blocks("output"))
def test_a_command_prints_what_the_readme_shows(
    command: str, site: Path, capsys: pytest.CaptureFixture[str], pytestconfig: pytest.Config
) -> None:
    """To the letter; --update-golden writes what it prints into the README."""
    main(shlex.split(command)[1:])
    captured = capsys.readouterr()
    printed = (captured.out + captured.err).replace(str(site), ".")
    if pytestconfig.getoption("--update-golden"):
        _replace_output(command, printed)

    assert _blocks("output")[command].strip() == printed.strip()


@pytest.mark.parametrize("file", [name for name in _blocks("file") if name.endswith(".yaml")])
def test_every_job_file_is_sound(file: str, site: Path) -> None:
    """Whoever copies it can begin with it; one shows what is said of mistakes."""
    assert main(["check", str(site / file)]) == (2 if file == "wrong.yaml" else 0)


@pytest.fixture
def crontab(site: Path) -> Iterator[tuple[str, str]]:
    """Give the commands of the README's crontab, their folders replaced, for a job file whose peer is there."""
    (lines,) = _blocks("cron").values()
    (site / "dicomjobs").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m dicomjobs "$@"\n')
    (site / "dicomjobs").chmod(0o755)
    with recording_scp() as scp:
        job = _blocks("file")["night.yaml"].replace("pacs.example.org, port: 11112", f"127.0.0.1, port: {scp.port}")
        (site / "night.yaml").write_text(f"{job}state: {{directory: {site}/state}}\n")
        for there, here in (("/opt/dicomjobs/bin", site), ("/srv/dicom", site), ("/var/lib/dicomjobs", site / "state")):
            lines = lines.replace(there, str(here))
        run, prune = (line.split(maxsplit=5)[5] for line in lines.splitlines())
        yield run, prune


def _cron(command: str) -> subprocess.CompletedProcess[str]:
    """Run a command as cron does: from the home folder, with next to nothing in the environment; its output would be mailed."""
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd="/",
        env={"HOME": "/nonexistent", "PATH": "/usr/bin:/bin"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=SECONDS,
        text=True,
        check=False,
    )


def test_the_crontab_sends_and_mails_only_what_went_wrong(crontab: tuple[str, str], site: Path) -> None:
    """A clean run is silent, and one that could not connect is not; both left a report."""
    run, _ = crontab
    sent = _cron(run)
    sent_at = latest(site / "state" / "reports")
    job = (site / "night.yaml").read_text()
    (site / "night.yaml").write_text(re.sub(r"port: \d+", f"port: {free_port()}", job))
    failed = _cron(run)

    assert (sent.returncode, sent.stdout) == (0, "")
    assert sent_at.job("route")["counts"]["delivered"] == 2
    assert failed.returncode == 4
    assert f"Report: {site}/state/reports/" in failed.stdout


def test_the_crontab_takes_away_old_runs_and_nothing_else(crontab: tuple[str, str], site: Path) -> None:
    """Whole folders of runs; `latest`, what somebody else keeps there and the ledger stay, however old they are."""
    run, prune = crontab
    state = site / "state"
    assert [_cron(run).returncode for _ in range(2)] == [0, 0]
    old, new = sorted(path for path in (state / "reports").iterdir() if not path.is_symlink())
    (state / "reports" / "kept by hand").mkdir()
    before = {path for path in state.rglob("*") if old not in (path, *path.parents)}
    for path in before - {new, *new.iterdir()} | {old}:
        os.utime(path, (0, 0), follow_symlinks=False)
    pruned = _cron(prune)

    assert (pruned.returncode, pruned.stdout) == (0, "")
    assert set(state.rglob("*")) == before


def _replace_output(command: str, printed: str) -> None:
    """Put a command's output into its block."""

    def put(match: re.Match[str]) -> str:
        kind, name, _ = match.groups()
        if (kind, name) != ("output", command):
            return match[0]
        return f"<!-- output: {name} -->\n```text\n{printed.strip()}\n```"

    README.write_text(_BLOCK.sub(put, README.read_text(encoding="utf-8")), encoding="utf-8")


def test_every_stop_of_the_reading_trail_exists() -> None:
    """Files and the names in them."""
    stops = re.findall(r"`(dicomjobs/[\w/]+)\.py:(\w+)`", README.read_text(encoding="utf-8"))

    assert len(stops) >= 9
    for module, name in stops:
        assert hasattr(importlib.import_module(module.replace("/", ".")), name), f"{module}.py has no {name}"


def test_the_exit_codes_of_the_readme_are_those_of_the_program() -> None:
    """Also their order of risk."""
    text = README.read_text(encoding="utf-8")
    order = re.search(r"the highest risk wins: ([\d, ]+)\.", text)

    assert order is not None
    assert tuple(map(int, order[1].split(", "))) == tuple(PRECEDENCE)


def test_every_verb_is_in_the_table_of_commands() -> None:
    """And nothing else is."""
    shown = set(re.findall(r"^\| `dicomjobs (\w+)", README.read_text(encoding="utf-8"), re.MULTILINE))

    assert shown == set(VERBS)


def test_every_verb_of_the_parser_has_a_module() -> None:
    """And the other way round."""
    (verbs,) = [action for action in build_parser()._actions if action.dest == "verb"]
    load: Callable[[str], object] = importlib.import_module

    assert verbs.choices is not None
    assert set(verbs.choices) == set(VERBS)
    assert all(hasattr(load(module), "main") for module in VERBS.values())


def test_the_make_targets_of_the_readme_exist() -> None:
    """Both commands that set everything up."""
    makefile = (README.parent / "Makefile").read_text(encoding="utf-8")

    for target in re.findall(r"^make (\w+)", README.read_text(encoding="utf-8"), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
