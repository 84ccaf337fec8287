"""A survey of a send set: the head of every file, one value a file, in a deterministic order; nothing is decided here.

One bad file or folder never stops the rest: it is a value with a problem.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from dicomjobs.disk.condition import unmet, wanted_tags
from dicomjobs.disk.header import MAXIMUM_HEADER_BYTES, Header, NotAnInstance, read_header
from dicomjobs.disk.walk import Found, walk
from dicomjobs.disk.window import Window
from dicomjobs.model.send_set import SendSet
from dicomjobs.plan.frozen import maker
from dicomjobs.plan.inventory import SurveyedFile

_FIRST_READ = 8 * 1024
# O_NONBLOCK: were the file replaced by a FIFO meanwhile, opening it must not wait; O_NOFOLLOW: nor a link lead elsewhere.
_OPEN_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC

_make_surveyed = maker(SurveyedFile)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Criteria:
    """What a file must meet besides being an instance: `newest` in nanoseconds since the epoch."""

    send_set: SendSet
    wanted: frozenset[int]
    newest: float


def survey(send_set: SendSet, *, now: float) -> Iterator[SurveyedFile]:
    """Yield each file of a send set once, with what its header says or why it cannot be sent; `now` in seconds since the epoch."""
    newest = (now - send_set.minimum_age) * 1e9 if send_set.minimum_age else float("inf")
    criteria = _Criteria(send_set=send_set, wanted=wanted_tags(send_set.where), newest=newest)
    for found in walk(send_set):
        if found.problem:
            yield SurveyedFile(path=found.path, named=found.named, problem=found.problem, words=found.words)
        else:
            yield _examine(found, criteria)


def _examine(found: Found, criteria: _Criteria) -> SurveyedFile:
    """Open one file and read its head."""
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
    if status.st_mtime_ns > criteria.newest:
        return _problem(found, "too_young", "changed more recently than minimum_age", status)
    try:
        window = Window(fd, status.st_size, os.read(fd, _FIRST_READ), budget=MAXIMUM_HEADER_BYTES)
        header = read_header(window, criteria.wanted, mode=criteria.send_set.read)
    except NotAnInstance as reason:
        return _problem(found, reason.problem, reason.words, status)
    condition = unmet(criteria.send_set.where, header.values, header.encoding) if criteria.wanted else None
    if condition:
        return _instance(
            found, status, header, problem="filtered_out", words=f"{condition.keyword} is not what `where` asks for"
        )
    return _instance(found, status, header)


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
