"""Certificates of the peer and of ours, good and bad: which are talked to, and what is said of those that are not."""

from __future__ import annotations

import ssl
from typing import Any

import pytest

from dicomjobs.dicom.tls_profiles import TlsProfile
from dicomjobs.errors import Remedy, TlsHandshakeFailed
from dicomjobs.model.association import TlsSession
from dicomjobs.model.peer import Allowance, Peer
from dicomjobs.model.tls import CrlCheck
from dicomjobs.wire.connect import connect
from tests.support.certificates import Certificate
from tests.support.scripted_scp import accept, hang, scripted_scp
from tests.support.tls_keys import TlsKeys, digest_of, own, server_context, trusting
from tests.support.wire import CT, SHORT, Stop, Stopwatch, a_peer, need_ipv6, no_secret, proposing, timeouts

SLACK = 2.0
"""Seconds after its deadline by which every fault must have ended."""
UNVERIFIED = frozenset({Allowance.UNVERIFIED_PEER})


def session_with(peer: Peer, stop: Stop) -> TlsSession:
    """What is agreed on with a peer that is taken for the right one."""
    association = connect(peer, proposing(CT), open_secret=no_secret, stop=stop)
    association.abort()
    assert association.negotiation.tls is not None
    return association.negotiation.tls


def trusted(certificate: str) -> Any:
    """Make the settings that trust one of the certificates."""
    return lambda keys: {"trust": (str(getattr(keys, certificate).certificate),)}


def pinned(certificate: str, **changes: Any) -> Any:
    """Make the settings that pin one of the certificates."""
    return lambda keys: {"pinned_sha256": ("0" * 64, digest_of(getattr(keys, certificate))), **changes}


def listed(*lists: str, check: CrlCheck | None = None) -> Any:
    """Make the settings that look certificates up in revocation lists."""
    return lambda keys: {"crl": tuple(str(getattr(keys, each)) for each in lists), "crl_check": check}


GOOD = [
    pytest.param("server", {}, id="of the authority"),
    pytest.param("of_below", {}, id="of an authority below, which it sends"),
    pytest.param("self_signed", trusted("self_signed"), id="self-signed and trusted itself"),
    pytest.param("stranger", trusted("stranger"), id="trusted itself, whoever signed it"),
    pytest.param("of_below", trusted("below"), id="of an authority that is trusted, not the one above it"),
    pytest.param("other_name", {"server_name": "pacs.example"}, id="for the server name"),
    pytest.param("other_name", {"verify_host_name": False}, id="for any host"),
    pytest.param("server", {"server_name": "localhost"}, id="for its other name"),
    pytest.param("server", pinned("server"), id="pinned as well"),
    pytest.param("other_name", pinned("other_name", verify_host_name=False), id="pinned, for another host"),
    pytest.param("stranger", pinned("stranger", verify_peer=False, trust=()), id="pinned and nothing else"),
    pytest.param("expired", pinned("expired", verify_peer=False, trust=()), id="pinned, whatever else is wrong"),
    pytest.param("server", listed("list"), id="not in the list"),
    pytest.param("of_below", listed("list_of_below"), id="not in the list of the authority below"),
    pytest.param("of_below", listed("list", "list_of_below", check=CrlCheck.CHAIN), id="not in the lists of the chain"),
    pytest.param("revoked", {}, id="revoked, and nobody looks"),
]


@pytest.mark.parametrize(("certificate", "changes"), GOOD)
def test_a_certificate_that_is_as_it_should_be(tls_keys: TlsKeys, stop: Stop, certificate: str, changes: Any) -> None:
    """It is told which one it was, and until when it is good."""
    shown: Certificate = getattr(tls_keys, certificate)
    settings = trusting(tls_keys, **(changes(tls_keys) if callable(changes) else changes))
    with scripted_scp(accept(), hang(), tls=server_context(tls_keys, shown)) as port:
        session = session_with(a_peer(port, tls=settings), stop)

    assert session.peer_certificate_sha256 == digest_of(shown)
    assert session.peer_certificate_expires[:3] == "202"


def test_the_authorities_of_the_system_are_trusted_if_that_is_asked_for(
    tls_keys: TlsKeys, stop: Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not otherwise, whatever else is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tls_keys.authority.certificate))
    with scripted_scp(accept(), hang(), tls=server_context(tls_keys)) as port:
        session_with(a_peer(port, tls=trusting(tls_keys, trust=(), system_trust=True)), stop)
    settings = trusting(tls_keys, **trusted("stranger")(tls_keys))
    with scripted_scp(accept(), tls=server_context(tls_keys)) as port, pytest.raises(TlsHandshakeFailed):
        session_with(a_peer(port, tls=settings), stop)


def test_an_old_authority_is_good_enough_for_a_retired_profile(tls_keys: TlsKeys, stop: Stop) -> None:
    """It was made when nobody asked for more; its signature is verified all the same."""
    retired = {"profile": TlsProfile.BCP195_NON_DOWNGRADING, **trusted("sloppy")(tls_keys)}
    allow = frozenset({Allowance.RETIRED_TLS})
    with scripted_scp(accept(), hang(), tls=server_context(tls_keys, tls_keys.of_sloppy)) as port:
        session_with(a_peer(port, tls=trusting(tls_keys, **retired), allow=allow), stop)
    with scripted_scp(accept(), tls=server_context(tls_keys)) as port, pytest.raises(TlsHandshakeFailed):
        session_with(a_peer(port, tls=trusting(tls_keys, **retired), allow=allow), stop)


NO_NAME = {"server_name": "pacs.example"}
TLS_1_2, TLS_1_3 = {"version": ssl.TLSVersion.TLSv1_2}, {"version": ssl.TLSVersion.TLSv1_3}
BAD = [
    pytest.param("expired", {}, {}, "certificate has expired", "needs renewing", id="expired"),
    pytest.param("soon", {}, {}, "not yet valid", "clock here", id="not yet valid"),
    pytest.param("other_name", {}, {}, "mismatch", "server_name", id="wrong host"),
    pytest.param("server", NO_NAME, {}, "mismatch", "server_name", id="wrong server name"),
    pytest.param("self_signed", {}, {}, "self-signed", "tls.trust", id="self-signed"),
    pytest.param("stranger", {}, {}, "unable to get local issuer", "tls.trust", id="unknown authority"),
    pytest.param("server", {"trust": ()}, {}, "issuer certificate", "tls.trust", id="nothing trusted"),
    pytest.param("for_clients", {}, {}, "certificate purpose", "serverAuth", id="not for servers"),
    pytest.param("weak", {}, {"ciphers": "ALL:@SECLEVEL=0"}, "key too weak", "too short", id="weak key"),
    pytest.param(
        "weakly_signed",
        {},
        {"ciphers": "ALL:@SECLEVEL=0"},
        "digest algorithm too weak",
        "signed with a digest",
        id="weak signature",
    ),
    pytest.param("revoked", listed("list"), {}, "revoked", "taken back", id="revoked"),
    pytest.param("server", listed("stale_list"), {}, "crl has expired", "current", id="list expired"),
    pytest.param("of_below", listed("list"), {}, "unable to get certificate crl", "tls.crl", id="no list for it"),
    pytest.param("server", {"crl_check": CrlCheck.LEAF}, {}, "certificate crl", "tls.crl", id="no list at all"),
    pytest.param(
        *("of_revoked", listed("list", "list_of_below", check=CrlCheck.CHAIN), {}, "revoked|certificate crl", "tls"),
        id="its authority revoked",
    ),
    pytest.param(
        "of_sloppy", trusted("sloppy"), {}, "ca cert|missing", "RFC 5280", id="of an authority that breaks rules"
    ),
    pytest.param(
        *("of_plain", trusted("plain"), {}, "does not include key usage", "-addext keyUsage=critical,keyCertSign"),
        id="of an authority without keyUsage",
    ),
    pytest.param("server", pinned("client"), {}, "not the pinned one", "pinned_sha256", id="not pinned"),
    pytest.param(
        "server",
        pinned("client", verify_peer=False),
        {},
        "not the pinned one",
        "pinned_sha256",
        id="not the pinned one",
    ),
    pytest.param(
        "server", {}, {"client": True} | TLS_1_2, "alert", "client certificate", id="no client certificate, 1.2"
    ),
    pytest.param("server", {}, {"client": True} | TLS_1_3, "alert", "tls.certificate", id="no client certificate, 1.3"),
    pytest.param(
        "rsa", {}, {"ciphers": "AES128-SHA"} | TLS_1_2, "alert handshake failure", "cipher", id="other cipher"
    ),
]


@pytest.mark.parametrize(("certificate", "changes", "server", "words", "hint"), BAD)
def test_a_certificate_that_is_not_says_why_and_what_to_do(
    tls_keys: TlsKeys, stop: Stop, certificate: str, changes: Any, server: dict[str, Any], words: str, hint: str
) -> None:
    """It is for the configuration to change, here or at the peer; nothing is tried again."""
    settings = trusting(tls_keys, **(changes(tls_keys) if callable(changes) else changes))
    context = server_context(tls_keys, getattr(tls_keys, certificate), **server)
    watch = Stopwatch()
    with scripted_scp(accept(), hang(), tls=context) as port:
        peer = a_peer(port, timeouts=timeouts(SHORT, connect=5.0), tls=settings)
        with pytest.raises(TlsHandshakeFailed, match=words) as caught:
            connect(peer, proposing(CT), open_secret=no_secret, stop=stop)

    assert caught.value.remedy is Remedy.FIX_CONFIGURATION
    assert f"127.0.0.1:{port}" in caught.value.words
    assert hint in caught.value.hint
    assert watch.seconds <= SHORT + SLACK


@pytest.mark.parametrize(
    ("certificate", "version", "words"),
    [
        pytest.param("stranger", ssl.TLSVersion.TLSv1_2, "alert unknown ca", id="unknown there, 1.2"),
        pytest.param("stranger", ssl.TLSVersion.TLSv1_3, "alert unknown ca", id="unknown there, 1.3"),
        pytest.param("expired", ssl.TLSVersion.TLSv1_2, "alert certificate expired", id="expired"),
        pytest.param("revoked", ssl.TLSVersion.TLSv1_2, "alert certificate revoked", id="revoked, 1.2"),
        pytest.param("revoked", ssl.TLSVersion.TLSv1_3, "alert certificate revoked", id="revoked, 1.3"),
        pytest.param("soon", ssl.TLSVersion.TLSv1_2, "alert bad certificate", id="not yet valid"),
    ],
)
def test_our_own_certificate_that_the_peer_does_not_take_is_told(
    tls_keys: TlsKeys, stop: Stop, certificate: str, version: ssl.TLSVersion, words: str
) -> None:
    """With TLS 1.3 its alert comes only after the handshake, at the first read."""
    settings = trusting(tls_keys, **own(getattr(tls_keys, certificate)))
    with scripted_scp(accept(), hang(), tls=server_context(tls_keys, client=True, version=version)) as port:
        peer = a_peer(port, timeouts=timeouts(SHORT, connect=5.0), tls=settings)
        with pytest.raises(TlsHandshakeFailed, match=words) as caught:
            connect(peer, proposing(CT), open_secret=no_secret, stop=stop)

    assert "our certificate" in caught.value.hint


def test_an_unverified_peer_is_talked_to_only_if_that_is_allowed(tls_keys: TlsKeys, stop: Stop) -> None:
    """`verify_peer: false` alone does not do it, not even in a plan that somebody has written by hand."""
    settings = trusting(tls_keys, verify_peer=False, trust=())
    context = server_context(tls_keys, tls_keys.stranger)
    with scripted_scp(accept(), hang(), tls=context) as port:
        with pytest.raises(TlsHandshakeFailed, match="does not allow: unverified_peer"):
            connect(a_peer(port, tls=settings), proposing(CT), open_secret=no_secret, stop=stop)
        session = session_with(a_peer(port, tls=settings, allow=UNVERIFIED), stop)

    assert session.peer_certificate_sha256 == digest_of(tls_keys.stranger)


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        pytest.param({"server_name": "localhost"}, "localhost", id="by server_name"),
        pytest.param({"host": "localhost"}, "localhost", id="by host"),
        pytest.param({}, None, id="an address has no name to ask for"),
        pytest.param({"host": "localhost", "verify_host_name": False}, None, id="no name is verified, none asked for"),
        pytest.param({"server_name": "pacs.example", "verify_host_name": False}, "pacs.example", id="asked for alone"),
    ],
)
def test_the_peer_is_asked_for_a_name(
    tls_keys: TlsKeys, stop: Stop, changes: dict[str, Any], asked: str | None
) -> None:
    """Server name indication (RFC 6066): the name that is verified, or `server_name` where none is."""
    seen: list[str | None] = []
    context = server_context(tls_keys)
    context.sni_callback = lambda _, name, __: seen.append(name)
    host = {"host": changes.pop("host")} if "host" in (changes := dict(changes)) else {}
    with scripted_scp(accept(), hang(), tls=context) as port:
        session_with(a_peer(port, tls=trusting(tls_keys, **changes), **host), stop)

    assert seen == [asked]


def test_an_ipv6_address_is_verified_like_any_host(tls_keys: TlsKeys, stop: Stop) -> None:
    """It has to be among the certificate's addresses."""
    need_ipv6()
    settings = trusting(tls_keys)
    with scripted_scp(accept(), hang(), tls=server_context(tls_keys, tls_keys.ipv6), host="::1") as port:
        session_with(a_peer(port, host="::1", tls=settings), stop)
    with (
        scripted_scp(accept(), hang(), tls=server_context(tls_keys), host="::1") as port,
        pytest.raises(TlsHandshakeFailed, match="mismatch"),
    ):
        session_with(a_peer(port, host="::1", tls=settings), stop)


def test_keys_of_a_session_are_never_written_down(
    tls_keys: TlsKeys, stop: Stop, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """$SSLKEYLOGFILE would lay every association open."""
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys.log"))
    context = server_context(tls_keys)
    with scripted_scp(accept(), hang(), tls=context) as port:
        session_with(a_peer(port, tls=trusting(tls_keys)), stop)

    assert not (tmp_path / "keys.log").exists()
