"""The grammar of `${…}`: a text taken apart into what stays and what is to be worked out.

It knows the words of the language and none of their values; `parameters.py` works them out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dicomjobs.config.moment import Shift

RESERVED = ("today", "now", "env", "package", "row")
"""Words of the language, which no parameter may be named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One `${…}` as written: what is between the braces, and where in its text it begins."""

    body: str
    offset: int

    @property
    def source(self) -> str:
        """The expression as the user typed it."""
        return f"${{{self.body}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterUse:
    """`${name}`."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeUse:
    """`${today-7d}` or `${now:%H%M}`; format "" is the default of the place where it stands."""

    word: str
    shifts: tuple[Shift, ...]
    format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentUse:
    """`${env:NAME}`."""

    variable: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageUse:
    """`${package:NAME}`: the folder of an installed Python package."""

    package: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowUse:
    """`${row.COLUMN}`: a cell of the row that a job is asked for."""

    column: str


Expression = ParameterUse | TimeUse | EnvironmentUse | PackageUse | RowUse


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """What is wrong with an expression; `offset` and `width` are characters of the text it stands in."""

    code: str
    summary: str
    hint: str = ""
    offset: int = 0
    width: int = 1


Part = str | Written

_PIECE = re.compile(
    r"(?P<escaped>\$\$\{)"
    r"|\$\{(?P<body>(?:[^{}]|\$\{[^{}]*\})*)\}"  # one expression inside another: ${today-${days}d}
    r"|(?P<open>\$\{)"
)
_TIME = re.compile(r"(?P<word>today|now) *(?P<shifts>(?:[+-][^+:-]*)*)(?::(?P<format>.*))?", re.DOTALL)
_SHIFT = re.compile(r"(?P<amount>[+-] ?[0-9]{1,6}) ?(?P<unit>[A-Za-z]*) ?")
_DIRECTIVE = re.compile(r"%(?P<directive>.?)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def has_expression(text: str) -> bool:
    """Say whether a text has anything for this module in it."""
    return "${" in text


def split_text(text: str) -> tuple[tuple[Part, ...], tuple[Mistake, ...]]:
    """Take a text apart into literal texts and expressions; `$${` is a literal `${`."""
    parts: list[Part] = []
    mistakes: list[Mistake] = []
    end = 0
    for piece in _PIECE.finditer(text):
        parts.append(text[end : piece.start()])
        end = piece.end()
        if piece["escaped"]:
            parts.append("${")
        elif piece["open"]:
            mistakes.append(_unterminated(text, piece.start()))
        else:
            parts.append(Written(body=piece["body"].strip(), offset=piece.start()))
    parts.append(text[end:])
    return tuple(part for part in parts if part), tuple(mistakes)


def _unterminated(text: str, offset: int) -> Mistake:
    """Say that a `${` has no brace that closes it."""
    return Mistake(
        code="DJ401",
        summary="`${` without the `}` that ends it",
        hint="close it, or write `$${` where the text really has `${`",
        offset=offset,
        width=len(text) - offset,
    )


def parse_expression(body: str) -> Expression | Mistake:
    """Say what the text between the braces means."""
    if time := _TIME.fullmatch(body):
        return _time(time)
    kind, colon, name = body.partition(":")
    if colon and kind.strip() in {"env", "package"} and name.strip():
        named = name.strip()
        return EnvironmentUse(variable=named) if kind.strip() == "env" else PackageUse(package=named)
    if body.startswith("row.") and body[4:].strip():
        return RowUse(column=body[4:].strip())
    if _NAME.fullmatch(body):
        return ParameterUse(name=body)
    return Mistake(code="DJ402", summary=f"`${{{body}}}` is no expression", hint=HOW_TO_WRITE)


HOW_TO_WRITE = (
    "write a parameter's name, today or now (today-7d, now-2h, now:%Y%m%dT%H%M), env:NAME, package:NAME or row.COLUMN"
)


def leading_word(body: str) -> str:
    """Return the word that an expression begins with, "" when it begins with none."""
    match = _NAME.match(body)
    return match[0] if match else ""


def _time(time: re.Match[str]) -> TimeUse | Mistake:
    """Read the offsets and the format of a time expression."""
    word, written = time["word"], time["shifts"].strip()
    shifts: list[Shift] = []
    while written:
        found = _SHIFT.match(written)
        problem = _shift_problem(word, written, found)
        if problem or found is None:
            return Mistake(code="DJ403", summary=problem, hint=_shift_hint(word, found))
        shifts.append(Shift(amount=int(found["amount"].replace(" ", "")), unit=found["unit"]))
        written = written[found.end() :]
    return _with_format(TimeUse(word=word, shifts=tuple(shifts), format=time["format"] or ""), time["format"])


def _shift_problem(word: str, written: str, found: re.Match[str] | None) -> str:
    """Say what is wrong with an offset, "" when nothing is."""
    allowed = "dw" if word == "today" else "smhdw"
    if found is None:
        return f"`{written}` is no offset of time"
    if not found["unit"]:
        return f"the offset `{found[0].strip()}` has no unit"
    if found["unit"] not in set(allowed):
        spelled = "d (days) or w (weeks)" if word == "today" else "s, m (minutes), h, d or w"
        return f"`{word}` is moved by {spelled}, not by `{found['unit']}`"
    return ""


_DAYS = {"m": 30, "y": 365}
"""What people mean who move a date by months or years, which have no length of their own."""


def _shift_hint(word: str, found: re.Match[str] | None) -> str:
    """Say how to write an offset."""
    if found is None:
        return f"for example `{word}-7d`, `{word}+1w`"
    amount, unit = int(found["amount"].replace(" ", "")), found["unit"][:1].lower()
    if unit in _DAYS:
        return f"write `{word}{amount * _DAYS[unit]:+}d`"
    return f"write `{word}{amount:+}{unit if unit in {'d', 'w', 's'} else 'd' if word == 'today' else 'h'}`"


def _with_format(time: TimeUse, written: str | None) -> TimeUse | Mistake:
    """Refuse a format that would not print a time."""
    if written is None:
        return time
    unknown = [d["directive"] for d in _DIRECTIVE.finditer(written) if d["directive"] not in _DIRECTIVES]
    if not unknown and "%" in written:
        return time
    words = f"`%{unknown[0]}` is no part of a time" if unknown else f"`{written}` has no % in it"
    return Mistake(
        code="DJ403", summary=f"the format of `{time.word}`: {words}", hint="for example `now:%Y%m%dT%H%M%S`"
    )


_DIRECTIVES = frozenset("YmdHMSfjyBbAaIpuVGUWzZ%")
