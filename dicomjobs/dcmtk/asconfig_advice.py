"""What to type instead of a value that DCMTK does not understand; it judges nothing itself."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dicomjobs.dcmtk.asconfig_entries import Entry
from dicomjobs.dcmtk.asconfig_text import spoken
from dicomjobs.dicom.dcmtk_names import dcmtk_name_of, dcmtk_names
from dicomjobs.dicom.uids import uid_of


def advice_on_uid(entry: Entry, text: str, noun: str) -> str:
    """Say what to write for a UID or name that is none."""
    if problem := _blemish(entry, text):
        return problem
    if uid := uid_of(text):
        return f"DCMTK calls it `{dcmtk_name_of(uid) or uid}`"
    if meant := _nearest(text, dcmtk_names()):
        return f"did you mean `{meant}`?"
    return f"write DCMTK's name of the {noun}, or its UID"


def advice_on_word(entry: Entry, text: str, words: tuple[str, ...]) -> str:
    """Say what to write for a word that is none of those allowed."""
    if advice := _blemish(entry, text):
        return advice
    return f"did you mean `{meant}`?" if (meant := _nearest(text, words)) else f"write one of {', '.join(words)}"


def meant_list(name: str, known: Iterable[str]) -> str:
    """Say which list a reference may have meant."""
    names = tuple(known)
    bare = re.sub(r"[^A-Z0-9_-]", "", name.partition("#")[0])
    if bare in names:
        return f"write `{bare}`: a section's name has letters, digits, - and _ only, a reference keeps everything"
    if meant := _nearest(name, names):
        return f"did you mean `{meant}`?"
    if not name:
        return "write the name of a list behind the backslash"
    return "write a section with this name, and in it an entry with the number 1: without one there is no list"


def _blemish(entry: Entry, text: str) -> str:
    """Say what the text has too much: a comment, the next line, quotes, blanks; "" when it has nothing of that."""
    if len(entry.parts) > 1 and "\n" in text:
        below = spoken(entry.parts[1].text.partition("=")[0].strip())
        return f"the line below, `{below[:40]}`, is indented: DCMTK takes it for the rest of this value; begin it in column 1"
    if re.search(r"[ \t]#", text):
        return "a comment has a line of its own that begins with # in column 1"
    if text.strip(" \t") != text:
        return f"take the blanks away: `{spoken(text.strip())[:60]}`"
    if re.fullmatch(r"([\"']).*\1", text, re.DOTALL):
        return "take the quotes away: to DCMTK they are part of the name"
    return ""


def _nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that a word was most probably meant to be, None when none is close."""
    if not 0 < len(word) <= 100:
        return None
    from difflib import get_close_matches

    spellings = {choice.casefold(): choice for choice in choices}
    found = get_close_matches(word.casefold(), spellings, n=1, cutoff=0.6)
    return spellings[found[0]] if found else None
