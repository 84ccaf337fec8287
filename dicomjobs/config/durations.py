"""Lengths of time as people write them: a number of seconds, or 90s, 10m, 2h, 7d; it knows no keys and no places."""

from __future__ import annotations

import re
from collections.abc import Mapping

SECONDS_PER_UNIT: Mapping[str, int] = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}

_DURATION = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)(?P<unit>[smhd]?)", re.ASCII)


def parse_duration(text: str) -> float | None:
    """Return the seconds that a duration means, or None when the text is not one."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        return None
    return float(match["number"]) * SECONDS_PER_UNIT[match["unit"] or "s"]
