"""The characters of an association configuration file as DCMTK's parser cuts them up: headers and entries, and the tree they make.

It is not a parser of lines. Blanks and line ends inside names are skipped, other characters that names cannot have are dropped,
a bracket or an `=` that was forgotten eats what follows, and an indented line goes on with the value above it. What sections
and keys mean is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

DEEPEST = 2
"""Brackets beyond these are not counted."""

_BLANKS = re.compile(r"[ \t\n]*")
_OPENING = re.compile(r"\[(?:[ \t\n]*\[)*")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]")
_INDENT = re.compile(r"[ \t]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """`[section]` (level 1) or `[[supersection]]` (level 2); `name` is what DCMTK makes of it, `raw` what is between the brackets."""

    level: int
    brackets: int
    name: str
    raw: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one line has of a value."""

    text: str
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`key = value`; `key` is what DCMTK makes of `raw`, everything before the `=`, and `complete` says whether there is one."""

    key: str
    raw: str
    start: int
    key_end: int
    parts: tuple[Part, ...]
    complete: bool

    @property
    def value(self) -> str:
        """The value, its lines joined; what is indented has lost its indent, blanks at the end stay."""
        return "\n".join(part.text for part in self.parts)

    @property
    def value_span(self) -> tuple[int, int]:
        """Where the first line of the value is; the key's place for an empty one."""
        if not self.parts:
            return self.start, self.key_end
        return self.parts[0].start, self.parts[0].start + len(self.parts[0].text)


Token = Header | Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A `[section]` with its entries in order."""

    header: Header
    entries: tuple[Entry, ...]

    @property
    def name(self) -> str:
        """The name as DCMTK knows it."""
        return self.header.name

    def first(self, key: str) -> Entry | None:
        """Return the entry that a key means: the first one."""
        return next((entry for entry in self.entries if entry.key == key), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supersection:
    """A `[[supersection]]` with its sections in order."""

    header: Header
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Everything that has its place, and in `lost` what has none: sections and entries with nothing above them."""

    tokens: tuple[Token, ...]
    supersections: tuple[Supersection, ...]
    lost: tuple[Token, ...]

    def first(self, name: str) -> Supersection | None:
        """Return the supersection that a name means: the first one."""
        return next((each for each in self.supersections if each.header.name == name), None)


def read_tree(characters: str) -> Tree:
    """Cut a file's characters up and put everything in its place."""
    tokens = tuple(_tokens(characters))
    supersections: list[tuple[Header, list[tuple[Header, list[Entry]]]]] = []
    lost: list[Token] = []
    for token in tokens:
        sections = supersections[-1][1] if supersections else None
        match token:
            case Header(level=2):
                supersections.append((token, []))
            case Header() if sections is not None:
                sections.append((token, []))
            case Entry() if sections:
                sections[-1][1].append(token)
            case _:
                lost.append(token)
    return Tree(tokens=tokens, supersections=tuple(_supersection(*each) for each in supersections), lost=tuple(lost))


def _supersection(header: Header, sections: list[tuple[Header, list[Entry]]]) -> Supersection:
    """Return a supersection with what is in it."""
    made = (Section(header=each, entries=tuple(entries)) for each, entries in sections)
    return Supersection(header=header, sections=tuple(made))


def _tokens(text: str) -> Iterator[Token]:
    """Yield headers and entries in order."""
    place = _skip(_BLANKS, text, 0)
    while place < len(text):
        if text[place] == "[":
            header = _header(text, place)
            yield header
            place = header.end
        else:
            entry, place = _entry(text, place)
            yield entry
        place = _skip(_BLANKS, text, place)


def _skip(pattern: re.Pattern[str], text: str, place: int) -> int:
    """Return where a pattern that may match nothing ends."""
    found = pattern.match(text, place)
    return found.end() if found else place


def _header(text: str, start: int) -> Header:
    """Read a header: as many closing brackets as opening ones, whatever stands between these."""
    name_start = _skip(_OPENING, text, start)
    brackets = text.count("[", start, name_start)
    end = name_end = _behind("]", text, name_start)
    for _ in range(brackets - 1):
        end = _behind("]", text, end)
    raw = text[name_start:name_end].removesuffix("]")
    return Header(level=min(brackets, DEEPEST), brackets=brackets, name=_mangled(raw), raw=raw, start=start, end=end)


def _behind(character: str, text: str, place: int) -> int:
    """Return the place behind the next such character, the end of the text when there is none."""
    return text.find(character, place) + 1 or len(text)


def _mangled(raw: str) -> str:
    """Return a name as DCMTK keeps it."""
    return _NOT_IN_NAMES.sub("", raw).upper()


def _entry(text: str, start: int) -> tuple[Entry, int]:
    """Read an entry; returns where the next thing begins."""
    behind = _behind("=", text, start)
    complete = text[behind - 1] == "="
    raw = text[start : behind - 1 if complete else behind]
    parts, place = _value(text, behind)
    entry = Entry(
        key=_mangled(raw), raw=raw, start=start, key_end=start + len(raw.rstrip()), parts=parts, complete=complete
    )
    return entry, place


def _value(text: str, place: int) -> tuple[tuple[Part, ...], int]:
    """Read a value: the rest of the line, and every line below that is indented or empty; returns where it ends."""
    parts: list[Part] = []
    while place < len(text):
        start = _skip(_INDENT, text, place)
        line_end = text.find("\n", place)
        end = len(text) if line_end < 0 else line_end
        if start < end:
            parts.append(Part(text=text[start:end], start=start))
        place = min(end + 1, len(text))
        if text[place : place + 1] not in {" ", "\t", "\n", ""}:
            break
    return tuple(parts), place
