"""The data dictionary of PS3.6: keyword to tag, tag to VR; it knows nothing of values.

attributes.tsv is made from it, in order of tags. It is searched as text: taking 5,000 lines apart would cost more than all
the look-ups of a run.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cache, lru_cache

from dicomjobs.dicom.table_file import table_text


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute: tag as 0xGGGGEEEE, keyword, VR and value multiplicity as PS3.6 writes it ("1", "1-n", "2-2n").

    Where PS3.6 allows several VRs, `vr` is the one an identifier is encoded with. `creator` is that of a private attribute which
    may lie in any block of its group; the tag's element is then the lower byte alone (PS3.5 7.8.1).
    """

    tag: int
    keyword: str
    vr: str
    vm: str
    creator: str = ""


@cache
def _lines() -> list[str]:
    """Return the table's lines, one an attribute, each beginning with the tag in hexadecimal digits."""
    return _text().splitlines()


@cache
def _text() -> str:
    """Read the table."""
    return table_text("attributes.tsv")


def _attribute(line: str, tag: int) -> Attribute:
    """Take a line apart; `tag` is the one asked for, where the line is that of a repeating group."""
    _, vr, vm, keyword = line.split("\t")
    return Attribute(tag, keyword, vr, vm)


@lru_cache(maxsize=4096)
def by_keyword(keyword: str) -> Attribute | None:
    """Return the attribute of a PS3.6 keyword, with the first tag of a repeating group; None when there is none."""
    text = _text()
    end = text.find(f"\t{keyword}\n") if keyword.isalnum() else -1
    if end < 0:
        return None
    line = text[text.rfind("\n", 0, end) + 1 : end + 1 + len(keyword)]
    return _attribute(line, int(line[:8].replace("x", "0"), 16))


def _spellings(tag: int) -> tuple[str, ...]:
    """Return the ways in which the table may write a tag: its digits, then those of a repeating group (PS3.5 7.6, PS3.6 6)."""
    digits = f"{tag:08X}"
    group, element = digits[:4], digits[4:]
    match group:
        case "0020" | "0028":
            return digits, f"{group}{element[:2]}xx", f"{group}{element[:2]}x{element[3]}"
        case "1000" | "1010":
            return digits, f"{group}xxx{element[3]}", f"{group}xxxx"
        case _:
            return digits, f"{group[:2]}xx{element}"


def _find(tag: int) -> Attribute | None:
    """Look a tag up in the table."""
    lines = _lines()
    for spelling in _spellings(tag):
        place = bisect_left(lines, spelling)
        if place < len(lines) and lines[place].startswith(spelling):
            return _attribute(lines[place], tag)
    return None


@lru_cache(maxsize=4096)
def by_tag(tag: int) -> Attribute | None:
    """Return the attribute of a tag, that of a repeating group or a group length included; None for private and unknown tags."""
    if not 0 <= tag <= 0xFFFFFFFF or tag & 0x10000:
        return None
    return _find(tag) or (Attribute(tag, "GroupLength", "UL", "1") if tag & 0xFFFF == 0 else None)


def keyword_of(tag: int) -> str:
    """Return the keyword that means just this tag, "" for one that has none, or shares it with a repeating group's first one."""
    known = by_tag(tag)
    named = by_keyword(known.keyword) if known else None
    return named.keyword if named and named.tag == tag else ""


@cache
def _retired() -> frozenset[str]:
    """Read which attributes are retired."""
    return frozenset(table_text("retired_attributes.txt").split())


def is_retired(tag: int) -> bool:
    """Say whether PS3.6 lists an attribute as retired."""
    return any(spelling in _retired() for spelling in _spellings(tag))


def keywords() -> tuple[str, ...]:
    """Return every keyword, in order of tags."""
    return tuple(line[line.rindex("\t") + 1 :] for line in _lines())
