"""Texts become what the schema says of their place, and what the schema takes for granted is added; nothing is checked here.

It reads only what says what may stand at a place: type, properties, additionalProperties, items, default, `$ref` and if/then/else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from dicomjobs.config.nodes import Mapping, Node, Scalar, Sequence
from dicomjobs.config.places import Place, Places, Pointer, Unresolved
from dicomjobs.diagnostics import Location

_NULL = re.compile(r"|~|null|Null|NULL")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]{1,40}|0o[0-7]{1,40}|0x[0-9a-fA-F]{1,40}", re.ASCII)
_NUMBER = re.compile(r"[-+]?(\.[0-9]{1,40}|[0-9]{1,40}(\.[0-9]{0,40})?)([eE][-+]?[0-9]{1,4})?", re.ASCII)
"""The scalars of YAML 1.2's core schema (10.3.2) in lengths that somebody could mean; neither infinity nor not-a-number."""

Alternatives = tuple[dict[str, Any], ...]
"""The schemas that may apply to one place."""


class Coercion:
    """One document on its way to plain values, with the places of all it holds."""

    def __init__(self, schema: Any) -> None:
        """Keep the schema, whose `$defs` its references lead to."""
        self._schema = schema
        self._shapes: dict[Pointer, Alternatives] = {}
        self.places: Places = {}

    def document(self, root: Mapping) -> Any:
        """Return the value of a document, defaults filled in."""
        return self._value(root, self.alternatives(self._schema), (), None)

    def key_alternatives(self, pointer: Pointer, key: str) -> Alternatives:
        """Return the schemas that would apply to a key of the mapping at a place, whether it is there or not."""
        return self._member(self._shapes[pointer], key)

    def alternatives(self, schema: Any) -> Alternatives:
        """Return a schema with all that it refers to or chooses between for the same place."""
        return tuple(self._applicable(schema))

    def _applicable(self, schema: Any) -> Iterator[dict[str, Any]]:
        """Yield a schema and those that apply where it applies."""
        if not isinstance(schema, dict) or "not" in schema:
            return
        yield schema
        if "$ref" in schema:
            yield from self._applicable(self._schema["$defs"][schema["$ref"].rpartition("/")[2]])
        for branch in ("then", "else"):
            yield from self._applicable(schema.get(branch))

    def _value(self, node: Node, schemas: Alternatives, pointer: Pointer, key: Location | None) -> Any:
        """Return the value of a node."""
        self.places[pointer] = Place(key=key, value=node.location)
        match node:
            case Scalar():
                return scalar_value(node, _types(schemas))
            case Sequence(items=items):
                inner = self._merged(schema["items"] for schema in schemas if "items" in schema)
                return [self._value(item, inner, (*pointer, number), None) for number, item in enumerate(items)]
            case Mapping(entries=entries):
                self._shapes[pointer] = schemas
                value = {
                    entry.key.text: self._value(
                        entry.value,
                        self._member(schemas, entry.key.text),
                        (*pointer, entry.key.text),
                        entry.key.location,
                    )
                    for entry in entries
                }
                self._fill_in(value, schemas)
                return value

    def _member(self, schemas: Alternatives, name: str) -> Alternatives:
        """Return what may apply to the value of a key."""
        return self._merged(
            schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            for schema in schemas
            if "properties" in schema or "additionalProperties" in schema
        )

    def _merged(self, schemas: Iterator[Any]) -> Alternatives:
        """Return the alternatives of several schemas for one place."""
        return tuple(alternative for schema in schemas for alternative in self._applicable(schema))

    def _fill_in(self, value: dict[str, Any], schemas: Alternatives) -> None:
        """Add the defaults of keys that are not there, inside added mappings too."""
        for schema in schemas:
            for name, property_schema in schema.get("properties", {}).items():
                if name not in value and "default" in property_schema:
                    value[name] = deepcopy(property_schema["default"])
                    if isinstance(value[name], dict):
                        self._fill_in(value[name], self.alternatives(property_schema))


def _types(schemas: Alternatives) -> tuple[str, ...]:
    """Return the types that may stand at a place, in the order in which the schema tries them."""
    found: dict[str, None] = {}
    for schema in schemas:
        types = schema.get("type", ())
        found.update(dict.fromkeys((types,) if isinstance(types, str) else types))
    return tuple(found)


def scalar_value(scalar: Scalar, types: tuple[str, ...]) -> Any:
    """Return what a scalar means at a place for these types; quotes make it text, and nothing at all is None."""
    if scalar.unresolved:
        return Unresolved(text=scalar.text)
    return plain_value(scalar.text, types) if scalar.plain else scalar.text


def plain_value(text: str, types: tuple[str, ...]) -> Any:
    """Return the first of the types that a text without quotes can be, the text itself when it can be none of them."""
    for kind in types:
        match kind:
            case "string" if text:
                return text
            case "null" if _NULL.fullmatch(text):
                return None
            case "boolean" if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
                return _TRUE.fullmatch(text) is not None
            case "integer" if _INTEGER.fullmatch(text):
                return _integer(text)
            case "number" if (number := _number(text)) is not None:
                return number
    return text or None


def _integer(text: str) -> int:
    """Return the integer that a text matching the core schema means: decimal whatever zeros it begins with."""
    return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)


def _number(text: str) -> int | float | None:
    """Return a finite number, an integer where it is written as one."""
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None
