"""Glob patterns expanded one folder at a time, sorted and without following links to folders below `**`.

The standard library's glob follows those, so that two links to their own folder would keep it busy for ever.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from fnmatch import translate

_MAGIC = re.compile(r"[*?[]")
_IN_BRACKETS = re.compile(r"\[([*?[])\]")


def is_pattern(path: str) -> bool:
    """Say whether a path has any of the characters of a pattern in it, apart from those in brackets of their own."""
    return _MAGIC.search(_IN_BRACKETS.sub("", path)) is not None


def without_brackets(path: str) -> str:
    """Return the one path that a path means which is no pattern: `[*]` stands for `*`, `[?]` for `?` and `[[]` for `[`."""
    return _IN_BRACKETS.sub(r"\1", path)


def static_folder(pattern: str) -> str:
    """Return the part of an absolute pattern that comes before its first component with `*`, `?` or `[`."""
    before = _MAGIC.split(pattern, maxsplit=1)[0]
    return before[: before.rindex("/") + 1]


def expand(pattern: str) -> Iterator[str]:
    """Yield the paths that an absolute pattern matches, each folder's in order of their names.

    A leading dot must be matched by a dot; `**` stands for any number of folders. Folders that cannot be read match nothing.
    """
    root = static_folder(pattern)
    components = [part for part in pattern[len(root) :].split("/") if part]
    stack = [iter([(root, components)])]
    while stack:
        for path, remaining in stack[-1]:
            if remaining:
                stack.append(_one_step(path, remaining))
                break
            yield path
        else:
            stack.pop()


def _one_step(folder: str, components: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the paths that match the first component in a folder, each with the components that are left to match."""
    first, rest = components[0], components[1:]
    prefix = folder.rstrip("/") + "/"
    if first == "**":
        yield folder, rest
        for name in _names(folder, "*", only_folders=True):
            yield prefix + name, components
    elif is_pattern(first):
        for name in _names(folder, first, only_folders=False):
            yield prefix + name, rest
    elif os.path.lexists(path := prefix + without_brackets(first)):
        yield path, rest


def _names(folder: str, pattern: str, *, only_folders: bool) -> list[str]:
    """Return the names in a folder that match one component, sorted; none when the folder cannot be read."""
    matches = re.compile(translate(pattern)).match
    dots = pattern.startswith(".")
    try:
        with os.scandir(folder) as entries:
            return sorted(
                entry.name
                for entry in entries
                if (dots or not entry.name.startswith("."))
                and matches(entry.name)
                and (not only_folders or entry.is_dir(follow_symlinks=False))
            )
    except OSError:
        return []
