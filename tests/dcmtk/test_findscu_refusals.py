"""Lines that findscu refuses, each with the reason that the real program gives; and lines that it takes."""

from __future__ import annotations

import pytest

from dicomjobs.dcmtk.command_line import LineRefused
from dicomjobs.dcmtk.findscu_line import FindscuLine, read_findscu_line
from tests.support.peers import run_program

PLACE = "127.0.0.1 1"

REFUSED = [
    "",
    "-ll foo -k PatientID",
    "-ll debug -v -k PatientID",
    "-lc x -v -k PatientID",
    "+cl 3 -k PatientID",
    "+cl 3 -xd -xi -k PatientID",
    "+cl 10 -xd -k PatientID",
    "+cl x -xd -k PatientID",
    "-to 0 -k PatientID",
    "-to x -k PatientID",
    "-ts -2 -k PatientID",
    "-ta 0 -k PatientID",
    "-td 0 -k PatientID",
    "-pdu 4095 -k PatientID",
    "-pdu 131073 -k PatientID",
    "--repeat 0 -k PatientID",
    "--repeat -1 -k PatientID",
    "--cancel -1 -k PatientID",
    "--cancel x -k PatientID",
    "-Xlo 3 -k PatientID",
    "-X -Xlo 0 -k PatientID",
    "-X -Xlo x -k PatientID",
    "-Xlo 1 -od",
    "+pw x -k PatientID",
    "+tla +pw x -k PatientID",
    "+cf x -k PatientID",
    "-ic -k PatientID",
    "+py -k PatientID",
    "+cf x -epw",
    "-pdu 1 --repeat 0",
    "--repeat 0 -Xlo 1",
    "-Xlo 1 +cf x",
    "-nosuch",
    "-xs -k PatientID",
]
"""Each is refused before anything is opened or sent."""

TAKEN = [
    "-k PatientID",
    "-S -k PatientID -O -P -W",
    "-xd +cl 0 -k PatientID",
    "--cancel 0 -k PatientID",
    "--cancel 3x -k PatientID",
    "-X -Xlo 3 -k PatientID",
    "-Xs a -Xlo 1 -X -k PatientID",
    "+dc -dc -od . -k PatientID",
    "+sr -sr -k PatientID",
    "-u +u -k PatientID",
    "-k nosuch -k PatientID",
]
"""Each is taken; the real program then finds nobody to connect to."""


def read(options: str) -> FindscuLine:
    """Return the line with these options."""
    return read_findscu_line([*options.split(), *PLACE.split()], lambda name: name)


@pytest.mark.parametrize("options", REFUSED)
def test_a_line_is_refused_for_the_reason_that_findscu_gives(options: str) -> None:
    """The first of several mistakes is the same one."""
    said = run_program("findscu", *options.split(), *PLACE.split())
    with pytest.raises(LineRefused) as refusal:
        read(options)

    assert said.returncode == 1
    assert str(refusal.value) == said.stderr.partition("error: ")[2].rstrip("\n")


@pytest.mark.parametrize("options", TAKEN)
def test_a_line_that_findscu_takes_is_taken(options: str) -> None:
    """The real program goes on to connect."""
    said = run_program("findscu", *options.split(), *PLACE.split())

    assert "Association Request Failed" in said.stderr
    if "nosuch" in options:  # findscu finds a key wrong only when it is connected
        with pytest.raises(LineRefused, match="nosuch"):
            read(options)
    else:
        assert read(options).port == 1


def test_keys_that_are_all_empty_leave_nothing_to_send() -> None:
    """The real program connects, then aborts, with exit code 0."""
    with pytest.raises(LineRefused, match="nothing to send"):
        read_findscu_line(["-k", "", "127.0.0.1", "1"], lambda name: name)
