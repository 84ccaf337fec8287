"""The events of a YAML parser, gated and built into a tree of texts; it knows no schema, and nothing ever loads an object.

Every limit is checked as an event arrives, before anything is built from it: an alias counts as all that it stands for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import yaml

from dicomjobs.config.codes import error
from dicomjobs.config.nodes import Entry, Mapping, Node, Scalar, Sequence
from dicomjobs.config.yaml_mistakes import explain_syntax_error
from dicomjobs.config.yaml_traps import (
    Source,
    dangling_alias,
    escape_problems,
    has_escape,
    refused_tag,
    swallowed_text,
    torn_tag,
)
from dicomjobs.diagnostics import Diagnostic, Diagnostics, Location

DEEPEST = 32
"""Mappings and sequences inside each other."""
MOST_ALIASES = 50
MOST_NODES = 10_000
"""Keys and values, those behind an alias counted each time."""
LONGEST_SCALAR = 4096
"""Characters."""

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_BEGIN = "a job file begins with `dicomjobs: 1`"
_DIRECTIVE = re.compile("^%.*", re.MULTILINE)


class _TooMuch(Exception):
    """A limit was passed: nothing more of this file is looked at."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        """Keep what to say about it."""
        super().__init__(diagnostic.summary)
        self.diagnostic = diagnostic


@dataclass(frozen=True, slots=True, kw_only=True)
class _Anchored:
    """What an anchor stands for: its tree, how many nodes that has and how deep it is."""

    node: Node
    nodes: int
    height: int


def read_tree(text: str, *, path: str, lines: tuple[str, ...]) -> tuple[Mapping | None, Diagnostics]:
    """Return the root mapping of a one-document text; None when it is no YAML or passes a limit; raises nothing."""
    if directive := _DIRECTIVE.search(text):
        place = Location(file=path, line=text.count("\n", 0, directive.start()) + 1, column=1, width=len(directive[0]))
        return None, (error("DJ105", "YAML directives are not used here", at=place, hint="remove the line"),)
    builder = _TreeBuilder(Source(path=path, text=text, lines=lines))
    try:
        root = builder.document()
    except _TooMuch as stop:
        return None, (*builder.found, stop.diagnostic)
    except yaml.YAMLError as problem:
        return None, (*builder.found, explain_syntax_error(problem, path=path, lines=lines))
    return root, tuple(builder.found)


class _TreeBuilder:
    """Turns the events of one document into nodes and notes what is wrong with them."""

    def __init__(self, source: Source) -> None:
        self.found: list[Diagnostic] = []
        self._source = source
        self._events: Iterator[Any] = yaml.parse(source.text, Loader=LOADER)
        self._anchors: dict[str, _Anchored] = {}
        self._open_anchors: set[str] = set()
        self._aliases = self._nodes = 0
        self._torn = False
        self._escaped: dict[Location, str] = {}

    def document(self) -> Mapping | None:
        """Build the one document, and say so when there is none, or another one behind it."""
        next(self._events)  # the start of the stream
        start = next(self._events)
        if isinstance(start, yaml.StreamEndEvent):
            self._report("DJ119", "the file is empty", self._source.place(start), _BEGIN)
            return None
        root, _ = self._node(next(self._events), 1)
        next(self._events)  # the end of the document
        behind = next(self._events)
        if not isinstance(behind, yaml.StreamEndEvent):
            place = self._source.place(behind, 3)
            self._report("DJ115", "a second document begins here", place, "put it in a file of its own")
        self.found.extend(escape_problems(root, self._escaped))
        return self._root_mapping(root)

    def _root_mapping(self, root: Node) -> Mapping | None:
        """Insist on a mapping."""
        match root:
            case Mapping():
                return root
            case Sequence():
                self._report("DJ119", "the file is a list, not keys and values", root.location, _BEGIN)
            case Scalar(text=""):
                self._report("DJ119", "the file is empty", root.location, _BEGIN)
            case Scalar():
                self._report("DJ119", "the file is a text, not keys and values", root.location, _BEGIN)
        return None

    def _node(self, event: Any, depth: int) -> tuple[Node, int]:
        """Build what begins with this event; return it with its height, 0 for a scalar."""
        if isinstance(event, yaml.AliasEvent):
            return self._aliased(event, depth)
        self._count(1, event)
        if event.tag is not None:
            self.found.append(refused_tag(event, self._source))
        if event.anchor is None:
            return self._untagged(event, depth)
        before = self._nodes
        self._open_anchors.add(event.anchor)
        node, height = self._untagged(event, depth)
        self._open_anchors.discard(event.anchor)
        self._anchors[event.anchor] = _Anchored(node=node, nodes=self._nodes - before + 1, height=height)
        return node, height

    def _untagged(self, event: Any, depth: int) -> tuple[Node, int]:
        """Build a scalar, a mapping or a sequence, whatever its tag and anchor."""
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event), 0
        self._check_depth(depth, event)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(event, depth)
        return self._mapping(event, depth)

    def _aliased(self, event: Any, depth: int) -> tuple[Node, int]:
        """Return what an alias stands for, which counts as if it were written out."""
        self._aliases += 1
        if self._aliases > MOST_ALIASES:
            self._stop("DJ108", f"more than {MOST_ALIASES} aliases", event)
        target = self._anchors.get(event.anchor)
        if event.anchor in self._open_anchors or target is None:
            words = "lies inside itself" if event.anchor in self._open_anchors else "leads nowhere"
            self.found.append(dangling_alias(event, self._source, words=words))
            # What stands in for it is marked so that nobody looks at it any further.
            place = self._source.place(event)
            return Scalar(text=f"*{event.anchor}", plain=True, location=place, unresolved=True), 0
        self._count(target.nodes, event)
        self._check_depth(depth + target.height - 1, event)
        return target.node, target.height

    def _sequence(self, event: Any, depth: int) -> tuple[Sequence, int]:
        """Build the items up to the sequence's end."""
        items: list[Node] = []
        deepest = 0
        while not isinstance(item := next(self._events), yaml.SequenceEndEvent):
            torn = event.flow_style and self._is_torn(item)
            node, height = self._node(item, depth + 1)
            deepest = max(deepest, height)
            if not torn:
                items.append(node)
        return Sequence(items=tuple(items), location=self._source.place(event)), deepest + 1

    def _mapping(self, event: Any, depth: int) -> tuple[Mapping, int]:
        """Build the entries up to the mapping's end, the first of those with the same key."""
        entries: dict[str, Entry] = {}
        deepest = 0
        while not isinstance(key_event := next(self._events), yaml.MappingEndEvent):
            torn = event.flow_style and self._is_torn(key_event)
            key = self._key(key_event, depth, entries)
            node, height = self._node(next(self._events), depth + 1)
            deepest = max(deepest, height)
            if key is not None and not torn:
                entries[key.text] = Entry(key=key, value=node)
        return Mapping(entries=tuple(entries.values()), location=self._source.place(event)), deepest + 1

    def _key(self, event: Any, depth: int, entries: dict[str, Entry]) -> Scalar | None:
        """Return a key, None for one that is refused and reported."""
        if not isinstance(event, yaml.ScalarEvent):
            if not isinstance(event, yaml.AliasEvent):
                self._node(event, depth + 1)
            self._report("DJ114", "a key must be text", self._source.span(event), "put it in quotes")
            return None
        node, _ = self._node(event, depth + 1)
        assert isinstance(node, Scalar)
        place = node.location
        if node.unresolved:
            return None
        if not node.text.isprintable() or not node.text:
            self._report("DJ114", "a key must be text on one line", place, "write a word before the colon")
        elif node.text == "<<" and node.plain:
            self._report("DJ112", "merge keys are not used here", place, "write the keys out, or use `include:`")
        elif node.text in entries:
            first = entries[node.text].key.location.line
            words = f"`{node.text}` is given twice: first in line {first}, again in line {place.line}"
            self._report("DJ113", words, place, "keep one of them")
        else:
            return node
        return None

    def _scalar(self, event: Any) -> Scalar:
        """Take a scalar as typed; one that is refused is marked so that nobody looks at it any further."""
        place = self._source.span(event)
        before = len(self.found)
        if len(event.value) > LONGEST_SCALAR:
            self._report("DJ116", f"a text of more than {LONGEST_SCALAR} characters", self._source.place(event), "")
        elif not event.value and event.style not in {'"', "'"} and (problem := swallowed_text(event, self._source)):
            self.found.append(problem)
        if has_escape(event, self._source):
            self._escaped[place] = event.value
        refused = event.tag is not None or len(self.found) > before
        return Scalar(text=event.value, plain=not event.style, location=place, unresolved=refused)

    def _is_torn(self, event: Any) -> bool:
        """Whether this is a half of a (gggg,eeee) that a comma tore apart; the first half is reported."""
        second, self._torn = self._torn, False
        if not isinstance(event, yaml.ScalarEvent):
            return False
        if second and event.value.endswith(")"):
            return True
        if problem := torn_tag(event, self._source):
            self.found.append(problem)
            self._torn = True
        return self._torn

    def _count(self, nodes: int, event: Any) -> None:
        """Count nodes and stop when there are too many."""
        self._nodes += nodes
        if self._nodes > MOST_NODES:
            self._stop("DJ109", f"more than {MOST_NODES} keys and values", event)

    def _check_depth(self, depth: int, event: Any) -> None:
        """Stop when mappings and sequences lie too deep in each other."""
        if depth > DEEPEST:
            self._stop("DJ107", f"nested more than {DEEPEST} deep", event)

    def _report(self, code: str, summary: str, place: Location, hint: str) -> None:
        """Note an error and go on."""
        self.found.append(error(code, summary, at=place, hint=hint))

    def _stop(self, code: str, summary: str, event: Any) -> NoReturn:
        """Give up on the file."""
        raise _TooMuch(error(code, summary, at=self._source.place(event)))
