"""Whatever bytes an association configuration has, reading it gives located diagnostics and never an exception."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicomjobs.cli.diagnostics_view import render_diagnostics
from dicomjobs.dcmtk.asconfig import LARGEST_FILE, read_asconfig
from dicomjobs.diagnostics import Severity
from dicomjobs.plan.contexts import proposal_of_profile

_EXAMPLES = Path(__file__).parents[1] / "examples" / "asconfig"
_SEEDS = [path.read_bytes() for path in sorted(_EXAMPLES.glob("*/*.cfg")) if path.stat().st_size < 2000]
_PIECES = [
    b"\n",
    b"\r",
    b" ",
    b"\t",
    b"#",
    b"[",
    b"]",
    b"[[",
    b"]]",
    b"=",
    b"\\",
    b"\0",
    b"0",
    b"1",
    b".",
    b"\xff",
    b"\xef\xbb\xbf",
]


def _read(content: bytes) -> None:
    """Read bytes and hold what comes to what is promised of it."""
    asconfig, told = read_asconfig(content, "storescu.cfg")
    lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n") + 1
    errors = [each for each in told if each.severity is Severity.ERROR]

    assert (asconfig is None) == bool(errors)
    assert told[: len(errors)] == tuple(errors)
    for each in told:
        assert each.location
        assert each.hint
        assert 1 <= each.location.line <= lines
    assert "\x1b" not in render_diagnostics(told[:20], colour=False)
    for profile in asconfig.profiles.values() if asconfig else ():
        proposal = proposal_of_profile(asconfig.association_profile(profile, name="x"))  # type: ignore[union-attr]
        assert 1 <= len(proposal.contexts) <= 128


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes(content: bytes) -> None:
    """Noise."""
    _read(content)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(_SEEDS), st.data())
def test_mutated_files(seed: bytes, data: st.DataObject) -> None:
    """Files in which something was cut out, put in or changed."""
    content = seed
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = min(len(content), start + data.draw(st.integers(0, 40)))
        content = content[:start] + data.draw(st.sampled_from(_PIECES)) + content[end:]
    _read(content)


def test_a_file_of_the_largest_size_is_read_in_no_time() -> None:
    """Whether it is one value, one key, or nothing but brackets; a larger one is refused without being looked at."""
    for piece in (b"a = b\n", b"[", b"]\n", b" x\n", b"[a]\n"):
        _read((piece * LARGEST_FILE)[:LARGEST_FILE])

    asconfig, (told,) = read_asconfig(b"#" * (LARGEST_FILE + 1), "storescu.cfg")

    assert asconfig is None
    assert (told.code, told.severity) == ("DJ525", Severity.ERROR)


@pytest.mark.parametrize("role", [b"", b"XYZ", b"SCUU"])
def test_a_role_that_is_none(role: bytes) -> None:
    """Also one that resembles nothing."""
    _read(b"[[SCPSCURoleSelection]]\n[Roles]\nRole1 = CTImageStorage\\" + role + b"\n")
