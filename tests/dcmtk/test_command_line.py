"""DCMTK's command line grammar, each rule beside what the real storescu makes of the same arguments."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dicomjobs.dcmtk.command_line import (
    CommandLine,
    Ends,
    LineRefused,
    Option,
    Program,
    parse_line,
    port_parameter,
    signed_value,
    unsigned_value,
)
from tests.support.peers import run_program

PROGRAM = Program(
    name="storescu",
    options=(
        Option(long="--help", short="-h", ends=Ends.AT_ONCE),
        Option(long="--arguments"),
        Option(long="--quiet", short="-q"),
        Option(long="--config-file", short="-xf", values=2),
        Option(long="--max-pdu", short="-pdu", values=1),
        Option(long="--timeout", short="-to", values=1),
        Option(long="--repeat", values=1),
        Option(long="--read-file", short="+f"),
        Option(long="--read-file-only", short="+fo"),
        Option(long="--read-dataset", short="-f"),
    ),
    parameters=("peer", "port", "dcmfile-in"),
)
"""A few of storescu's options, one of each sort."""


def no_file(name: str) -> str:
    """There is no command file."""
    raise FileNotFoundError(name)


def parsed(*arguments: str, text: str | None = None) -> CommandLine:
    """Return the line; `text` is what every command file says."""
    return parse_line(PROGRAM, arguments, no_file if text is None else lambda _: text)


def refused(*arguments: str) -> str:
    """Return the reason for which a line is refused."""
    with pytest.raises(LineRefused) as refusal:
        parsed(*arguments)
    return str(refusal.value)


def reason_of_storescu(*arguments: str) -> str:
    """Return the reason that the real program gives."""
    said = run_program("storescu", *arguments).stderr
    return said.partition("error: ")[2].rstrip("\n")


@pytest.mark.parametrize(
    "text",
    [
        "x y\n",
        "'a b' c",
        '"a b" c',
        '"c\'d" e',
        'x"y z"w q',
        "'' x",
        "'unclosed x y",
        "a\tb\r\nc",
        "a\\b c",
        "a\"b c\"d'e f'g",
        '"a b""c d"',
        "'a b'c d",
        "@other x",
        "# comment",
        "--config-file 'a b' c --quiet",
    ],
)
def test_a_command_file_stands_for_what_storescu_makes_of_it(tmp_path: Path, text: str) -> None:
    """`--arguments` prints the line as expanded; empty arguments are left out there."""
    file = tmp_path / "command.txt"
    file.write_text(text, encoding="ascii")
    printed = run_program("storescu", "--arguments", "127.0.0.1", "1", "missing.dcm", f"@{file}").stderr
    arguments = parsed("--arguments", "127.0.0.1", "1", "missing.dcm", f"@{file}", text=text).arguments

    assert "".join(f"'{argument}' " for argument in arguments if argument) == re.findall(r"arguments: (.*)", printed)[0]


@pytest.mark.parametrize(
    "arguments",
    [
        ("-xz", "a", "104", "f"),
        ("--rep", "a", "104", "f"),
        ("--", "a", "104", "f"),
        ("a", "104", "f", "-pdu"),
        ("-xf", "a"),
        ("-pdu", "5000"),
        ("a",),
        ("a", "104"),
        ("@/nonexistent/command.txt",),
        ("-5", "104"),
    ],
)
def test_a_line_of_the_wrong_form_is_refused_in_storescus_own_words(arguments: tuple[str, ...]) -> None:
    """Unknown options, missing values, missing parameters, missing command files."""
    reason = refused(*arguments)

    assert reason == reason_of_storescu(*arguments)


@pytest.mark.parametrize("value", ["100", "0x4000", "200000", "abc", "-5000", "", "x5000", "--max-pdu"])
def test_a_value_out_of_range_is_refused_in_storescus_own_words(value: str) -> None:
    """An unsigned number: no minus, digits up to the first other character."""
    arguments = ("-pdu", value, "127.0.0.1", "104", "missing.dcm")
    given = parsed(*arguments).given[0]
    with pytest.raises(LineRefused) as refusal:
        unsigned_value(given, low=4096, high=131_072)

    assert str(refusal.value) == reason_of_storescu(*arguments)


@pytest.mark.parametrize("value", ["0", "-1", "x", "-0x1", ""])
def test_a_signed_value_out_of_range_is_refused_in_storescus_own_words(value: str) -> None:
    """Seconds are signed numbers."""
    arguments = ("-to", value, "127.0.0.1", "104", "missing.dcm")
    with pytest.raises(LineRefused) as refusal:
        signed_value(parsed(*arguments).given[0], low=1)

    assert str(refusal.value) == reason_of_storescu(*arguments)


@pytest.mark.parametrize("port", ["0", "70000", "-1", "x", "", "99999999999999999999999"])
def test_a_port_out_of_range_is_refused_in_storescus_own_words(port: str) -> None:
    """The port is the second parameter."""
    with pytest.raises(LineRefused) as refusal:
        port_parameter(port)

    assert str(refusal.value) == reason_of_storescu("127.0.0.1", port, "missing.dcm")


@pytest.mark.parametrize(("text", "number"), [("5000", 5000), ("+5000", 5000), (" 5000x", 5000), ("5000-1", 5000)])
def test_a_number_ends_at_the_first_other_character(text: str, number: int) -> None:
    """As C's scanf reads it; storescu takes all of these."""
    line = parsed("-pdu", text, "127.0.0.1", "104", "f")

    assert unsigned_value(line.given[0], low=4096, high=131_072) == number
    assert reason_of_storescu("-pdu", text, "127.0.0.1", "104", "missing.dcm") == ""
    assert port_parameter(" 104x") == 104


def test_a_huge_number_stays_the_largest_there_is() -> None:
    """C's conversion saturates."""
    line = parsed("-to", "9" * 30, "--repeat", "9" * 30, "a", "104", "f")

    assert signed_value(line.given[0], low=1) == 2**63 - 1
    assert unsigned_value(line.given[1], low=1) == 2**64 - 1


def test_an_option_takes_its_values_whatever_they_look_like() -> None:
    """A value may begin with a minus or an @ that is no command file."""
    line = parsed("-xf", "-q", "--help", "a", "104", "f")

    assert line.last("--config-file") is line.given[0]
    assert line.given[0].values == ("-q", "--help")
    assert line.parameters == ("a", "104", "f")
    assert not line.has("--quiet")


def test_a_sign_before_a_digit_or_alone_makes_no_option() -> None:
    """Negative numbers and single characters are parameters."""
    assert parsed("-5", "+", "-", "@").parameters == ("-5", "+", "-", "@")


def test_the_last_of_options_that_exclude_one_another_counts() -> None:
    """One that stands before what was found already is not looked at."""
    order = ("--read-file", "--read-file-only", "--read-dataset")
    looked_at = [given.option for given in parsed("-f", "+f", "+fo", "a", "104", "f").exclusive(*order)]

    assert looked_at == ["--read-file", "--read-file-only"]
    assert parsed("+fo", "-f", "+f", "a", "104", "f").winner(*order) == "--read-file"
    assert parsed("+f", "-f", "+fo", "a", "104", "f").winner(*order) == "--read-file-only"
    assert parsed("a", "104", "f").winner(*order) == ""


def test_an_option_that_adds_up_is_found_every_time() -> None:
    """In order of the line."""
    line = parsed("--repeat", "1", "--repeat", "2", "a", "104", "f")

    assert [given.value for given in line.every("--repeat")] == ["1", "2"]
    assert line.last("--repeat") is line.given[1]


@pytest.mark.parametrize("arguments", [(), ("-h",), ("a", "104", "f", "--help"), ("--help", "-q")])
def test_a_line_that_only_prints_something_is_no_job(arguments: tuple[str, ...]) -> None:
    """DCMTK ends with 0 after it; there is nothing to import."""
    assert "only prints" in refused(*arguments)
    assert run_program("storescu", *arguments).returncode == 0
