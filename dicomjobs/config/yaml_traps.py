"""Values that YAML reads as something else than what was typed, told from parser events; it knows no schema and builds nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dicomjobs.config import nodes
from dicomjobs.config.codes import error
from dicomjobs.config.suggest import quoted, shortened
from dicomjobs.diagnostics import Diagnostic, Location

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_COMMENT = re.compile(r"[ \t]*(?P<text>#[^\s#].*)")
_TAG = re.compile(r"!\S*")
_TORN = re.compile(r"\([^)\n]*\)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The text that is being read: its path, all of it, and its lines."""

    path: str
    text: str
    lines: tuple[str, ...]

    def place(self, event: Any, width: int = 1) -> Location:
        """Return where an event begins."""
        mark = event.start_mark
        return Location(file=self.path, line=mark.line + 1, column=mark.column + 1, width=max(1, width))

    def span(self, event: Any) -> Location:
        """Return where an event begins, as wide as it is when it ends on the same line."""
        start, end = event.start_mark, event.end_mark
        return self.place(event, end.column - start.column if end.line == start.line else 1)


def swallowed_text(event: Any, source: Source) -> Diagnostic | None:
    """Refuse an empty scalar that was typed as `#123`, `&123` or `|`: it would load as nothing and match everything."""
    line = source.lines[event.start_mark.line] if event.start_mark.line < len(source.lines) else ""
    if event.anchor is not None:
        written = f"&{event.anchor}"
        return error(
            "DJ117", f"YAML takes `{shortened(written)}` for an anchor", at=source.span(event), hint=_type(written)
        )
    if event.style:
        words = f"YAML takes `{event.style}` for the start of a block of text, which is empty"
        hint = f"{_type(line[event.start_mark.column :])}, or indent the lines that follow"
        return error("DJ117", words, at=source.place(event), hint=hint)
    comment = _COMMENT.fullmatch(line, event.end_mark.column)
    if comment is None or event.tag is not None:
        return None
    written = comment["text"].rstrip()
    column = comment.start("text") + 1
    place = Location(file=source.path, line=event.start_mark.line + 1, column=column, width=len(written))
    hint = f"{_type(written)}, or put a space after the # of a comment"
    return error("DJ117", f"YAML takes `{shortened(written)}` for a comment", at=place, hint=hint)


def refused_tag(event: Any, source: Source) -> Diagnostic:
    """Refuse a tag: everything is the text that was typed."""
    start = event.start_mark.index
    match = _TAG.search(source.text, start, start + 200)
    written = match[0].rstrip(",]}") if match else "!"
    place = source.place(event, len(written))
    return error("DJ111", f"YAML takes `{shortened(written)}` for a tag", at=place, hint=_type(written))


def dangling_alias(event: Any, source: Source, *, words: str) -> Diagnostic:
    """Refuse an alias of nothing, or one inside of what it stands for."""
    written = f"*{event.anchor}"
    return error(
        "DJ110",
        f"the YAML alias `{shortened(written)}` {words}",
        at=source.place(event, len(written)),
        hint=_type(written),
    )


def torn_tag(event: Any, source: Source) -> Diagnostic | None:
    """Refuse the first half of a (gggg,eeee) that was typed without quotes between brackets, where a comma separates."""
    if event.style or not event.value.startswith("(") or ")" in event.value:
        return None
    match = _TORN.match(source.text, event.start_mark.index, event.start_mark.index + 80)
    written = match[0] if match else event.value
    words = f"between brackets the comma ends `{shortened(event.value)}`"
    return error("DJ106", words, at=source.place(event, len(written)), hint=f"put it in quotes: {quoted(written)}")


def has_escape(event: Any, source: Source) -> bool:
    """Whether a double-quoted scalar was typed with a backslash."""
    return event.style == '"' and "\\" in source.text[event.start_mark.index : event.end_mark.index]


def escape_problems(root: nodes.Node, escaped: Mapping[Location, str]) -> Iterator[Diagnostic]:
    r"""Refuse escapes in what is matched (`"CT\PT"` holds a paragraph separator), elsewhere those for what cannot be seen."""
    under_keys = {scalar.location for scalar in _scalars_under_keys(root, under=False)} if escaped else set()
    for place, text in escaped.items():
        if place in under_keys:
            hint = "write single quotes, or a list for several values: [CT, PT]"
            yield error("DJ118", "a backslash in double quotes is an escape in YAML", at=place, hint=hint)
        elif found := _INVISIBLE.search(text):
            words = f"the escape stands for U+{ord(found[0]):04X}, which cannot be seen"
            yield error("DJ104", words, at=place, hint="in single quotes a backslash is only a backslash")


def _scalars_under_keys(node: nodes.Node, *, under: bool) -> Iterator[nodes.Scalar]:
    """Yield every scalar below a key called `keys`."""
    match node:
        case nodes.Scalar():
            if under:
                yield node
        case nodes.Sequence(items=items):
            for item in items:
                yield from _scalars_under_keys(item, under=under)
        case nodes.Mapping(entries=entries):
            for entry in entries:
                if under:
                    yield entry.key
                yield from _scalars_under_keys(entry.value, under=under or entry.key.text == "keys")


def _type(written: str) -> str:
    """Say how to type this as text."""
    return f"for a text write {quoted(written)}"
