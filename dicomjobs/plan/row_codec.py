"""A plan's row as one line of JSON and back; written by hand because a plan may have a million of them.

A line is put together from what the survey found and what becomes of it, so that a file is encoded once, before its
presentation context is known.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from json.encoder import encode_basestring_ascii as quoted
from operator import itemgetter
from typing import Any

from dicomjobs.plan.frozen import maker
from dicomjobs.plan.inventory import SurveyedFile
from dicomjobs.plan.plan import Excluded, PlannedInstance

_make_row = maker(PlannedInstance)
_path = json.JSONDecoder()
_EXCLUDED = {each.value: each for each in Excluded}
_FOUND = (
    "path",
    "size",
    "mtime_ns",
    "offset",
    "sop_class_uid",
    "sop_instance_uid",
    "study_instance_uid",
    "series_instance_uid",
    "transfer_syntax",
)
_LEFT_OUT = frozenset({*_FOUND, "context_id", "excluded", "reason", "words"})
_found_in = itemgetter(*_FOUND)
_left_out_in = itemgetter("context_id", "reason", "words")


class StalePlan(ValueError):
    """A saved plan cannot be read: damaged, of another format version, or not what its head says."""


def encode_found(row: SurveyedFile | PlannedInstance) -> str:
    """Return the beginning of a row's line, up to what becomes of the file; ASCII only, whatever the file is called."""
    return (
        f'{{"path":{quoted(row.path)},"size":{row.size},"mtime_ns":{row.mtime_ns},"offset":{row.offset},'
        f'"sop_class_uid":{quoted(row.sop_class_uid)},"sop_instance_uid":{quoted(row.sop_instance_uid)},'
        f'"study_instance_uid":{quoted(row.study_instance_uid)},'
        f'"series_instance_uid":{quoted(row.series_instance_uid)},'
        f'"transfer_syntax":{quoted(row.transfer_syntax)}'
    )


def encode_fate(context_id: int, excluded: Excluded = Excluded.NO, reason: str = "", words: str = "") -> str:
    """Return the end of a row's line: the context that it goes on, or why it does not go out."""
    if excluded is Excluded.NO:
        return f',"context_id":{context_id}}}'
    why = f'"excluded":"{excluded.value}","reason":{quoted(reason)},"words":{quoted(words)}'
    return f',"context_id":{context_id},{why}}}'


def encode_row(row: PlannedInstance) -> str:
    """Return the row as one JSON object without a newline."""
    return encode_found(row) + encode_fate(row.context_id, row.excluded, row.reason, row.words)


def decode_row(line: bytes | str) -> PlannedInstance:
    """Return the row of one line; raises StalePlan when it is none."""
    try:
        return _row(json.loads(line))
    except (ValueError, TypeError, KeyError) as error:
        raise _unreadable(error) from error


def decode_path(line: bytes) -> str:
    """Return the path of the file whose line this is, or of which it is the beginning."""
    return str(_path.raw_decode(line.decode("ascii"), len('{"path":'))[0])


def decode_rows(lines: bytes) -> Iterator[PlannedInstance]:
    """Yield the rows of whole lines; raises StalePlan. The lines are decoded at once, for each of them has the same keys."""
    try:
        yield from map(_row, json.loads(b"[%b]" % b",".join(lines.splitlines())))
    except (ValueError, TypeError, KeyError) as error:
        raise _unreadable(error) from error


def _row(fields: Any) -> PlannedInstance:
    """Return the row that a line's object stands for; raises TypeError and KeyError when it stands for none."""
    if len(fields) == len(_FOUND) + 1:
        return _make_row(*_found_in(fields), fields["context_id"], Excluded.NO, "", "")
    if set(fields) != _LEFT_OUT:
        raise KeyError("the fields are not those of a row")
    context_id, reason, words = _left_out_in(fields)
    return _make_row(*_found_in(fields), context_id, _EXCLUDED[fields["excluded"]], reason, words)


def _unreadable(error: Exception) -> StalePlan:
    """Return the sentence for a row that is none."""
    return StalePlan(f"a row of the plan cannot be read ({type(error).__name__})")
