"""The comments with which an imported job file begins: the line it was made from, and what of it has no counterpart."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence

from dicomjobs.dcmtk.command_line import Option, Program

HIDDEN = "..."
_SECRETS = frozenset({"--password", "--use-passwd"})


def origin_comments(program: Program, arguments: Sequence[str]) -> Iterator[str]:
    """Yield the line as it was typed, passwords left out."""
    shown = tuple(_without_secrets(program, arguments))
    yield f"Made by `dicomjobs import {program.name}` from this line:"
    yield "  " + shlex.join([program.name, *shown])
    if shown != tuple(arguments):
        yield "A password that stood on it is not repeated here."


def _without_secrets(program: Program, arguments: Sequence[str]) -> Iterator[str]:
    """Yield the arguments, a hidden one in the place of each password."""
    names = {name: option for option in program.options for name in (option.long, option.short) if name}
    values: list[str] = []
    for argument in arguments:
        if values:
            yield HIDDEN if values.pop() in _SECRETS else argument
            continue
        option = names.get(argument)
        if option is not None:
            values = [option.long] * option.values
        yield argument


def named_as(option: Option) -> str:
    """Return an option's names as the manual page shows them."""
    return f"{option.short}, {option.long}" if option.short else option.long


def unused_comments(program: Program, given: Sequence[str], meanings: Mapping[str, str]) -> Iterator[str]:
    """Yield what was given on the line and has no key here, each with the reason: nothing is dropped in silence."""
    names = {option.long: named_as(option) for option in program.options}
    unused = [option for option in dict.fromkeys(given) if option in meanings]
    if unused:
        yield ""
        yield "Given on the line, and without a key here:"
        yield from (f"  {names[option]}: {meanings[option]}" for option in unused)
