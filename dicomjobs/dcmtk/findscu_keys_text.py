"""The keys of a findscu line as YAML: keywords where there are some, sequences as lists; it lays nothing into anything."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, timedelta

from dicomjobs.dcmtk.job_text import Block, Entry, Flow, Items, Nothing, NotWritable, Value, literal
from dicomjobs.dicom.attributes import keyword_of
from dicomjobs.dicom.character_sets import CharacterSet, character_set_of, resets_of
from dicomjobs.model.query import Element, Identifier

_LEVEL, _CHARACTER_SET = 0x00080052, 0x00080005
_LEVELS = {
    "worklist": (),
    "patient": ("PATIENT", "STUDY", "SERIES", "IMAGE"),
    "study": ("STUDY", "SERIES", "IMAGE"),
    "patient_study_only": ("PATIENT", "STUDY"),
}
"""The levels that `level` can have for each model (PS3.4 C.6); any other stays among the keys."""


def level_of(keys: Identifier, model: str) -> str:
    """Return the level that keys name, "" where it has to stay among them."""
    named = next(("\\".join(key.values) for key in keys if key.tag == _LEVEL), "")
    return named if named in _LEVELS[model] else ""


def keys_entry(keys: Identifier, today: date) -> Entry:
    """Return `keys:`; raises NotWritable for bytes that mean nothing in the character set that the keys declare."""
    return Entry(key="keys", value=Block(tuple(_entries(keys, _declared(keys, None), today))))


def _declared(keys: Identifier, around: CharacterSet | None) -> CharacterSet | None:
    """Return the character set that keys declare, else the one around them."""
    named = next(("\\".join(key.values) for key in keys if key.tag == _CHARACTER_SET), "")
    return character_set_of(named) if named else around


def _entries(keys: Identifier, character_set: CharacterSet | None, today: date) -> Iterator[Entry]:
    """Yield an entry for each key."""
    for key in keys:
        yield Entry(key=_name(key.tag), value=_value(key, character_set, today), note=_advice(key, today))


def _value(key: Element, character_set: CharacterSet | None, today: date) -> Value:
    """Return what stands behind the colon."""
    if key.items:
        items = (Flow(tuple(_entries(item, _declared(item, character_set), today))) for item in key.items)
        return Items(tuple(items))
    if not key.values:
        return Nothing()
    return literal(_decoded("\\".join(key.values), key.vr, character_set))


def _decoded(text: str, vr: str, character_set: CharacterSet | None) -> str:
    """Return a text of the line, whose bytes are in the declared character set, else in that of the terminal."""
    raw = os.fsencode(text)
    if raw.isascii():
        return text
    if character_set is None:
        if "\udc80" <= max(text) <= "\udcff":
            raise NotWritable(f"{text!r} is no UTF-8: name its character set with -k SpecificCharacterSet=…")
        return text
    decoded = character_set.decode(raw, resets_of(vr).encode())
    if "\ufffd" in decoded:
        raise NotWritable(f"{text!r} has bytes that are no text in {character_set.name}")
    return decoded


def _name(tag: int) -> str:
    """Return a keyword, or the tag in quotes where there is none for just this tag."""
    return keyword_of(tag) or f"'({tag >> 16:04X},{tag & 0xFFFF:04X})'"


def _advice(key: Element, today: date) -> str:
    """Return what can be said better than on the line: a date that is that of a day close by, in an item of a sequence too."""
    if inner := next((advice for item in key.items for each in item if (advice := _advice(each, today))), ""):
        return inner
    for day, word in ((today, "today"), (today - timedelta(days=1), "today-1d")):
        if any(day.strftime("%Y%m%d") in value for value in key.values):
            return f"{day:%Y%m%d} is the date of {word}: ${{{word}}} says it for every day"
    return ""
