"""The parameters of a document: what the file declares, what --set gave, and what is still missing.

It knows no place where a parameter is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from enum import Enum

from dicomjobs.config.codes import error
from dicomjobs.config.expressions import RESERVED, ParameterUse, Written, parse_expression, split_text
from dicomjobs.config.nodes import Entry, Mapping, Node, Scalar
from dicomjobs.config.suggest import did_you_mean
from dicomjobs.diagnostics import Diagnostic, Diagnostics, Location

NULLS = frozenset({"", "~", "null", "Null", "NULL"})
"""How YAML 1.2's core rules write nothing."""


class MissingParameters(Enum):
    """What to do with parameters that are null in the file and were not given: `check` tolerates them, everything else refuses."""

    REFUSE = "refuse"
    TOLERATE = "tolerate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A declared parameter; its value is a text that may itself hold expressions, worked out where it is used.

    `known` is false when nobody gave a value, or when the value leads back to the parameter itself.
    """

    name: str
    value: str
    location: Location
    given: bool
    known: bool


Parameters = MappingOf[str, Parameter]


def settle_parameters(
    root: Mapping, *, settings: MappingOf[str, str], missing: MissingParameters
) -> tuple[Parameters, Diagnostics]:
    """Lay the settings over what the document declares."""
    declared = {entry.key.text: _parameter(entry, settings) for entry in _declarations(root)}
    circles = tuple(_circles(declared))
    found = (
        *_unknown_settings(declared, settings),
        *(p for entry in _declarations(root) for p in _reserved(entry.key)),
        *(_missing(p) for p in declared.values() if not p.known and missing is MissingParameters.REFUSE),
        *circles,
    )
    return {name: _unknown(p) if _way_back(name, declared) else p for name, p in declared.items()}, found


def _declarations(root: Mapping) -> tuple[Entry, ...]:
    """Return the entries of the `parameters` section; what is no text there is left to the schema."""
    section = next((e.value for e in root.entries if e.key.text == "parameters"), None)
    return tuple(e for e in section.entries if isinstance(e.value, Scalar)) if isinstance(section, Mapping) else ()


def _parameter(entry: Entry, settings: MappingOf[str, str]) -> Parameter:
    """Make a parameter of its declaration and what --set says."""
    assert isinstance(entry.value, Scalar)
    name = entry.key.text
    given = name in settings
    nothing = entry.value.plain and entry.value.text in NULLS
    value = settings[name] if given else "" if nothing else entry.value.text
    return Parameter(name=name, value=value, location=entry.key.location, given=given, known=given or not nothing)


def _unknown(parameter: Parameter) -> Parameter:
    """Return a parameter without a value, so that its uses are passed over in silence."""
    return Parameter(name=parameter.name, value="", location=parameter.location, given=parameter.given, known=False)


def _unknown_settings(declared: Parameters, settings: MappingOf[str, str]) -> Iterator[Diagnostic]:
    """Refuse a --set for a parameter that the document does not declare."""
    for name in settings:
        if name not in declared:
            hint = did_you_mean(name, declared) or f"declare it in the file: parameters: {{{name}: null}}"
            yield error("DJ405", f"--set {name}=…: there is no parameter `{name}`", at=None, hint=hint)


def _reserved(key: Scalar) -> Iterator[Diagnostic]:
    """Refuse a parameter that is named like a word of the expressions."""
    if key.text in RESERVED:
        hint = f"rename it, for example to `{key.text}_`"
        yield error(
            "DJ413", f"a parameter cannot be named `{key.text}`: expressions use the word", at=key.location, hint=hint
        )


def _missing(parameter: Parameter) -> Diagnostic:
    """Say that a parameter must be given."""
    summary = f"the parameter `{parameter.name}` has no value: it must be given on the command line"
    return error("DJ404", summary, at=parameter.location, hint=f"add --set {parameter.name}=…")


def uses(value: str) -> Iterator[str]:
    """Yield the names of the parameters that a text uses."""
    for part in split_text(value)[0]:
        if isinstance(part, Written):
            if "${" in part.body:
                yield from uses(part.body)
            elif isinstance(expression := parse_expression(part.body), ParameterUse):
                yield expression.name


def _circles(declared: Parameters) -> Iterator[Diagnostic]:
    """Show the way round each circle of parameters whose values lead back to themselves."""
    told = set[str]()
    for name, parameter in declared.items():
        way = _way_back(name, declared)
        if way and not told & set(way):
            told |= set(way)
            summary = f"the parameter `{name}` is made from itself: {' → '.join(way)}"
            yield error("DJ406", summary, at=parameter.location, hint="give one of them a value of its own")


def _way_back(start: str, declared: Parameters) -> tuple[str, ...]:
    """Return the names along a way from a parameter back to itself, empty when there is none."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen = set[str]()
    while ways:
        way = ways.pop()
        for name in uses(declared[way[-1]].value):
            if name == start:
                return (*way, start)
            if name in declared and name not in seen:
                seen.add(name)
                ways.append((*way, name))
    return ()


def section_of(root: Mapping, name: str) -> Node | None:
    """Return what stands under a key of the root, None when it is not there."""
    return next((entry.value for entry in root.entries if entry.key.text == name), None)
