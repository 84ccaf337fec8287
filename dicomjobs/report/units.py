"""Bytes, seconds and rates in the words a person uses; it knows nothing of what they measure."""

from __future__ import annotations

_SIZES = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def size_in_words(count: float) -> str:
    """Return a number of bytes in decimal units with three digits that count: `512 bytes`, `1.50 MB`, `150 MB`."""
    for unit, name in _SIZES:
        if count >= unit * 0.9995:
            return f"{_three_digits(count / unit)} {name}"
    return "1 byte" if count == 1 else f"{count:.0f} bytes"


def duration_in_words(seconds: float) -> str:
    """Return a number of seconds: `12 ms`, `3.4 s`, `2 min 5 s`, `1 h 20 min`, `3 d 4 h`."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{_three_digits(seconds)} s" if seconds < 9.995 else f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _HOUR:
        return _two_units(whole, _MINUTE, "min", 1, "s")
    minutes = round(seconds / _MINUTE) * _MINUTE
    if minutes < _DAY:
        return _two_units(minutes, _HOUR, "h", _MINUTE, "min")
    return _two_units(round(seconds / _HOUR) * _HOUR, _DAY, "d", _HOUR, "h")


def rate_in_words(count: float, seconds: float) -> str:
    """Return bytes a second: `12.4 MB/s`; "" when no time passed or nothing was moved."""
    return f"{size_in_words(count / seconds)}/s" if count > 0 and seconds > 0 else ""


def _three_digits(value: float) -> str:
    """Write a number from 1 to 1000 with three digits."""
    decimals = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{decimals}f}"


def _two_units(value: int, large: int, large_name: str, small: int, small_name: str) -> str:
    """Write a value in two units, the smaller one left out when there is none of it."""
    rest = value % large // small
    return f"{value // large} {large_name}" + (f" {rest} {small_name}" if rest else "")
