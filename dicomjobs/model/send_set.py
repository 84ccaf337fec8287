"""A send set: which files on disk are meant, before anybody looked at the disk."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class ReadMode(Enum):
    """What a file is read as: PS3.10 with File Meta Information, a bare data set, or whichever it is."""

    AUTO = "auto"
    FILE = "file"
    DATA_SET = "data_set"


class Order(Enum):
    """The order in which instances are sent on an association: study by study, as the paths are given, or by path."""

    BY_STUDY = "by_study"
    AS_GIVEN = "as_given"
    SORTED = "sorted"


class Symlinks(Enum):
    """Which of the symbolic links that are found are followed: those that stay inside the folder, all, or none."""

    INSIDE = "inside"
    FOLLOW = "follow"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSetPath:
    """One entry of `paths:`, absolute: a file, a directory, or a glob pattern; `written` is what the user typed."""

    path: str
    written: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One entry of `where:`: the header attribute (tag as 0xGGGGEEEE) must have one of these values.

    With a `creator` it is a private one in whichever block that creator has, and the tag's element is the lower byte alone.
    """

    keyword: str
    tag: int
    vr: str
    creator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSet:
    """Files, directories and patterns; `minimum_age` in seconds keeps off files that may still be written."""

    name: str
    paths: tuple[SendSetPath, ...]
    recursive: bool
    pattern: str
    symlinks: Symlinks
    read: ReadMode
    order: Order
    where: tuple[Condition, ...]
    minimum_age: float
