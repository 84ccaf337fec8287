"""What the file declares, and what --set gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomjobs.config.parameters import MissingParameters
from dicomjobs.model.job import EchoJob
from tests.support.job_files import codes, complaints, load

ONE_PEER = """
    parameters: {host: null, port: "104"}
    peers:
      archive: {host: "${host}", port: "${port}"}
    jobs:
      check: {echo: {peer: archive}}
    """


def test_what_is_given_wins_over_what_the_file_says(tmp_path: Path) -> None:
    """The result is a number where the schema wants one."""
    (job,) = load(tmp_path, ONE_PEER, settings={"host": "pacs", "port": "11112"}).jobs

    assert (job.peer.host, job.peer.port) == ("pacs", 11112)


def test_a_parameter_without_a_value_must_be_given(tmp_path: Path) -> None:
    """`null` says so."""
    assert codes(complaints(tmp_path, ONE_PEER)) == ["DJ404"]


def test_check_tolerates_parameters_that_are_not_given(tmp_path: Path) -> None:
    """What depends on one is not checked further, everything else is."""
    wrong = ONE_PEER + "  check_again: {echo: {peer: archvie}}\n"

    assert load(tmp_path, ONE_PEER, missing=MissingParameters.TOLERATE).declared == ("check",)
    assert codes(complaints(tmp_path, wrong, missing=MissingParameters.TOLERATE)) == ["DJ304"]


def test_an_empty_setting_is_a_value(tmp_path: Path) -> None:
    """`--set host=` gives a text of length 0, which a host cannot be."""
    assert codes(complaints(tmp_path, ONE_PEER, settings={"host": ""})) == ["DJ207"]


def test_a_setting_may_hold_expressions_itself(tmp_path: Path) -> None:
    """It is read as if it stood in the file."""
    (job,) = load(tmp_path, ONE_PEER, settings={"host": "pacs-${today:%Y}"}).jobs

    assert job.peer.host == "pacs-2026"


def test_a_quoted_null_is_text(tmp_path: Path) -> None:
    """Only what YAML reads as nothing means that a value must be given."""
    (job,) = load(tmp_path, ONE_PEER.replace("null", '"null"')).jobs

    assert isinstance(job, EchoJob)
    assert job.peer.host == "null"


@pytest.mark.parametrize("value", ["~", "", "Null", "NULL"])
def test_yaml_has_several_ways_to_write_nothing(tmp_path: Path, value: str) -> None:
    """YAML 1.2's core rules."""
    assert codes(complaints(tmp_path, f"parameters:\n  a: {value}\n")) == ["DJ404"]


def test_a_circle_is_told_once_and_its_uses_are_passed_over(tmp_path: Path) -> None:
    """One mistake, one diagnostic."""
    text = """
        parameters: {a: "${b}", b: "${a}", c: "${a}"}
        timezone: "${c}"
        """

    assert codes(complaints(tmp_path, text)) == ["DJ406"]


def test_a_circle_through_an_offset_is_found(tmp_path: Path) -> None:
    """An expression inside another one counts."""
    assert codes(complaints(tmp_path, 'parameters: {a: "${today-${a}d}"}\n')) == ["DJ406"]


def test_what_is_wrong_in_a_parameter_is_told_where_it_stands(tmp_path: Path) -> None:
    """Not again at each of its uses."""
    text = """
        parameters: {a: "${nobody}"}
        peers:
          one: {host: "${a}", port: 104}
          two: {host: "${a}", port: 104}
        """
    (problem,) = complaints(tmp_path, text)

    assert problem.location is not None
    assert (problem.location.line, problem.location.column) == (3, 18)
