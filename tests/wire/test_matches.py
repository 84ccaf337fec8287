"""Matches taken together: the same as one by one, however their bytes arrive, and checked as strictly."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicomjobs.errors import AssociationAborted, AssociationError, ConnectionLost, ProtocolError, Timeout
from dicomjobs.model.dimse import FindRequest, PendingResponses, Response
from dicomjobs.wire.association import Association
from tests.support.scripted_scp import (
    Conversation,
    Step,
    abort_pdu,
    accept,
    close,
    data_pdu,
    hang,
    pdu,
    read_message,
    respond,
    response,
    scripted_scp,
    send,
)
from tests.support.wire import SHORT, STUDY_FIND, Bytes, a_peer, associated, proposing, timeouts

Found = list[tuple[int, bytes | None]]


def one_by_one(association: Association) -> Iterator[tuple[int, bytes | None]]:
    """Ask, and take every response by itself."""
    pending = association.send(FindRequest(sop_class_uid=STUDY_FIND), 1, Bytes(b"key "))
    return ((answer.status, answer.data) for answer in association.answers(pending))


def together(association: Association) -> Iterator[tuple[int, bytes | None]]:
    """Ask, and take those together that came together."""
    pending = association.send(FindRequest(sop_class_uid=STUDY_FIND), 1, Bytes(b"key "))
    for found in association.matches(pending):
        match found:
            case PendingResponses(status=status, identifiers=identifiers):
                assert identifiers
                yield from ((status, identifier) for identifier in identifiers)
            case Response(status=status, data=data):
                yield status, data


Way = Callable[[Association], Iterator[tuple[int, bytes | None]]]


def heard(way: Way, *script: Step) -> tuple[Found, type[AssociationError] | None, str]:
    """Return what came of a script, and the error that ended it."""
    found: Found = []
    with (
        scripted_scp(accept(), read_message(), *script) as port,
        associated(a_peer(port, timeouts=timeouts(SHORT)), proposing(STUDY_FIND)) as association,
    ):
        try:
            found.extend(way(association))
        except AssociationError as error:
            return found, type(error), error.words.replace(str(port), "PORT")
    return found, None, ""


def in_pieces(scp: Conversation, data: bytes, cuts: list[int]) -> None:
    """Send bytes in pieces."""
    ends = sorted({cut % (len(data) + 1) for cut in cuts} | {len(data)})
    start = 0
    for end in ends:
        scp.socket.sendall(data[start:end])
        start = end


STATUSES = st.sampled_from([0xFF00, 0xFF00, 0xFF00, 0xFF01])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(STATUSES, st.binary(min_size=1, max_size=30).map(lambda b: b + b" " * (len(b) % 2)))),
    st.lists(st.integers(0, 5000), max_size=6),
    st.sampled_from([1, 7, 10_000]),
)
def test_however_the_bytes_arrive_the_matches_are_the_same(
    matches: list[tuple[int, bytes]], cuts: list[int], piece: int
) -> None:
    """Cut anywhere between two arrivals, and the data sets cut into fragments of any size."""

    def answer(scp: Conversation) -> None:
        out = b""
        for status, data in matches:
            whole = response(scp, status=status, data=data)
            command = whole[: len(whole) - len(data_pdu(command=False, last=True, fragment=data))]
            pieces = [data[at : at + piece] for at in range(0, len(data), piece)]
            fragments = [
                data_pdu(command=False, last=each == len(pieces) - 1, fragment=fragment)
                for each, fragment in enumerate(pieces)
            ]
            out += command + b"".join(fragments)
        in_pieces(scp, out + response(scp), cuts)

    assert heard(together, answer) == ([*matches, (0, None)], None, "")


def test_many_matches_that_are_there_come_in_few_runs() -> None:
    """After the first, which shows what they look like."""
    runs: list[int] = []

    def count(association: Association) -> Iterator[tuple[int, bytes | None]]:
        pending = association.send(FindRequest(sop_class_uid=STUDY_FIND), 1, Bytes(b"key "))
        runs.extend(
            len(each.identifiers) for each in association.matches(pending) if isinstance(each, PendingResponses)
        )
        return iter(())

    def answer(scp: Conversation) -> None:
        scp.socket.sendall(
            b"".join(response(scp, status=0xFF00, data=b"%04d" % n) for n in range(1000)) + response(scp)
        )

    heard(count, answer)

    assert sum(runs) == 1000
    assert len(runs) < 20


def _other(**changes: object) -> Step:
    """Answer with a match that is not for the request."""
    return respond(status=0xFF00, data=b"bad ", **changes)  # type: ignore[arg-type]  # what respond takes


GOOD = [respond(status=0xFF00, data=b"one "), respond(status=0xFF00, data=b"two ")]


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ([_other(message_id=77)], ProtocolError),
        ([_other(sop_class_uid="1.2.3")], ProtocolError),
        ([respond(status=0xFF00)], ProtocolError),
        ([send(data_pdu(command=False, last=True, fragment=b"data"))], ProtocolError),
        ([send(abort_pdu(source=0))], AssociationAborted),
        ([send(pdu(0x77, b"1234"))], ProtocolError),
        ([send(pdu(4, b""))], ProtocolError),
        ([close()], ConnectionLost),
        ([hang()], Timeout),
        ([send(b"\x04\x00\x00\x00")], ConnectionLost),
        ([send(b"\x04\x00\x7f\xff\xff\xff"), hang()], ProtocolError),
    ],
)
def test_what_follows_good_matches_is_checked_as_ever(script: list[Step], error: type[AssociationError]) -> None:
    """The same error, in the same words, after the same matches."""
    script = [*GOOD, *script]

    assert heard(together, *script) == heard(one_by_one, *script)
    assert issubclass(heard(together, *script)[1] or ValueError, error)


@pytest.mark.parametrize("length", [0, 0xFFFF, 0x7FFFFFFF])
def test_a_data_set_whose_header_lies_is_no_match(length: int) -> None:
    """A known command set, and then a P-DATA-TF whose lengths disagree."""

    def answer(scp: Conversation) -> None:
        good = response(scp, status=0xFF00, data=b"one ")
        data = data_pdu(command=False, last=True, fragment=b"two ")
        scp.socket.sendall(good + good[: -len(data)] + data[:6] + length.to_bytes(4, "big") + data[10:])

    script = [answer, hang()]

    assert heard(together, *script) == heard(one_by_one, *script)
    assert heard(together, *script)[0] == [(0xFF00, b"one ")]


def test_after_a_cancel_matches_that_never_end_end_with_the_dimse_timeout() -> None:
    """However many there are at once."""

    def answer(scp: Conversation) -> None:
        some = b"".join(response(scp, status=0xFF00, data=b"%04d" % n) for n in range(50))
        while not scp.over.wait(0.001):
            scp.socket.sendall(some)

    with (
        scripted_scp(accept(), read_message(), answer) as port,
        associated(a_peer(port, timeouts=timeouts(SHORT)), proposing(STUDY_FIND)) as association,
    ):
        pending = association.send(FindRequest(sop_class_uid=STUDY_FIND), 1, Bytes(b"key "))
        matches = association.matches(pending)
        next(matches)
        association.cancel(pending)
        with pytest.raises(Timeout, match=r"timeouts.dimse"):
            list(matches)
