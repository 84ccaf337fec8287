"""The table of a query on a terminal: what is short is read at a glance, and nothing of what is long is left out."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from dicomjobs.cli.answer_screen import _table

UID = "1.2.826.0.1.3680043.8.498.64108189007039777176633399"
HEADINGS = ("StudyDate", "PatientName", "PatientBirthDate", "NumberOfStudyRelatedInstances", "StudyInstanceUID")


def printed(*rows: tuple[str, ...], width: int) -> list[str]:
    """Return the lines of a table."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    with console.capture() as captured:
        console.print(_table(HEADINGS, rows, width=width))
    return captured.get().splitlines()


def test_short_values_stay_on_one_line() -> None:
    """The UID is folded in the room that is left."""
    lines = printed(("20010101", "Doe^Archibald", "", "50", UID), width=80)

    assert any("20010101" in line and "Doe^Archibald" in line and "50" in line for line in lines)


def test_a_column_with_nothing_in_it_is_left_out() -> None:
    """It would take room from the others."""
    assert "BirthDate" not in "".join(printed(("20010101", "Doe", "", "50", UID), width=80))
    assert "BirthDate" in "".join(printed(("20010101", "Doe", "19700101", "50", UID), width=80))


@pytest.mark.parametrize("width", [120, 80, 40])
def test_nothing_is_cut_off_on_a_screen_of_any_width(width: int) -> None:
    """However often a value has to be folded."""
    lines = printed(("20010101", "Doe^Archibald", "", "50", UID), width=width)

    below = next(number for number, line in enumerate(lines) if "─" in line) + 1
    shown = sorted("".join(lines[below:]).replace(" ", ""))
    assert shown == sorted("20010101Doe^Archibald50" + UID)
