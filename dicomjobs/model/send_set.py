"""A send set: which files on disk are meant, before anybody looked at the disk."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSetPath:
    """One entry of `paths:`, absolute: a file, a directory, or a glob pattern; `written` is what the user typed."""

    path: str
    written: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One entry of `where:`: the header attribute (tag as 0xGGGGEEEE) must have one of these values."""

    keyword: str
    tag: int
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSet:
    """Files, directories and patterns; `minimum_age` in seconds keeps off files that may still be written."""

    name: str
    paths: tuple[SendSetPath, ...]
    recursive: bool
    pattern: str
    where: tuple[Condition, ...]
    minimum_age: float
