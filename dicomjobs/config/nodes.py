"""A YAML document as read: text with places, before anything is known about types.

Nothing here knows a schema; a scalar is the text the user typed, and `schema.py` decides what it means.
"""

from __future__ import annotations

from dataclasses import dataclass

from dicomjobs.diagnostics import Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A scalar as typed; `plain` is true for one without quotes, `unresolved` for one that depends on a value nobody gave yet."""

    text: str
    plain: bool
    location: Location
    unresolved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One `key: value` of a mapping."""

    key: Scalar
    value: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """A mapping in file order; its keys are unique."""

    entries: tuple[Entry, ...]
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A sequence."""

    items: tuple[Node, ...]
    location: Location


Node = Scalar | Mapping | Sequence
