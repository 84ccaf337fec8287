"""A value of a checked document together with the way to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomjobs.config.cursor import Cursor, Findings
from dicomjobs.config.places import Place, Places, Unresolved
from dicomjobs.diagnostics import Location
from dicomjobs.model.peer import AddressFamily

KEY = Location(file="sites/site.yaml", line=2, column=1, width=4)
VALUE = Location(file="sites/site.yaml", line=2, column=7, width=1)


def cursor(value: object) -> Cursor:
    """A cursor on `{"peer": value}`, which was written in sites/site.yaml."""
    places: Places = {("peer",): Place(key=KEY, value=VALUE), (): Place(key=None, value=KEY)}
    return Cursor(value={"peer": value}, pointer=(), findings=Findings(places=places))["peer"]


def test_what_depends_on_a_value_nobody_gave_is_harmless_and_never_wrong() -> None:
    """It can be read as anything, and stepped into as deep as one likes."""
    at = cursor(Unresolved(text="${x}"))
    at["timeouts"]["connect"].error("DJ505", "cannot be")
    at.error("DJ505", "cannot be")

    assert (at.text(), at.whole(), at.flag(), at.seconds(), at.word(AddressFamily)) == (
        "${x}",
        0,
        False,
        0.0,
        AddressFamily.AUTO,
    )
    assert (list(at.entries()), at.get("tls"), [item.unresolved for item in at.items()]) == ([], None, [True])
    assert at.findings.diagnostics == []


@pytest.mark.parametrize(("pointer", "at_key", "place"), [((), False, VALUE), ((), True, KEY), (("port",), False, KEY)])
def test_a_mistake_is_told_where_the_user_wrote(pointer: tuple[str, ...], *, at_key: bool, place: Location) -> None:
    """At the value or at its key; a default's mistake at the key of what it belongs to."""
    at = cursor({"port": 104})
    for key in pointer:
        at = at[key]
    at.error("DJ505", "cannot be", at_key=at_key)

    assert [diagnostic.location for diagnostic in at.findings.diagnostics] == [place]


def test_a_path_is_relative_to_the_file_that_wrote_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Absolute ones stay as they are."""
    monkeypatch.chdir(tmp_path)

    assert cursor("../keys/k.pem").path() == str(tmp_path / "keys/k.pem")
    assert cursor("/etc/k.pem").path() == "/etc/k.pem"


def test_one_value_stands_for_a_list_of_one() -> None:
    """`Modality: CT` and `Modality: [CT]` are the same."""
    assert [item.text() for item in cursor("CT").items()] == ["CT"]
    assert [item.text() for item in cursor(["CT", "MR"]).items()] == ["CT", "MR"]
