"""A document with its expressions worked out: a tree of texts becomes a tree of texts; it knows no schema."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field, replace

from dicomjobs.config.attribute_paths import NotAnAttribute, parse_path
from dicomjobs.config.codes import error
from dicomjobs.config.evaluate import Scope, expand_text
from dicomjobs.config.expressions import Mistake, has_expression
from dicomjobs.config.nodes import Entry, Mapping, Node, Scalar, Sequence
from dicomjobs.config.rendering import PATH, PLAIN_TEXT, Kind, Usage
from dicomjobs.diagnostics import Diagnostic, Diagnostics, Location

Way = tuple[str, ...]
"""The mapping keys from the root to a value; sequences add nothing to it."""

_PATH_KEYS = frozenset(
    {"paths", "directory", "file", "files", "csv", "dictionaries", "certificate", "key", "trust", "crl", "asconfig"}
)
"""Keys whose text is a path of the file system, wherever they stand outside of attributes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expanded:
    """The tree without expressions, and where a text came from that the file does not have as it is: its expression, or --set."""

    root: Mapping
    origins: MappingOf[Location, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Notes:
    """What is written down on the way through the tree."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    origins: dict[Location, str] = field(default_factory=dict)


def expand_document(root: Mapping, *, scope: Scope) -> tuple[Expanded, Diagnostics]:
    """Work out every expression of a document; a text that has one which is wrong or not known yet is marked unresolved."""
    notes = _Notes()
    entries = tuple(_section(entry, scope, notes) for entry in root.entries)
    return Expanded(root=replace(root, entries=entries), origins=notes.origins), tuple(notes.diagnostics)


def _section(entry: Entry, scope: Scope, notes: _Notes) -> Entry:
    """Expand one section; the parameters themselves take what --set gave."""
    if entry.key.text != "parameters" or not isinstance(entry.value, Mapping):
        return replace(entry, value=_expand(entry.value, (entry.key.text,), scope, notes))
    declared = tuple(replace(e, value=_declared(e, scope, notes)) for e in entry.value.entries)
    return replace(entry, value=replace(entry.value, entries=declared))


def _declared(entry: Entry, scope: Scope, notes: _Notes) -> Node:
    """Return a parameter's value, as given or as the file has it."""
    parameter = scope.parameters.get(entry.key.text)
    if parameter is None or not isinstance(entry.value, Scalar):
        return entry.value
    if not parameter.given:
        return _scalar(entry.value, PLAIN_TEXT, scope, notes)
    notes.origins[entry.value.location] = "--set"
    given = replace(entry.value, text=parameter.value, plain=False)
    return _scalar(given, PLAIN_TEXT, scope, notes)


def _expand(node: Node, way: Way, scope: Scope, notes: _Notes) -> Node:
    """Expand a value and everything in it."""
    match node:
        case Scalar():
            return _scalar(node, usage_of(way), scope, notes) if has_expression(node.text) else node
        case Mapping():
            entries = (replace(e, value=_expand(e.value, (*way, e.key.text), scope, notes)) for e in node.entries)
            return replace(node, entries=tuple(entries))
        case Sequence():
            return replace(node, items=tuple(_expand(item, way, scope, notes) for item in node.items))


def _scalar(scalar: Scalar, usage: Usage, scope: Scope, notes: _Notes) -> Scalar:
    """Expand one text; the result counts as plain, so that it can be a number where the schema wants one."""
    if not has_expression(scalar.text):
        return scalar
    outcome = expand_text(scalar.text, usage=usage, scope=scope)
    notes.diagnostics.extend(_located(mistake, scalar) for mistake in outcome.mistakes)
    if outcome.mistakes or outcome.unresolved:
        return replace(scalar, unresolved=True)
    notes.origins.setdefault(scalar.location, scalar.text)
    return replace(scalar, text=outcome.text, plain=usage.kind is not Kind.ATTRIBUTE)


def _located(mistake: Mistake, scalar: Scalar) -> Diagnostic:
    """Place a mistake inside its scalar."""
    place = inside(scalar, offset=mistake.offset, width=mistake.width)
    return error(mistake.code, mistake.summary, at=place, hint=mistake.hint)


def inside(scalar: Scalar, *, offset: int, width: int) -> Location:
    """Return the place of a part of a scalar, or the scalar's own where escapes or several lines hide the part's column."""
    quotes = 0 if scalar.plain else 1
    if scalar.location.width != len(scalar.text) + 2 * quotes:
        return scalar.location
    return replace(scalar.location, column=scalar.location.column + quotes + offset, width=width)


def usage_of(way: Way) -> Usage:
    """Say what the text at the end of a way is used for."""
    match way:
        case (("queries", _, "keys", *_, key) | ("jobs", _, _, "query", "keys", *_, key)) | (
            ("send_sets", _, "where", key) | ("jobs", _, _, "send_set", "where", key)
        ):
            return Usage(kind=Kind.ATTRIBUTE, vr=_vr_of(key), rows="keys" in way)
        case (*_, key) if key in _PATH_KEYS:
            return PATH
        case _:
            return PLAIN_TEXT


def _vr_of(key: str) -> str:
    """Return the VR of the attribute that a key means, "" when it means none (which is told elsewhere)."""
    path = parse_path(key)
    return "" if isinstance(path, NotAnAttribute) else path[-1].attribute.vr
