"""Glob patterns: the same matches as the standard library's, sorted, and an end in every case."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dicomjobs.disk.patterns import expand, is_pattern, static_folder
from dicomjobs.disk.survey import survey
from dicomjobs.model.job import Duplicates
from tests.support.send_sets import send_set_of


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small tree with hidden names, brackets and empty folders in it."""
    for name in ("b/2.dcm", "b/1.dcm", "a/c/3.dcm", "a/[x].dcm", ".hidden/4.dcm", "a/.5.dcm", "6.txt", "a/empty/x/y"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


@pytest.mark.parametrize(
    "pattern",
    ["*", "*/*.dcm", "?/[12].dcm", "*/*/3.dcm", "a/[!.]*", "a/.*", ".*/*", "b/1.dcm*", "*/nothing*", "[ab]/c/3.dcm"],
)
def test_matches_are_those_of_the_standard_library_in_sorted_order(tree: Path, pattern: str) -> None:
    """Without `**`, there is no difference but the order."""
    whole = f"{tree}/{pattern}"

    assert list(expand(whole)) == sorted(glob.glob(whole))  # noqa: PTH207 - the one we are compared with


def test_two_stars_reach_every_depth(tree: Path) -> None:
    """Files at the top and below, but none in a hidden folder."""
    found = [path.removeprefix(f"{tree}/") for path in expand(f"{tree}/**/*.dcm")]

    assert found == ["a/[x].dcm", "a/c/3.dcm", "b/1.dcm", "b/2.dcm"]


def test_two_stars_do_not_follow_links_to_folders(tree: Path) -> None:
    """Two links to their own folder would otherwise never end."""
    (tree / "b" / "again").symlink_to(tree)
    (tree / "b" / "once_more").symlink_to(tree)

    assert len(list(expand(f"{tree}/**/*.dcm"))) == 4


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[str]:
    """A folder 1,100 folders down; they go one by one afterwards, because a recursive removal would not get through."""
    path = str(tmp_path)
    for _ in range(1100):
        path += "/d"
        os.mkdir(path)  # noqa: PTH102 - pathlib recurses itself
    yield path
    while path != str(tmp_path):
        os.rmdir(path)  # noqa: PTH106 - as above
        path = path[:-2]


def test_a_deep_tree_does_not_exhaust_the_stack(tmp_path: Path, deep: str) -> None:
    """Folders are gone through with a stack of our own, by a pattern as by a survey."""
    assert list(expand(f"{tmp_path}/**/d"))[-1] == deep
    assert list(survey(send_set_of(tmp_path), duplicates=Duplicates.SKIP, now=0)) == []


def test_what_cannot_be_read_matches_nothing(tmp_path: Path) -> None:
    """A missing folder is no error here; the planner says what an empty send set means."""
    assert list(expand(f"{tmp_path}/missing/*.dcm")) == []


@pytest.mark.parametrize(
    ("pattern", "folder"), [("/data/in/*.dcm", "/data/in/"), ("/*", "/"), ("/a/b?/c", "/a/"), ("/a/b/[c", "/a/b/")]
)
def test_the_static_folder_is_what_stands_before_the_first_wildcard(pattern: str, folder: str) -> None:
    """Links that match must stay in it."""
    assert static_folder(pattern) == folder
    assert is_pattern(pattern)
    assert not is_pattern(folder)
