"""What a schema validation error means for the person who typed the document; it knows no key of the schema by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dicomjobs.config.codes import error
from dicomjobs.config.coerce import Coercion, plain_value
from dicomjobs.config.places import Place, Pointer, nearest_place
from dicomjobs.config.shape_words import listed, path, said, type_words, typed
from dicomjobs.config.suggest import did_you_mean, nearest, shortened
from dicomjobs.diagnostics import Diagnostic, Location

_A_SECRET = "{env: NAME}, {file: PATH} or another place to fetch it from"

_YAML_1_1 = {"yes": "write true", "on": "write true", "no": "write false", "off": "write false"}
"""Truth values of an older YAML."""

_WITHOUT_QUOTES = "in quotes it is text: remove the quotes"


def explain(problem: Any, document: Coercion) -> Iterator[Diagnostic]:
    """Yield the diagnostics for one error of the validator, located in the user's file."""
    return _EXPLANATIONS.get(str(problem.validator), _other)(problem, document)


def _unknown_keys(problem: Any, document: Coercion) -> Iterator[Diagnostic]:
    """Name each key that the schema does not have, and the one that was probably meant."""
    pointer = _pointer(problem)
    known = tuple(problem.schema.get("properties", ()))
    for key in problem.instance:
        if key not in known:
            where = f" in {path(pointer)}" if pointer else ""
            hint = _home(key, problem.schema, document) or did_you_mean(key, known)
            yield error(
                "DJ201",
                f"unknown key `{shortened(key)}`{where}",
                at=_key_location(document, (*pointer, key)),
                hint=hint,
            )


def _home(key: str, schema: Any, document: Coercion) -> str:
    """Say under which of its neighbours a key belongs that is right but stands a level too high."""
    if nearest(key, schema.get("properties", ())):
        return ""
    homes = [
        name
        for name, neighbour in schema.get("properties", {}).items()
        if any(key in alternative.get("properties", ()) for alternative in document.alternatives(neighbour))
    ]
    return f"it belongs under {' or '.join(f'`{home}`' for home in homes)}" if homes else ""


def _missing_keys(problem: Any, document: Coercion) -> Iterator[Diagnostic]:
    """Name each required key that is not there, with what it is for."""
    pointer = _pointer(problem)
    place = _key_location(document, pointer)
    if "description" in problem.schema and "properties" not in problem.schema:
        yield error("DJ202", f"{path(pointer)}: {problem.schema['description']}", at=place)
        return
    for key in problem.validator_value:
        if key not in problem.instance:
            where = f" in {path(pointer)}" if pointer else ""
            yield error("DJ202", f"missing key `{key}`{where}", at=place, hint=_example(key, pointer, document))


def _example(key: str, pointer: Pointer, document: Coercion) -> str:
    """Show how a missing key is written."""
    examples = (schema["examples"] for schema in document.key_alternatives(pointer, key) if "examples" in schema)
    return f"for example `{key}: {typed(next(examples, ['…'])[0])}`"


def _wrong_type(problem: Any, document: Coercion) -> Iterator[Diagnostic]:
    """Say what should stand here and what does; nothing at all has a code of its own, and so has a secret."""
    pointer, value, title = _pointer(problem), problem.instance, problem.schema.get("title", "")
    wanted = _A_SECRET if title == "secret" else type_words(problem.validator_value)
    if value is None:
        yield error(
            "DJ207", f"{path(pointer)} is empty", at=_key_location(document, pointer), hint=f"it must be {wanted}"
        )
    elif title == "secret" and not isinstance(value, dict | list):
        words = "a secret is never written in the file"
        yield error("DJ208", words, at=_location(document, pointer), hint=f"write {_A_SECRET}")
    else:
        words = f"{path(pointer)} must be {wanted}, not {said(value)}"
        yield error("DJ203", words, at=_location(document, pointer), hint=_how_to_write(problem, wanted))


def _how_to_write(problem: Any, wanted: str) -> str:
    """Show the value in the form that is wanted, where that can be told."""
    value = problem.instance
    if _is_quoted_scalar(value, problem.schema):
        return _WITHOUT_QUOTES
    if wanted == "a list" and isinstance(value, str):
        return f"write [{value}]"
    if wanted == "a mapping" and isinstance(value, str):
        return "write `key: value` lines below it, further in"
    if wanted == "text or a list" and isinstance(value, dict):
        return "the items of a sequence are a list: begin each with `- `"
    return ""


def _not_a_word(problem: Any, document: Coercion) -> Iterator[Diagnostic]:
    """List the words that may stand here."""
    pointer = _pointer(problem)
    choices = problem.validator_value if problem.validator == "enum" else [problem.validator_value]
    words = [typed(choice) for choice in choices] + _mappings(pointer, document)
    if problem.instance is None:
        hint = f"it must be {listed(words)}"
        yield error("DJ207", f"{path(pointer)} is empty", at=_key_location(document, pointer), hint=hint)
        return
    near = nearest(str(problem.instance), words)
    hint = f"did you mean `{near}`?" if near and len(words) > 1 else problem.schema.get("description", "")
    summary = f"{path(pointer)} must be {listed(words)}, not {said(problem.instance)}"
    yield error("DJ205", summary, at=_location(document, pointer), hint=hint)


def _mappings(pointer: Pointer, document: Coercion) -> list[str]:
    """Return the mappings that may stand at a place instead of a word, as their keys."""
    *around, key = pointer
    alternatives = document.key_alternatives(tuple(around), key) if isinstance(key, str) else ()
    return [
        f"{{{', '.join(f'{each}: …' for each in schema['required'])}}}"
        for schema in alternatives
        if "required" in schema
    ]


def _out_of_range(problem: Any, document: Coercion) -> Iterator[Diagnostic]:
    """Give the limits of a number."""
    low, high = problem.schema.get("minimum"), problem.schema.get("maximum")
    limits = "more than 0" if low is None else f"at least {low}" if high is None else f"from {low} to {high}"
    pointer = _pointer(problem)
    words = f"{path(pointer)} must be {limits}, not {typed(problem.instance)}"
    yield error("DJ204", words, at=_location(document, pointer))


def _wrong_form(problem: Any, document: Coercion) -> Iterator[Diagnostic]:
    """Say of a text what it is not; a number or truth value that the editor lets be an expression is one of those."""
    pointer, schema, text = _pointer(problem), problem.schema, problem.instance
    title = schema.get("title")
    if title is None:
        wanted = type_words([kind for kind in schema["type"] if kind != "string"])
        hint = _WITHOUT_QUOTES if _is_quoted_scalar(text, schema) else _YAML_1_1.get(text.casefold(), "")
        words = f"{path(pointer)} must be {wanted}, not {said(text)}"
        yield error("DJ203", words, at=_location(document, pointer), hint=hint)
        return
    examples = ", ".join(typed(example) for example in schema.get("examples", ()))
    # A key that is refused by propertyNames stands in the instance, not in the path.
    in_key = (*pointer, text) in document.places
    place = _key_location(document, (*pointer, text)) if in_key else _location(document, pointer)
    yield error(
        "DJ206", f"`{text}` is not a valid {title}", at=place, hint=f"for example {examples}" if examples else ""
    )


def _is_quoted_scalar(value: Any, schema: Any) -> bool:
    """Whether this is a text that would have been right without its quotes."""
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    unquoted = tuple(kind for kind in types if kind != "string")
    return isinstance(value, str) and not isinstance(plain_value(value, unquoted), str)


def _empty(problem: Any, document: Coercion) -> Iterator[Diagnostic]:
    """Refuse an empty text, list or mapping where something has to stand."""
    pointer = _pointer(problem)
    allows_nothing = "null" in problem.schema.get("type", ())
    hint = (
        "for a return key write nothing at all after the colon"
        if allows_nothing
        else "write a value, or remove the key"
    )
    yield error("DJ207", f"{path(pointer)} is empty", at=_location(document, pointer), hint=hint)


def _one_of_keys(problem: Any, document: Coercion) -> Iterator[Diagnostic]:
    """Insist on exactly one of the keys."""
    pointer = _pointer(problem)
    words = f"{path(pointer)} must have exactly one of {listed(list(problem.schema['properties']))}"
    yield error("DJ209", words, at=_key_location(document, pointer))


def _excluded(problem: Any, document: Coercion) -> Iterator[Diagnostic]:
    """Say in the schema's own words why a key cannot stand here."""
    pointer = _pointer(problem)
    yield error("DJ209", problem.schema["description"], at=_key_location(document, pointer), hint="remove one of them")


def _needs_beside(problem: Any, document: Coercion) -> Iterator[Diagnostic]:
    """Name the key that another one makes necessary."""
    pointer = _pointer(problem)
    for key, others in problem.validator_value.items():
        for other in others:
            if key in problem.instance and other not in problem.instance:
                place = _key_location(document, (*pointer, key))
                yield error("DJ202", f"`{key}` needs `{other}` beside it", at=place)


def _how_many(problem: Any, document: Coercion) -> Iterator[Diagnostic]:
    """Refuse a list that is too long, or that says the same twice."""
    pointer = _pointer(problem)
    twice = problem.validator == "uniqueItems"
    words = (
        "says the same thing twice"
        if twice
        else f"has {len(problem.instance)} items, {problem.validator_value} are allowed"
    )
    yield error("DJ210", f"{path(pointer)} {words}", at=_location(document, pointer))


def _other(problem: Any, document: Coercion) -> Iterator[Diagnostic]:
    """Anything that the table below does not know; a test keeps this from happening."""
    pointer = _pointer(problem)
    yield error("DJ203", f"{path(pointer)} is not what should stand here", at=_location(document, pointer))


_EXPLANATIONS: Mapping[str, Callable[[Any, Coercion], Iterator[Diagnostic]]] = {
    "additionalProperties": _unknown_keys,
    "required": _missing_keys,
    "type": _wrong_type,
    "enum": _not_a_word,
    "const": _not_a_word,
    "minimum": _out_of_range,
    "maximum": _out_of_range,
    "exclusiveMinimum": _out_of_range,
    "pattern": _wrong_form,
    "minLength": _empty,
    "minItems": _empty,
    "minProperties": _one_of_keys,
    "maxProperties": _one_of_keys,
    "not": _excluded,
    "dependentRequired": _needs_beside,
    "maxItems": _how_many,
    "uniqueItems": _how_many,
}


def _pointer(problem: Any) -> Pointer:
    """Return where in the document a problem is."""
    return tuple(problem.absolute_path)


def _location(document: Coercion, pointer: Pointer) -> Location | None:
    """Return where a value stands, or what is around it for one that the user did not write."""
    place = nearest_place(document.places, pointer)
    return place.value if place else None


def _key_location(document: Coercion, pointer: Pointer) -> Location | None:
    """Return where a value's key stands, or the value itself when it has none."""
    place: Place | None = nearest_place(document.places, pointer)
    return (place.key or place.value) if place else None
