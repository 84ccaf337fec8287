"""Everything that can go wrong before an association stands ends in time, in an error of its own that names the cause."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import pytest

from dicomjobs.errors import (
    AssociationAborted,
    AssociationError,
    AssociationRejected,
    ConnectionFailed,
    ConnectionLost,
    HostUnknown,
    IdentityNotConfirmed,
    Interrupted,
    MalformedPdu,
    NoContextAccepted,
    NotDicom,
    ProtocolError,
    Remedy,
    RequestTooLong,
    Timeout,
)
from dicomjobs.model.peer import AddressFamily
from dicomjobs.model.secret import SecretForm, SecretReference, SecretSource
from dicomjobs.wire.connect import connect
from dicomjobs.wire.pdu import IdentityItem
from tests.support.scripted_scp import (
    Conversation,
    Step,
    abort_pdu,
    accept,
    close,
    data_pdu,
    drip,
    hang,
    pdu,
    read_association_request,
    reject_pdu,
    repeat,
    reset,
    scripted_scp,
    send,
)
from tests.support.wire import (
    CT,
    MR,
    SHORT,
    Stop,
    Stopwatch,
    a_peer,
    an_identity,
    need_ipv6,
    no_secret,
    proposing,
    timeouts,
)

SLACK = 2.0
"""Seconds after its deadline by which every fault must have ended."""
ASKED = read_association_request()
AC = pdu(2, b"\0\1" + bytes(66) + bytes.fromhex("50 00 0008 51 00 0004 00004000"))


@pytest.mark.parametrize(
    ("script", "error", "words"),
    [
        pytest.param([ASKED, hang()], Timeout, r"within 0.4 s \(timeouts.acse\)", id="silent"),
        pytest.param([close()], ConnectionLost, "127.0.0.1", id="closes on accept"),
        pytest.param([ASKED, close()], ConnectionLost, "closed the connection", id="closes after the request"),
        pytest.param([ASKED, reset()], ConnectionLost, "broke: Connection reset", id="resets after the request"),
        pytest.param([ASKED, send(reject_pdu(2, 3, 1))], AssociationRejected, "temporary congestion", id="busy"),
        pytest.param([ASKED, send(reject_pdu(2, 3, 2))], AssociationRejected, "local limit", id="limit"),
        pytest.param([ASKED, send(reject_pdu(1, 1, 3))], AssociationRejected, "calling AE title", id="calling"),
        pytest.param([ASKED, send(reject_pdu(1, 1, 7))], AssociationRejected, "called AE title", id="called"),
        pytest.param([ASKED, send(reject_pdu(1, 1, 1))], AssociationRejected, "no reason given", id="no reason"),
        pytest.param([ASKED, send(reject_pdu(1, 2, 2))], AssociationRejected, "protocol version", id="version"),
        pytest.param(
            [ASKED, send(reject_pdu(9, 9, 9)), hang()], ProtocolError, "values PS3.8 does not", id="illegal RJ"
        ),
        pytest.param([ASKED, send(abort_pdu(source=0))], AssociationAborted, "application", id="A-ABORT"),
        pytest.param(
            [ASKED, send(abort_pdu(source=2, reason=2))], AssociationAborted, "unexpected PDU", id="A-P-ABORT"
        ),
        pytest.param([send(abort_pdu(source=2)), reset()], AssociationError, "127.0.0.1", id="abort on accept"),
        pytest.param(
            [ASKED, send(data_pdu(command=True, last=True, fragment=b"")), hang()],
            ProtocolError,
            "P-DATA-TF before the association",
            id="P-DATA instead of AC",
        ),
        pytest.param([ASKED, send(b"HTTP/1.1 400 Bad Request\r\n\r\n"), hang()], NotDicom, "48H", id="HTTP"),
        pytest.param([ASKED, send(bytes(6)), hang()], NotDicom, "does not speak DICOM", id="zeros"),
        pytest.param([ASKED, send(AC[:3]), hang()], Timeout, r"timeouts\.(network|acse)", id="AC stalls in its header"),
        pytest.param([ASKED, send(AC[:-9]), hang()], Timeout, r"timeouts\.(network|acse)", id="AC stalls half-way"),
        pytest.param([ASKED, drip(AC, pause=0.05)], Timeout, r"timeouts\.(network|acse)", id="AC drips"),
        pytest.param([ASKED, send(AC[:-9]), close()], ConnectionLost, "closed", id="AC cut"),
        pytest.param([ASKED, send(bytes.fromhex("0200ffffffff")), hang()], ProtocolError, "4294967295", id="4 GB AC"),
        pytest.param(
            [ASKED, send(bytes.fromhex("020000100000")), repeat(bytes(65536))],
            MalformedPdu,
            "A-ASSOCIATE-AC",
            id="1 MiB AC",
        ),
        pytest.param([ASKED, send(pdu(2, bytes(10))), hang()], MalformedPdu, "of 10 bytes", id="AC too short"),
        pytest.param([accept(results={1: 3})], NoContextAccepted, "abstract syntax not supported", id="none accepted"),
        pytest.param([ASKED, send(AC), hang()], NoContextAccepted, "not answered", id="none answered"),
        pytest.param(
            [accept(transfer_syntax="1.2.3"), hang()], ProtocolError, "not proposed: '1.2.3'", id="other syntax"
        ),
        pytest.param([accept(extra_ids=(9,)), hang()], ProtocolError, "context 9, which was not", id="unknown ID"),
        pytest.param([accept(extra_ids=(1,)), hang()], ProtocolError, "context 1 twice", id="ID twice"),
        pytest.param([accept(results={1: 5}), hang()], ProtocolError, "unknown result 5", id="unknown result"),
        pytest.param([accept(max_pdu=6), hang()], ProtocolError, "at most 6 bytes", id="max PDU 6"),
        pytest.param([accept(max_pdu=1), hang()], ProtocolError, "at most 1 bytes", id="max PDU 1"),
    ],
)
def test_a_peer_that_does_not_accept_properly_is_told_by_name(
    script: list[Step], error: type[AssociationError], words: str, stop: Stop
) -> None:
    """The class says what happened, the words say it with host and port, and it is over in time."""
    watch = Stopwatch()
    with scripted_scp(*script) as port:
        peer = a_peer(port, seconds=SHORT)
        with pytest.raises(error, match=words) as caught:
            connect(peer, proposing(CT), open_secret=no_secret, stop=stop)
        seconds = watch.seconds

    assert type(caught.value) is error or error is AssociationError
    assert f"127.0.0.1:{port}" in caught.value.words
    assert seconds <= 2 * SHORT + SLACK


@pytest.mark.parametrize(
    ("octets", "remedy", "hint"),
    [
        ((1, 1, 3), Remedy.FIX_CONFIGURATION, "'DICOMJOBS'"),
        ((1, 1, 7), Remedy.FIX_CONFIGURATION, "'ANY-SCP'"),
        ((2, 3, 1), Remedy.TRY_AGAIN, "run again later"),
        ((2, 1, 1), Remedy.TRY_AGAIN, "log"),
    ],
)
def test_a_rejection_says_what_to_try(octets: tuple[int, int, int], remedy: Remedy, hint: str, stop: Stop) -> None:
    """The octets are kept, the AE title at fault is named."""
    with scripted_scp(ASKED, send(reject_pdu(*octets))) as port, pytest.raises(AssociationRejected) as caught:
        connect(a_peer(port), proposing(CT), open_secret=no_secret, stop=stop)

    assert (caught.value.result, caught.value.source, caught.value.diagnostic) == octets
    assert caught.value.remedy is remedy
    assert hint in caught.value.hint


def test_a_closed_port_is_refused_at_once(stop: Stop) -> None:
    """The error of connect() is kept as the cause."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        peer = a_peer(unused.getsockname()[1])
        with pytest.raises(ConnectionFailed, match="Connection refused") as caught:
            connect(peer, proposing(CT), open_secret=no_secret, stop=stop)

    assert "nothing listens" in caught.value.hint


@contextmanager
def full_backlog() -> Iterator[int]:
    """A port whose SYNs are dropped, as by a firewall."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, ExitStack() as queue:
        for _ in range(4):
            sock = queue.enter_context(socket.socket())
            sock.setblocking(False)
            sock.connect_ex(server.getsockname())
        yield server.getsockname()[1]


def test_a_full_backlog_ends_at_the_connect_timeout(stop: Stop) -> None:
    """The SYN is dropped, as by a firewall."""
    with full_backlog() as port:
        watch = Stopwatch()
        with pytest.raises(Timeout, match=r"within 0.4 s \(timeouts.connect\)") as caught:
            connect(a_peer(port, seconds=SHORT), proposing(CT), open_secret=no_secret, stop=stop)

    assert caught.value.clock == "connect"
    assert watch.seconds <= SHORT + SLACK


def test_a_name_that_does_not_resolve_is_a_mistake_in_the_configuration(
    stop: Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The resolver's words are kept."""

    def look_up(*args: object, flags: int = 0, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(HostUnknown, match=r"no\.such\.host cannot be resolved: Name or service") as caught:
        connect(replace(a_peer(104), host="no.such.host"), proposing(CT), open_secret=no_secret, stop=stop)

    assert caught.value.remedy is Remedy.FIX_CONFIGURATION


def test_a_resolver_that_is_away_for_a_moment_is_worth_another_try(stop: Stop, monkeypatch: pytest.MonkeyPatch) -> None:
    """EAI_AGAIN says nothing about the name."""

    def look_up(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(ConnectionFailed, match="cannot be resolved now") as caught:
        connect(replace(a_peer(104), host="some.host"), proposing(CT), open_secret=no_secret, stop=stop)

    assert caught.value.remedy is Remedy.TRY_AGAIN


def test_a_resolver_that_hangs_ends_at_the_connect_timeout(stop: Stop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The resolver itself cannot be given a timeout."""
    resolver, over = socket.getaddrinfo, threading.Event()

    def look_up(host: str, port: int, *args: int, flags: int = 0) -> object:
        if flags:
            raise socket.gaierror(socket.EAI_NONAME, "not an address")
        over.wait(10)
        return resolver("127.0.0.1", port)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    watch = Stopwatch()
    with pytest.raises(Timeout, match=r"timeouts.connect"):
        connect(replace(a_peer(104, seconds=SHORT), host="slow.host"), proposing(CT), open_secret=no_secret, stop=stop)
    over.set()

    assert watch.seconds <= SHORT + SLACK


def test_every_address_of_a_name_is_tried(stop: Stop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first refuses, the second is the peer."""
    with socket.socket() as unused, scripted_scp(accept(), hang()) as port:
        unused.bind(("127.0.0.1", 0))
        rows = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", number))
            for number in (unused.getsockname()[1], port)
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: rows)
        association = connect(a_peer(port), proposing(CT), open_secret=no_secret, stop=stop)
        association.abort()

    assert association.negotiation.accepted


@pytest.mark.parametrize("family", [AddressFamily.AUTO, AddressFamily.IPV6])
def test_a_peer_may_have_an_ipv6_address(stop: Stop, family: AddressFamily) -> None:
    """Written without brackets in the document, and told with them."""
    need_ipv6()
    with scripted_scp(accept(), hang(), host="::1") as port:
        peer = a_peer(port, host="::1", address_family=family)
        connect(peer, proposing(CT), open_secret=no_secret, stop=stop).abort()
    with pytest.raises(ConnectionFailed, match=rf"\[::1\]:{port}"):
        connect(peer, proposing(CT), open_secret=no_secret, stop=stop)
    with pytest.raises(HostUnknown):
        connect(replace(peer, address_family=AddressFamily.IPV4), proposing(CT), open_secret=no_secret, stop=stop)


def test_an_address_that_does_not_answer_leaves_time_for_the_next(stop: Stop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time for connecting is shared out between the addresses of a name."""
    with full_backlog() as dead, scripted_scp(accept(), hang()) as port:
        rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", number)) for number in (dead, port)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: rows)
        peer = a_peer(port, timeouts=timeouts(5.0, connect=2 * SHORT))
        connect(peer, proposing(CT), open_secret=no_secret, stop=stop).abort()


def test_the_address_family_limits_what_a_name_resolves_to(stop: Stop) -> None:
    """127.0.0.1 is no IPv6 address."""
    peer = a_peer(104, address_family=AddressFamily.IPV6)
    with pytest.raises(HostUnknown):
        connect(peer, proposing(CT), open_secret=no_secret, stop=stop)


def test_the_first_stop_interrupts_what_is_not_established(stop: Stop) -> None:
    """Nothing is in flight yet, so there is nothing to finish."""
    with (
        scripted_scp(ASKED, lambda scp: stop.finish(), hang()) as port,
        pytest.raises(Interrupted, match="told to stop"),
    ):
        connect(a_peer(port), proposing(CT), open_secret=no_secret, stop=stop)


def test_no_socket_is_left_open_by_a_failure(stop: Stop) -> None:
    """The peer sees the connection end."""
    ended = threading.Event()

    def until_closed(scp: Conversation) -> None:
        hang()(scp)
        ended.set()

    with scripted_scp(ASKED, send(AC[:3]), until_closed) as port:
        with pytest.raises(Timeout):
            connect(a_peer(port, seconds=SHORT), proposing(CT), open_secret=no_secret, stop=stop)

        assert ended.wait(5)


TOKEN = SecretReference(source=SecretSource.ENV, argument=("TOKEN",), form=SecretForm.BYTES)
PASSCODE = SecretReference(source=SecretSource.ENV, argument=("PASSCODE",))
SECRETS = {TOKEN: b"\0\xff token \n", PASSCODE: "pässword".encode()}
IDENTITIES = [
    pytest.param({"username": "jo"}, (1, b"jo", b""), id="username"),
    pytest.param({"username": "jö", "passcode": PASSCODE}, (2, "jö".encode(), SECRETS[PASSCODE]), id="passcode"),
    pytest.param({"kerberos": TOKEN}, (3, SECRETS[TOKEN], b""), id="kerberos"),
    pytest.param({"saml": TOKEN}, (4, SECRETS[TOKEN], b""), id="saml"),
    pytest.param({"jwt": TOKEN}, (5, SECRETS[TOKEN], b""), id="jwt"),
]


@pytest.mark.parametrize(("identity", "expected"), IDENTITIES)
@pytest.mark.parametrize("asked", [True, False])
def test_a_user_identity_is_sent_as_its_type_has_it(
    stop: Stop, identity: dict[str, Any], expected: tuple[int, bytes, bytes], *, asked: bool
) -> None:
    """PS3.7 D.3.3.7.1: primary and secondary field, and whether a confirmation is asked for."""
    seen: list[IdentityItem | None] = []

    def keep(scp: Conversation) -> None:
        assert scp.request is not None
        seen.append(scp.request.user.identity)

    with scripted_scp(accept(identity_response=b"" if asked else None), keep, hang()) as port:
        peer = a_peer(port, user_identity=an_identity(positive_response=asked, **identity))
        connect(peer, proposing(CT), open_secret=SECRETS.__getitem__, stop=stop).abort()

    identity_type, primary, secondary = expected
    item = IdentityItem(identity_type=identity_type, positive_response=asked, primary=primary, secondary=secondary)
    assert seen == [item]


@pytest.mark.parametrize(("identity", "expected"), IDENTITIES)
def test_an_identity_that_is_not_confirmed_ends_the_association(
    stop: Stop, identity: dict[str, Any], expected: object
) -> None:
    """The confirmation was asked for, and it is insisted on whatever the type."""
    del expected
    with scripted_scp(accept(), hang()) as port:
        asking = an_identity(positive_response=True, **identity)
        peer = a_peer(port, user_identity=asking, timeouts=timeouts(SHORT))
        with pytest.raises(IdentityNotConfirmed, match="did not confirm") as caught:
            connect(peer, proposing(CT), open_secret=SECRETS.__getitem__, stop=stop)

    assert ("'jo'" in caught.value.words) is (identity.get("username") == "jo")


def test_an_identity_that_does_not_fit_is_told_before_anything_is_sent(stop: Stop) -> None:
    """The user information item has a length of two bytes."""
    peer = a_peer(1, user_identity=an_identity(jwt=TOKEN))
    with pytest.raises(RequestTooLong, match="50H") as caught:
        connect(peer, proposing(CT), open_secret=lambda _: bytes(65_500), stop=stop)

    assert caught.value.remedy is Remedy.FIX_CONFIGURATION
    assert "user identity" in caught.value.hint


def test_contexts_that_were_refused_do_not_keep_the_others_from_being_used(stop: Stop) -> None:
    """One of two is enough."""
    with scripted_scp(accept(results={3: 4}), hang()) as port:
        association = connect(a_peer(port), proposing(CT, MR), open_secret=no_secret, stop=stop)
        association.abort()

    assert [context.abstract_syntax for context in association.negotiation.accepted] == [CT]
