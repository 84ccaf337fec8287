"""The shape of a document: coerced, completed and checked by the JSON Schema; it knows nothing of what the values mean."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from typing import Any

from dicomjobs.config.codes import MOST_DIAGNOSTICS
from dicomjobs.config.coerce import Coercion
from dicomjobs.config.nodes import Mapping
from dicomjobs.config.places import Places, Unresolved
from dicomjobs.config.shape_mistakes import explain
from dicomjobs.diagnostics import Diagnostics
from dicomjobs.resources import schema_text

EXPRESSION = r"\$\{"
"""A pattern that begins so lets expressions pass in an editor; here they have been resolved, and it does not count."""


@cache
def document_schema() -> Any:
    """Return the schema of a job document, read once."""
    return json.loads(schema_text("dicomjobs.schema.json"))


def check_shape(root: Mapping, *, schema: Any) -> tuple[dict[str, Any], Places, Diagnostics]:
    """Coerce, fill in defaults, validate; the value has the promised shape only when there are no errors.

    A scalar becomes the first type, in the order the schema lists them for its place, that its text can be: a plain one
    (not quoted; an expression's result counts as plain) may be null, a number or a boolean; quoted ones are text.
    A scalar marked `unresolved` becomes `places.Unresolved` and is not checked. Nothing after the colon is None.
    """
    coercion = Coercion(schema)
    value = coercion.document(root)
    found: dict[object, Any] = {}
    for problem in _validator()(schema).iter_errors(value):
        if not isinstance(problem.instance, Unresolved):
            found.setdefault(_identity(problem), problem)
    diagnostics = (diagnostic for problem in found.values() for diagnostic in explain(problem, coercion))
    return value, coercion.places, tuple(islice(diagnostics, MOST_DIAGNOSTICS))


def _identity(problem: Any) -> object:
    """Return what tells two problems apart: a text or list has one, a mapping may have several, and so may its keys."""
    place = tuple(problem.absolute_path)
    if isinstance(problem.instance, dict):
        return place, problem.validator, id(problem.schema)
    return place, problem.instance if "propertyNames" in problem.absolute_schema_path else None


@cache
def _validator() -> Callable[[Any], Any]:
    """Return jsonschema's validator for 2020-12 with patterns as ECMA-262 means them, made once."""
    from jsonschema import validators

    extend: Callable[..., Callable[[Any], Any]] = validators.extend  # not annotated there
    return extend(validators.Draft202012Validator, {"pattern": _pattern})


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:
    """Check a text against a pattern in which `$` is the very end, and whose leave for expressions is over."""
    from jsonschema.exceptions import ValidationError

    del validator, schema
    ours = pattern.removeprefix(EXPRESSION).removeprefix("|")
    if isinstance(instance, str) and (not ours or "\n" in instance or not re.search(ours, instance)):
        yield ValidationError(pattern)
