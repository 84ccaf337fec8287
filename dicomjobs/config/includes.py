"""A job file with everything it includes, merged into one tree whose nodes keep their own file, line and column.

It knows which mappings hold one of several alternatives, and nothing else of what the keys mean.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from dicomjobs.config.codes import error
from dicomjobs.config.documents import Document, read_document
from dicomjobs.config.evaluate import Scope, expand_text
from dicomjobs.config.expand import inside
from dicomjobs.config.nodes import Entry, Mapping, Node, Scalar, Sequence
from dicomjobs.config.parameters import MissingParameters, section_of
from dicomjobs.config.rendering import PATH
from dicomjobs.config.suggest import nearest
from dicomjobs.diagnostics import Diagnostic, Diagnostics


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The merged tree, None when a file could not be read, and every file that was."""

    root: Mapping | None
    documents: tuple[Document, ...]
    declared_jobs: tuple[str, ...]
    """Names of the jobs that the first file itself declares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What has been read so far, by absolute path; a file that two others include is read once."""

    documents: dict[str, Document] = field(default_factory=dict)
    trees: dict[str, Mapping | None] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def read_sources(file: str) -> tuple[Sources, Diagnostics]:
    """Read a job file and what it includes, and merge them: later includes win over earlier ones, the including file over all."""
    reading = _Reading()
    root = _read(file, (), reading)
    own = reading.documents.get(_absolute(file))
    jobs = section_of(own.root, "jobs") if own else None
    sources = Sources(
        root=root,
        documents=tuple(reading.documents.values()),
        declared_jobs=tuple(e.key.text for e in jobs.entries) if isinstance(jobs, Mapping) else (),
    )
    return sources, tuple(reading.diagnostics)


def _read(path: str, trail: tuple[str, ...], reading: _Reading) -> Mapping | None:
    """Read one file with what it includes; `trail` are the files whose includes led here."""
    absolute = _absolute(path)
    if absolute not in reading.trees:
        document, diagnostics = read_document(path)
        reading.diagnostics.extend(diagnostics)
        if document is not None:
            reading.documents[absolute] = document
        reading.trees[absolute] = _with_includes(document, (*trail, absolute), reading) if document else None
    return reading.trees[absolute]


def _absolute(path: str) -> str:
    """Return a path in the one spelling by which a file is known here."""
    return os.path.normpath(Path(path).absolute())


def _with_includes(document: Document, trail: tuple[str, ...], reading: _Reading) -> Mapping | None:
    """Lay a document over the files it includes."""
    trees = [_included(written, document, trail, reading) for written in _written_includes(document, reading)]
    if any(tree is None for tree in trees):
        return None
    merged: Node = Mapping(entries=(), location=document.root.location)
    for tree in trees:
        assert tree is not None
        merged = merge(merged, _without(tree, {"dicomjobs"}), ())
    merged = merge(merged, _without(document.root, {"include"}), ())
    assert isinstance(merged, Mapping)
    return merged


def _without(mapping: Mapping, keys: set[str]) -> Mapping:
    """Return a mapping without some of its keys."""
    return replace(mapping, entries=tuple(e for e in mapping.entries if e.key.text not in keys))


def _written_includes(document: Document, reading: _Reading) -> Iterator[Scalar]:
    """Yield the entries of `include`, a list of paths."""
    node = section_of(document.root, "include")
    if node is not None and not isinstance(node, Sequence):
        _refuse_include(node, reading)
        return
    for item in node.items if node else ():
        if isinstance(item, Scalar) and item.text:
            yield item
        else:
            _refuse_include(item, reading)


def _refuse_include(node: Node, reading: _Reading) -> None:
    """Say what `include` has to be."""
    hint = "write include: [../profiles/site.yaml]"
    reading.diagnostics.append(error("DJ203", "`include` is a list of paths", at=node.location, hint=hint))


def _included(written: Scalar, document: Document, trail: tuple[str, ...], reading: _Reading) -> Mapping | None:
    """Return the tree of one include, None when it cannot be had."""
    scope = Scope(parameters={}, moment=None, missing=MissingParameters.REFUSE)
    outcome = expand_text(written.text, usage=PATH, scope=scope)
    for mistake in outcome.mistakes:
        place = inside(written, offset=mistake.offset, width=mistake.width)
        hint = "an include is read before parameters are known; env: and package: work"
        reading.diagnostics.append(error(mistake.code, mistake.summary, at=place, hint=hint))
    if outcome.mistakes:
        return None
    path = os.path.normpath(Path(document.path).parent / outcome.text)
    problem = _include_problem(path, written, trail)
    if problem is None:
        return _versioned(_read(path, trail, reading), path, reading)
    reading.diagnostics.append(problem)
    return None


def _include_problem(path: str, written: Scalar, trail: tuple[str, ...]) -> Diagnostic | None:
    """Say why a file cannot be included: it is not there, or it leads back to itself."""
    absolute = _absolute(path)
    if absolute in trail:
        circle = " → ".join(Path(p).name for p in (*trail[trail.index(absolute) :], absolute))
        summary = f"this include leads back to a file that is being read: {circle}"
        return error("DJ302", summary, at=written.location, hint="leave out one of these includes")
    if Path(absolute).is_file():
        return None
    summary = f"there is no file `{written.text}` to include"
    return error("DJ301", summary, at=written.location, hint=_looked_for(path, written.text))


def _looked_for(path: str, written: str) -> str:
    """Say what else is where an included file was looked for, or where that is."""
    folder, name = Path(path).absolute().parent, Path(path).name
    beside = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
    if meant := nearest(name, beside):
        return f"did you mean `{written.removesuffix(name)}{meant}`?"
    return f"an include is relative to the file that writes it: this one was looked for at {path}"


def _versioned(tree: Mapping | None, path: str, reading: _Reading) -> Mapping | None:
    """Check that an included file says its format version, as the first one must (which the schema checks)."""
    document = reading.documents.get(_absolute(path))
    if document is not None and section_of(document.root, "dicomjobs") is None:
        place = document.root.location
        reading.diagnostics.append(
            error(
                "DJ202",
                "`dicomjobs`, the format version, is missing",
                at=place,
                hint="write `dicomjobs: 1` as the first line",
            )
        )
    return tree


def merge(base: Node, over: Node, way: tuple[str, ...]) -> Node:
    """Lay one value over another: mappings merge deeply, everything else is replaced."""
    if not (isinstance(base, Mapping) and isinstance(over, Mapping)):
        return over
    base = _without(base, _rivals(over, _alternatives(way)))
    winning = {entry.key.text: entry for entry in over.entries}
    kept = [_merged(entry, winning.pop(entry.key.text, None), way) for entry in base.entries]
    return replace(over, entries=(*kept, *winning.values()))


def _merged(base: Entry, over: Entry | None, way: tuple[str, ...]) -> Entry:
    """Lay one entry over another, if there is another."""
    return base if over is None else replace(over, value=merge(base.value, over.value, (*way, over.key.text)))


_Alternatives = tuple[frozenset[str], ...]

_PEERS: _Alternatives = (frozenset({"host", "port"}), frozenset({"embedded"}))
_JOBS: _Alternatives = tuple(frozenset({kind}) for kind in ("echo", "find", "store", "move", "get", "route"))
_SECRETS: _Alternatives = tuple(
    frozenset({kind}) for kind in ("env", "file", "command", "keyring", "prompt", "credential", "empty")
)
_PROFILES: _Alternatives = (
    frozenset({"presentation_contexts", "roles", "extended_negotiation"}),
    frozenset({"asconfig"}),
    frozenset({"propose"}),
)


def _alternatives(way: tuple[str, ...]) -> _Alternatives:
    """Return the groups of keys of which a mapping has one: naming one later takes the place of another."""
    match way:
        case ("peers", _) | ("jobs", _, _, "peer"):
            return _PEERS
        case ("jobs", _):
            return _JOBS
        case ("association_profiles", _) | ("jobs", _, _, "association_profile"):
            return _PROFILES
        case (("peers" | "jobs"), *_, ("passcode" | "key_password")):
            return _SECRETS
        case _:
            return ()


def _rivals(over: Mapping, alternatives: _Alternatives) -> set[str]:
    """Return the keys that a mapping pushes out of what it is laid over."""
    named = {entry.key.text for entry in over.entries}
    chosen = [group for group in alternatives if group & named]
    return {key for group in alternatives if chosen and group not in chosen for key in group}
