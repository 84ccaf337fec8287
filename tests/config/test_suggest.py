"""The nearest spelling is offered when it is near, and nothing when it is not."""

from __future__ import annotations

import pytest
import yaml

from dicomjobs.config.suggest import LONGEST_WORD, did_you_mean, nearest, quoted, shortened


@pytest.mark.parametrize(
    ("word", "choices", "expected"),
    [
        ("archvie", ["archive", "archive_qr"], "archive"),
        ("series", ["STUDY", "SERIES"], "SERIES"),
        ("calling_aet", ["called_ae_title", "calling_ae_title", "host"], "calling_ae_title"),
        ("zebra", ["archive", "host"], None),
        ("x", [], None),
    ],
)
def test_the_nearest_choice_is_found(word: str, choices: list[str], expected: str | None) -> None:
    """By letters, whatever their case."""
    assert nearest(word, choices) == expected


def test_few_choices_are_listed_when_none_is_near() -> None:
    """Many are not."""
    assert did_you_mean("zebra", ["host", "port"]) == "known here: host, port"
    assert did_you_mean("zebra", [f"host{n}" for n in range(50)]) == ""


def test_a_long_text_is_shortened() -> None:
    """It fits into a sentence."""
    assert shortened("x" * 1000) == "x" * (LONGEST_WORD - 1) + "…"


@pytest.mark.parametrize("text", ["*.dcm", "it's", 'say "x"', "C:\\data", "'\\'", "${today}"])
def test_quoted_text_is_the_text_in_yaml(text: str) -> None:
    """What a hint says can be typed."""
    assert yaml.safe_load(quoted(text)) == text
