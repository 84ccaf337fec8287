"""Text from a peer or a file, made safe to stand in one line of a terminal or a log; it knows nothing of where it goes."""

from __future__ import annotations

import re

_DANGEROUS = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0, DEL, C1: escape sequences and line ends
    "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # invisible, bidirectional, other line ends
    "\ud800-\udfff"  # lone surrogates cannot be encoded
    "\U000e0000-\U000e007f]"  # tags
)

_NUMBERS = ((0x100, "\\x{:02x}"), (0x10000, "\\u{:04x}"), (0x110000, "\\U{:08x}"))


def _escape(match: re.Match[str]) -> str:
    """Write one character as its number in hexadecimal digits, two, four or eight of them."""
    code = ord(match[0])
    return next(pattern.format(code) for limit, pattern in _NUMBERS if code < limit)


def one_line(text: str, limit: int = 200) -> str:
    """Return text on one line without control, invisible or direction-changing characters, cut to `limit` characters."""
    line = _DANGEROUS.sub(_escape, text[: limit + 1])
    return line if len(line) <= limit else line[: limit - 1] + "…"
