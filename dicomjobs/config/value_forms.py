"""What a value of each VR may look like as a key of a query: the forms of PS3.5 6.2 with the matching of PS3.4 C.2.2.2 around them.

It knows no attribute and no place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """The pattern that a value of a VR has to match, at most how many characters, and how to write one.

    Patterns are compiled when a value has to match them: all of them together take longer than most job files.
    """

    pattern: str
    longest: int
    words: str


def _range(single: str) -> str:
    """Return the pattern of range matching (PS3.4 C.2.2.2.5): a value, or one or both ends around a hyphen."""
    return rf"{single}|{single}-|-{single}|{single}-{single}"


_DATE = r"[0-9]{4}\.?(?:0[1-9]|1[0-2])\.?(?:0[1-9]|[12][0-9]|3[01])"
_TIME = r"(?:[01][0-9]|2[0-3])(?::?[0-5][0-9](?::?(?:[0-5][0-9]|60)(?:\.[0-9]{1,6})?)?)?"
_DATE_TIME = (
    r"[0-9]{4}(?:(?:0[1-9]|1[0-2])(?:(?:0[1-9]|[12][0-9]|3[01])"
    r"(?:[0-2][0-9](?:[0-5][0-9](?:[0-6][0-9](?:\.[0-9]{1,6})?)?)?)?)?)?(?:[+-](?:0[0-9]|1[0-4])[0-5][0-9])?"
)
_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[Ee][+-]?[0-9]+)?"
_ONE_LINE = r"[^\x00-\x1a\x1c-\x1f\x7f]*"
_PARAGRAPHS = r"[^\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]*"
_UNLIMITED = 2**32 - 2
_HEX = Form(r"(?:[0-9A-Fa-f]{2})+", _UNLIMITED, "bytes in hexadecimal digits: 0AFF")
_WHOLE = Form(r"[+-]?[0-9]+", 20, "a whole number")
_FRACTION = Form(_NUMBER, _UNLIMITED, "a number")

FORMS: Mapping[str, Form] = {
    "AE": Form(r"[ -\[\]-~]*", 16, "an AE title of at most 16 ASCII characters"),
    "AS": Form(r"[0-9]{3}[DWMY]", 4, "an age such as 018M or 045Y"),
    "AT": Form(r"\(?[0-9A-Fa-f]{4},?[0-9A-Fa-f]{4}\)?", 11, "a tag: 00100020"),
    "CS": Form(r"[A-Z0-9 _*?]*", 16, "at most 16 capital letters, digits, spaces and underscores"),
    "DA": Form(_range(_DATE), 21, "a date as YYYYMMDD, or a range: 20260101-20261231, 20260101-, -20261231"),
    "DS": Form(rf" *{_NUMBER} *", 16, "a decimal number of at most 16 characters"),
    "DT": Form(_range(_DATE_TIME), 54, "a date and time as YYYYMMDDHHMMSS, or a range with a hyphen"),
    "FD": _FRACTION,
    "FL": _FRACTION,
    "IS": Form(r" *[+-]?[0-9]+ *", 12, "a whole number of at most 12 characters"),
    "LO": Form(_ONE_LINE, 64, "a text of at most 64 characters"),
    "LT": Form(_PARAGRAPHS, 10240, "a text of at most 10240 characters"),
    "OB": _HEX,
    "OD": _FRACTION,
    "OF": _FRACTION,
    "OL": _WHOLE,
    "OV": _WHOLE,
    "OW": Form(r"[0-9A-Fa-f]{1,4}", 4, "a word of up to four hexadecimal digits: 0AFF"),
    "PN": Form(_ONE_LINE, 194, "a name as Family^Given^Middle^Prefix^Suffix"),
    "SH": Form(_ONE_LINE, 16, "a text of at most 16 characters"),
    "SL": _WHOLE,
    "SS": _WHOLE,
    "ST": Form(_PARAGRAPHS, 1024, "a text of at most 1024 characters"),
    "SV": _WHOLE,
    "TM": Form(_range(_TIME), 29, "a time as HHMMSS, or a range: 080000-120000, 080000-, -120000"),
    "UC": Form(_ONE_LINE, _UNLIMITED, "a text"),
    "UI": Form(r"[0-9.*?]+", 64, "a UID: at most 64 digits and dots"),
    "UL": _WHOLE,
    "UN": _HEX,
    "UR": Form(r"[!-~]*", _UNLIMITED, "a URL"),
    "US": _WHOLE,
    "UT": Form(_PARAGRAPHS, _UNLIMITED, "a text"),
    "UV": _WHOLE,
}
"""The VRs that a key can have a value of (PS3.5 table 6.2-1); a sequence has items instead."""

RANGES: Mapping[str, tuple[int, int]] = {
    "IS": (-(2**31), 2**31 - 1),
    "SL": (-(2**31), 2**31 - 1),
    "SS": (-(2**15), 2**15 - 1),
    "SV": (-(2**63), 2**63 - 1),
    "UL": (0, 2**32 - 1),
    "US": (0, 2**16 - 1),
    "UV": (0, 2**64 - 1),
}
"""The least and the greatest whole number of a VR (PS3.5 6.2)."""

_CAPITALS = r"[A-Za-z0-9 _*?]+"
_DASHED_DATE = r"([0-9]{4})-([0-9]{2})-([0-9]{2})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """Why a text is no value of a VR, as words that follow the attribute's name, and what to type instead."""

    words: str
    hint: str


def misfit(value: str, vr: str) -> Misfit | None:
    """Say why a text cannot be a value of a VR, None when it can."""
    form = FORMS[vr]
    if len(value) > form.longest and vr != "PN":
        words = f"has at most {form.longest} characters, this value has {len(value)}"
        return Misfit(words=words, hint=_shorter(value, vr))
    if vr == "PN" and any(len(group) > 64 for group in value.split("=")):
        return Misfit(words="has at most 64 characters in each component group", hint="")
    if re.fullmatch(form.pattern, value):
        return _out_of_range(value, vr)
    return Misfit(words=f"cannot be `{value}`", hint=_hint(value, vr))


def _out_of_range(value: str, vr: str) -> Misfit | None:
    """Say that a whole number is too small or too large for its VR, None when it is neither."""
    least, greatest = RANGES.get(vr, (0, 0))
    if vr not in RANGES or least <= int(value) <= greatest:
        return None
    return Misfit(words=f"cannot be `{value}`", hint=f"write a whole number from {least} to {greatest}")


def _shorter(value: str, vr: str) -> str:
    """Say how several values are written when a text is too long because it holds them all."""
    return "write several values as a list: [CT, MR]" if "," in value and vr != "PN" else ""


def _hint(value: str, vr: str) -> str:
    """Say what to type instead."""
    if vr == "CS" and re.fullmatch(_CAPITALS, value):
        return f"write `{value.upper()}`"
    if vr == "DA" and (dashed := re.fullmatch(_DASHED_DATE, value)):
        return f"write `{''.join(dashed.groups())}`"
    return f"write {FORMS[vr].words}"


def old_form(value: str, vr: str) -> str:
    """Return how to write a value that has the punctuation of ACR-NEMA (PS3.5 6.2), "" when it has not."""
    mark = {"DA": ".", "TM": ":"}.get(vr)
    return value.replace(mark, "") if mark is not None and mark in value else ""
