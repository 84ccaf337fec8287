"""A data dictionary beside that of PS3.6: private attributes by creator, and others that a site knows; it knows no file.

The dictionary of PS3.6 itself is in `attributes.py`, and wins: what the standard says of its attributes nobody redefines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType


class Parity(Enum):
    """Which numbers of a range are meant."""

    EVEN = "e"
    ODD = "o"
    ANY = "u"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRange:
    """The groups or elements that an entry is about, both ends included."""

    first: int
    last: int
    parity: Parity

    def has(self, number: int) -> bool:
        """Say whether a number is one of them."""
        fits = self.parity is Parity.ANY or number % 2 == (self.parity is Parity.ODD)
        return self.first <= number <= self.last and fits


@dataclass(frozen=True, slots=True, kw_only=True)
class DictionaryEntry:
    """One attribute, or one of each of several groups. A private one names its creator.

    The element of an entry with a creator is the lower byte where it may lie in any block, else the whole number (PS3.5 7.8.1).
    """

    group: NumberRange
    creator: str
    element: NumberRange
    vr: str
    name: str
    vm: str

    def is_at(self, tag: int) -> bool:
        """Say whether a tag is that of this entry, whichever block is its creator's."""
        element = tag & 0xFFFF
        floats = self.creator and self.element.last <= 0xFF and element > 0xFF
        return self.group.has(tag >> 16) and self.element.has(element & 0xFF if floats else element)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataDictionary:
    """Entries by creator ("" for those without one), and by name; of two for the same the later one counts."""

    by_creator: Mapping[str, tuple[DictionaryEntry, ...]] = field(default_factory=lambda: MappingProxyType({}))
    by_name: Mapping[str, DictionaryEntry] = field(default_factory=lambda: MappingProxyType({}))

    def find(self, tag: int, creator: str) -> DictionaryEntry | None:
        """Return the entry of a tag in a block of its creator, None when there is none."""
        return next((each for each in self.by_creator.get(creator.rstrip(), ()) if each.is_at(tag)), None)


NOTHING_ELSE = DataDictionary()
"""No dictionary but that of PS3.6."""


def dictionary_of(entries: tuple[DictionaryEntry, ...]) -> DataDictionary:
    """Return a dictionary of entries in the order in which they were read."""
    by_creator: dict[str, list[DictionaryEntry]] = {}
    for entry in reversed(entries):
        by_creator.setdefault(entry.creator, []).append(entry)
    return DataDictionary(
        by_creator=MappingProxyType({creator: tuple(found) for creator, found in by_creator.items()}),
        by_name=MappingProxyType({entry.name: entry for entry in entries}),
    )


def is_private(tag: int) -> bool:
    """Say whether a tag is that of a private attribute, or of the creator of a block of them (PS3.5 7.8)."""
    return tag & 0x10000 != 0


def is_creator(tag: int) -> bool:
    """Say whether an element reserves a block of private ones (PS3.5 7.8.1)."""
    return is_private(tag) and 0x10 <= tag & 0xFFFF <= 0xFF


def in_block(tag: int, creator: int) -> int | None:
    """Return the tag of a private attribute in the block that an element of a creator reserves, given the lower byte of its own.

    None when it is of another group, or its block is given and another one.
    """
    placed = tag if tag & 0xFF00 else tag | (creator & 0xFF) << 8
    return placed if is_creator(creator) and creator_tag(placed) == creator else None


def creator_tag(tag: int) -> int:
    """Return the tag of the element that reserves the block a private attribute is in (PS3.5 7.8.1)."""
    return (tag & 0xFFFF0000) | (tag >> 8 & 0xFF)
