"""An association configuration file as the characters that DCMTK's parser is given, each of which knows its line and column.

Line ends and comments are settled here (a comment begins in the first column and takes its whole line away, even inside a
value), and nothing else: what the characters mean is in `asconfig_entries.py`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from dicomjobs.diagnostics import Location

_LINE_END = re.compile(rb"\r\n|\r|\n")
_DROPPED = re.compile(r"[^A-Za-z0-9_\- \t\n]")
BYTE_ORDER_MARK = b"\xef\xbb\xbf".decode("latin-1")


@dataclass(frozen=True, slots=True, kw_only=True)
class AsconfigText:
    """The characters, one a byte, and the lines they come from."""

    path: str
    characters: str
    lines: tuple[bytes, ...]
    starts: tuple[int, ...]
    """Where in `characters` each line begins that is no comment."""
    numbers: tuple[int, ...]
    """The numbers of these lines, from 1."""

    def location(self, start: int, end: int) -> Location:
        """Return the place of some characters, as far as they are on one line."""
        if not self.starts:
            return Location(file=self.path, line=1, column=1)
        which = max(0, bisect_right(self.starts, start) - 1)
        line = self.lines[self.numbers[which] - 1]
        first = min(start - self.starts[which], len(line))
        last = max(first + 1, min(end - self.starts[which], len(line)))
        before, marked = displayed(line[:first]), displayed(line[first:last])
        return Location(file=self.path, line=self.numbers[which], column=len(before) + 1, width=max(1, len(marked)))

    def source_line(self, number: int) -> str:
        """Return a line as it is shown, by its number from 1."""
        return displayed(self.lines[number - 1]) if number <= len(self.lines) else ""


def displayed(text: bytes) -> str:
    """Return bytes of the file as a person sees them: as UTF-8 wherever they are that."""
    return text.decode("utf-8", errors="replace")


def spoken(characters: str) -> str:
    """Return some of the file's characters as a person sees them."""
    return displayed(characters.encode("latin-1"))


def dropped_from(characters: str) -> str:
    """Return, with blanks between them, the characters of a name that DCMTK drops because no name has them."""
    return " ".join(dict.fromkeys(_DROPPED.findall(spoken(characters))))


def characters_of(content: bytes, path: str) -> AsconfigText:
    """Return what DCMTK's parser is given of a file's bytes: no comments, one kind of line end, a space for each NUL."""
    lines = tuple(_LINE_END.split(content))
    kept, starts, numbers, offset = list[bytes](), list[int](), list[int](), 0
    for number, line in enumerate(lines, start=1):
        if line.startswith(b"#"):
            continue
        ended = line if number == len(lines) else line + b"\n"
        kept.append(ended)
        starts.append(offset)
        numbers.append(number)
        offset += len(ended)
    characters = b"".join(kept).replace(b"\0", b" ").decode("latin-1")
    return AsconfigText(path=path, characters=characters, lines=lines, starts=tuple(starts), numbers=tuple(numbers))
