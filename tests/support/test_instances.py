"""The maker of synthetic instances is believed by every other test, so pydicom reads what it makes."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import JPEG2000Lossless, RLELossless

from tests.support.instances import CANARY, NATIVE, make_instance, make_study, make_uid


@pytest.mark.parametrize("transfer_syntax", [*NATIVE, JPEG2000Lossless, RLELossless])
def test_pydicom_reads_what_was_made_in_every_transfer_syntax(tmp_path: Path, transfer_syntax: str) -> None:
    """The header, a nested item and the pixels come out as they were asked for."""
    referenced = [[(0x00081150, "UI", "1.2.3")], []]
    made = make_instance(
        tmp_path / "a.dcm", transfer_syntax=transfer_syntax, rows=4, extra=[(0x00081140, "SQ", referenced)]
    )

    data_set = dcmread(made.path)

    assert data_set.file_meta.TransferSyntaxUID == transfer_syntax
    assert (data_set.SOPInstanceUID, data_set.PatientName) == (made.sop_instance_uid, CANARY)
    assert data_set.ReferencedImageSequence[0].ReferencedSOPClassUID == "1.2.3"
    assert data_set.Rows == 4
    assert len(data_set.PixelData) >= 32
    assert made.path.stat().st_size == made.size


def test_a_study_is_the_same_every_time(tmp_path: Path) -> None:
    """The same seed gives the same bytes, another seed another study."""
    first = make_study(tmp_path / "one", 3)
    again = make_study(tmp_path / "two", 3)
    other = make_study(tmp_path / "three", 3, seed="other")

    assert [made.path.read_bytes() for made in first] == [made.path.read_bytes() for made in again]
    assert {made.study_instance_uid for made in first}.isdisjoint(made.study_instance_uid for made in other)


def test_a_study_spreads_over_its_series(tmp_path: Path) -> None:
    """Six instances in three series are two in each, all with UIDs of their own."""
    made = make_study(tmp_path, 6, series=3)

    assert len({one.series_instance_uid for one in made}) == 3
    assert len({one.sop_instance_uid for one in made}) == 6
    assert {one.study_instance_uid for one in made} == {make_uid("seed", 1)}
