"""What the installed storescu cannot be the judge of: names of other releases, and what is told how often."""

from __future__ import annotations

import pytest

from dicomjobs.dcmtk.asconfig import MOST_DIAGNOSTICS, find_profile, read_asconfig
from dicomjobs.diagnostics import Severity

FILE = r"""
[[TransferSyntaxes]]
[Any]
TransferSyntax1 = LittleEndianImplicit
TransferSyntax2 = {syntax}
[[PresentationContexts]]
[Images]
PresentationContext1 = {sop_class}\Any
[[Profiles]]
[Default]
PresentationContexts = Images
"""


def warnings_of(*, syntax: str = "LittleEndianExplicit", sop_class: str = "CTImageStorage") -> list[tuple[str, str]]:
    """Return what is doubtful about a good file, and the advice that goes with it."""
    asconfig, told = read_asconfig(FILE.format(syntax=syntax, sop_class=sop_class).encode(), "storescu.cfg")
    assert asconfig is not None
    assert find_profile(asconfig, " default\t") is not None
    return [(each.summary, each.hint) for each in told]


def test_a_name_that_all_releases_have_is_good() -> None:
    """Nothing is said."""
    assert warnings_of() == []


def test_a_name_that_came_later_is_told() -> None:
    """The UID goes everywhere."""
    [(summary, hint)] = warnings_of(syntax="JPEGXLLossless")

    assert (
        summary == "`JPEGXLLossless` is a name that DCMTK 3.6.7 and those before it do not have: they refuse the file"
    )
    assert hint == "every release understands 1.2.840.10008.1.2.4.110"


@pytest.mark.parametrize(
    ("name", "today"),
    [
        ("FINDGeneralPurposeWorklistInformationModel", "RETIRED_FINDGeneralPurposeWorklistInformationModel"),
        ("RETIRED_VLMultiFrameImageStorage", "RETIRED_VLMultiframeImageStorage"),
    ],
)
def test_a_name_that_went_is_told_with_today_s(name: str, today: str) -> None:
    """The file is old, and still means something."""
    [(summary, hint)] = warnings_of(sop_class=name)

    assert "is a name that DCMTK has no more" in summary
    assert hint == f"write {today}"


def test_no_more_is_told_than_anybody_reads() -> None:
    """Errors and warnings have a limit each, and the error at which DCMTK stops is always the first."""
    text = FILE.format(syntax="nothing", sop_class="CTImageStorage") + "".join(
        f"[P{number}]\nPresentationContexts = Unknown{number}\nKey{number} = 1\n" for number in range(500)
    )

    asconfig, told = read_asconfig(text.encode(), "storescu.cfg")

    assert asconfig is None
    assert [each.severity for each in told] == [Severity.ERROR] * MOST_DIAGNOSTICS + [
        Severity.WARNING
    ] * MOST_DIAGNOSTICS
    assert told[0].summary == "DCMTK has no transfer syntax `nothing`"


def test_a_list_that_many_contexts_miss_is_told_once() -> None:
    """Correcting it corrects them all."""
    contexts = "".join(f"PresentationContext{number} = 1.2.276.0.{number}\\Nayn\n" for number in range(2, 100))
    text = FILE.format(syntax="LittleEndianExplicit", sop_class="CTImageStorage").replace(
        "[[Profiles]]", contexts + "[[Profiles]]"
    )

    _, told = read_asconfig(text.encode(), "storescu.cfg")

    assert [(each.code, each.location.line if each.location else 0) for each in told] == [("DJ529", 9)]
