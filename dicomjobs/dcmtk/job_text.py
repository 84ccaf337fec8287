"""A job file as text, with comments: mappings, lists and texts that YAML gives back as they were; it knows no key of the language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./+-]*|[0-9]+(?:\.[0-9]+){2,}|[0-9]+[smhd]")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"})
_COMMENT_WIDTH = 100
_LINE_WIDTH = 110


class NotWritable(Exception):
    """A text that no YAML file can hold as it is: a control character, or a name that is not UTF-8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A key and its value; `note` becomes a comment, on the line itself where there is room."""

    key: str
    value: Value
    note: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A mapping, a key a line."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """A mapping on one line."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list, an item a line; each item is a text or a mapping on one line."""

    values: tuple[str | Flow, ...]


@dataclass(frozen=True, slots=True)
class Nothing:
    """No value behind the colon."""


Value = str | int | bool | Block | Flow | Items | Nothing
"""What a key can have; a text is written so that it is read as that text, expressions and all."""


def literal(text: str) -> str:
    """Return a text in which `${` means nothing but itself."""
    return text.replace("${", "$${")


def secret(variable: str) -> Flow:
    """Return the reference to a secret that is in an environment variable."""
    return Flow((Entry(key="env", value=variable),))


def render(comments: Sequence[str], document: Block) -> str:
    """Return a document below its opening comments, one paragraph each; raises NotWritable."""
    head = [line for comment in comments for line in _comment(comment, "")]
    return "\n".join([*head, *_block(document, "")]) + "\n"


def _block(block: Block, indent: str) -> Iterator[str]:
    """Yield the lines of a mapping; the sections of a document have a blank line before them."""
    for entry in block.entries:
        if not indent and isinstance(entry.value, Block):
            yield ""
        yield from _entry(entry, indent)


def _entry(entry: Entry, indent: str) -> Iterator[str]:
    """Yield the lines of one key."""
    inner = indent + "  "
    match entry.value:
        case Block():
            yield from _with_note(f"{indent}{entry.key}:", entry.note, indent)
            yield from _block(entry.value, inner)
        case Items():
            yield from _with_note(f"{indent}{entry.key}:", entry.note, indent)
            yield from (f"{inner}- {_inline(value)}" for value in entry.value.values)
        case Nothing():
            yield from _with_note(f"{indent}{entry.key}:", entry.note, indent)
        case str() | int() | Flow():
            yield from _with_note(f"{indent}{entry.key}: {_inline(entry.value)}", entry.note, indent)


def _with_note(line: str, note: str, indent: str) -> Iterator[str]:
    """Yield a line with its comment, beside it or above it."""
    beside = f"{line}  # {visible(note)}"
    if note and len(beside) > _LINE_WIDTH:
        yield from _comment(note, indent)
    yield beside if note and len(beside) <= _LINE_WIDTH else line


def _comment(text: str, indent: str) -> list[str]:
    """Return a comment's lines; what begins with a blank is kept as it is."""
    if text[:1] in {" ", ""}:
        return [f"{indent}# {visible(text)}".rstrip()]
    lines = wrap(visible(text), _COMMENT_WIDTH, break_long_words=False, break_on_hyphens=False)
    return [f"{indent}# {line}" for line in lines]


def visible(text: str) -> str:
    """Return a text that a comment can hold: what cannot be printed stands there as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def _inline(value: str | int | Flow) -> str:
    """Return a value on one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return scalar(value)
        case Flow():
            return "{" + ", ".join(f"{entry.key}: {_flow_value(entry.value)}" for entry in value.entries) + "}"


def _flow_value(value: Value) -> str:
    """Return a value inside a mapping on one line."""
    if isinstance(value, Items):
        return "[" + ", ".join(map(_inline, value.values)) + "]"
    assert not isinstance(value, Block)
    return "" if isinstance(value, Nothing) else _inline(value)


def scalar(text: str) -> str:
    """Return a text, in quotes unless it needs none; raises NotWritable."""
    if unprintable := next((c for c in text if not c.isprintable()), ""):
        name = unprintable.encode("unicode_escape", "surrogatepass").decode()
        raise NotWritable(f"{visible(text)!r} has a character that YAML cannot hold: {name}")
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return "'" + text.replace("'", "''") + "'"
