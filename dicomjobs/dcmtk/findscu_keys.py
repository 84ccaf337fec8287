"""The keys of a findscu line (`-k`), laid into one data set in the order of the line, as DCMTK's path processor does it.

A key is a path and, behind its first `=`, a value. What findscu finds wrong with one only when it is connected is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from dicomjobs.dcmtk.command_line import LineRefused
from dicomjobs.dcmtk.findscu_values import NotAValue, values_of
from dicomjobs.dicom.attributes import by_keyword, by_tag
from dicomjobs.dicom.data_dictionary import NOTHING_ELSE, DataDictionary, creator_tag, is_creator, is_private
from dicomjobs.model.query import Element, Identifier

_TAG = re.compile(r"\s*(?:0[xX])?([0-9A-Fa-f]+),\s*(?:0[xX])?([0-9A-Fa-f]+)")
_IN_BRACES = re.compile(r"\(\s*(?:0[xX])?([0-9A-Fa-f]+),\s*(?:0[xX])?([0-9A-Fa-f]+)[^)]*\)")
_NAME = re.compile(r"[^\[=]+")
_ITEM = re.compile(r"\[\s*([+-]?[0-9]+)[^\]]*\]")
_RETIRED = re.compile("(?:RETIRED|ACR_NEMA)_")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    """An element that keys have spoken of: its values, or the items of a sequence."""

    tag: int
    vr: str
    values: tuple[str, ...] = ()
    items: list[_Nodes] = field(default_factory=list)


_Nodes = dict[int, _Node]
"""A data set that is being put together, by tag."""


class _BadPath(Exception):
    """A path that DCMTK cannot follow; the message is its reason."""


def lay_keys(keys: Iterable[str], dictionary: DataDictionary = NOTHING_ELSE) -> Identifier:
    """Return the data set that keys make, a later one replacing an earlier; raises LineRefused with DCMTK's reason for one.

    A private attribute has the VR that the dictionary gives for the creator which an earlier key has named.
    """
    nodes: _Nodes = {}
    for key in filter(None, keys):
        path, _, value = key.partition("=")
        try:
            _lay(nodes, path, value, dictionary)
        except (_BadPath, NotAValue) as reason:
            raise LineRefused(f"Bad override key/path: {key}: {reason}") from None
    return _finished(nodes)


def _finished(nodes: _Nodes) -> Identifier:
    """Return a finished data set."""
    return tuple(
        Element(tag=tag, vr=node.vr, values=node.values, items=tuple(map(_finished, node.items)))
        for tag, node in sorted(nodes.items())
    )


def _lay(nodes: _Nodes, path: str, value: str, dictionary: DataDictionary) -> None:
    """Follow a path through a data set, making what is not there, and set the value at its end."""
    tag, rest = _take_tag(path)
    vr = _vr_of(tag, nodes, dictionary)
    if vr != "SQ":
        if rest:
            raise _BadPath("Invalid Path: Non-sequence tag found with rest path following")
        nodes[tag] = _Node(tag=tag, vr=vr, values=values_of(vr, value))
        return
    sequence = nodes.setdefault(tag, _Node(tag=tag, vr=vr))
    if rest:
        number, rest = _take_item(rest)
        sequence.items.extend({} for _ in range(len(sequence.items), number + 1))
        if rest:
            _lay(
                sequence.items[number], rest[1:], value, dictionary
            )  # whatever stands between an item and the next tag
            return
    if value:
        raise _BadPath("Cannot insert value into path ending with item or sequence")


def _take_tag(path: str) -> tuple[int, str]:
    """Take a tag or a dictionary name off the front of a path."""
    if path.startswith("("):
        found = _IN_BRACES.match(path)
        if found is None:
            raise _BadPath(f"Unable to parse tag at beginning of path: {path}")
        return _number(found), path[found.end() :]
    if found := _TAG.match(path):
        return _number(found), path[found.end() :]
    name = _NAME.match(path)
    if not path:
        raise _BadPath("Illegal parameter")
    tag = _tag_of_name(name[0]) if name else None
    if name is None or tag is None:
        raise _BadPath(f"Unable to parse tag/dictionary name at beginning of path: {path}")
    return tag, path[name.end() :]


def _number(tag: re.Match[str]) -> int:
    """Return the number of a tag; what does not fit into 16 bits is cut off, as C cuts it."""
    number = (int(tag[1], 16) & 0xFFFF) << 16 | int(tag[2], 16) & 0xFFFF
    if number >> 16 == 0xFFFE:
        raise _BadPath("Illegal call, perhaps wrong parameters")
    return number


def _tag_of_name(name: str) -> int | None:
    """Return the tag of a name in DCMTK's dictionary, which marks retired ones; None for a name that is not in it."""
    attribute = by_keyword(_RETIRED.sub("", name, count=1))
    return attribute.tag if attribute else None


def _take_item(rest: str) -> tuple[int, str]:
    """Take the number of an item off the front of what follows a sequence."""
    if rest.startswith("[*"):
        raise _BadPath("Item wildcard '*' found in path but wildcards disabled")
    found = _ITEM.match(rest)
    if found is None:
        raise _BadPath(f"Unable to parse item number at beginning of path: {rest}")
    if found[1].startswith("-"):
        raise _BadPath(f"Negative item number (not permitted) at beginning of path: {rest}")
    return int(found[1]), rest[found.end() :]


def _vr_of(tag: int, nodes: _Nodes, dictionary: DataDictionary) -> str:
    """Return the VR of an attribute; what no data dictionary knows has UN."""
    if known := by_tag(tag):
        return known.vr
    if is_creator(tag):
        return "LO"
    reserved = nodes.get(creator_tag(tag)) if is_private(tag) else None
    entry = dictionary.find(tag, "\\".join(reserved.values) if reserved else "")
    return entry.vr if entry else "UN"
