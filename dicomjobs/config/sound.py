"""What is left of a document without its misshapen definitions, so that the mistakes of later stages are found in the same pass.

It knows sections and names, not what a definition means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dicomjobs.config.places import Places, Pointer
from dicomjobs.diagnostics import Diagnostics, Severity


def without_misshapen(document: Mapping[str, Any], *, places: Places, misshapen: Diagnostics) -> dict[str, Any]:
    """Return the document without the definitions that an error lies in, and without those that name one of these.

    What goes too far here is only told of later: a definition that is left out is not checked any further this time.
    """
    errors = {each.location for each in misshapen if each.severity is Severity.ERROR}
    broken = {
        pointer[:2] for pointer, place in places.items() if pointer and (place.key in errors or place.value in errors)
    }
    whole = {section: dict(named) for section, named in document.items() if isinstance(named, dict)}
    rest = {name: value for name, value in document.items() if name not in whole and (name,) not in broken}
    while broken:
        names = {str(pointer[-1]) for pointer in broken}
        for pointer in broken:
            _remove(whole, pointer)
        broken = {(section, name) for section, name, texts in _definitions(whole) if names & texts}
    return {**rest, **whole}


def _remove(whole: dict[str, dict[str, Any]], pointer: Pointer) -> None:
    """Take a definition out, or a whole section."""
    if len(pointer) == 1:
        whole.pop(str(pointer[0]), None)
    else:
        whole.get(str(pointer[0]), {}).pop(str(pointer[1]), None)


def _definitions(whole: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str, set[str]]]:
    """Yield section, name and all texts of every definition."""
    for section, named in whole.items():
        for name, definition in named.items():
            yield section, name, set(_texts(definition))


def _texts(value: object) -> Iterator[str]:
    """Yield every text in a value: one of them may be the name of another definition."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
