"""Status codes: all 65,536 of them by the rule of PS3.7 annex C, and the ones with a meaning of their own."""

from __future__ import annotations

import pynetdicom.status
import pytest

from dicomjobs.dicom.status import Category, Service, category, hint, remedy, words
from dicomjobs.errors import Remedy

SERVICES: tuple[Service, ...] = ("echo", "store", "find")


def rule(status: int) -> Category:
    """PS3.7 annex C once more, written on the hexadecimal digits."""
    digits = f"{status:04X}"
    exact = {"0000": Category.SUCCESS, "FE00": Category.CANCEL, "FF00": Category.PENDING, "FF01": Category.PENDING}
    if digits in exact:
        return exact[digits]
    if digits in {"0001", "0107", "0116"} or digits[0] == "B":
        return Category.WARNING
    return Category.FAILURE if digits[0] in "AC" or digits[:2] in {"01", "02"} else Category.NOT_ALLOWED


def test_every_status_has_the_category_of_the_general_rule() -> None:
    """The classification is total."""
    assert [category(status) for status in range(0x10000)] == [rule(status) for status in range(0x10000)]


def test_every_status_of_every_service_has_words_and_a_remedy() -> None:
    """There is something to report whatever comes, on one line and without the code."""
    for service in SERVICES:
        for status in range(0x10000):
            assert words(status, service).isprintable()
            assert words(status, service)
            assert remedy(status, service) in Remedy
            assert hint(status, service).isprintable() or hint(status, service) == ""


def test_only_failures_can_be_tried_again() -> None:
    """A warning was delivered, and what the standard does not allow is a bug of the peer."""
    for service in SERVICES:
        for status in range(0x10000):
            if category(status) is not Category.FAILURE:
                assert remedy(status, service) is Remedy.GIVE_UP


def test_categories_agree_with_pynetdicom_where_it_knows_the_code() -> None:
    """The tables of pynetdicom are an independent reading of the same annexes."""
    theirs = {**pynetdicom.status.STORAGE_SERVICE_CLASS_STATUS, **pynetdicom.status.QR_FIND_SERVICE_CLASS_STATUS}

    assert theirs
    assert {status: category(status).value for status in theirs} == {
        status: str(kind).lower() for status, (kind, _) in theirs.items()
    }


@pytest.mark.parametrize(
    ("status", "service", "expected"),
    [
        (0xA700, "store", Remedy.TRY_AGAIN),
        (0xA7FF, "store", Remedy.TRY_AGAIN),
        (0xA800, "store", Remedy.GIVE_UP),
        (0xA900, "store", Remedy.GIVE_UP),
        (0xC000, "store", Remedy.GIVE_UP),
        (0x0110, "store", Remedy.TRY_AGAIN),
        (0x0111, "store", Remedy.GIVE_UP),
        (0x0122, "store", Remedy.GIVE_UP),
        (0x0124, "store", Remedy.FIX_CONFIGURATION),
        (0x0213, "store", Remedy.TRY_AGAIN),
        (0x0214, "store", Remedy.FIX_CONFIGURATION),
        (0x0214, "find", Remedy.GIVE_UP),
        (0xA700, "find", Remedy.TRY_AGAIN),
        (0xA701, "find", Remedy.GIVE_UP),
        (0xA900, "find", Remedy.GIVE_UP),
        (0xC001, "find", Remedy.GIVE_UP),
        (0x0124, "echo", Remedy.FIX_CONFIGURATION),
        (0x0210, "echo", Remedy.TRY_AGAIN),
        (0xA700, "echo", Remedy.GIVE_UP),
        (0x1234, "store", Remedy.GIVE_UP),
    ],
)
def test_the_remedy_follows_the_status_and_the_service(status: int, service: Service, expected: Remedy) -> None:
    """Only what may go away by itself is tried again."""
    assert remedy(status, service) is expected


@pytest.mark.parametrize(
    ("status", "service", "expected"),
    [
        (0x0000, "echo", "success"),
        (0x0112, "store", "SOP class not supported (no such SOP instance)"),
        (0x0112, "find", "no such SOP instance"),
        (0x0122, "store", "refused: SOP class not supported"),
        (0xA7AB, "store", "refused: out of resources"),
        (0xB000, "store", "coercion of data elements"),
        (0xB000, "find", "a warning that the standard does not name"),
        (0xC123, "store", "cannot understand"),
        (0xC123, "find", "unable to process"),
        (0xFF01, "find", "a match, though one or more optional keys are not supported"),
        (0xFF00, "store", "pending, which this service does not allow"),
        (0x0199, "store", "a failure that the standard does not name"),
        (0x1234, "store", "a status that the standard does not allow"),
    ],
)
def test_words_are_those_of_the_service(status: int, service: Service, expected: str) -> None:
    """One code can mean different things to different services."""
    assert words(status, service) == expected


def test_a_hint_says_what_a_person_can_do() -> None:
    """Where there is nothing to do, nothing is said."""
    assert "disk space" in hint(0xA700, "store")
    assert "calling AE title" in hint(0x0124, "find")
    assert hint(0x0000, "store") == ""
    assert hint(0x1234, "store") == ""
