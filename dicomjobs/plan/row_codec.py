"""A plan's row as one line of JSON and back; written by hand because a plan may have a million of them."""

from __future__ import annotations

import json
from json.encoder import encode_basestring_ascii as quoted

from dicomjobs.plan.plan import Excluded, PlannedInstance

_EXCLUDED = {each.value: each for each in Excluded}


class StalePlan(ValueError):
    """A saved plan cannot be read: damaged, of another format version, or not what its head says."""


def encode_row(row: PlannedInstance) -> str:
    """Return the row as one JSON object without a newline; ASCII only, whatever the file is called."""
    text = (
        f'{{"path":{quoted(row.path)},"size":{row.size},"mtime_ns":{row.mtime_ns},"offset":{row.offset},'
        f'"sop_class_uid":{quoted(row.sop_class_uid)},"sop_instance_uid":{quoted(row.sop_instance_uid)},'
        f'"study_instance_uid":{quoted(row.study_instance_uid)},'
        f'"series_instance_uid":{quoted(row.series_instance_uid)},'
        f'"transfer_syntax":{quoted(row.transfer_syntax)},"context_id":{row.context_id}'
    )
    if row.excluded is Excluded.NO:
        return text + "}"
    return f'{text},"excluded":"{row.excluded.value}","reason":{quoted(row.reason)},"words":{quoted(row.words)}}}'


def decode_row(line: bytes | str) -> PlannedInstance:
    """Return the row of one line; raises StalePlan when it is none."""
    try:
        fields = json.loads(line)
        if "excluded" in fields:
            fields["excluded"] = _EXCLUDED[fields["excluded"]]
        return PlannedInstance(**fields)
    except (ValueError, TypeError, KeyError) as error:
        raise StalePlan(f"a row of the plan cannot be read ({type(error).__name__})") from error
