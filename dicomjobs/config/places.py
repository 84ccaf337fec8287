"""Where the values of a checked document were written, by their JSON pointer; it knows nothing of YAML or of the schema."""

from __future__ import annotations

from dataclasses import dataclass

from dicomjobs.diagnostics import Location

Pointer = tuple[str | int, ...]
"""The way from the root to a value: mapping keys and 0-based positions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a value stands, and its key, None for items of a sequence and for the root."""

    key: Location | None
    value: Location


Places = dict[Pointer, Place]
"""A default that the schema filled in has no place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unresolved:
    """Stands in a checked document for text that depends on a value nobody gave yet; it is valid wherever a scalar is."""

    text: str


def nearest_place(places: Places, pointer: Pointer) -> Place | None:
    """Return the place of a pointer, or of the nearest thing around it that the user wrote."""
    for length in range(len(pointer), -1, -1):
        if (place := places.get(pointer[:length])) is not None:
            return place
    return None
