"""A checked document written as YAML again, each value with a comment that says where it came from.

It knows nothing of what keys mean; secrets are pointers here as everywhere, so nothing has to be hidden.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dicomjobs.config.expand import usage_of
from dicomjobs.config.parameters import NULLS
from dicomjobs.config.places import Places, Pointer, Unresolved
from dicomjobs.config.rendering import PATH
from dicomjobs.diagnostics import Location

_PLAIN = re.compile(r"[0-9]+[smhd]|[A-Za-z_/][A-Za-z0-9_./ -]*[A-Za-z0-9_./]|[A-Za-z]", re.ASCII)
_WORDS = NULLS | {"true", "True", "TRUE", "false", "False", "FALSE"}
_COMMENT_COLUMN = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One line of YAML, and the comment beside it."""

    text: str
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Book:
    """Where everything came from."""

    places: Places
    origins: Mapping[Location, str]


def as_yaml(document: dict[str, Any], *, places: Places, origins: Mapping[Location, str]) -> str:
    """Return a document as YAML that would load to the same again, its values commented."""
    book = _Book(places=places, origins=origins)
    sections = {key: document[key] for key in ("dicomjobs", *document) if document[key] not in ({}, [])}
    lines = _mapping(sections, (), "", book)
    return "".join(f"{_beside(line)}\n" for line in lines)


def _beside(line: _Line) -> str:
    """Write a line with its comment, the comments below each other where there is room."""
    return f"{line.text:<{_COMMENT_COLUMN}}  # {line.comment}" if line.comment else line.text


def _mapping(value: dict[str, Any], pointer: Pointer, indent: str, book: _Book) -> Iterator[_Line]:
    """Write a mapping, a key a line."""
    for key, inner in value.items():
        yield from _entry(f"{indent}{_key(key)}:", inner, (*pointer, key), f"{indent}  ", book)


def _sequence(value: list[Any], pointer: Pointer, indent: str, book: _Book) -> Iterator[_Line]:
    """Write a list, an item a line."""
    for place, inner in enumerate(value):
        if isinstance(inner, dict) and inner:
            first, *rest = _mapping(inner, (*pointer, place), f"{indent}  ", book)
            yield _Line(text=f"{indent}- {first.text.strip()}", comment=first.comment)
            yield from rest
        else:
            yield from _entry(f"{indent}-", inner, (*pointer, place), f"{indent}  ", book)


def _entry(head: str, value: Any, pointer: Pointer, indent: str, book: _Book) -> Iterator[_Line]:
    """Write one value after its key or hyphen."""
    if isinstance(value, dict) and value:
        yield _Line(text=head)
        yield from _mapping(value, pointer, indent, book)
    elif isinstance(value, list) and value:
        yield _Line(text=head)
        yield from _sequence(value, pointer, indent, book)
    else:
        written = _scalar(_with_folder(value, pointer, book))
        yield _Line(text=f"{head} {written}".rstrip(), comment=_origin(value, pointer, book))


def _with_folder(value: Any, pointer: Pointer, book: _Book) -> Any:
    """Return a path as an absolute one, since it is relative to a file that may not be the first; bare output files stay so."""
    place = book.places.get(pointer)
    way = tuple(key for key in pointer if isinstance(key, str))
    bare_output = way[-2:] == ("outputs", "file") and "/" not in str(value)
    if not isinstance(value, str) or place is None or bare_output or usage_of(way) != PATH:
        return value
    return os.path.normpath(Path(place.value.file).parent.absolute() / value)


def _origin(value: Any, pointer: Pointer, book: _Book) -> str:
    """Say where a value came from: file and line, with the expression it was made from, or the schema's default."""
    place = book.places.get(pointer)
    if place is None:
        return "default"
    origin = book.origins.get(place.value, "")
    where = f"{place.value.file}:{place.value.line}"
    if isinstance(value, Unresolved):
        return f"{where}, not given yet"
    return ", ".join(
        part for part in (where, origin if origin == "--set" else f"from {origin}" if origin else "") if part
    )


def _key(key: str) -> str:
    """Write a key."""
    return key if re.fullmatch(r"[A-Za-z0-9_.-]*[A-Za-z_][A-Za-z0-9_.-]*", key) and key not in _WORDS else _text(key)


def _scalar(value: Any) -> str:
    """Write a scalar, so that it is read as what it is."""
    match value:
        case None:
            return ""
        case Unresolved():
            return _text(value.text, escaped="${")
        case str():
            return _text(value)
        case _:
            return json.dumps(value)


def _text(text: str, *, escaped: str = "$${") -> str:
    """Write a text: as it is where that is safe, else in single quotes, which have no escapes."""
    written = text.replace("${", escaped).replace("$${row.", "${row.")  # only rows are left to be filled in
    if _PLAIN.fullmatch(written) and written not in _WORDS:
        return written
    if "\n" in written:
        return json.dumps(written, ensure_ascii=False)
    return "'" + written.replace("'", "''") + "'"
