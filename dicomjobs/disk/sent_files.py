"""Source files put away after they were sent: deleted, renamed or moved; nothing is ever overwritten, and no other file touched.

It knows nothing of jobs: what is to be done with which file is decided elsewhere.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from itertools import count
from pathlib import Path
from typing import assert_never

from dicomjobs.disk.deposit import replacing
from dicomjobs.model.sent_files import BAD, DONE, PutAway, SentFiles
from dicomjobs.plan.plan import PlannedInstance

_COPIED_AT_ONCE = 1 << 20
"""Bytes."""
_WITHOUT_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS})
"""What a file system says that has no hard links, or no more of them."""


class Cabinet:
    """Where sent files go; it remembers which numbers are taken for a name, so that a thousand of one name cost no search."""

    def __init__(self) -> None:
        """Begin with nothing taken."""
        self._next: dict[str, int] = {}

    def put_away(self, sent_files: SentFiles, instance: PlannedInstance) -> str:
        """Do with the file of a delivered instance what is asked; returns "" when it was done, here or by somebody else, else why not."""
        try:
            if _is_gone(instance.path):
                return ""
            _check_same(instance)
            match sent_files.put_away:
                case PutAway.KEEP:
                    pass
                case PutAway.DELETE:
                    os.unlink(instance.path)  # noqa: PTH108 - for every instance
                case PutAway.RENAME:
                    self._into(Path(instance.path).parent, instance.path, DONE)
                case PutAway.MOVE:
                    self._move(instance.path, Path(sent_files.directory))
                case _:
                    assert_never(sent_files.put_away)
        except _LeftAlone as reason:
            return str(reason)
        except OSError as error:
            return error.strerror or type(error).__name__
        return ""

    def mark_failed(self, instance: PlannedInstance) -> str:
        """Rename the file of an instance that failed for good; one that is gone or has changed is left, for it may be sent later."""
        try:
            _check_same(instance)
            self._into(Path(instance.path).parent, instance.path, BAD)
        except (_LeftAlone, FileNotFoundError):
            return ""
        except OSError as error:
            return error.strerror or type(error).__name__
        return ""

    def _move(self, path: str, folder: Path) -> None:
        """Move a file to a folder, which is made when it is not there; raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        self._into(folder, path, "")

    def _into(self, folder: Path, path: str, ending: str) -> None:
        """Give a file, or a symbolic link itself, the first free name in a folder; raises OSError."""
        source, name = Path(path), Path(path).name
        renamed = _relinked if folder != source.parent and source.is_symlink() else _renamed
        key = f"{folder}/{name}{ending}"
        if key not in self._next and renamed(path, folder / f"{name}{ending}"):
            return
        for number in count(self._next.get(key, 1)):
            self._next[key] = number + 1
            if renamed(path, folder / f"{name}.{number}{ending}"):
                return


class _LeftAlone(Exception):
    """The file must be left alone; the message says why."""


def _is_gone(path: str) -> bool:
    """Tell whether nothing has this name any more; raises OSError when nobody can tell."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return True
    return False


def _check_same(instance: PlannedInstance) -> None:
    """Raise _LeftAlone unless the file is the one that was planned and sent, OSError when it is not there."""
    status = os.stat(instance.path)  # noqa: PTH116 - for every instance
    planned = (instance.size, instance.mtime_ns)
    if not stat.S_ISREG(status.st_mode) or (status.st_size, status.st_mtime_ns) != planned:
        raise _LeftAlone("the file changed after it was sent")


def _renamed(path: str, target: Path) -> bool:
    """Rename a file unless the name is taken, and say whether that was done; raises OSError.

    A crash in between leaves both names, never none.
    """
    try:
        os.link(path, target, follow_symlinks=False)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno in _WITHOUT_LINKS:
            return _renamed_without_links(path, target)
        if error.errno != errno.EXDEV:
            raise
        if not _copied(path, target):
            return False
    try:
        os.unlink(path)  # noqa: PTH108 - for every instance
    except OSError:
        target.unlink()  # or every run would leave another copy there
        raise
    return True


def _relinked(path: str, target: Path) -> bool:
    """Put a symbolic link elsewhere unless the name is taken: it leads to the same file, wherever that was told from.

    A crash in between leaves both links, never none; raises OSError.
    """
    try:
        target.symlink_to(os.path.realpath(path))
    except FileExistsError:
        return False
    try:
        os.unlink(path)  # noqa: PTH108 - as for files
    except OSError:
        target.unlink()
        raise
    return True


def _renamed_without_links(path: str, target: Path) -> bool:
    """Rename a file where there are no hard links, unless the name is taken; raises OSError."""
    if os.path.lexists(target):
        return False
    os.rename(path, target)  # noqa: PTH104 - for every instance
    return True


def _copied(path: str, target: Path) -> bool:
    """Copy a file to another file system, whole and durable, unless the name is taken; raises OSError."""
    try:  # the name is taken first and filled later: O_EXCL is all that a file system without links has
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return False
    try:
        with Path(path).open("rb") as source, replacing(target) as copy:
            shutil.copyfileobj(source, copy, _COPIED_AT_ONCE)
            status = os.fstat(source.fileno())
            copy.flush()
            os.fchmod(copy.fileno(), stat.S_IMODE(status.st_mode))
            os.utime(copy.fileno(), ns=(status.st_atime_ns, status.st_mtime_ns))
    except OSError:
        target.unlink()
        raise
    return True
