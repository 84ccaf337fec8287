"""From the paths of a send set to the files they mean, in an order that does not depend on the file system.

Folders are read, files are never opened. Each folder counts once, so that links which lead in a circle come to an end; where
duplicates are sent, it counts once for each path that leads to it.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import translate
from pathlib import Path

from dicomjobs.disk.patterns import expand, is_pattern, static_folder, without_brackets
from dicomjobs.model.job import Duplicates
from dicomjobs.model.send_set import SendSet, Symlinks
from dicomjobs.plan.frozen import maker

_FileId = tuple[int, int]
_KINDS = {
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A path to look at: `target` is what to open (the end of a link); `problem` and `words` say why not to open it at all."""

    path: str
    target: str
    named: bool
    problem: str = ""
    words: str = ""


_make_found = maker(Found)


@dataclass(frozen=True, slots=True)
class Scan:
    """What is meant, and what was reached so far: each folder counts once, and each file outside of those folders."""

    recursive: bool
    symlinks: Symlinks
    matches: Callable[[str], object]
    folders: set[_FileId] = field(default_factory=set)
    files: set[_FileId] = field(default_factory=set)
    led_to: dict[str, str] = field(default_factory=dict)
    """Where the folders of paths lead to that must stay inside another; there may be a link on the way."""

    def forget(self) -> None:
        """Let what was reached so far count again."""
        self.folders.clear()
        self.files.clear()


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder being gone through: its names in order, and the mode (st_mode's type bits) of those that are no plain files."""

    prefix: str
    names: Iterator[str]
    special: dict[str, int]


def scan_for(send_set: SendSet) -> Scan:
    """Return a scan that has reached nothing yet."""
    return Scan(send_set.recursive, send_set.symlinks, re.compile(translate(send_set.pattern)).match)


def walk(send_set: SendSet, scan: Scan, *, duplicates: Duplicates) -> Iterator[Found]:
    """Yield every file, once or once a path: paths as they are given, what a pattern matches and what a folder holds by name."""
    for entry in send_set.paths:
        if duplicates is Duplicates.SEND:
            scan.forget()
        if os.path.lexists(entry.path):
            yield from _resolve(entry.path, "", scan, named=True)
        elif is_pattern(entry.path):
            root = os.path.realpath(static_folder(entry.path))
            for path in expand(entry.path):
                yield from _resolve(path, root, scan, named=False)
        else:
            yield from _resolve(without_brackets(entry.path), "", scan, named=True)


def referenced(path: str, folder: str, scan: Scan) -> Iterator[Found]:
    """Yield the file that a directory in `folder` names, unless it was reached before; links must stay inside that folder."""
    if stat.S_ISDIR(_mode(path)):
        yield Found(path, path, True, "not_a_regular_file", "a folder, not a regular file")
    else:
        yield from _resolve(path, os.path.realpath(folder), scan, named=True)


def _mode(path: str) -> int:
    """Return the mode of what a path leads to, 0 when that is not to be had."""
    try:
        return os.stat(path).st_mode  # noqa: PTH116 - of a path that may be no UTF-8
    except (OSError, ValueError):
        return 0


def _resolve(path: str, root: str, scan: Scan, *, named: bool) -> Iterator[Found]:
    """Yield what one path means: the files of a folder, or the file itself. `root` is what a pattern's links must stay inside."""
    try:
        status, target = os.lstat(path), path
        if stat.S_ISLNK(status.st_mode):
            target = os.path.realpath(path, strict=True)
            status = os.lstat(target)
    except OSError as error:
        yield (not named and _leads_nowhere(path, root, scan)) or _broken(path, error, named=named)
        return
    is_link = target is not path
    if root and not (_may_lead_to(target, root, scan) if is_link else _is_led_inside(path, root, scan)):
        yield _not_followed(path, scan)
    elif stat.S_ISDIR(status.st_mode):
        yield from _files_below(path, scan, named=named)
    elif _is_new(status, target, scan):
        yield _file(path, target, status.st_mode, named=named)


def _files_below(folder: str, scan: Scan, *, named: bool) -> Iterator[Found]:
    """Yield the files of a folder and, in the places of their names, those of the folders in it, however deep."""
    root = os.path.realpath(folder)
    stack: list[_Folder] = []
    yield from _enter(folder, stack, scan, named=named)
    while stack:
        current = stack[-1]
        for name in current.names:
            path = current.prefix + name
            mode = current.special.get(name)
            if mode is None:
                yield _make_found(path, path, False, "", "")
            elif mode == stat.S_IFDIR:
                yield from _enter(path, stack, scan, named=False)
                break
            elif mode == stat.S_IFLNK:
                yield from _link(path, root, scan)
            else:
                yield _file(path, path, mode, named=False)
        else:
            stack.pop()


def _enter(folder: str, stack: list[_Folder], scan: Scan, *, named: bool) -> Iterator[Found]:
    """Put a folder that was not reached before on the stack, or yield why it cannot be read."""
    try:
        status = Path(folder).stat()
        identity = status.st_dev, status.st_ino
        if identity not in scan.folders:
            scan.folders.add(identity)
            stack.append(_listing(folder, status.st_dev, scan))
    except OSError as error:
        yield _broken(folder, error, named=named)


def _listing(folder: str, device: int, scan: Scan) -> _Folder:
    """Return the names in a folder that are meant; raises OSError. Only folders and links keep more than their name."""
    names: list[str] = []
    special: dict[str, int] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if _is_folder(entry, scan):
                if not scan.recursive:
                    continue
                special[name] = stat.S_IFDIR
            elif not scan.matches(name) or (scan.files and (device, entry.inode()) in scan.files):
                continue
            elif not entry.is_file(follow_symlinks=False):
                special[name] = stat.S_IFMT(entry.stat(follow_symlinks=False).st_mode)
            names.append(name)
    names.sort()
    return _Folder(folder.rstrip("/") + "/", iter(names), special)


def _is_folder(entry: os.DirEntry[str], scan: Scan) -> bool:
    """Say whether an entry is a folder to go through: links to folders are, where all links are followed.

    Where only those are that stay inside, what they lead to is found under its own name.
    """
    if scan.symlinks is Symlinks.FOLLOW and entry.is_symlink():
        with suppress(OSError):  # a link to itself, for example: following it as a file will say so
            return entry.is_dir()
        return False
    return entry.is_dir(follow_symlinks=False)


def _link(path: str, root: str, scan: Scan) -> Iterator[Found]:
    """Yield what a link in a scanned folder leads to, unless the scan comes across it under its own name."""
    if scan.symlinks is Symlinks.SKIP:
        yield _not_followed(path, scan)
        return
    try:
        target = os.path.realpath(path, strict=True)
        status = os.lstat(target)
    except OSError as error:
        yield _leads_nowhere(path, root, scan) or _broken(path, error, named=False)
        return
    if not _inside(target, root) and scan.symlinks is Symlinks.INSIDE:
        yield _not_followed(path, scan)
        return
    if (
        not stat.S_ISDIR(status.st_mode)
        and not _is_found_by_itself(target, root, scan)
        and _is_new(status, target, scan)
    ):
        yield _file(path, target, status.st_mode, named=False)


def _is_found_by_itself(target: str, root: str, scan: Scan) -> bool:
    """Say whether a scan of a folder comes across a file under its own name."""
    folder, name = os.path.split(target)
    return root != "" and _inside(target, root) and bool(scan.matches(name)) and (scan.recursive or folder == root)


def _leads_nowhere(path: str, root: str, scan: Scan) -> Found | None:
    """Return a link to a file that the scan would come across were it there; None for any other path."""
    target = os.path.realpath(path)
    if not Path(path).is_symlink() or os.path.lexists(target) or not _is_found_by_itself(target, root, scan):
        return None
    return Found(path, path, False, "symlink_broken", "a symbolic link to a file of its folder that is not there")


def _is_new(status: os.stat_result, target: str, scan: Scan) -> bool:
    """Say whether a file was not reached before, by another path or in a folder that was scanned; from now on it was."""
    identity = status.st_dev, status.st_ino
    if identity in scan.files:
        return False
    folder, name = os.path.split(target)
    if scan.folders and scan.matches(name):
        with suppress(OSError):  # the folder is gone meanwhile: opening the file will say so
            parent = Path(folder).stat()
            if (parent.st_dev, parent.st_ino) in scan.folders:
                return False
    scan.files.add(identity)
    return True


def _file(path: str, target: str, mode: int, *, named: bool) -> Found:
    """Return a file to look at, or why it is not opened: reading a FIFO or a device may wait for ever or have effects."""
    if stat.S_ISREG(mode):
        return Found(path, target, named)
    words = f"{_KINDS.get(stat.S_IFMT(mode), 'a special file')}, not a regular file"
    return Found(path, target, named, "not_a_regular_file", words)


def _is_led_inside(path: str, root: str, scan: Scan) -> bool:
    """Say whether the links on the way to a file lead into a folder, or wherever they lead when all are followed."""
    if scan.symlinks is Symlinks.FOLLOW:
        return True
    folder = path.rpartition("/")[0]
    if folder not in scan.led_to:
        scan.led_to[folder] = os.path.realpath(folder)
    return _inside(scan.led_to[folder], root)


def _may_lead_to(target: str, root: str, scan: Scan) -> bool:
    """Say whether a link that a pattern matches is followed."""
    return scan.symlinks is Symlinks.FOLLOW or (scan.symlinks is Symlinks.INSIDE and _inside(target, root))


def _not_followed(path: str, scan: Scan) -> Found:
    """Return a link that is not followed, and why."""
    if scan.symlinks is Symlinks.SKIP:
        return Found(path, path, False, "symlink_skipped", "a symbolic link, and `symlinks` says skip")
    return Found(path, path, False, "symlink_outside", "a symbolic link that leads out of the folder")


def _inside(target: str, root: str) -> bool:
    """Say whether a resolved path is the resolved folder or lies in it."""
    return target == root or target.startswith(root.rstrip("/") + "/")


def _broken(path: str, error: OSError, *, named: bool) -> Found:
    """Return the problem that a path has by itself, in the words of the operating system."""
    problem = "no_such_file" if isinstance(error, FileNotFoundError | NotADirectoryError) else "unreadable"
    return Found(path, path, named, problem, error.strerror or type(error).__name__)
