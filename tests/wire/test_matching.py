"""Attribute matching (PS3.4 C.2.2.2), as a table."""

from __future__ import annotations

import string
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomjobs.wire.matching import has_wildcard, matches


@pytest.mark.parametrize(
    ("vr", "key", "value", "expected"),
    [
        ("LO", "", "anything", True),
        ("LO", "*", "anything", True),
        ("DA", "*", "20260101", True),
        ("LO", "abc", "abc", True),
        ("LO", "abc", "ABC", False),
        ("LO", "a*", "abc", True),
        ("LO", "*c", "abc", True),
        ("LO", "a?c", "abc", True),
        ("LO", "a?", "abc", False),
        ("LO", "a[bx]c", "abc", False),
        ("LO", "a[bx]*", "a[bx]c", True),
        ("LO", "a.c", "abc", False),
        ("PN", "doe^john", "DOE^John", True),
        ("PN", "doe^john", "Doe^John^^", True),
        ("PN", "Doe^John^", "Doe^John", True),
        ("PN", "doe*", "Doe^John", True),
        ("PN", "doe", "Doe^John", False),
        ("PN", "山田*", "Yamada^Tarou=山田^太郎=やまだ^たろう", True),
        ("PN", "yamada^tarou", "Yamada^Tarou=山田^太郎", True),
        ("PN", "yamada^tarou=山田^太郎", "Yamada^Tarou=山田^太郎", True),
        ("PN", "MÜLLER*", "Müller^Hans", True),
        ("UI", "1.2.3", "1.2.3", True),
        ("UI", "1.2.*", "1.2.3", False),
        ("IS", "1", "01", True),
        ("DS", "1.50", "1.5", True),
        ("IS", "x", "1", False),
        ("US", "512", "512", True),
        ("DA", "20260101", "20260101", True),
        ("DA", "20260101", "2026.01.01", True),
        ("DA", "20260101-20260131", "20260131", True),
        ("DA", "20260101-20260131", "20260201", False),
        ("DA", "-20260131", "19700101", True),
        ("DA", "20260131-", "20260130", False),
        ("TM", "1030", "103000", True),
        ("TM", "1030", "103001", False),
        ("TM", "10-12", "125959.999", True),
        ("TM", "1000-1100", "10", True),
        ("TM", "1000-1100", "10:30:00", True),
        ("TM", "1000-1100", "1101", False),
        ("DT", "20260101-20260102", "20260102235959", True),
        ("DT", "20260101120000-0500", "20260101120000-0500", True),
        ("DT", "20260101120000-0500-20260102", "20260101130000-0500", True),
        ("AS", "030Y", "030Y", True),
    ],
)
def test_a_key_matches_or_not(vr: str, key: str, value: str, *, expected: bool) -> None:
    """One key, one value."""
    assert matches(vr, (key,), (value,)) is expected


def test_any_value_of_the_key_and_any_of_the_attribute_will_do() -> None:
    """A list of UIDs, several modalities, several image types (PS3.4 C.2.2.2.2)."""
    assert matches("UI", ("1.2.3", "1.2.4"), ("1.2.4",))
    assert matches("CS", ("CT", "PT"), ("MR", "PT"))
    assert not matches("CS", ("CT", "PT"), ("MR",))


def test_an_attribute_without_value_matches_universal_keys_only() -> None:
    """An empty date is in no range; an empty name is matched by nothing but the absence of a key (PS3.4 C.2.2.2.3)."""
    assert matches("DA", (), ())
    assert matches("PN", ("*",), ())
    assert not matches("DA", ("-20260131",), ())
    assert not matches("PN", ("A*",), ())


def test_wildcards_are_known_where_they_mean_something() -> None:
    """An asterisk in a UID is not a wildcard, nor is text without one."""
    assert has_wildcard("LO", "A*")
    assert has_wildcard("PN", "?")
    assert not has_wildcard("UI", "1.2.*")
    assert not has_wildcard("LO", "A")


@given(st.text(alphabet=string.ascii_letters + "[]!.^$+()\\|", min_size=1, max_size=64))
def test_text_without_wildcards_matches_itself(text: str) -> None:
    """No character but `*` and `?` has a meaning in a key."""
    assert matches("LO", (text,), (text,))
    assert matches("LO", (f"{text[:1]}*",), (text,))
    assert not matches("LO", (text,), (f"{text}x",))


def test_no_key_makes_matching_slow() -> None:
    """A key made to send a regular expression back and forth for years is answered at once."""
    answered = threading.Event()

    def match() -> None:
        assert not matches("LO", ("*a" * 32 + "b",), ("a" * 64,))
        answered.set()

    threading.Thread(target=match, daemon=True).start()

    assert answered.wait(30.0)
