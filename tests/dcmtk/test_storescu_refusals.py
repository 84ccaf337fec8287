"""Lines that storescu refuses, each with the reason that the real program gives; and lines that it takes."""

from __future__ import annotations

import random

import pytest

from dicomjobs.dcmtk.command_line import LineRefused
from dicomjobs.dcmtk.storescu_line import StorescuLine, read_storescu_line
from dicomjobs.dcmtk.storescu_options import STORESCU
from tests.support.peers import run_program

PLACE = "127.0.0.1 1 missing.dcm"

REFUSED = [
    "+v",
    "+v -v -q",
    "-d -v -q +v",
    "-ll warn +v",
    "-ll off +v",
    "-ll foo",
    "-ll debugx",
    "-ll debug -v",
    "-q -ll debug",
    "-ll foo -v",
    "-lc x -v",
    "-lc x -ll debug",
    "-lc x -ll debug -v",
    "+sp *.dcm",
    "+r",
    "-r +r",
    "-xf a b -xs",
    "-xf a b -xe",
    "-xf a b -xs -xd",
    "-xf a b -R",
    "-xf a b +C",
    "-xf a b +C -xs",
    "-xf a",
    "+cl 3",
    "+cl 3 -xd -xs",
    "+cl 10 -xd",
    "+cl -1 -xd",
    "+cl x -xd",
    "-to 0",
    "-to x",
    "-ts -2",
    "-ta 0",
    "-td 0",
    "-td -5",
    "-pdu 4095",
    "-pdu 131073",
    "-pdu x",
    "--max-send-pdu 1",
    "--max-send-pdu 999999",
    "--repeat 0",
    "--repeat -1",
    "--repeat x",
    "+IR 0",
    "+IS 0",
    "+IP 0",
    "+IR x",
    "-pwd x",
    "-epw",
    "-kt a -pwd x",
    "-usr a -kt b -pwd x",
    "-usr a -pwd x -epw",
    "+pw x",
    "+ps",
    "-pw",
    "+tla +pw x",
    "+tla -pw",
    "-tls +ps",
    "+tls a b -tls +pw x",
    "-pem",
    "-der",
    "+cf x",
    "+cd x",
    "+crl x",
    "+crv",
    "+cra",
    "+rs x",
    "+ws",
    "+wf x",
    "+tla +ws",
    "+tla +wf x",
    "-rc",
    "-ic",
    "+px",
    "+py",
    "+pz",
    "+pa",
    "+pn",
    "+cs X",
    "+tla +pz +cs X",
    "-pdu 1 --repeat 0",
    "--repeat 0 +cf x",
    "+cf x -epw",
    "-to 0 +sp x",
    "-nosuch",
    "--nohalt",
]
"""Each is refused before anything is opened or sent."""

QUIET = {"+v -v -q", "-d -v -q +v", "-ll off +v"}
"""Here storescu is quiet about its own reason, too."""

TAKEN = [
    "-v +v",
    "-q -v +v",
    "-ll INFO +v",
    "-ll trace",
    "-ll all +v",
    "+r -r",
    "+sd +r",
    "+sd +sp *.dcm",
    "-xd +cl 0",
    "+cl 9 -xs -xd",
    "-usr a -pwd x",
    "-pwd x -usr a",
    "-kt a -usr b -pwd x",
    "-usr a -epw -pwd x",
    "-usr a -rsp",
    "-pdu 4096",
    "-pdu 131072x",
    "--max-send-pdu 16384",
    "-ts -1",
    "-ts 0",
    "-to 99999999999999999999",
    "+IR 1 +IS 1 +IP 1",
    "+tla -tls",
    "+tla -ic -rc",
    "+tls a b +pw -tls",
]
"""Each is taken; the real program then finds no file."""


VALUES = ("1", "0", "-1", "9", "10", "5000", "131073", "x", "a b", "", "-v", "7z", " 8", "+3", "99999999999999999999")
NOT_DRAWN = frozenset(
    {
        *("--help", "--version", "--list-ciphers", "--list-profiles", "--quiet", "--debug", "--log-level"),
        *(
            "--log-config",
            "--config-file",
            "--ipv4",
            "--ipv6",
            "--ip-auto",
            "--no-sni",
            "--request-sni",
            "--profile-8996",
        ),
        *(
            "--profile-8996-mod",
            "--profile-basic",
            "--add-crl-file",
            "--enable-crl-vfy",
            "--enable-crl-all",
            "--anonymous-tls",
        ),
    }
)
"""Options that print, that open a file, that are newer, or that newer versions judge otherwise."""


def read(options: str) -> StorescuLine:
    """Return the line with these options."""
    return read_storescu_line([*options.split(), *PLACE.split()], lambda name: name)


@pytest.mark.parametrize("options", REFUSED)
def test_a_line_is_refused_for_the_reason_that_storescu_gives(options: str) -> None:
    """The first of several mistakes is the same one."""
    said = run_program("storescu", *options.split(), *PLACE.split())
    with pytest.raises(LineRefused) as refusal:
        read(options)

    assert said.returncode == 1
    assert (said.stderr == "") == (options in QUIET)
    if options not in QUIET:
        assert str(refusal.value) == said.stderr.partition("error: ")[2].rstrip("\n")


@pytest.mark.parametrize("options", TAKEN)
def test_a_line_that_storescu_takes_is_taken(options: str) -> None:
    """The real program goes on to look for its files."""
    said = run_program("storescu", *options.split(), *PLACE.split())

    assert "error:" not in said.stderr
    assert read(options).inputs[-1] == "missing.dcm"


@pytest.mark.parametrize("seed", range(4))
def test_lines_drawn_at_random_are_judged_as_storescu_judges_them(seed: int) -> None:
    """Up to six options with values good and bad: the same lines are taken, and the others refused for the same reasons."""
    draw = random.Random(seed)
    for _ in range(20):
        line = drawn_line(draw)
        said = run_program("storescu", *line).stderr.partition("error: ")[2].rstrip("\n")

        assert reason_of(line).replace(", --saml or --jwt", " or --saml") == said, line


def reason_of(line: list[str]) -> str:
    """Why a line is refused, empty when it is taken."""
    try:
        read_storescu_line(line, lambda name: name)
    except LineRefused as refusal:
        return str(refusal)
    return ""


def drawn_line(draw: random.Random) -> list[str]:
    """A line of options that the program here has, and that print nothing of their own."""
    line: list[str] = []
    for option in draw.sample([each for each in STORESCU.options if each.long not in NOT_DRAWN], draw.randint(1, 4)):
        line.append(draw.choice([name for name in (option.short, option.long) if name]))
        line += [draw.choice(VALUES) for _ in range(option.values)]
    for more in (["+tla"], ["-usr", "jo"], ["+sd"]):
        line = more + line if draw.random() < 0.4 else line
    return [*line, *PLACE.split()][: draw.choice([-1, None, None, None])]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ("--no-sni", ""),
        ("--request-sni pacs", ""),
        ("+tla --no-sni --request-sni pacs", "--no-sni not allowed with --request-sni"),
        ("+pg", "--profile-8996 only allowed with --enable-tls or --anonymous-tls"),
        ("+pm", "--profile-8996-mod only allowed with --enable-tls or --anonymous-tls"),
        ("-rsp", "--pos-response only allowed with --user, --kerberos, --saml or --jwt"),
        ("+tla +crv +cra", ""),
        ("-i4 -i6 -i0", ""),
    ],
)
def test_options_newer_than_the_program_here_follow_the_newest_release(options: str, reason: str) -> None:
    """3.6.8 to 3.7.0, which the reference page describes."""
    if reason:
        with pytest.raises(LineRefused, match=f"^{reason}$"):
            read(options)
    else:
        assert read(options).host == "127.0.0.1"
