"""The command itself: help and completion are instant, usage errors are code 2."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from dicomjobs import __version__
from dicomjobs.cli.arguments import parse_arguments
from tests.support.command import dicomjobs, dicomjobs_process

HEAVY = ("pydicom", "pynetdicom", "jsonschema", "rich", "yaml", "sqlite3", "ssl", "numpy", "shtab")
LOOK = """\
import json, sys
from dicomjobs.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print("\\n" + json.dumps(sorted(sys.modules)))
"""


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"], ["plan", "--wrong"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    """It must be there in a tenth of a second."""
    ended = subprocess.run([sys.executable, "-c", LOOK, *arguments], capture_output=True, text=True, check=True)
    modules = {name.partition(".")[0] for name in json.loads(ended.stdout.splitlines()[-1])}

    assert "dicomjobs" in modules
    assert not modules & set(HEAVY)


def test_help_names_every_verb_and_exit_code() -> None:
    """On stdout, with code 0."""
    ended = dicomjobs("--help")

    assert (ended.code, ended.err) == (0, "")
    for word in ("check", "show", "plan", "run", "serve", "report", "exit codes:", "130/143 interrupted"):
        assert word in ended.out


def test_version_is_the_package_s() -> None:
    """From `python -m dicomjobs` as well."""
    assert dicomjobs("--version").out == f"dicomjobs {__version__}\n"
    assert dicomjobs_process("--version").out == f"dicomjobs {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["fly"], ["run"], ["serve", "--port", "x", "--directory", "d"]])
def test_a_usage_error_gives_code_2(arguments: list[str]) -> None:
    """With how it is used, on stderr."""
    ended = dicomjobs(*arguments)

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("usage: dicomjobs")


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("--port", "99999", "argument --port: '99999' is no port: 0 to 65535 are"),
        ("--port", "-1", "argument --port: '-1' is no port"),
        ("--port", "1_0", "argument --port: '1_0' is no port"),
        ("--port", "9" * 5000, "is no port"),
        ("--ae-title", "A" * 23, "is no AE title: it has 23 characters, 16 are allowed"),
        ("--ae-title", " ", "is no AE title: it has nothing but spaces"),
    ],
)
def test_a_value_that_no_peer_could_have_gives_code_2_with_the_reason(option: str, value: str, reason: str) -> None:
    """Before anything is made or listens."""
    ended = dicomjobs("serve", "--directory", "never-made", "--port", "0", option, value)

    assert (ended.code, ended.out) == (2, "")
    assert reason in ended.err


@pytest.mark.parametrize("port", [0, 65_535])
def test_every_port_there_is_can_be_given(port: int) -> None:
    """The first stands for a free one."""
    assert parse_arguments(["serve", "--directory", "d", "--port", str(port)]).port == port


@pytest.mark.parametrize(("shell", "mark"), [("bash", "complete "), ("zsh", "#compdef"), ("tcsh", "complete ")])
def test_completion_is_printed_for_a_shell(shell: str, mark: str) -> None:
    """With every verb in it."""
    ended = dicomjobs("--print-completion", shell)

    assert (ended.code, ended.err) == (0, "")
    assert mark in ended.out
    assert "report" in ended.out


def test_a_bash_completion_is_valid_shell() -> None:
    """Bash itself reads it."""
    script = dicomjobs("--print-completion", "bash").out

    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0


def test_there_is_no_completion_for_an_unknown_shell() -> None:
    """The error names those there are."""
    ended = dicomjobs("--print-completion", "cmd")

    assert ended.code == 2
    assert "bash, zsh, " in ended.err
