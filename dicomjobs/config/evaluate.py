"""What the expressions of a text come out as, in the place where the text is used; it knows no document."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from typing import assert_never

from dicomjobs.config.expressions import (
    EnvironmentUse,
    Expression,
    Mistake,
    PackageUse,
    ParameterUse,
    Part,
    RowUse,
    TimeUse,
    Written,
    leading_word,
    parse_expression,
    split_text,
)
from dicomjobs.config.moment import Moment
from dicomjobs.config.parameters import MissingParameters, Parameters
from dicomjobs.config.rendering import PLAIN_TEXT, Kind, Usage, render_time
from dicomjobs.config.suggest import nearest

LONGEST_OUTCOME = 32 * 1024
"""Characters; parameters made of parameters would otherwise grow without end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a text came out as; `unresolved` when it depends on a value that nobody gave or that is wrong elsewhere."""

    text: str = ""
    mistakes: tuple[Mistake, ...] = ()
    unresolved: bool = False


UNRESOLVED = Outcome(unresolved=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What expressions can be made from; moment None where time is not known yet (the timezone itself, includes)."""

    parameters: Parameters
    moment: Moment | None
    missing: MissingParameters
    outcomes: dict[tuple[str, Usage], Outcome] = field(default_factory=dict, compare=False)
    """Parameters worked out already: each is, once for each usage, however often it is used."""


def expand_text(text: str, *, usage: Usage, scope: Scope) -> Outcome:
    """Work out every expression of a text."""
    parts, mistakes = split_text(text)
    if mistakes:
        return Outcome(text=text, mistakes=mistakes)
    outcomes = [_part(part, usage, scope) for part in parts]
    found = [m for outcome in outcomes for m in outcome.mistakes]
    if found or any(outcome.unresolved for outcome in outcomes):
        return Outcome(text=text, mistakes=tuple(found), unresolved=True)
    values = [outcome.text for outcome in outcomes]
    if sum(map(len, values)) > LONGEST_OUTCOME:
        words = f"this text comes out longer than {LONGEST_OUTCOME} characters"
        return Outcome(text=text, mistakes=(Mistake(code="DJ414", summary=words, width=len(text)),))
    return Outcome(text="".join(values), mistakes=tuple(_misuses(parts, values, usage)))


def _part(part: Part, usage: Usage, scope: Scope) -> Outcome:
    """Work out one part of a text; a mistake is placed on the whole expression."""
    if isinstance(part, str):
        return Outcome(text=part)
    outcome = _written(part, usage, scope)
    placed = (replace(m, offset=part.offset, width=len(part.source)) for m in outcome.mistakes)
    return replace(outcome, mistakes=tuple(placed))


def _written(part: Written, usage: Usage, scope: Scope) -> Outcome:
    """Work out what is between the braces; the amount of an offset may be an expression itself."""
    if "${" not in part.body:
        expression = parse_expression(part.body)
        if isinstance(expression, Mistake):
            meant = _meant(part.body, scope) if expression.code == "DJ402" else ""
            return _mistaken(replace(expression, hint=meant or expression.hint))
        return _value(part, expression, usage, scope)
    inner = expand_text(part.body, usage=PLAIN_TEXT, scope=scope)
    if inner.unresolved or inner.mistakes:
        return inner
    expression = parse_expression(inner.text)
    if isinstance(expression, TimeUse):
        return _value(part, expression, usage, scope)
    if isinstance(expression, Mistake) and expression.code == "DJ403":
        return _mistaken(expression)
    words = "only the amount of an offset can be an expression itself"
    return _mistaken(Mistake(code="DJ402", summary=words, hint="for example ${today-${days}d}"))


def _mistaken(mistake: Mistake) -> Outcome:
    """Return the outcome of an expression that is wrong."""
    return Outcome(mistakes=(mistake,), unresolved=True)


def _value(part: Written, expression: Expression, usage: Usage, scope: Scope) -> Outcome:
    """Work out one expression."""
    match expression:
        case ParameterUse():
            return _parameter(part, expression.name, usage, scope)
        case TimeUse():
            return _time(part, expression, usage, scope)
        case EnvironmentUse():
            return _environment(expression.variable, scope)
        case PackageUse():
            return _package(expression.package)
        case RowUse() if usage.rows:
            return Outcome(text=f"${{row.{expression.column}}}")  # filled in for each row, once the table was read
        case RowUse():
            words = "a column of a for_each table can only stand under the keys of a query"
            return _mistaken(Mistake(code="DJ402", summary=words, hint="declare a parameter and give it with --set"))
        case _:
            assert_never(expression)


def _parameter(part: Written, name: str, usage: Usage, scope: Scope) -> Outcome:
    """Return the value of a parameter, its own expressions worked out for this place; what is wrong in it is told where it stands."""
    parameter = scope.parameters.get(name)
    if parameter is None:
        return _mistaken(_no_such_name(part, scope))
    if not parameter.known:
        return UNRESOLVED
    inner = usage if usage.kind is Kind.ATTRIBUTE else PLAIN_TEXT
    if (name, inner) not in scope.outcomes:
        outcome = expand_text(parameter.value, usage=inner, scope=scope)
        scope.outcomes[name, inner] = UNRESOLVED if outcome.unresolved or outcome.mistakes else outcome
    return scope.outcomes[name, inner]


def _meant(body: str, scope: Scope) -> str:
    """Offer the expression that was probably meant, its first word or all of it misspelt; "" when there is none."""
    names = (*scope.parameters, "today", "now")
    first = leading_word(body)
    candidates = [f"{nearest(first, names)}{body.removeprefix(first)}", nearest(body, names) or ""]
    meant = (
        text for text in candidates if leading_word(text) in names and not isinstance(parse_expression(text), Mistake)
    )
    return next((f"did you mean `${{{text}}}`?" for text in meant if not body.startswith("row.")), "")


def _no_such_name(part: Written, scope: Scope) -> Mistake:
    """Say that an expression names nothing, and what was probably meant."""
    hint = _meant(part.body, scope) or f"declare it: parameters: {{{part.body}: null}}"
    return Mistake(code="DJ402", summary=f"there is no parameter `{part.body}`", hint=hint)


def _time(part: Written, time: TimeUse, usage: Usage, scope: Scope) -> Outcome:
    """Write today or now, moved by its offsets, in the form of the place."""
    if scope.moment is None:
        words = f"`{part.source}` cannot stand here: the time is not known yet when this is read"
        return _mistaken(Mistake(code="DJ415", summary=words))
    try:
        moment = scope.moment.shifted(time.shifts)
    except OverflowError:
        return _mistaken(Mistake(code="DJ403", summary=f"`{part.source}` leads out of the calendar"))
    start = moment.midnight() if time.word == "today" else moment
    return Outcome(text=render_time(time.word, start, form=time.format, usage=usage))


def _environment(variable: str, scope: Scope) -> Outcome:
    """Read an environment variable; one that is not set is like a parameter that was not given."""
    value = os.environ.get(variable)
    if value is not None:
        return Outcome(text=value)
    if scope.missing is MissingParameters.TOLERATE:
        return UNRESOLVED
    words = f"the environment variable `{variable}` is not set"
    return _mistaken(
        Mistake(code="DJ409", summary=words, hint=f"export {variable}=… before running, or use a parameter")
    )


def _package(name: str) -> Outcome:
    """Find the folder of an installed package."""
    folder = package_folder(name)
    if folder is not None:
        return Outcome(text=folder)
    words = f"no Python package `{name}` is installed beside dicomjobs"
    return _mistaken(Mistake(code="DJ410", summary=words, hint="check its name, as it is imported, or install it"))


def package_folder(name: str) -> str | None:
    """Return the folder of an installed package without importing it or its parents, None when there is none."""
    if not all(part.isidentifier() for part in name.split(".")):
        return None
    folders: list[str] | None = None
    for full_name in accumulate(name.split("."), "{}.{}".format):
        specs = (finder.find_spec(full_name, folders) for finder in sys.meta_path)
        spec = next((spec for spec in specs if spec is not None), None)
        if spec is None or not spec.submodule_search_locations:
            return None
        folders = list(spec.submodule_search_locations)
    return str(Path(folders[0]).absolute()) if folders else None


def _misuses(parts: tuple[Part, ...], values: list[str], usage: Usage) -> Iterator[Mistake]:
    """Yield what an expression may not come out as in its place: nothing under keys, other folders inside a path."""
    written = [(part, value) for part, value in zip(parts, values, strict=True) if isinstance(part, Written)]
    match usage.kind:
        case Kind.ATTRIBUTE:
            yield from (_misuse(part, *_EMPTY) for part, value in written if not value)
        case Kind.PATH if len(parts) > 1:
            yield from _path_misuses(parts, values)
        case _:
            return


_EMPTY = ("DJ407", "comes out empty, and an empty key matches everything", "give it a value, or leave the key out")


def _misuse(part: Written, code: str, words: str, hint: str) -> Mistake:
    """Place a mistake on one expression."""
    return Mistake(code=code, summary=f"`{part.source}` {words}", hint=hint, offset=part.offset, width=len(part.source))


def _path_misuses(parts: tuple[Part, ...], values: list[str]) -> Iterator[Mistake]:
    """Inside a path a value is one component and never leads up; only at its very beginning may it be an absolute path."""
    before = ""
    for place, (part, value) in enumerate(zip(parts, values, strict=True)):
        after = values[place + 1] if place + 1 < len(values) else ""
        if isinstance(part, Written) and not (place == 0 and _is_root(value)):
            component = before.rpartition("/")[2] + value + after.partition("/")[0]
            if "/" in value or "\0" in value:
                hint = "inside a path an expression stands for one name; write the slashes outside of it"
                yield _misuse(
                    part, "DJ408", f"comes out as `{value}`, which is more than one component of a path", hint
                )
            elif component in {"", ".", ".."}:
                yield _misuse(part, "DJ408", f"makes the component `{component}` of a path", "give it a name")
        before += value


def _is_root(value: str) -> bool:
    """Say whether a value can begin a path: absolute, and without a component that leads up."""
    return value.startswith("/") and ".." not in value.split("/")
