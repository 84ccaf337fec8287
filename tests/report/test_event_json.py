"""Events survive their way through a line of JSON, and nothing else is taken for one."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from enum import Enum
from functools import reduce
from operator import or_
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomjobs.events import Event, InstanceFinished, JobFinished, JobOutcome, Outcome, RunStarted, Stamped
from dicomjobs.report.event_json import decode, decode_log, encode
from tests.support.golden import Golden
from tests.support.runs import (
    HOSTILE,
    delivered,
    echo_events,
    established,
    find_events,
    no_answer,
    parsed,
    refused,
    stamp,
    store_events,
    whole_run,
)

TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
WHOLE = st.integers(min_value=0, max_value=2**63)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
SIMPLE: Mapping[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: WHOLE,
    float: NUMBER,
    bool: st.booleans(),
    type(None): st.none(),
}


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Every value that a field of an event can have, by its annotation."""
    if kind in SIMPLE:
        return SIMPLE[kind]
    if get_origin(kind) is UnionType:
        return reduce(or_, map(values_of, get_args(kind)))
    if get_origin(kind) is tuple:
        return st.lists(values_of(get_args(kind)[0]), max_size=3).map(tuple)
    if get_origin(kind) is Mapping:
        return st.dictionaries(TEXT, JSON, max_size=3)
    if issubclass(kind, Enum):
        return st.sampled_from(list(kind))
    assert isinstance(kind, type)
    return st.builds(kind, **{name: values_of(hint) for name, hint in get_type_hints(kind).items()})


EVENTS = st.one_of(*map(values_of, get_args(Event)))
A_LOG = whole_run(echo_events(), find_events(), store_events([delivered(0), refused(1), no_answer(2)]))


@given(event=EVENTS, at=NUMBER, sequence=WHOLE)
def test_every_event_comes_back_as_it_was(event: Event, at: float, sequence: int) -> None:
    """Decoding undoes encoding, for every value of every field of every kind."""
    stamped = Stamped(at=at, sequence=sequence, event=event)

    line = encode(stamped)

    assert decode(line) == stamped
    assert line.isascii()
    assert min(line) >= " "


def test_a_log_looks_as_it_always_did(golden: Golden) -> None:
    """The form of the log is a contract: old runs must stay readable."""
    golden.check("reports/events.jsonl", "".join(encode(stamped) + "\n" for stamped in A_LOG))


def test_the_first_event_carries_the_version_of_the_form() -> None:
    """A reader knows from the first line whether it can read the rest."""
    fields = parsed(encode(A_LOG[0]))

    assert isinstance(fields, dict)
    assert (fields["event"], fields["dicomjobs_events"]) == ("run_started", 1)


def test_what_is_empty_is_left_out() -> None:
    """An instance that arrived needs no reason, words, hint or cause."""
    fields = parsed(encode(stamp([delivered(7)])[0]))

    assert isinstance(fields, dict)
    assert not {"reason", "words", "hint", "cause"} & fields.keys()


def test_hostile_text_stays_on_its_line() -> None:
    """What a peer says cannot end the line or reach a terminal raw."""
    stamped = stamp([InstanceFinished(job="j", item=0, outcome=Outcome.FAILED, words=HOSTILE)])[0]

    line = encode(stamped)

    assert min(line) >= " "
    assert decode(line) == stamped


GOOD = json.loads(encode(stamp([delivered(0)])[0]))


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "not one line of JSON"),
        ("{", "not one line of JSON"),
        ("[" * 100_000, "not one line of JSON"),
        ("[]", "a JSON object is needed"),
        (json.dumps({**GOOD, "at": float("nan")}), "not one line of JSON"),
        (json.dumps({**GOOD, "event": "instance_lost"}), "no event of the name"),
        (json.dumps({**GOOD, "item": -1}), '"item" must be a whole number'),
        (json.dumps({**GOOD, "item": True}), '"item" must be a whole number'),
        (json.dumps({**GOOD, "status": "0000"}), '"status" must be a whole number'),
        (json.dumps({**GOOD, "seconds": "1"}), '"seconds" must be a number'),
        (json.dumps({**GOOD, "job": None}), '"job" must be a text'),
        (json.dumps({**GOOD, "outcome": "arrived"}), '"outcome" must be one of delivered'),
        (json.dumps({**GOOD, "surprise": 1}), '"surprise" is not known'),
        (json.dumps({key: value for key, value in GOOD.items() if key != "item"}), '"item" is missing'),
    ],
)
def test_anything_else_is_refused_in_a_sentence(line: str, sentence: str) -> None:
    """A line that is no event says what is wrong with it."""
    with pytest.raises(ValueError, match=sentence):
        decode(line)


@pytest.mark.parametrize(
    ("event", "field", "value", "sentence"),
    [
        (JobFinished(job="j", outcome=JobOutcome.SUCCEEDED), "truncated", 0, "must be true or false"),
        (established("j"), "proposed", {}, "must be a list"),
        (established("j"), "tls", [], "a JSON object is needed"),
        (find_events()[2], "lengths", ["16"], "must be a list of whole numbers"),
        (find_events()[2], "lengths", [15], "do not have the lengths"),
        (find_events()[2], "lengths", [18, -2], "do not have the lengths"),
        (find_events()[2], "identifiers", "EAAQ*", "not base64"),
    ],
)
def test_fields_of_every_type_are_checked(event: Event, field: str, value: object, sentence: str) -> None:
    """Flags, lists and objects are checked like texts and numbers."""
    fields = json.loads(encode(stamp([event])[0]))

    with pytest.raises(ValueError, match=sentence):
        decode(json.dumps({**fields, field: value}))


def test_a_list_of_texts_holds_nothing_else() -> None:
    """A transfer syntax is a text."""
    fields = json.loads(encode(stamp([established("j")])[0]))
    fields["proposed"][0]["transfer_syntaxes"] = [1]

    with pytest.raises(ValueError, match="must be a list of texts"):
        decode(json.dumps(fields))


def test_a_newer_form_is_refused() -> None:
    """A log that a later dicomjobs wrote is not half understood."""
    line = encode(stamp([RunStarted(run_id="r", version="9", plan_sha256="")])[0])

    with pytest.raises(ValueError, match="format version 2, and this dicomjobs reads version 1"):
        decode(line.replace('"dicomjobs_events":1', '"dicomjobs_events":2'))


def log_bytes() -> bytes:
    """Return a log as it is on disk."""
    return "".join(encode(stamped) + "\n" for stamped in A_LOG).encode("ascii")


def test_a_log_is_read_line_by_line() -> None:
    """An open binary file will do."""
    assert tuple(decode_log(io.BytesIO(log_bytes()))) == A_LOG


@given(cut=st.integers(min_value=1, max_value=200))
def test_a_torn_last_line_is_left_out(cut: int) -> None:
    """A crash in the middle of a line costs that line and nothing else."""
    torn = log_bytes() + encode(A_LOG[-2]).encode("ascii")[:cut]
    whole = len(encode(A_LOG[-2])) <= cut

    read = tuple(decode_log(io.BytesIO(torn)))

    assert read == (A_LOG + A_LOG[-2:-1] if whole else A_LOG)


def test_a_damaged_line_is_named() -> None:
    """Damage in the middle is not passed over."""
    lines = log_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b'"at"', b'"when"')

    with pytest.raises(ValueError, match='line 3 of the event log cannot be read: the field "at" is missing'):
        list(decode_log(lines))


def test_bytes_that_are_not_ascii_are_damage() -> None:
    """The log is ASCII; a flipped high bit does not pass."""
    lines = log_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b"check", b"ch\xe9ck")

    with pytest.raises(ValueError, match="line 2"):
        list(decode_log(lines))
