"""A DCMTK command line as a value: options in order with their values, and the parameters; it knows no program's options.

The rules are those of DCMTK's own parser, held against the real programs in the tests:

- an argument is an option when it begins with + or - and a character that is no digit; its name must match exactly, long or short;
- an option takes as many of the following arguments as it has values, whatever they look like;
- of options that exclude one another the last one counts, and one before it is not even looked at;
- an exclusive option (--help, --version) makes the program print something and end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import islice

from dicomjobs.dcmtk.command_file import split_command_file

_LONG_MAX = 2**63 - 1
_UNSIGNED_LONGS = 2**64
_OPTION = re.compile(r"[+-][^0-9]", re.DOTALL)
_SIGNED = re.compile(r"[ \t\n\v\f\r]*([+-]?[0-9]+)")
_UNSIGNED = re.compile(r"[ \t\n\v\f\r]*(\+?[0-9]+)")


class LineRefused(Exception):
    """DCMTK refuses the line; the message is its reason, in its own words."""


class Ends(Enum):
    """What the program does when it meets an option: goes on, or prints something and ends."""

    NEVER = "never"
    AT_ONCE = "at once"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An option that a program has: its names, how many values it takes, and since which version, when it is newer than 3.6.4."""

    long: str
    short: str = ""
    values: int = 0
    ends: Ends = Ends.NEVER
    since: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A DCMTK program: its options and the names of the parameters that it needs at least, the last of which may be repeated."""

    name: str
    options: tuple[Option, ...]
    parameters: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An option as given on a line: its place among the options from 0, its long name and its values."""

    place: int
    option: str
    values: tuple[str, ...]

    @property
    def value(self) -> str:
        """The first value of an option that has one."""
        return self.values[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """A line that the program accepts as far as its form goes; `arguments` is the line after `@file` was replaced."""

    arguments: tuple[str, ...]
    given: tuple[Given, ...]
    parameters: tuple[str, ...]

    def last(self, option: str) -> Given | None:
        """Return the last time an option is given, which is the one that counts; None when it is not."""
        return next((given for given in reversed(self.given) if given.option == option), None)

    def has(self, option: str) -> bool:
        """Say whether an option is given at all."""
        return self.last(option) is not None

    def every(self, option: str) -> tuple[Given, ...]:
        """Return each time an option is given, in order; for the options that add up."""
        return tuple(given for given in self.given if given.option == option)

    def exclusive(self, *options: str) -> tuple[Given, ...]:
        """Return those of options that exclude one another at which DCMTK looks; the last one of them counts.

        It asks for them in the order in which its source names them, `options`, and passes over those that stand before the one it
        has found already: their values and dependencies are not checked.
        """
        found: list[Given] = []
        for option in options:
            last = self.last(option)
            if last is not None and (not found or last.place > found[-1].place):
                found.append(last)
        return tuple(found)

    def winner(self, *options: str) -> str:
        """Return the name of the option that counts among those that exclude one another; empty when none is given."""
        found = self.exclusive(*options)
        return found[-1].option if found else ""


def parse_line(program: Program, arguments: Sequence[str], read_file: Callable[[str], str]) -> CommandLine:
    """Read what follows the program's name; `read_file` gives a command file's text or raises OSError.

    Raises LineRefused with DCMTK's reason, also for an option with which the program only prints something.
    """
    expanded = tuple(_expand(arguments, read_file))
    given, parameters = _split(program, expanded)
    _refuse_what_only_prints(program, expanded, given)
    if len(parameters) < len(program.parameters):
        raise LineRefused(f"Missing parameter {program.parameters[len(parameters)]}")
    return CommandLine(arguments=expanded, given=given, parameters=parameters)


def _expand(arguments: Sequence[str], read_file: Callable[[str], str]) -> Iterator[str]:
    """Replace each `@file` by what the file says."""
    for argument in arguments:
        if len(argument) < 2 or not argument.startswith("@"):
            yield argument
            continue
        try:
            yield from split_command_file(read_file(argument[1:]))
        except OSError:
            raise LineRefused(f"Cannot open command file '{argument[1:]}'") from None


def _split(program: Program, arguments: Sequence[str]) -> tuple[tuple[Given, ...], tuple[str, ...]]:
    """Tell options with their values from parameters."""
    names = {name: option for option in program.options for name in (option.long, option.short) if name}
    given: list[Given] = []
    parameters: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if not _OPTION.match(argument):
            parameters.append(argument)
            continue
        if (option := names.get(argument)) is None:
            raise LineRefused(f"Unknown option {argument}")
        values = tuple(islice(rest, option.values))
        if len(values) < option.values:
            raise LineRefused(f"Missing value for option {option.long}")
        given.append(Given(place=len(given), option=option.long, values=values))
    return tuple(given), tuple(parameters)


def _refuse_what_only_prints(program: Program, arguments: Sequence[str], given: Sequence[Given]) -> None:
    """Refuse a line with which the program prints something and ends."""
    if not arguments:
        raise LineRefused(f"{program.name} without arguments only prints how it is used")
    ending = {option.long for option in program.options if option.ends is Ends.AT_ONCE}
    if only := next((each.option for each in given if each.option in ending), ""):
        raise LineRefused(f"{program.name} {only} only prints something and ends")


def signed_value(given: Given, *, low: int) -> int:
    """Return an option's value as a signed number of at least `low`, digits up to the first other character; raises LineRefused."""
    found = _SIGNED.match(given.value)
    if found is None:
        raise _invalid(given)
    return _in_range(given, max(-_LONG_MAX, min(int(found[1]), _LONG_MAX)), low, _LONG_MAX)


def unsigned_value(given: Given, *, low: int, high: int = _UNSIGNED_LONGS - 1) -> int:
    """Return an option's value as a number from `low` to `high`, digits up to the first other character; raises LineRefused."""
    found = _UNSIGNED.match(given.value)
    if found is None:
        raise _invalid(given)
    return _in_range(given, min(int(found[1]), _UNSIGNED_LONGS - 1), low, high)


def _invalid(given: Given) -> LineRefused:
    """Return DCMTK's sentence for a value that is no number, which leaves out an empty one."""
    what = f" ({given.value})" if given.value else ""
    return LineRefused(f"Invalid value for option {given.option}{what}")


def _in_range(given: Given, number: int, low: int, high: int) -> int:
    """Return a number that is in the range; raises LineRefused."""
    if number < low:
        raise LineRefused(f"Invalid value for option {given.option} (underflow: {given.value})")
    if number > high:
        raise LineRefused(f"Invalid value for option {given.option} (overflow: {given.value})")
    return number


def port_parameter(text: str) -> int:
    """Return a TCP port given as a parameter; a minus sign wraps around, as in C, and overflows. Raises LineRefused."""
    found = _SIGNED.match(text)
    if found is None:
        raise LineRefused(f"Invalid parameter value {text}")
    port = int(found[1])
    if port == 0:
        raise LineRefused(f"Invalid parameter value {text} (underflow)")
    if not 0 < port <= 65_535:
        raise LineRefused(f"Invalid parameter value {text} (overflow)")
    return port


def check_dependence(option: str, base: str, *, holds: bool) -> None:
    """Raise LineRefused unless what an option depends on holds."""
    if not holds:
        raise LineRefused(f"{option} only allowed with {base}")


def check_conflict(option: str, other: str, *, holds: bool) -> None:
    """Raise LineRefused when an option and what it conflicts with are both given."""
    if holds:
        raise LineRefused(f"{option} not allowed with {other}")
