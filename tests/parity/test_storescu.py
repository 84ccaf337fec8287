"""Every option of storescu: the real program and the imported job against one SCP, compared field by field."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from dicomjobs.dcmtk.command_line import Ends
from dicomjobs.dcmtk.storescu_options import STORESCU
from tests.parity.exchange import Exchange, Found, differences, exchanges_of
from tests.parity.storescu_differences import DIFFERENCES
from tests.parity.storescu_files import make_files
from tests.parity.storescu_lines import LINES, RENAMES, TLS_LINES, TLS_REFUSALS, Line
from tests.parity.storescu_peers import PEERS
from tests.support.command import dicomjobs
from tests.support.instances import make_instance
from tests.support.peers import run_program, skip_or_fail_in_ci
from tests.support.recording_scp import RecordingScp, recording_scp

NOT_HERE = frozenset(
    {
        *("--ipv4", "--ipv6", "--ip-auto", "--no-sni", "--request-sni", "--profile-8996", "--profile-8996-mod"),
        *("--profile-basic", "--std-passwd"),
    }
)
"""Options that Debian's program of today has not, Triple DES among them, and one that wants a terminal."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of files that the lines name."""
    folder = tmp_path_factory.mktemp("files")
    make_files(folder)
    return folder


@pytest.fixture
def scp() -> Iterator[RecordingScp]:
    """One SCP for both runs of a line."""
    with recording_scp() as scp:
        yield scp


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    """The password of the lines, as the imported jobs ask for it."""
    monkeypatch.setenv("DICOMJOBS_PASSCODE", "s3cret")


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
def test_an_imported_line_does_the_same_on_the_wire(
    line: Line, files: Path, scp: RecordingScp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A-ASSOCIATE-RQ, C-STORE-RQ, data sets, and how it ended."""
    monkeypatch.chdir(files)
    theirs, said = of_storescu(line, scp)
    ours, told = of_job(line, scp, tmp_path)

    assert_alike(line, theirs, ours, f"{said}\n{told}")


@pytest.mark.parametrize("line", RENAMES, ids=lambda line: line.name)
def test_an_imported_line_leaves_its_files_with_the_same_names(
    line: Line, scp: RecordingScp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same on the wire, and .done and .bad on the same files."""
    for folder in (theirs := tmp_path / "theirs", ours := tmp_path / "ours"):
        folder.mkdir()
        for number in range(1, 4):
            make_instance(folder / f"r{number}.dcm", number=number, rows=8)
    monkeypatch.chdir(theirs)
    before, said = of_storescu(line, scp)
    monkeypatch.chdir(ours)
    after, told = of_job(line, scp, tmp_path)

    names = [sorted(path.name for path in folder.iterdir()) for folder in (theirs, ours)]

    assert_alike(
        line, before, after, f"{said}\n{told}", *([Found("names", str(names))] if names[0] != names[1] else [])
    )


@pytest.mark.parametrize(
    ("options", "peer", "longest"),
    [
        ("", "willing", 16384),
        ("", "takes short PDUs", 4096),
        ("--max-send-pdu 4096", "willing", 4096),
        ("", "takes PDUs of any length", 131_072),
    ],
)
def test_no_pdu_is_longer_than_line_and_peer_allow(
    options: str, peer: str, longest: int, scp: RecordingScp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both cut an instance of 512 KiB so, and use most of the length; where they cut is their own."""
    monkeypatch.chdir(tmp_path)
    make_instance(tmp_path / "large.dcm", rows=512)
    line = Line(options=options, files="large.dcm", peer=peer)
    lengths = []
    for run in (of_storescu, partial(of_job, tmp_path=tmp_path)):
        (exchange,), told = run(line, scp)
        assert len(exchange.requests) == 1, told
        lengths.append(scp.longest_pdu)
        scp.longest_pdu = 0

    assert all(longest - 32 <= length <= longest for length in lengths), lengths


def of_storescu(line: Line, scp: RecordingScp, *, peer: str = "") -> tuple[tuple[Exchange, ...], str]:
    """What the SCP sees of the real program, and what the program says."""
    PEERS[peer or line.peer](scp)
    ended = run_program("storescu", *arguments_of(line, scp), nodelay=True)
    return exchanges_of(scp), f"{ended.returncode} {ended.stderr}"


def of_job(line: Line, scp: RecordingScp, tmp_path: Path, *, peer: str = "") -> tuple[tuple[Exchange, ...], str]:
    """What the SCP sees of the imported job, and what is said of it."""
    PEERS[peer or line.peer](scp)
    job = tmp_path / "job.yaml"
    imported = dicomjobs("import", "-o", job, "storescu", *arguments_of(line, scp))
    assert imported.code == 0, imported.err
    ran = dicomjobs("run", job, "--reports", tmp_path / "reports", "-q")
    return exchanges_of(scp), f"{ran.code} {ran.out}{ran.err}\n{job.read_text()}"


def arguments_of(line: Line, scp: RecordingScp) -> list[str]:
    """The arguments of a line, as a shell would split them."""
    arguments = shlex.split(f"{line.options} 127.0.0.1 {scp.port} {line.files}")
    if missing := [each for each in arguments if each.startswith("/etc/") and not Path(each).exists()]:
        skip_or_fail_in_ci(f"{missing[0]} is not installed: apt-get install dcmtk")
    return arguments


def assert_alike(line: Line, theirs: tuple[Exchange, ...], ours: tuple[Exchange, ...], told: str, *more: Found) -> None:
    """The two differ in what the line lists, and in nothing else."""
    found = [*differences(theirs, ours), *more]
    listed = {field for name in line.shows for field in DIFFERENCES[name].fields}

    assert {each.field for each in found} == listed, f"{found}\n{told}"


def test_every_listed_difference_is_shown_by_a_line() -> None:
    """What no longer differs is no longer listed."""
    assert {name for line in (*LINES, *RENAMES) for name in line.shows} == set(DIFFERENCES)


def test_the_table_has_every_option_that_the_installed_program_takes() -> None:
    """And at least as many lines as there are options; options newer than it are held against the newest rules elsewhere."""
    lines = (*LINES, *RENAMES, *TLS_LINES, *TLS_REFUSALS)
    used = {word for line in lines for word in shlex.split(line.options)}
    options = {option for option in STORESCU.options if option.ends is Ends.NEVER and option.long not in NOT_HERE}
    missing = {option.long for option in options if not used & {option.long, option.short}}

    assert missing == set()
    assert len(lines) >= 180
