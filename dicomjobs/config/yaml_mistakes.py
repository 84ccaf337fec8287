"""What a YAML parser's refusal means for the person who typed it, in our own words; it knows no schema.

libyaml and the Python parser word the same refusal differently and place it alike: only the table below knows their words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml

from dicomjobs.config.codes import error
from dicomjobs.config.suggest import quoted, shortened
from dicomjobs.diagnostics import Diagnostic, Location


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mistake:
    """Where the parser gave up (0-based), what it was inside of and where that began, and the file's lines."""

    path: str
    lines: tuple[str, ...]
    line: int
    column: int
    outer_line: int
    outer_column: int

    def text(self, line: int, column: int) -> str:
        """Return what is written from a place to the end of its line."""
        return self.lines[line][column:] if 0 <= line < len(self.lines) else ""

    @property
    def here(self) -> str:
        """What is written where the parser gave up."""
        return self.text(self.line, self.column)

    @property
    def before(self) -> str:
        """What is written on the line before the place where the parser gave up."""
        return self.text(self.line, 0)[: self.column]

    def place(self, width: int = 1) -> Location:
        """Return where the parser gave up."""
        return Location(file=self.path, line=self.line + 1, column=self.column + 1, width=max(1, width))

    def outer_place(self, width: int = 1) -> Location:
        """Return where the thing began that the parser was inside of."""
        return Location(file=self.path, line=self.outer_line + 1, column=self.outer_column + 1, width=max(1, width))


def explain_syntax_error(problem: yaml.YAMLError, *, path: str, lines: tuple[str, ...]) -> Diagnostic:
    """Return the diagnostic for what the parser refused."""
    mark: Any = getattr(problem, "problem_mark", None)
    if not isinstance(problem, yaml.MarkedYAMLError) or mark is None:
        return error("DJ105", "this is not YAML", at=None)
    outer: Any = problem.context_mark or mark
    line, column = _inside(lines, mark.line, mark.column)
    mistake = _Mistake(
        path=path, lines=lines, line=line, column=column, outer_line=outer.line, outer_column=outer.column
    )
    words = f"{problem.context or ''}; {problem.problem or ''}"
    explain = next(function for pattern, function in _EXPLANATIONS if re.search(pattern, words))
    return explain(mistake)


def _inside(lines: tuple[str, ...], line: int, column: int) -> tuple[int, int]:
    """Return a place that has a line to quote: the end of the last written line for one at the end of the file."""
    if line < len(lines) and (lines[line] or line + 1 < len(lines)):
        return line, column
    last = max((number for number, text in enumerate(lines) if text.strip()), default=0)
    return last, len(lines[last].rstrip())


def _value_at(mistake: _Mistake, line: int, column: int) -> str:
    """Return the value that begins at a place, up to its end in the list, mapping or line that it stands in."""
    before, text = mistake.text(line, 0)[:column], mistake.text(line, column)
    text = re.split(r"\s#", text, maxsplit=1)[0].rstrip()
    in_flow = before.count("[") + before.count("{") > before.count("]") + before.count("}")
    ends = re.match(r"(\$\{[^}]*\}|[^,\]}])*", text) if in_flow else None
    return ends[0].rstrip() if ends else text


def _put_in_quotes(mistake: _Mistake, line: int, column: int, because: str) -> Diagnostic:
    """Say which value needs quotes and why."""
    value = _value_at(mistake, line, column)
    place = Location(file=mistake.path, line=line + 1, column=column + 1, width=max(1, len(value)))
    return error("DJ106", because, at=place, hint=f"put it in quotes: {quoted(value)}")


def _indicator(mistake: _Mistake) -> Diagnostic:
    """`*.dcm`, `&…`, `!…`: a character that means something else at the start of a value."""
    kinds = {"*": "an alias", "&": "an anchor", "!": "a tag"}
    kind = kinds.get(mistake.text(mistake.outer_line, mistake.outer_column)[:1], "a name")
    return _put_in_quotes(mistake, mistake.outer_line, mistake.outer_column, f"YAML takes this for {kind}")


def _cannot_start(mistake: _Mistake) -> Diagnostic:
    """A tab, or one of the characters that YAML reserves."""
    if mistake.here.startswith("\t"):
        return _tab(mistake)
    character = "a backtick" if mistake.here.startswith("`") else f"`{mistake.here[:1]}`"
    return _put_in_quotes(mistake, mistake.line, mistake.column, f"in YAML no text begins with {character}")


def _tab(mistake: _Mistake) -> Diagnostic:
    """A tab where YAML counts columns."""
    return error("DJ105", "a tab cannot indent in YAML", at=mistake.place(), hint="use spaces")


def _flow(mistake: _Mistake) -> Diagnostic:
    """A list or mapping in brackets that does not go on as it should: often a `${` without quotes."""
    start = re.search(r"[^\s,\[{]*\$$", mistake.before)
    if mistake.here.startswith("{") and start:
        return _put_in_quotes(mistake, mistake.line, start.start(), "inside brackets `{` ends the text before it")
    bracket = mistake.text(mistake.outer_line, mistake.outer_column)[:1]
    closing = {"[": "]", "{": "}"}.get(bracket, "]")
    words = f"a `,` or the `{closing}` of line {mistake.outer_line + 1} is missing here"
    return error("DJ105", words, at=mistake.place(), hint="a text with brackets, commas or colons needs quotes")


def _colon(mistake: _Mistake) -> Diagnostic:
    """A second `: ` in a line, or a key where the line before already had a value."""
    first = re.match(r"\s*(?:- )*(?:\"[^\"]*\"|'[^']*'|[^\s:][^:]*):\s+", mistake.before)
    if first:
        return _put_in_quotes(mistake, mistake.line, first.end(), "a colon and a space inside a text")
    key = mistake.before.strip()
    place = Location(
        file=mistake.path, line=mistake.line + 1, column=mistake.column - len(key) + 1, width=max(1, len(key))
    )
    hint = "the line above may lack the space after its colon, or this one be indented too far"
    return error("DJ105", f"`{shortened(key)}:` cannot begin a mapping here", at=place, hint=hint)


def _no_space(mistake: _Mistake) -> Diagnostic:
    """`{PatientID:}`: between brackets a colon needs something behind it to be one."""
    return error("DJ105", "a space is missing after the colon", at=mistake.place(), hint="write `key: `")


def _never_closed(mistake: _Mistake) -> Diagnostic:
    """A quote without its partner."""
    quote = mistake.text(mistake.outer_line, mistake.outer_column)[:1]
    return error(
        "DJ105", f"the quote {quote} that begins here is never closed", at=mistake.outer_place(), hint=f"add {quote}"
    )


def _escape(mistake: _Mistake) -> Diagnostic:
    """A backslash in double quotes that is no YAML escape, as in a Windows path."""
    column = mistake.before.rfind("\\") if not mistake.here.startswith("\\") else mistake.column
    place = Location(file=mistake.path, line=mistake.line + 1, column=max(0, column) + 1, width=2)
    return error(
        "DJ105", "in double quotes a backslash begins an escape", at=place, hint="use single quotes: 'C:\\data'"
    )


def _no_colon(mistake: _Mistake) -> Diagnostic:
    """A line that is neither `key: value` nor the rest of a text."""
    written = mistake.text(mistake.outer_line, mistake.outer_column).rstrip()
    return error(
        "DJ105", "a key without a colon", at=mistake.outer_place(len(written)), hint=f"write `{shortened(written)}:`"
    )


def _out_of_line(mistake: _Mistake) -> Diagnostic:
    """A line that does not continue what is above it, or text behind a closed quote or bracket."""
    if mistake.here.startswith(":"):
        return error("DJ105", "no key before the colon", at=mistake.place(), hint="write `key: value`")
    if re.search(r"[\"'\]}]\s*$", mistake.before):
        text = mistake.here.rstrip()
        words = "more text after the end of the value"
        return error("DJ105", words, at=mistake.place(len(text)), hint="put the whole value in quotes")
    hint = f"it belongs to what begins in line {mistake.outer_line + 1}, column {mistake.outer_column + 1}, or deeper"
    return error("DJ105", "this line does not line up with those above", at=mistake.place(), hint=hint)


def _cannot_be_value(mistake: _Mistake) -> Diagnostic:
    """`]`, `,`, `- x` or `? x` where a value should be."""
    if not _value_at(mistake, mistake.line, mistake.column):
        return error("DJ105", "a value is missing here", at=mistake.place(), hint='write one, or "" for an empty text')
    if mistake.here.startswith("- "):
        hint = "begin the list on the next line, or put the text in quotes"
        return error("DJ105", "a list cannot begin on the line of its key", at=mistake.place(), hint=hint)
    return _put_in_quotes(mistake, mistake.line, mistake.column, f"in YAML no text begins with `{mistake.here[:1]}`")


def _block(mistake: _Mistake) -> Diagnostic:
    """`|x` or `>20260101`, which YAML takes for the head of a block of text."""
    return _put_in_quotes(
        mistake, mistake.outer_line, mistake.outer_column, "YAML takes this for the start of a block of text"
    )


def _second_document(mistake: _Mistake) -> Diagnostic:
    """Text behind `...`, which ends a document."""
    return error("DJ115", "a second document begins here", at=mistake.place(), hint="put it in a file of its own")


def _other(mistake: _Mistake) -> Diagnostic:
    """Anything else."""
    return error(
        "DJ105", "YAML cannot go on from here", at=mistake.place(), hint="a text with special characters needs quotes"
    )


_EXPLANATIONS: tuple[tuple[str, Callable[[_Mistake], Diagnostic]], ...] = (
    (r"tab character", _tab),
    (r"cannot start any token", _cannot_start),
    (r"unexpected (end of stream|document (indicator|separator))", _never_closed),
    (r"scanning an (alias|anchor)|(scanning|parsing) a tag|tag handle", _indicator),
    (r"unexpected ':'", _no_space),
    (r"quoted scalar", _escape),
    (r"scanning a block scalar", _block),
    (r"flow (sequence|mapping);", _flow),
    (r"mapping values are not allowed", _colon),
    (r"could not find expected ':'", _no_colon),
    (r"node content|(entries|keys) are not allowed", _cannot_be_value),
    (r"document start", _second_document),
    (r"parsing a block (mapping|collection)", _out_of_line),
    (r"", _other),
)
"""The first pattern found in `context; problem` decides."""
