"""A survey of a send set: the head of every file, one value a file, in a deterministic order; nothing is decided here.

One bad file or folder never stops the rest: it is a value with a problem.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dicomjobs.disk.condition import private_groups, unmet, wanted_tags
from dicomjobs.disk.header import MAXIMUM_HEADER_BYTES, Header, NotAnInstance, read_header
from dicomjobs.disk.private_elements import read_private
from dicomjobs.disk.walk import Found, Scan, referenced, scan_for, walk
from dicomjobs.disk.window import Damaged, Window
from dicomjobs.model.job import Duplicates
from dicomjobs.model.send_set import SendSet
from dicomjobs.plan.frozen import maker
from dicomjobs.plan.inventory import SurveyedFile

_FIRST_READ = 8 * 1024
# O_NONBLOCK: were the file replaced by a FIFO meanwhile, opening it must not wait; O_NOFOLLOW: nor a link lead elsewhere.
_OPEN_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC

_make_surveyed = maker(SurveyedFile)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Criteria:
    """What a file must meet besides being an instance: `now` and `newest` in nanoseconds since the epoch."""

    send_set: SendSet
    wanted: frozenset[int]
    private: frozenset[int]
    now: float
    newest: float


def survey(send_set: SendSet, *, duplicates: Duplicates, now: float) -> Iterator[SurveyedFile]:
    """Yield each file of a send set, with what its header says or why it cannot be sent; `now` in seconds since the epoch.

    A file to which several paths lead comes once, or once a path where duplicates are sent.
    """
    newest = (now - send_set.minimum_age) * 1e9 if send_set.minimum_age else float("inf")
    where = send_set.where
    wanted, private = wanted_tags(where), private_groups(where)
    criteria = _Criteria(send_set=send_set, wanted=wanted, private=private, now=now * 1e9, newest=newest)
    scan = scan_for(send_set)
    for found in walk(send_set, scan, duplicates=duplicates):
        file = _examine(found, criteria)
        if file.problem == "media_storage_directory" and found.named:
            yield from _directory(found, criteria, scan)
        else:
            yield file


def _directory(found: Found, criteria: _Criteria, scan: Scan) -> Iterator[SurveyedFile]:
    """Yield the files that a DICOMDIR names which the send set names, then the DICOMDIR, which is not sent itself."""
    from dicomjobs.disk.dicomdir import Medium, file_ids

    medium, count = Medium(os.path.dirname(found.path)), 0  # noqa: PTH120 - of a path that may be no UTF-8
    problem, words = "media_storage_directory", ""
    try:
        with Path(found.target).open("rb") as file:
            for components in file_ids(Window(file.fileno(), os.fstat(file.fileno()).st_size)):
                count += 1
                if components:
                    for each in referenced(medium.path(components), medium.folder, scan):
                        yield _examine(each, criteria)
                else:
                    words = f"the DICOMDIR's file number {count} is no name of a file in its folder"
                    yield SurveyedFile(path=found.path, named=True, problem="leaves_its_folder", words=words)
    except Damaged as damage:
        problem, words = "incomplete_header", f"{damage}, after {count} of the files that the DICOMDIR names"
    except OSError as error:
        problem, words = "unreadable", error.strerror or type(error).__name__
    else:
        words = f"a DICOMDIR, which names {count} files; it is not sent itself"
    yield SurveyedFile(path=found.path, named=problem != "media_storage_directory", problem=problem, words=words)


def _examine(found: Found, criteria: _Criteria) -> SurveyedFile:
    """Open one file and read its head, unless there is a reason not to."""
    if found.problem:
        return SurveyedFile(path=found.path, named=found.named, problem=found.problem, words=found.words)
    try:
        fd = os.open(found.target, _OPEN_FLAGS)
    except OSError as error:
        return _unreadable(found, error)
    try:
        return _look(fd, found, criteria)
    except OSError as error:
        return _unreadable(found, error)
    finally:
        os.close(fd)


def _look(fd: int, found: Found, criteria: _Criteria) -> SurveyedFile:
    """Read the head of an open file and hold it against the criteria; raises OSError."""
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        return _problem(found, "not_a_regular_file", "not a regular file", None)
    if status.st_mtime_ns > criteria.newest and _changed_at(status, criteria.now) > criteria.newest:
        return _problem(found, "too_young", "changed more recently than minimum_age", status)
    try:
        window = Window(fd, status.st_size, os.read(fd, _FIRST_READ), budget=MAXIMUM_HEADER_BYTES)
        header = read_header(window, criteria.wanted, mode=criteria.send_set.read)
        values = (
            {**header.values, **read_private(window, header, criteria.private)} if criteria.private else header.values
        )
    except NotAnInstance as reason:
        return _problem(found, reason.problem, reason.words, status)
    except Damaged as damage:
        return _problem(found, "incomplete_header", str(damage), status)
    condition = unmet(criteria.send_set.where, values, header.encoding) if criteria.wanted else None
    if condition:
        return _instance(
            found, status, header, problem="filtered_out", words=f"{condition.keyword} is not what `where` asks for"
        )
    return _instance(found, status, header)


def _changed_at(status: os.stat_result, now: float) -> int:
    """Return when a file was changed, in nanoseconds since the epoch.

    A time in the future comes from another clock and says nothing of the file's age; that of its status is from our own.
    """
    return status.st_ctime_ns if status.st_mtime_ns > now else status.st_mtime_ns


def _instance(
    found: Found, status: os.stat_result, header: Header, *, problem: str = "", words: str = ""
) -> SurveyedFile:
    """Return what is known of an instance."""
    return _make_surveyed(
        found.path,
        found.named,
        status.st_size,
        status.st_mtime_ns,
        header.offset,
        header.sop_class_uid,
        header.sop_instance_uid,
        header.study_instance_uid,
        header.series_instance_uid,
        header.transfer_syntax,
        problem,
        words,
    )


def _problem(found: Found, problem: str, words: str, status: os.stat_result | None) -> SurveyedFile:
    """Return a file that cannot be sent, with its size and time when they are known."""
    size, mtime_ns = (status.st_size, status.st_mtime_ns) if status else (0, 0)
    return SurveyedFile(path=found.path, named=found.named, size=size, mtime_ns=mtime_ns, problem=problem, words=words)


def _unreadable(found: Found, error: OSError) -> SurveyedFile:
    """Return a file that the operating system does not let us read, in its words."""
    problem = "no_such_file" if isinstance(error, FileNotFoundError) else "unreadable"
    return _problem(found, problem, error.strerror or type(error).__name__, None)
