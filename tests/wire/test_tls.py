"""TLS with peers that have it right, and with every kind that has it wrong: all end in TlsHandshakeFailed with OpenSSL's words."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pynetdicom import AE, evt

from dicomjobs.errors import AssociationError, ConnectionLost, Interrupted, NotDicom, Timeout, TlsHandshakeFailed
from dicomjobs.model.association import EndedBy
from dicomjobs.model.dimse import EchoRequest, FindRequest
from dicomjobs.model.peer import Peer
from dicomjobs.model.secret import SecretReference, SecretSource
from dicomjobs.wire.association import Association
from dicomjobs.wire.connect import connect
from dicomjobs.wire.tls_context import client_context, offered_suites
from tests.support.scripted_scp import (
    Conversation,
    Step,
    accept,
    close,
    hang,
    read_association_request,
    read_message,
    respond,
    scripted_scp,
    send,
    stop_reading,
)
from tests.support.tls_keys import PASSWORD, TlsKeys, own, server_context, trusting
from tests.support.wire import (
    CT,
    EXPLICIT_LITTLE,
    SHORT,
    STORE_CT,
    STUDY_FIND,
    VERIFICATION,
    Bytes,
    Stop,
    Stopwatch,
    a_peer,
    no_secret,
    proposing,
    store,
    timeouts,
    tls_settings,
)

SLACK = 2.0
"""Seconds after its deadline by which every fault must have ended."""


@contextmanager
def _connected(peer: Peer, *abstract_syntaxes: str) -> Iterator[Association]:
    """An association over TLS that is aborted at the end."""
    stop = Stop()
    try:
        association = connect(peer, proposing(*abstract_syntaxes), open_secret=no_secret, stop=stop)
        yield association
        association.abort()
    finally:
        stop.close()


@contextmanager
def _pynetdicom_scp(context: ssl.SSLContext) -> Iterator[tuple[int, list[bytes]]]:
    """A pynetdicom SCP for echo, store and find over TLS; gives its port and the data sets it stored."""
    stored: list[bytes] = []

    def on_store(event: Any) -> int:
        stored.append(event.request.DataSet.getvalue())
        return 0

    def on_find(event: Any) -> Iterator[tuple[int, Any]]:
        for _ in range(300):
            yield 0xFF00, event.identifier

    entity = AE()
    for uid in (VERIFICATION, CT, STUDY_FIND):
        entity.add_supported_context(uid, EXPLICIT_LITTLE)
    handlers: Any = [(evt.EVT_C_STORE, on_store), (evt.EVT_C_FIND, on_find), (evt.EVT_CONN_OPEN, _timeout_on_accepted)]
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers, ssl_context=context)
    assert server is not None
    assert server.socket is not None
    try:
        yield server.socket.getsockname()[1], stored
    finally:
        server.shutdown()


def _timeout_on_accepted(event: Any) -> None:
    """Keep a stalled connection from holding up the end of the test."""
    event.assoc.dul.socket.socket.settimeout(10)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_echo_store_and_find_work_over_tls(tls_keys: TlsKeys, version: ssl.TLSVersion) -> None:
    """Against pynetdicom with a client certificate; the bytes arrive as they are, and the session is recorded."""
    data = (
        bytes.fromhex("08001800 55490800")
        + b"1.2.3.4\0"
        + bytes.fromhex("e07f1000 4f420000 80841e00")
        + bytes(2_000_000)
    )
    context = server_context(tls_keys, client=True, version=version)
    with _pynetdicom_scp(context) as (port, stored):
        peer = a_peer(port, tls=trusting(tls_keys, **own(tls_keys.client)))
        with _connected(peer, VERIFICATION, CT, STUDY_FIND) as association:
            (echo,) = association.answers(association.send(EchoRequest(), 1, None))
            (answer,) = association.answers(association.send(STORE_CT, 3, Bytes(data[:1_000_000], data[1_000_000:])))
            key = bytes.fromhex("08005200 43530600") + b"STUDY "
            pending = association.send(FindRequest(sop_class_uid=STUDY_FIND), 5, Bytes(key))
            matches = [response.status for response in association.answers(pending)]
            association.release()

    session = association.negotiation.tls
    certificate = ssl.PEM_cert_to_DER_cert(tls_keys.server.certificate.read_text())
    assert (echo.status, answer.status, association.ended_by) == (0, 0, EndedBy.RELEASE)
    assert matches == [0xFF00] * 300 + [0]
    assert stored == [data]
    assert session is not None
    assert session.version == {ssl.TLSVersion.TLSv1_2: "TLSv1.2", ssl.TLSVersion.TLSv1_3: "TLSv1.3"}[version]
    assert session.peer_certificate_sha256 == hashlib.sha256(certificate).hexdigest()
    assert session.cipher in offered_suites(tls_settings()) or session.cipher.startswith("TLS_")


def test_a_key_password_is_opened_when_it_is_needed(tls_keys: TlsKeys, stop: Stop) -> None:
    """And not before: it comes from open_secret."""
    reference = SecretReference(source=SecretSource.ENV, argument=("KEY",))
    settings = trusting(tls_keys, **own(tls_keys.locked), key_password=reference)
    with scripted_scp(accept(), hang(), tls=server_context(tls_keys, client=True)) as port:
        peer = a_peer(port, tls=settings)
        association = connect(peer, proposing(CT), open_secret={reference: PASSWORD.encode()}.__getitem__, stop=stop)
        association.abort()

    assert association.negotiation.accepted


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_a_peer_that_is_too_old_for_tls_1_2_is_refused(tls_keys: TlsKeys, stop: Stop) -> None:
    """BCP 195 (RFC 8996) leaves 1.0 and 1.1 out."""
    context = server_context(tls_keys)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with scripted_scp(accept(), hang(), tls=context) as port, pytest.raises(TlsHandshakeFailed, match="version"):
        connect(a_peer(port, tls=trusting(tls_keys)), proposing(CT), open_secret=no_secret, stop=stop)


def test_a_silent_peer_ends_the_handshake_at_the_connect_timeout(tls_keys: TlsKeys, stop: Stop) -> None:
    """A plain DICOM server waits for an A-ASSOCIATE-RQ that never comes."""
    watch = Stopwatch()
    with scripted_scp(hang()) as port, pytest.raises(Timeout, match=r"timeouts.connect") as caught:
        connect(a_peer(port, seconds=SHORT, tls=trusting(tls_keys)), proposing(CT), open_secret=no_secret, stop=stop)

    assert "may not speak TLS" in caught.value.hint
    assert watch.seconds <= SHORT + SLACK


def test_the_first_stop_interrupts_the_handshake(tls_keys: TlsKeys, stop: Stop) -> None:
    """Nothing is in flight yet, so there is nothing to finish."""

    def after_hello(scp: Conversation) -> None:
        scp.read(5)
        stop.finish()

    with scripted_scp(after_hello, hang()) as port, pytest.raises(Interrupted):
        connect(a_peer(port, tls=trusting(tls_keys)), proposing(CT), open_secret=no_secret, stop=stop)


@pytest.mark.parametrize(
    "script", [[close()], [send(b"HTTP/1.1 400 Bad Request\r\n\r\n"), hang()]], ids=["closes", "HTTP"]
)
def test_a_port_without_tls_is_told(tls_keys: TlsKeys, stop: Stop, script: list[Step]) -> None:
    """It closes, or answers in clear."""
    with scripted_scp(*script) as port, pytest.raises(TlsHandshakeFailed) as caught:
        connect(a_peer(port, tls=trusting(tls_keys)), proposing(CT), open_secret=no_secret, stop=stop)

    assert "not speak TLS" in caught.value.hint


def test_a_plain_association_to_a_tls_port_is_told(tls_keys: TlsKeys, stop: Stop) -> None:
    """The TLS server answers with an alert, or closes."""
    with (
        scripted_scp(accept(), tls=server_context(tls_keys)) as port,
        pytest.raises((NotDicom, ConnectionLost)) as caught,
    ):
        connect(a_peer(port), proposing(CT), open_secret=no_secret, stop=stop)

    assert "tls" in caught.value.hint.lower()


FAULTS: list[Any] = [
    pytest.param([hang()], Timeout, id="silent"),
    pytest.param([send(b"\x04\0\0\0"), hang()], Timeout, id="stalls"),
    pytest.param([close()], ConnectionLost, id="closes"),
    pytest.param([respond(message_id=9), hang()], AssociationError, id="another answer"),
]


@pytest.mark.parametrize(("script", "error"), FAULTS)
def test_faults_end_in_time_over_tls_too(tls_keys: TlsKeys, script: list[Step], error: type[AssociationError]) -> None:
    """The same clocks and caps as on a plain socket."""
    with scripted_scp(accept(), read_message(), *script, tls=server_context(tls_keys)) as port:
        peer = a_peer(port, timeouts=timeouts(SHORT, connect=5.0), tls=trusting(tls_keys))
        with _connected(peer, CT) as association:
            watch = Stopwatch()
            with pytest.raises(error):
                store(association)

            assert watch.seconds <= SHORT + SLACK
            assert association.fully_sent


def test_a_peer_that_stops_reading_ends_the_send_over_tls_too(tls_keys: TlsKeys) -> None:
    """The network timeout."""
    with scripted_scp(accept(), stop_reading(), tls=server_context(tls_keys)) as port:
        peer = a_peer(port, timeouts=timeouts(5.0, network=SHORT), tls=trusting(tls_keys))
        with _connected(peer, CT) as association:
            with pytest.raises(Timeout, match=r"timeouts\.network"):
                association.send(STORE_CT, 1, Bytes(*[bytes(1 << 20)] * 32))

            assert not association.fully_sent


def test_the_profile_is_bcp_195(tls_keys: TlsKeys) -> None:
    """No TLS below 1.2, no compression, the suites of PS3.15 B.12, strict verification."""
    context = client_context(a_peer(104), trusting(tls_keys), no_secret)
    suites = {suite["name"] for suite in context.get_ciphers() if suite["protocol"] == "TLSv1.2"}

    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert suites == set(offered_suites(tls_settings()))
    assert context.options & ssl.OP_NO_COMPRESSION
    assert context.verify_flags & ssl.VERIFY_X509_STRICT
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_the_association_request_is_read_over_tls(tls_keys: TlsKeys, stop: Stop) -> None:
    """A peer that closes after it has refused an association, not a handshake."""
    with (
        scripted_scp(read_association_request(), close(), tls=server_context(tls_keys)) as port,
        pytest.raises(ConnectionLost),
    ):
        connect(a_peer(port, tls=trusting(tls_keys)), proposing(CT), open_secret=no_secret, stop=stop)
