"""What the user typed, in a sentence that answers it: the nearest valid spelling, quotes; it knows nothing of what the words mean."""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST_WORD = 64
"""Nobody mistypes a longer one; comparing it would take long."""


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that was probably meant, or None when none is close."""
    if len(word) > LONGEST_WORD:
        return None
    from difflib import get_close_matches

    spellings = {choice.casefold(): choice for choice in choices}
    found = get_close_matches(word.casefold(), spellings, n=1, cutoff=0.6)
    return spellings[found[0]] if found else None


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return `did you mean `x`?` when one choice is close, otherwise the choices when they are few, otherwise nothing."""
    known = tuple(choices)
    if found := nearest(word, known):
        return f"did you mean `{found}`?"
    return f"known here: {', '.join(known)}" if 0 < len(known) <= 12 else ""


def shortened(text: str) -> str:
    """Return a text as it can stand in a sentence, an ellipsis at its end when it is long."""
    return text if len(text) <= LONGEST_WORD else f"{text[: LONGEST_WORD - 1]}…"


def quoted(text: str) -> str:
    """Return a text as it is typed in YAML's quotes: single ones where double ones would make an escape of it."""
    text = shortened(text.strip())
    return "'" + text.replace("'", "''") + "'" if re.search(r'["\\]', text) else f'"{text}"'
