"""The final word on an instance is found in the log, wherever it stands."""

from __future__ import annotations

import io
import json
from random import Random

import pytest

from dicomjobs.events import Event, InstanceMissing, InstancesProven, Proof, Stamped
from dicomjobs.report.event_index import EventIndex
from dicomjobs.report.event_json import encode
from tests.support.runs import (
    HOSTILE,
    delivered,
    echo_events,
    find_events,
    no_answer,
    refused,
    stamp,
    store_events,
    whole_run,
)

WORDS: list[Event] = [
    delivered(0),
    refused(1),
    no_answer(2),
    delivered(3, 'a "quoted\\" job,"item":9,'),
    refused(5, HOSTILE),
]


def log_of(stamped: tuple[Stamped, ...]) -> io.BytesIO:
    """Return a log as it is on disk."""
    return io.BytesIO("".join(encode(each) + "\n" for each in stamped).encode("ascii"))


def test_each_item_has_its_own_event() -> None:
    """Whatever the order, and among whatever other events."""
    shuffled = Random(7).sample(WORDS, len(WORDS))
    index = EventIndex(log_of(whole_run(echo_events(), find_events(), store_events(shuffled))), rows=7)

    assert [index.finished(item) for item in range(7)] == [*WORDS[:4], None, WORDS[4], None]


def test_what_verification_said_later_is_part_of_the_final_word() -> None:
    """A proof stands beside a delivery, and a missing instance is no longer delivered."""
    events: list[Event] = [
        *map(delivered, range(4)),
        InstancesProven(job="send_them", first=0, count=2, proof=Proof.QUERY),
        InstanceMissing(job="send_them", item=3, reason="not_found", words="not there"),
    ]

    index = EventIndex(log_of(stamp(events)), rows=4)

    words = [index.finished(item) for item in range(4)]
    assert [word and word.proof.value for word in words] == ["query", "query", "status", "status"]
    assert [word and word.outcome.value for word in words] == ["delivered"] * 3 + ["missing"]
    assert words[3]
    assert (words[3].reason, words[3].words, words[3].status) == ("not_found", "not there", 0)


def test_a_log_in_another_form_is_read_as_well() -> None:
    """A log that another program rewrote, with spaces and in another order, says the same."""
    lines = [json.loads(encode(each)) for each in stamp(WORDS)]
    rewritten = "".join(json.dumps(dict(sorted(line.items()))) + "\n" for line in lines)

    index = EventIndex(io.BytesIO(rewritten.encode("ascii")), rows=6)

    assert [index.finished(item) for item in (0, 1, 5)] == [WORDS[0], WORDS[1], WORDS[4]]


def test_a_word_about_events_is_not_an_event() -> None:
    """The name of the event inside another event's text is no final word."""
    line = '{"at":1.0,"sequence":0,"event":"job_started","job":"instance_finished","instances":0,"bytes":0}\n'

    index = EventIndex(io.BytesIO(line.encode("ascii")), rows=1)

    assert index.finished(0) is None


def test_a_torn_last_line_is_left_out() -> None:
    """A crash in the middle of a line costs that line and nothing else."""
    log = log_of(stamp([delivered(0), delivered(1)]))
    torn = io.BytesIO(log.getvalue()[:-40])

    index = EventIndex(torn, rows=2)

    assert index.finished(0) == delivered(0)
    assert index.finished(1) is None


def test_the_log_of_another_plan_is_refused() -> None:
    """A row that the plan does not have is not passed over."""
    with pytest.raises(ValueError, match="row 5 is not one of the plan"):
        EventIndex(log_of(stamp(WORDS)), rows=5)


def test_damage_is_told_when_it_is_met() -> None:
    """A line that says "instance_finished" and cannot be read is an error, not a missing event."""
    with pytest.raises(ValueError, match="not one line of JSON"):
        EventIndex(io.BytesIO(b'{"event": "instance_finished"\n'), rows=1)
