"""The keys of a query filled with the cells of a row, where they say `${row.COLUMN}`; it opens no table.

A cell is one value: it cannot be empty, which would match everything, nor bring wildcards, ranges or further values along.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from dicomjobs.config.value_forms import misfit
from dicomjobs.dicom.attributes import by_tag
from dicomjobs.model.query import Element, Identifier

_CELL = re.compile(r"\$\{row\.([^{}]+)\}")
_RANGES = frozenset({"DA", "DT", "TM"})


@dataclass(frozen=True, slots=True, kw_only=True)
class BadCell:
    """Why a cell cannot stand where a query wants it."""

    column: str
    words: str
    hint: str


def has_cells(text: str) -> bool:
    """Say whether a value is to be filled with cells."""
    return _CELL.search(text) is not None


def columns_of(identifier: Identifier) -> tuple[str, ...]:
    """Return the columns that keys are filled with, in the order in which they stand."""
    found: dict[str, None] = {}
    for element in identifier:
        for value in element.values:
            found.update(dict.fromkeys(_CELL.findall(value)))
        for item in element.items:
            found.update(dict.fromkeys(columns_of(item)))
    return tuple(found)


def filled(identifier: Identifier, cells: Mapping[str, str]) -> Identifier:
    """Return the keys with the cells of a row in them."""
    return tuple(
        replace(
            element,
            values=tuple(_CELL.sub(lambda found: cells[found[1]], value) for value in element.values),
            items=tuple(filled(item, cells) for item in element.items),
        )
        for element in identifier
    )


def bad_cells(identifier: Identifier, cells: Mapping[str, str], *, strict: bool) -> Iterator[BadCell]:
    """Yield the cells of a row that keys cannot be filled with; `strict` holds the values to the forms of their VRs."""
    for element in identifier:
        for value in element.values:
            yield from _bad_in(element, value, cells, strict=strict)
        for item in element.items:
            yield from bad_cells(item, cells, strict=strict)


def _bad_in(element: Element, value: str, cells: Mapping[str, str], *, strict: bool) -> Iterator[BadCell]:
    """Yield what is wrong with the cells in one value."""
    columns = _CELL.findall(value)
    bad = [problem for column in columns if (problem := _bad(column, cells[column], element))]
    yield from bad
    if columns and not bad and strict:
        whole = _CELL.sub(lambda found: cells[found[1]], value)
        if misfitting := misfit(whole, element.vr):
            attribute = by_tag(element.tag)
            name = attribute.keyword if attribute else f"({element.tag >> 16:04x},{element.tag & 0xFFFF:04x})"
            yield BadCell(column=columns[0], words=f"{name} (VR {element.vr}) {misfitting.words}", hint=misfitting.hint)


def _bad(column: str, cell: str, element: Element) -> BadCell | None:
    """Return what is wrong with a cell whatever it is for, None when nothing is."""
    if not cell.strip():
        hint = "an empty cell would match everything: take the row out, or fill it in"
        return BadCell(column=column, words=f"the cell of `{column}` is empty", hint=hint)
    smuggled = next((each for each in "*?\\" if each in cell), "")
    if not smuggled and element.vr in _RANGES and "-" in cell:
        smuggled = "-"
    if smuggled:
        hint = "a row asks for one value; a wildcard or a range belongs into the keys of the query"
        return BadCell(column=column, words=f"the cell of `{column}` holds `{smuggled}`", hint=hint)
    return None
