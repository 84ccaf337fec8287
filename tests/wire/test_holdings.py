"""The index of the SCP of our own, without files or a network."""

from __future__ import annotations

import pytest

from dicomjobs.dicom.attributes import by_keyword
from dicomjobs.model.query import QueryLevel
from dicomjobs.wire.holdings import LEVEL_OF, Header, Holdings, is_supported
from dicomjobs.wire.received_header import TextElement


def element(keyword: str, *values: str) -> TextElement:
    """An element as text; without values it is a return key."""
    attribute = by_keyword(keyword)
    assert attribute is not None
    return TextElement(tag=attribute.tag, vr=attribute.vr, values=values)


def header(sop: str, *, series: str = "1.1", study: str = "1", patient: str = "P", modality: str = "CT") -> Header:
    """The header of an instance."""
    uids = {"SOPInstanceUID": sop, "SeriesInstanceUID": series, "StudyInstanceUID": study, "PatientID": patient}
    return Header.of([element(keyword, value) for keyword, value in uids.items()] + [element("Modality", modality)])


def found(holdings: Holdings, level: QueryLevel, *keys: TextElement) -> list[tuple[tuple[str, ...], ...]]:
    """The answers to a query, sorted."""
    return sorted(holdings.find(level, keys))


def test_an_instance_that_moved_leaves_its_former_study() -> None:
    """The same SOP Instance UID in another study: the former study, series and patient are gone."""
    holdings = Holdings()
    holdings.add(header("1.1.1"))
    holdings.add(header("1.1.1", study="2", series="2.1", patient="Q"))

    assert len(holdings) == 1
    assert found(holdings, QueryLevel.STUDY, element("StudyInstanceUID"), element("PatientID")) == [(("2",), ("Q",))]
    assert found(holdings, QueryLevel.SERIES, element("SeriesInstanceUID")) == [(("2.1",),)]
    assert found(holdings, QueryLevel.PATIENT, element("PatientID")) == [(("Q",),)]


def test_upper_unique_keys_narrow_the_search_and_lower_ones_do_not_apply() -> None:
    """Series of a study by its UID; a series UID at study level is a key of a lower level."""
    holdings = Holdings()
    for study in ("1", "2"):
        for series in ("1", "2"):
            holdings.add(header(f"{study}.{series}.1", series=f"{study}.{series}", study=study))

    in_study = found(holdings, QueryLevel.SERIES, element("StudyInstanceUID", "2"), element("SeriesInstanceUID"))
    assert [answer[1] for answer in in_study] == [("2.1",), ("2.2",)]
    below = found(holdings, QueryLevel.STUDY, element("StudyInstanceUID"), element("SeriesInstanceUID", "2.1"))
    assert below == [(("1",), ()), (("2",), ())]
    assert found(holdings, QueryLevel.IMAGE, element("SOPInstanceUID", "9")) == []


def test_what_is_stored_during_a_query_does_not_disturb_it() -> None:
    """Answers go on while instances come in and others change their study."""
    holdings = Holdings()
    for number in range(10):
        holdings.add(header(f"1.1.{number}", study=str(number)))
    answers = holdings.find(QueryLevel.STUDY, [element("StudyInstanceUID"), element("NumberOfStudyRelatedInstances")])

    next(answers)
    for number in range(10):
        holdings.add(header(f"1.1.{number}", study="100"))

    assert list(answers) == []


@pytest.mark.parametrize(
    ("keyword", "level", "expected"),
    [
        ("PatientName", QueryLevel.IMAGE, True),
        ("Modality", QueryLevel.STUDY, False),
        ("ModalitiesInStudy", QueryLevel.STUDY, True),
        ("NumberOfSeriesRelatedInstances", QueryLevel.STUDY, False),
        ("PixelData", QueryLevel.IMAGE, False),
    ],
)
def test_attributes_are_supported_at_their_level_and_below(keyword: str, level: QueryLevel, *, expected: bool) -> None:
    """PS3.4 C.4.1.1.3.1: keys belong to the level of the query or one above it."""
    assert is_supported(element(keyword).tag, level) is expected


def test_every_required_key_of_the_standard_is_supported() -> None:
    """The unique and required keys of PS3.4 tables C.6-1 to C.6-4."""
    required = (
        "PatientName PatientID StudyDate StudyTime AccessionNumber StudyID StudyInstanceUID Modality SeriesNumber "
    )
    required += "SeriesInstanceUID InstanceNumber SOPInstanceUID"

    assert {element(keyword).tag for keyword in required.split()} <= set(LEVEL_OF)
