"""TLS with peers that have it right, and with every kind that has it wrong: all end in TlsHandshakeFailed with OpenSSL's words."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pynetdicom import AE, evt

from dicomjobs.errors import AssociationError, ConnectionLost, NotDicom, Remedy, Timeout, TlsHandshakeFailed
from dicomjobs.model.association import EndedBy
from dicomjobs.model.dimse import EchoRequest, FindRequest
from dicomjobs.model.peer import Allowance, Peer
from dicomjobs.model.secret import SecretReference, SecretSource
from dicomjobs.model.tls import TlsSettings
from dicomjobs.wire.association import Association
from dicomjobs.wire.connect import connect
from dicomjobs.wire.tls_context import client_context, offered_suites
from tests.support.certificates import Certificate, as_der, issue, make_authority
from tests.support.scripted_scp import (
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


@dataclass(frozen=True)
class Keys:
    """What the tests of this module have in their key rings."""

    authority: Certificate
    server: Certificate
    client: Certificate
    locked: Certificate
    expired: Certificate
    other_name: Certificate
    stranger: Certificate


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """Made once: openssl takes a while."""
    folder, elsewhere = tmp_path_factory.mktemp("tls"), tmp_path_factory.mktemp("elsewhere")
    authority = make_authority(folder)
    return Keys(
        authority=authority,
        server=issue(authority, "server"),
        client=issue(authority, "client"),
        locked=issue(authority, "locked", password="open sesame"),
        expired=issue(authority, "expired", days=-1),
        other_name=issue(authority, "other", names="DNS:pacs.example"),
        stranger=issue(make_authority(elsewhere), "stranger"),
    )


def _server(
    keys: Keys, certificate: Certificate | None = None, *, client: bool = False, version: ssl.TLSVersion | None = None
) -> ssl.SSLContext:
    """A server's context; `client` asks for a client certificate, `version` is the only one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    used = certificate or keys.server
    context.load_cert_chain(used.certificate, used.key)
    if client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(keys.authority.certificate)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


def _settings(keys: Keys, **changes: Any) -> TlsSettings:
    """Settings that trust the authority."""
    return tls_settings(**{"trust": (str(keys.authority.certificate),), **changes})


def _own(certificate: Certificate) -> dict[str, str]:
    """The settings for a client certificate."""
    return {"certificate": str(certificate.certificate), "key": str(certificate.key)}


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
def test_echo_store_and_find_work_over_tls(keys: Keys, version: ssl.TLSVersion) -> None:
    """Against pynetdicom with a client certificate; the bytes arrive as they are, and the session is recorded."""
    data = (
        bytes.fromhex("08001800 55490800")
        + b"1.2.3.4\0"
        + bytes.fromhex("e07f1000 4f420000 80841e00")
        + bytes(2_000_000)
    )
    context = _server(keys, client=True, version=version)
    with _pynetdicom_scp(context) as (port, stored):
        peer = a_peer(port, tls=_settings(keys, **_own(keys.client)))
        with _connected(peer, VERIFICATION, CT, STUDY_FIND) as association:
            (echo,) = association.answers(association.send(EchoRequest(), 1, None))
            (answer,) = association.answers(association.send(STORE_CT, 3, Bytes(data[:1_000_000], data[1_000_000:])))
            key = bytes.fromhex("08005200 43530600") + b"STUDY "
            pending = association.send(FindRequest(sop_class_uid=STUDY_FIND), 5, Bytes(key))
            matches = [response.status for response in association.answers(pending)]
            association.release()

    session = association.negotiation.tls
    certificate = ssl.PEM_cert_to_DER_cert(keys.server.certificate.read_text())
    assert (echo.status, answer.status, association.ended_by) == (0, 0, EndedBy.RELEASE)
    assert matches == [0xFF00] * 300 + [0]
    assert stored == [data]
    assert session is not None
    assert session.version == {ssl.TLSVersion.TLSv1_2: "TLSv1.2", ssl.TLSVersion.TLSv1_3: "TLSv1.3"}[version]
    assert session.peer_certificate_sha256 == hashlib.sha256(certificate).hexdigest()
    assert session.cipher in offered_suites(tls_settings()) or session.cipher.startswith("TLS_")


def test_a_trusted_certificate_may_be_der(keys: Keys) -> None:
    """What a Windows authority exports."""
    peer_tls = _settings(keys, trust=(str(as_der(keys.authority)),))
    with (
        scripted_scp(accept(), hang(), tls=_server(keys)) as port,
        _connected(a_peer(port, tls=peer_tls), CT) as association,
    ):
        assert association.negotiation.tls is not None


def test_a_key_password_is_opened_when_it_is_needed(keys: Keys, stop: Stop) -> None:
    """And not before: it comes from open_secret."""
    reference = SecretReference(source=SecretSource.ENV, argument=("KEY",))
    settings = _settings(keys, **_own(keys.locked), key_password=reference)
    with scripted_scp(accept(), hang(), tls=_server(keys, client=True)) as port:
        peer = a_peer(port, tls=settings)
        association = connect(peer, proposing(CT), open_secret={reference: b"open sesame"}.__getitem__, stop=stop)
        association.abort()

    assert association.negotiation.accepted


FAILURES = [
    pytest.param("expired", {}, {}, "certificate has expired", id="expired"),
    pytest.param("other_name", {}, {}, "mismatch", id="other name"),
    pytest.param("stranger", {}, {}, "unable to get local issuer", id="unknown authority"),
    pytest.param("server", {"trust": ()}, {}, "issuer certificate", id="nothing trusted"),
    pytest.param("server", {"server_name": "pacs.example"}, {}, "mismatch", id="server_name"),
    pytest.param(
        "server", {}, {"client": True, "version": ssl.TLSVersion.TLSv1_2}, "alert", id="no client certificate, 1.2"
    ),
    pytest.param(
        "server", {}, {"client": True, "version": ssl.TLSVersion.TLSv1_3}, "alert", id="no client certificate, 1.3"
    ),
]


@pytest.mark.parametrize(("certificate", "changes", "server", "words"), FAILURES)
def test_a_handshake_that_fails_says_why(
    keys: Keys, stop: Stop, certificate: str, changes: dict[str, Any], server: dict[str, Any], words: str
) -> None:
    """It is for the configuration to change, here or at the peer."""
    context = _server(keys, getattr(keys, certificate), **server)
    with scripted_scp(accept(), hang(), tls=context) as port:
        peer = a_peer(port, tls=_settings(keys, **changes))
        with pytest.raises(TlsHandshakeFailed, match=words) as caught:
            connect(peer, proposing(CT), open_secret=no_secret, stop=stop)

    assert caught.value.remedy is Remedy.FIX_CONFIGURATION
    assert f"127.0.0.1:{port}" in caught.value.words
    assert caught.value.hint


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_a_peer_that_is_too_old_for_tls_1_2_is_refused(keys: Keys, stop: Stop) -> None:
    """BCP 195 (RFC 8996) leaves 1.0 and 1.1 out."""
    context = _server(keys)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with scripted_scp(accept(), hang(), tls=context) as port, pytest.raises(TlsHandshakeFailed, match="version"):
        connect(a_peer(port, tls=_settings(keys)), proposing(CT), open_secret=no_secret, stop=stop)


def test_an_unverified_peer_is_talked_to_only_if_that_is_allowed(keys: Keys, stop: Stop) -> None:
    """`verify_peer: false` alone does not do it."""
    settings = _settings(keys, verify_peer=False, trust=())
    context = _server(keys, keys.stranger)
    with scripted_scp(accept(), hang(), tls=context) as port, pytest.raises(TlsHandshakeFailed):
        connect(a_peer(port, tls=settings), proposing(CT), open_secret=no_secret, stop=stop)
    with scripted_scp(accept(), hang(), tls=context) as port:
        peer = a_peer(port, tls=settings, allow=frozenset({Allowance.UNVERIFIED_PEER}))
        connect(peer, proposing(CT), open_secret=no_secret, stop=stop).abort()


def test_a_silent_peer_ends_the_handshake_at_the_connect_timeout(keys: Keys, stop: Stop) -> None:
    """A plain DICOM server waits for an A-ASSOCIATE-RQ that never comes."""
    watch = Stopwatch()
    with scripted_scp(hang()) as port, pytest.raises(Timeout, match=r"timeouts.connect") as caught:
        connect(a_peer(port, seconds=SHORT, tls=_settings(keys)), proposing(CT), open_secret=no_secret, stop=stop)

    assert "may not speak TLS" in caught.value.hint
    assert watch.seconds <= SHORT + SLACK


@pytest.mark.parametrize(
    "script", [[close()], [send(b"HTTP/1.1 400 Bad Request\r\n\r\n"), hang()]], ids=["closes", "HTTP"]
)
def test_a_port_without_tls_is_told(keys: Keys, stop: Stop, script: list[Step]) -> None:
    """It closes, or answers in clear."""
    with scripted_scp(*script) as port, pytest.raises(TlsHandshakeFailed) as caught:
        connect(a_peer(port, tls=_settings(keys)), proposing(CT), open_secret=no_secret, stop=stop)

    assert "not speak TLS" in caught.value.hint


def test_a_plain_association_to_a_tls_port_is_told(keys: Keys, stop: Stop) -> None:
    """The TLS server answers with an alert, or closes."""
    with scripted_scp(accept(), tls=_server(keys)) as port, pytest.raises((NotDicom, ConnectionLost)) as caught:
        connect(a_peer(port), proposing(CT), open_secret=no_secret, stop=stop)

    assert "tls" in caught.value.hint.lower()


FAULTS: list[Any] = [
    pytest.param([hang()], Timeout, id="silent"),
    pytest.param([send(b"\x04\0\0\0"), hang()], Timeout, id="stalls"),
    pytest.param([close()], ConnectionLost, id="closes"),
    pytest.param([respond(message_id=9), hang()], AssociationError, id="another answer"),
]


@pytest.mark.parametrize(("script", "error"), FAULTS)
def test_faults_end_in_time_over_tls_too(keys: Keys, script: list[Step], error: type[AssociationError]) -> None:
    """The same clocks and caps as on a plain socket."""
    with scripted_scp(accept(), read_message(), *script, tls=_server(keys)) as port:
        peer = a_peer(port, timeouts=timeouts(SHORT, connect=5.0), tls=_settings(keys))
        with _connected(peer, CT) as association:
            watch = Stopwatch()
            with pytest.raises(error):
                store(association)

            assert watch.seconds <= SHORT + SLACK
            assert association.fully_sent


def test_a_peer_that_stops_reading_ends_the_send_over_tls_too(keys: Keys) -> None:
    """The network timeout."""
    with scripted_scp(accept(), stop_reading(), tls=_server(keys)) as port:
        peer = a_peer(port, timeouts=timeouts(5.0, network=SHORT), tls=_settings(keys))
        with _connected(peer, CT) as association:
            with pytest.raises(Timeout, match=r"timeouts\.network"):
                association.send(STORE_CT, 1, Bytes(*[bytes(1 << 20)] * 32))

            assert not association.fully_sent


def test_the_profile_is_bcp_195(keys: Keys) -> None:
    """No TLS below 1.2, no compression, the suites of PS3.15 B.12, strict verification."""
    context = client_context(a_peer(104), _settings(keys), no_secret)
    suites = {suite["name"] for suite in context.get_ciphers() if suite["protocol"] == "TLSv1.2"}

    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert suites == set(offered_suites(tls_settings()))
    assert context.options & ssl.OP_NO_COMPRESSION
    assert context.verify_flags & ssl.VERIFY_X509_STRICT
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"trust": ("/nowhere/ca.pem",)}, "No such file|no such file"),
        ({"trust": (__file__,)}, "trusted certificates cannot be loaded"),
        ({"certificate": "/nowhere/c.pem", "key": "/nowhere/k.pem"}, "certificate and key cannot be loaded"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(keys: Keys, changes: dict[str, Any], words: str) -> None:
    """Before anything is sent."""
    with pytest.raises(TlsHandshakeFailed, match=words):
        client_context(a_peer(104), _settings(keys, **changes), no_secret)


def test_an_encrypted_key_without_a_password_does_not_ask_on_the_terminal(keys: Keys) -> None:
    """OpenSSL would, and a cron job would hang."""
    with pytest.raises(TlsHandshakeFailed, match="is encrypted") as caught:
        client_context(a_peer(104), _settings(keys, **_own(keys.locked)), no_secret)

    assert "tls.key_password" in caught.value.hint


def test_a_wrong_key_password_is_told(keys: Keys) -> None:
    """In OpenSSL's words."""
    reference = SecretReference(source=SecretSource.ENV, argument=("KEY",))
    settings = _settings(keys, **_own(keys.locked), key_password=reference)
    with pytest.raises(TlsHandshakeFailed, match="certificate and key cannot be loaded"):
        client_context(a_peer(104), settings, lambda _: b"wrong")


def test_a_key_that_others_can_read_is_refused(keys: Keys, tmp_path: Path) -> None:
    """As ssh does."""
    key = tmp_path / "open.key"
    key.write_bytes(keys.client.key.read_bytes())
    key.chmod(0o640)
    settings = _settings(keys, certificate=str(keys.client.certificate), key=str(key))
    with pytest.raises(TlsHandshakeFailed, match="has mode 0640"):
        client_context(a_peer(104), settings, no_secret)


def test_the_association_request_is_read_over_tls(keys: Keys, stop: Stop) -> None:
    """A peer that closes after it has refused an association, not a handshake."""
    with scripted_scp(read_association_request(), close(), tls=_server(keys)) as port, pytest.raises(ConnectionLost):
        connect(a_peer(port, tls=_settings(keys)), proposing(CT), open_secret=no_secret, stop=stop)
