"""Columns of a table of answers: how one is named, and where in an answer its value is (`ScheduledProcedureStepSequence[0].Modality`).

It knows nothing of how values are written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dicomjobs.dicom.attributes import by_keyword, by_tag, keyword_of
from dicomjobs.model.query import Identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its heading, and for each sequence on the way to its attribute the key in the JSON Model and the item from 0."""

    heading: str
    around: tuple[tuple[str, int], ...]
    tag: int

    @property
    def key(self) -> str:
        """The attribute's key in the DICOM JSON Model."""
        return f"{self.tag:08X}"

    @property
    def vr(self) -> str:
        """The VR that the dictionary has for the attribute, UN for one that it does not know."""
        attribute = by_tag(self.tag)
        return attribute.vr if attribute else "UN"

    def element(self, identifier: Mapping[str, object]) -> object:
        """Return the column's element in an answer in the DICOM JSON Model, None where the answer has none."""
        found: object = identifier
        for key, item in self.around:
            sequence = found.get(key) if isinstance(found, Mapping) else None
            items = sequence.get("Value") if isinstance(sequence, Mapping) else None
            found = items[item] if isinstance(items, list) and item < len(items) else None
        return found.get(self.key) if isinstance(found, Mapping) else None


def column_of(heading: str) -> Column:
    """Return the column of a path whose steps are keywords or tags (`00100010`, `(0010,0010)`); raises ValueError for another.

    A name before it, `DetectorSpacing=00191022`, is what the column is then called.
    """
    name, _, path = heading.rpartition("=")
    *around, last = path.split(".")
    steps = tuple(_item(step) for step in around)
    return Column(heading=name or path, around=steps, tag=_tag(last))


def _item(step: str) -> tuple[str, int]:
    """Return the key of a sequence and the number of an item, the first when none is said."""
    name, _, number = step.partition("[")
    return f"{_tag(name):08X}", int(number.rstrip("]") or 0)


def _tag(name: str) -> int:
    """Return the tag of a keyword, or of its digits."""
    attribute = by_keyword(name)
    return attribute.tag if attribute else int(name.strip("()").replace(",", ""), 16)


def heading_of(tag: int) -> str:
    """Return what the column of a tag is called: its keyword, the eight digits when it has none."""
    return keyword_of(tag) or f"{tag:08X}"


def default_columns(identifier: Identifier) -> tuple[str, ...]:
    """Return the columns for a query that names none: everything it asked for, in order of tags."""
    return tuple(heading_of(element.tag) for element in identifier)
