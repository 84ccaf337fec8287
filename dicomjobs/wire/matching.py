"""Attribute matching of C-FIND as the SCP of our own does it (PS3.4 C.2.2.2); it knows nothing of levels or of what is held."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Mapping
from functools import lru_cache, partial

_WIDTHS = {"DA": 8, "TM": 12, "DT": 20}
_OFFSET = re.compile(r"(?<=\d{8})[+-](?:0\d|1[0-4])\d\d(?=-|$)")
_PUNCTUATION = str.maketrans("", "", ".: ")


def matches(vr: str, wanted: tuple[str, ...], held: tuple[str, ...]) -> bool:
    """Say whether an attribute matches a key: any of the key's values, any of the attribute's; no value matches all."""
    keys = [key for key in wanted if key.strip("*")]
    if not keys:
        return True
    test = _TESTS.get(vr, _is_equal)
    return any(test(key, value) for key in keys for value in held)


def has_wildcard(vr: str, key: str) -> bool:
    """Say whether a key stands for more than one value (PS3.4 C.2.2.2.4)."""
    return _TESTS.get(vr) in {_fits, _names} and ("*" in key or "?" in key)


def _is_equal(key: str, value: str) -> bool:
    """Single value matching, and each value of a list of UIDs (PS3.4 C.2.2.2.1, C.2.2.2.2)."""
    return key == value


def _fits(key: str, value: str) -> bool:
    """Wildcard matching, the case of letters counting (PS3.4 C.2.2.2.4)."""
    return _pattern(key).match(value) is not None


def _names(key: str, value: str) -> bool:
    """A person name matches as a whole or in one of its component groups, whatever the case of the letters (PS3.4 C.2.2.2.1)."""
    pattern = _pattern("=".join(_tidy(group) for group in key.casefold().split("=")))
    groups = [_tidy(group) for group in value.casefold().split("=")]
    return any(pattern.match(text) for text in ("=".join(groups), *groups))


def _tidy(group: str) -> str:
    """A component group without the delimiters and spaces that mean nothing (PS3.5 6.2.1.2)."""
    return "^".join(component.strip() for component in group.split("^")).rstrip("^")


@lru_cache(maxsize=256)
def _pattern(key: str) -> re.Pattern[str]:
    """The expression for a key with `*` and `?`; fnmatch writes it so that no key makes it slow."""
    return re.compile(fnmatch.translate(key.replace("[", "[[]")))


def _same_number(key: str, value: str) -> bool:
    """Single value matching of numbers written as text: 1 is 01 and 1.0 (PS3.4 C.2.2.2.1)."""
    try:
        return float(key) == float(value)
    except ValueError:
        return key == value


def _in_range(vr: str, key: str, value: str) -> bool:
    """Dates and times, one of them or a range that is open at either end (PS3.4 C.2.2.2.5)."""
    width = _WIDTHS[vr]
    text = _OFFSET.sub("", key) if vr == "DT" else key
    first, hyphen, last = text.partition("-") if text.count("-") == 1 else (text, "", "")
    moment = _padded(value, width, "0")
    if not hyphen:
        return bool(value) and _padded(first, width, "0") == moment
    return bool(value) and _padded(first, width, "0") <= moment <= _padded(last, width, "9")


def _padded(text: str, width: int, filling: str) -> str:
    """Digits of a date or time, without the punctuation of old standards, filled up to full precision."""
    return _OFFSET.sub("", text).translate(_PUNCTUATION).ljust(width, filling)


_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    **dict.fromkeys(("AE", "CS", "LO", "LT", "SH", "ST", "UC", "UR", "UT"), _fits),
    **dict.fromkeys(("DS", "IS", "SL", "SS", "UL", "US", "FL", "FD"), _same_number),
    **{vr: partial(_in_range, vr) for vr in _WIDTHS},
    "PN": _names,
}
