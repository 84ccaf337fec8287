"""Hostile text becomes one harmless line."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomjobs.dicom.escape import one_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain", "plain"),
        ("Müller^日本", "Müller^日本"),
        ("\x1b[31mred\r\nfake line", "\\x1b[31mred\\x0d\\x0afake line"),
        ("\x00\x7f\x9b", "\\x00\\x7f\\x9b"),
        ("a\u2028b\u2029c\u0085d", "a\\u2028b\\u2029c\\x85d"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("", ""),
    ],
)
def test_dangerous_characters_are_written_as_numbers(text: str, line: str) -> None:
    """Control characters, line ends, changes of direction, lone surrogates and invisible tags; nothing else."""
    assert one_line(text) == line


def test_a_long_text_is_cut_to_the_limit() -> None:
    """An ellipsis says that there was more."""
    assert one_line("a" * 200) == "a" * 200
    assert one_line("a" * 201) == "a" * 199 + "…"
    assert one_line("\n" * 100, limit=10) == "\\x0a\\x0a\\…"


@given(st.text(alphabet=st.characters(), max_size=300), st.integers(min_value=1, max_value=250))
def test_any_text_is_one_line_that_can_be_written(text: str, limit: int) -> None:
    """No control or format character but harmless ones is left, and the line can be encoded."""
    line = one_line(text, limit)

    assert len(line) <= limit
    assert len(line.splitlines()) <= 1
    assert line.encode("utf-8").decode("utf-8") == line
    assert not {unicodedata.category(character) for character in line} & {"Cc", "Cs", "Zl", "Zp"}
    assert not {unicodedata.bidirectional(character) for character in line} & {
        "LRE",
        "RLE",
        "LRO",
        "RLO",
        "PDF",
        "LRI",
        "RLI",
        "FSI",
        "PDI",
    }
