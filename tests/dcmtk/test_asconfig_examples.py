"""Every file under tests/examples/asconfig/ is judged by the real storescu, and told to the user in exactly the words beside it.

A file may ask for another profile than Default in a comment on its first line, `# profile: NAME`. `NAME.txt` beside it has the
diagnostics; there is none where nothing is to be said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from dicomjobs.cli.diagnostics_view import render_diagnostics
from dicomjobs.config.address import peer_at
from dicomjobs.dcmtk.asconfig import find_profile, read_asconfig
from dicomjobs.dcmtk.asconfig_file import reference_of
from dicomjobs.diagnostics import Diagnostics, Severity
from dicomjobs.plan.contexts import proposal_of_profile
from dicomjobs.wire.negotiation import association_request
from dicomjobs.wire.pdu import AssociateRequest
from dicomjobs.wire.pdu_decode import decode
from dicomjobs.wire.pdu_encode import encode
from tests.support.asconfig_judge import Judge, Verdict, asconfig_judge, negotiated

EXAMPLES = Path(__file__).parents[1] / "examples" / "asconfig"
DEBIAN = Path("/etc/dcmtk")


def _files() -> list[Path]:
    """All examples."""
    return sorted(EXAMPLES.glob("*/*.cfg"))


def _name(path: Path) -> str:
    """What an example is called in the output of a test run."""
    return f"{path.parent.name}/{path.stem}"


def profile_asked_for(content: bytes) -> str:
    """Return the profile that a test asks for in a file."""
    asked = re.match(rb"# profile: (.*)\n", content)
    return asked[1].decode() if asked else "Default"


def our_verdict(content: bytes, path: str, profile: str) -> tuple[Verdict, Diagnostics]:
    """Return what we make of a file, in storescu's terms: its words for the first error, or what would be on the wire."""
    asconfig, told = read_asconfig(content, path)
    if asconfig is None:
        words = re.sub(r" \(dcmnet \d+\)$", "", told[0].detail.removeprefix("storescu says: "))
        return Verdict(refused=words, proposed=None), told
    found = find_profile(asconfig, profile)
    if found is None:
        return Verdict(refused=f"profile key undefined: {reference_of(profile)}", proposed=None), told
    proposal = proposal_of_profile(asconfig.association_profile(found, name="x"))
    peer = peer_at(called_ae_title="ANY-SCP", host="127.0.0.1", port=104)
    request = decode(1, encode(association_request(peer, proposal, lambda _: b""))[6:])
    assert isinstance(request, AssociateRequest)
    return Verdict(refused="", proposed=negotiated(request)), told


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """The real storescu, proposing to one recording SCP."""
    with asconfig_judge(tmp_path_factory.mktemp("judge")) as judge:
        yield judge


@pytest.mark.parametrize("path", _files(), ids=_name)
def test_storescu_agrees(path: Path, judge: Judge) -> None:
    """It refuses what we refuse, for the same reason, and else proposes the same contexts, roles and extended negotiation."""
    content = path.read_bytes()
    profile = profile_asked_for(content)

    ours, _ = our_verdict(content, path.name, profile)
    theirs = judge(path, profile)

    assert ours.refused == theirs.refused.replace("\n", "↵")
    assert ours.proposed == theirs.proposed
    assert (ours.proposed is not None) == (path.parent.name == "good")


@pytest.mark.parametrize("path", _files(), ids=_name)
def test_the_mistakes_are_told_in_the_expected_words(path: Path, pytestconfig: pytest.Config) -> None:
    """Errors and warnings, each with its line and what to type instead."""
    _, told = our_verdict(path.read_bytes(), path.name, "Default")

    text = render_diagnostics(told, colour=False)
    golden = path.with_suffix(".txt")
    if pytestconfig.getoption("--update-golden"):
        golden.write_text(text) if text else golden.unlink(missing_ok=True)

    assert text == (golden.read_text() if golden.exists() else "")
    assert all(each.location and each.hint for each in told)
    assert any(each.severity is Severity.ERROR for each in told) == (
        path.parent.name == "bad" and path.stem != "profile-not-there"
    )


@pytest.mark.parametrize("name", ["storescu.cfg", "storescp.cfg"])
def test_the_files_that_come_with_dcmtk_are_read_as_it_reads_them(name: str, judge: Judge) -> None:
    """Every profile of Debian's own files; not a word is said of them."""
    content = (DEBIAN / name).read_bytes()
    asconfig, told = read_asconfig(content, name)
    assert asconfig is not None

    verdicts = {profile: judge(DEBIAN / name, profile) for profile in asconfig.profiles}
    ours = {profile: our_verdict(content, name, profile)[0] for profile in asconfig.profiles}

    assert ours == verdicts
    assert len(verdicts) == {"storescu.cfg": 1, "storescp.cfg": 2}[name]
    assert told == ()


_PIECES = (
    b"\n",
    b" ",
    b"\t",
    b"#",
    b"[",
    b"]",
    b"[[",
    b"]]",
    b"=",
    b"\\",
    b"\r",
    b"\0",
    b"1",
    b"0",
    b".",
    b"x",
    b"  # c\n",
)


def _mutated(random: Random, content: bytes) -> bytes:
    """Return a file in which a few things were cut out, put in or moved."""
    for _ in range(random.choice((1, 1, 2, 4))):
        place = random.randrange(len(content) + 1)
        cut = place + random.choice((0, 0, 1, 3, 20))
        content = content[:place] + random.choice((b"", *_PIECES)) + content[cut:]
        lines = content.split(b"\n")
        if random.random() < 0.3:
            lines.insert(random.randrange(len(lines)), random.choice(lines))
        content = b"\n".join(lines)
    return content


def test_storescu_agrees_on_files_that_were_mutilated(judge: Judge, tmp_path: Path) -> None:
    """Whatever happens to a file, both make the same of it: the same reason, or the same proposal."""
    random = Random(20261126)
    seeds = [path.read_bytes() for path in _files() if path.stem in {"roles", "extended-negotiation", "section-twice"}]
    file = tmp_path / "mutated.cfg"
    verdicts = set()
    for _ in range(80):
        file.write_bytes(_mutated(random, random.choice(seeds)))

        ours, theirs = our_verdict(file.read_bytes(), file.name, "Default")[0], judge(file, "Default")

        assert ours.refused == theirs.refused.replace("\n", "↵"), file.read_bytes()
        assert ours.proposed == theirs.proposed, file.read_bytes()
        verdicts.add(ours.refused.partition(":")[0])
    assert len(verdicts) > 5


def test_there_are_enough_of_both() -> None:
    """Good and bad."""
    kinds = [path.parent.name for path in _files()]

    assert kinds.count("good") >= 30
    assert kinds.count("bad") >= 30
