"""Instances looked up at real and scripted peers: only what was answered to its end, and belongs to the question, counts."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from dicomjobs.answers.json_model import decode_identifier
from dicomjobs.events import AssociationEnded, AssociationEstablished, Event
from dicomjobs.execute.associating import Associating
from dicomjobs.execute.lookup import Lookup, at_query_peer
from dicomjobs.execute.sighting import Presence
from dicomjobs.model.job import EndWith
from dicomjobs.model.peer import Peer
from dicomjobs.model.query import Element
from dicomjobs.plan.plan import PlannedInstance
from dicomjobs.wire.connect import connect
from dicomjobs.wire.identifier import encode_identifier
from dicomjobs.wire.receive import start_receiver
from tests.support.fake_ports import Stage
from tests.support.instances import make_instance, make_uid
from tests.support.peers import dcmqrscp, orthanc, run_program
from tests.support.runs import MadeInstances
from tests.support.scripted_scp import (
    RELEASE_RP,
    Step,
    abort_pdu,
    accept,
    close,
    hang,
    match,
    read_message,
    read_one_pdu,
    reject_pdu,
    respond,
    scripted_scp,
    scripted_sessions,
    send,
)
from tests.support.wire import EXPLICIT_LITTLE, SHORT, Stop, a_peer, no_secret

STUDY, SERIES = "1.2.3", "1.2.3.4"


def row(uid: str, *, study: str = STUDY, series: str = SERIES) -> PlannedInstance:
    """Return a planned instance."""
    return replace(MadeInstances(1)[0], sop_instance_uid=uid, study_instance_uid=study, series_instance_uid=series)


def rows_of(count: int, study: int, series: int) -> list[PlannedInstance]:
    """Return planned instances with the UIDs that `make_instance` gives to these numbers."""
    return [
        row(
            make_uid("seed", study, series, number),
            study=make_uid("seed", study),
            series=make_uid("seed", study, series),
        )
        for number in range(1, count + 1)
    ]


def found(uid: str, *, study: str = STUDY, series: str = SERIES, level: str = "IMAGE") -> bytes:
    """Return a match."""
    texts = {0x00080018: ("UI", uid), 0x00080052: ("CS", level), 0x0020000D: ("UI", study), 0x0020000E: ("UI", series)}
    elements = tuple(Element(tag=tag, vr=vr, values=(text,) if text else ()) for tag, (vr, text) in texts.items())
    return encode_identifier(elements, EXPLICIT_LITTLE, "ISO_IR 100")


@pytest.fixture
def stop() -> Iterator[Stop]:
    """A stop signal whose descriptors are closed afterwards."""
    signal = Stop()
    yield signal
    signal.close()


def look_up(peer: Peer, rows: Sequence[PlannedInstance], stop: Stop, events: list[Event] | None = None) -> list[str]:
    """Ask, and return what was found in words: the presence, and the reason where there is one."""
    ports = replace(
        Stage(MadeInstances(0)).ports(),
        connect=lambda at, proposal: connect(at, proposal, open_secret=no_secret, stop=stop),
        stop=stop,
        encode_identifier=encode_identifier,
        decode_identifier=decode_identifier,
        monotonic=time.monotonic,
    )
    told = [] if events is None else events
    associating = Associating(job="send", peer=peer, ports=ports, end_with=EndWith.RELEASE)
    lookup = Lookup(at_query_peer(associating), told.append)
    sightings = lookup.look_up(rows)
    lookup.close()
    assert sum(isinstance(event, AssociationEnded) for event in told) >= sum(
        isinstance(event, AssociationEstablished) for event in told
    )
    assert all((each.presence is Presence.NOT_ANSWERABLE) is bool(each.reason and each.words) for each in sightings)
    return [each.presence.value + (f" {each.reason}" if each.reason else "") for each in sightings]


ASKED = (accept(), read_message())
RELEASED = (read_one_pdu(), send(RELEASE_RP))


def test_the_peer_of_our_own_says_what_it_has(tmp_path: Path, stop: Stop) -> None:
    """One association, a query a series; what is not there is absent, and so is the whole of a series nobody sent."""
    for number in (1, 2):
        make_instance(tmp_path / f"{number}.dcm", study=1, series=1, number=number, rows=0)
    rows = [*rows_of(3, 1, 1), *rows_of(1, 2, 1)]
    events: list[Event] = []
    with start_receiver(str(tmp_path)) as receiver:
        said = look_up(a_peer(receiver.port), rows, stop, events)

    assert said == ["present", "present", "absent", "absent"]
    assert sum(isinstance(event, AssociationEstablished) for event in events) == 1


@pytest.mark.parametrize("start", [dcmqrscp, orthanc], ids=["dcmqrscp", "orthanc"])
def test_real_archives_say_what_they_have(start: object, tmp_path: Path, stop: Stop) -> None:
    """Both answer at IMAGE level, for a series and for one instance."""
    files = tmp_path / "files"
    files.mkdir()
    for study, series, number in ((1, 1, 1), (1, 1, 2), (1, 2, 1)):
        make_instance(files / f"{study}{series}{number}.dcm", study=study, series=series, number=number, rows=0)
    rows = [*rows_of(3, 1, 1), *rows_of(1, 1, 2), *rows_of(1, 3, 1)]
    assert callable(start)
    with start(tmp_path) as peer:
        sent = run_program("storescu", "-aec", peer.ae_title, "+sd", peer.host, peer.port, files, nodelay=True)
        assert sent.returncode == 0, sent.stderr
        said = look_up(a_peer(peer.port, called_ae_title=peer.ae_title), rows, stop)

    assert said == ["present", "present", "absent", "present", "absent"]


def test_another_application_entity_is_asked_where_the_peer_names_one(stop: Stop) -> None:
    """`queries_at`: nothing listens at the peer itself."""
    with scripted_scp(*ASKED, match(found("1.2.3.4.5")), respond(), *RELEASED) as port:
        said = look_up(a_peer(1, queries_at=a_peer(port)), [row("1.2.3.4.5")], stop)

    assert said == ["present"]


def test_patient_root_is_asked_where_study_root_is_refused(stop: Stop) -> None:
    """The context that was accepted decides."""
    with scripted_scp(accept(results={1: 3}), read_message(), match(found("1.2.3.4.5")), respond(), *RELEASED) as port:
        assert look_up(a_peer(port), [row("1.2.3.4.5")], stop) == ["present"]


def test_an_instance_missing_from_a_long_answer_is_asked_for_by_itself(stop: Stop) -> None:
    """A peer that cuts its answers off and says success hides nothing."""
    script = (
        *ASKED,
        match(found("1.2.3.4.1")),
        respond(),
        read_message(),
        match(found("1.2.3.4.2")),
        respond(),
        read_message(),
        respond(),
        *RELEASED,
    )
    with scripted_scp(*script) as port:
        said = look_up(a_peer(port), [row(f"1.2.3.4.{n}") for n in (1, 2, 3)], stop)

    assert said == ["present", "present", "absent"]


def test_the_same_instance_twice_and_one_without_a_series(stop: Stop) -> None:
    """Every row gets its answer; without series and study the instance is asked for by its own UID alone."""
    rows = [row("1.2.9", study="", series=""), row("1.2.8", study="", series=""), row("1.2.9", study="", series="")]
    script = (*ASKED, match(found("1.2.9", study="7.7", series="7.8")), respond(), read_message(), respond(), *RELEASED)
    with scripted_scp(*script) as port:
        assert look_up(a_peer(port), rows, stop) == ["present", "absent", "present"]


TWO = [row("1.2.3.4.1"), row("1.2.3.4.2")]
"""A series of two, asked for with one query."""

NO_ANSWER: dict[str, tuple[Sequence[Step], list[str]]] = {
    "a failure status": ((*ASKED, respond(status=0xA900), hang()), ["not_answerable refused"] * 2),
    "a limit reached": (
        (*ASKED, match(found("1.2.3.4.1")), respond(status=0xB001), hang()),
        ["present", "not_answerable refused"],
    ),
    "cancelled by nobody": ((*ASKED, respond(status=0xFE00), hang()), ["not_answerable refused"] * 2),
    "a status that is none": ((*ASKED, respond(status=0x1234), hang()), ["not_answerable refused"] * 2),
    "no query service": ((accept(results={1: 3, 3: 3}), hang()), ["not_answerable no_context_accepted"] * 2),
    "rejected": ((read_one_pdu(), send(reject_pdu(1, 1, 7))), ["not_answerable association_rejected"] * 2),
    "aborted": ((*ASKED, send(abort_pdu(source=0))), ["not_answerable association_aborted"] * 2),
    "closed": ((*ASKED, close()), ["not_answerable connection_lost"] * 2),
    "closed after one match": (
        (*ASKED, match(found("1.2.3.4.1")), close()),
        ["present", "not_answerable connection_lost"],
    ),
    "silent": ((*ASKED, hang()), ["not_answerable timeout"] * 2),
    "another message": ((*ASKED, respond(message_id=77), hang()), ["not_answerable protocol_error"] * 2),
    "another series": (
        (*ASKED, match(found("1.2.3.4.1", series="1.2.3.5")), respond(), hang()),
        ["not_answerable protocol_error"] * 2,
    ),
    "another study": (
        (*ASKED, match(found("1.2.3.4.1", study="1.2.4")), respond(), hang()),
        ["not_answerable protocol_error"] * 2,
    ),
    "another level": (
        (*ASKED, match(found("1.2.3.4.1", level="SERIES")), respond(), hang()),
        ["not_answerable protocol_error"] * 2,
    ),
    "no UID": ((*ASKED, match(found("")), respond(), hang()), ["not_answerable protocol_error"] * 2),
    "a UID that is none": ((*ASKED, match(found("../../x")), respond(), hang()), ["not_answerable protocol_error"] * 2),
    "an empty match": ((*ASKED, match(b""), respond(), hang()), ["not_answerable protocol_error"] * 2),
    "garbage": ((*ASKED, match(b"garbage!"), respond(), hang()), ["not_answerable protocol_error"] * 2),
}


@pytest.mark.parametrize(("script", "expected"), NO_ANSWER.values(), ids=NO_ANSWER.keys())
def test_what_was_not_answered_to_its_end_is_neither_present_nor_absent(
    script: Sequence[Step], expected: list[str], stop: Stop
) -> None:
    """What was seen and belongs to the question is present all the same."""
    with scripted_scp(*script) as port:
        assert look_up(a_peer(port, seconds=SHORT), TWO, stop) == expected


def test_matches_without_end_are_given_up(stop: Stop) -> None:
    """A few dimse timeouts, however steadily they come."""

    def for_ever(conversation: object) -> None:
        while True:
            match(found("1.2.3.4.7"))(conversation)  # type: ignore[arg-type]

    began = time.monotonic()
    with scripted_scp(*ASKED, for_ever) as port:
        said = look_up(a_peer(port, seconds=0.1), TWO, stop)

    assert said == ["not_answerable timeout"] * 2
    assert time.monotonic() - began < 3


def test_an_association_that_stood_idle_and_is_gone_is_asked_for_again(stop: Stop) -> None:
    """What was between the questions is no answer to any of them."""
    first = (*ASKED, match(found("1.2.3.4.1"), found("1.2.3.4.2")), respond(), send(abort_pdu(source=0)))
    second = (*ASKED, match(found("2.2.3.4.1", study="", series="")), respond(), *RELEASED)
    rows = [*TWO, row("2.2.3.4.1", study="", series="")]
    events: list[Event] = []
    with scripted_sessions(first, second) as port:
        said = look_up(a_peer(port), rows, stop, events)

    assert said == ["present"] * 3
    assert [event.number for event in events if isinstance(event, AssociationEstablished)] == [1, 2]


def test_nothing_is_asked_once_the_run_is_interrupted(stop: Stop) -> None:
    """Nor is anybody called."""
    stop.finish()

    assert look_up(a_peer(1), TWO, stop) == ["not_answerable interrupted"] * 2


def test_an_unreachable_peer_is_asked_once_for_all(stop: Stop) -> None:
    """Not once a series."""
    events: list[Event] = []
    rows = [row(f"1.2.3.{n}", series=f"1.2.{n}") for n in range(5)]

    assert look_up(a_peer(1), rows, stop, events) == ["not_answerable connection_failed"] * 5
    assert len(events) == 1
