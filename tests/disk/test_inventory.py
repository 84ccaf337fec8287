"""Two files are the same when their data sets are, whatever stands around them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dicomjobs.disk.inventory import DiskInventory
from dicomjobs.plan.inventory import SurveyedFile
from tests.support.instances import MadeInstance, make_instance

INVENTORY = DiskInventory(now=0)


def _surveyed(made: MadeInstance) -> SurveyedFile:
    """Return a file as a survey finds it."""
    row = made.planned()
    fields = ("path", "size", "mtime_ns", "offset", "sop_class_uid", "sop_instance_uid", "transfer_syntax")
    return SurveyedFile(named=False, **{name: getattr(row, name) for name in fields})


@pytest.fixture
def pair(tmp_path: Path) -> tuple[MadeInstance, MadeInstance]:
    """Give the same instance in two files."""
    return make_instance(tmp_path / "a.dcm", rows=64), make_instance(tmp_path / "b.dcm", rows=64)


def test_a_copy_is_the_same(pair: tuple[MadeInstance, MadeInstance]) -> None:
    """Byte for byte."""
    assert INVENTORY.same_content(pair[0].planned(), _surveyed(pair[1]))


def test_one_byte_makes_another_instance(pair: tuple[MadeInstance, MadeInstance]) -> None:
    """Even the last one."""
    data = bytearray(pair[1].path.read_bytes())
    data[-1] ^= 1
    pair[1].path.write_bytes(data)

    assert not INVENTORY.same_content(pair[0].planned(), _surveyed(pair[1]))


def test_another_size_or_transfer_syntax_needs_no_reading(pair: tuple[MadeInstance, MadeInstance]) -> None:
    """The files need not even be there."""
    first, second = pair[0].planned(), _surveyed(pair[1])
    for made in pair:
        made.path.unlink()

    assert not INVENTORY.same_content(first, replace(second, size=second.size + 2))
    assert not INVENTORY.same_content(first, replace(second, transfer_syntax="1.2.840.10008.1.2"))


def test_a_file_that_cannot_be_read_is_the_same_as_none(pair: tuple[MadeInstance, MadeInstance]) -> None:
    """It is not quietly skipped then."""
    first, second = pair[0].planned(), _surveyed(pair[1])
    pair[1].path.unlink()

    assert not INVENTORY.same_content(first, second)


def test_a_whole_file_has_no_flaw_and_a_part_of_it_has(pair: tuple[MadeInstance, MadeInstance]) -> None:
    """Whether it is a row of the plan by now, or only surveyed."""
    whole, cut = pair
    cut.path.write_bytes(cut.path.read_bytes()[:700])
    surveyed = replace(_surveyed(cut), size=700)

    assert INVENTORY.flaw(whole.planned()) is None
    flaw = INVENTORY.flaw(surveyed)
    assert flaw
    assert flaw.reason == "truncated_file"


def test_a_file_that_is_gone_cannot_be_sent(pair: tuple[MadeInstance, MadeInstance]) -> None:
    """So it keeps no other from being sent."""
    surveyed = _surveyed(pair[0])
    pair[0].path.unlink()

    flaw = INVENTORY.flaw(surveyed)
    assert flaw
    assert flaw.reason == "changed_since_plan"
