"""The options of a program here are those of its manual pages, 3.6.4 to 3.7.0, and of the program that is installed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dicomjobs.dcmtk.command_line import Program
from dicomjobs.dcmtk.findscu_options import FINDSCU
from dicomjobs.dcmtk.storescu_options import STORESCU
from tests.support.peers import run_program

OPTIONS = Path(__file__).parent / "options"
"""A file for each program: short name, long name and number of values of each option of its manual pages."""

EVERY_PROGRAM = pytest.mark.parametrize("program", [STORESCU, FINDSCU], ids=lambda program: program.name)


def options_of(program: Program) -> set[tuple[str, str, int]]:
    """Names and number of values of every option here."""
    return {(option.short, option.long, option.values) for option in program.options}


@EVERY_PROGRAM
def test_every_option_of_the_manual_pages_is_known_with_its_values(program: Program) -> None:
    """No more and no less."""
    lines = (OPTIONS / f"{program.name}.tsv").read_text(encoding="ascii").splitlines()
    rows = [line.split("\t") for line in lines]

    assert options_of(program) == {(short, long, int(values)) for short, long, values in rows}


@EVERY_PROGRAM
def test_every_option_that_the_installed_program_has_is_known(program: Program) -> None:
    """Its own help lists them."""
    listed = re.findall(r"^ +(?:([+-]\S+) +)?(--\S+)  ", run_program(program.name, "--help").stdout, flags=re.MULTILINE)

    assert len(listed) > 60
    assert set(listed) <= {(short, long) for short, long, _ in options_of(program)}
