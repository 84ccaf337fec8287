"""The security profiles: what each offers, what real peers make of it, and that a handshake never ends in less."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from dicomjobs.dicom.cipher_suites import OPENSSL_NAMES, TLS_1_3
from dicomjobs.dicom.tls_profiles import CURRENT_SUITES, PROFILES, TlsProfile, TlsVersion
from dicomjobs.errors import AssociationError, TlsHandshakeFailed
from dicomjobs.model.association import EndedBy, TlsSession
from dicomjobs.model.dimse import EchoRequest
from dicomjobs.model.peer import Allowance, Peer, weaknesses_of
from dicomjobs.wire import tls_context
from dicomjobs.wire.connect import connect
from dicomjobs.wire.tls_context import client_context
from tests.support.certificates import make_dh_parameters
from tests.support.client_hello import ClientHello, offered_by
from tests.support.peers import run_program, storescp
from tests.support.scripted_scp import accept, hang, scripted_scp
from tests.support.tls_keys import TlsKeys, own, server_context, trusting
from tests.support.wire import CT, SHORT, VERIFICATION, Stop, a_peer, no_secret, proposing, timeouts, tls_settings

EVERYTHING = frozenset(Allowance)
IMPOSSIBLE = {TlsProfile.BCP195_RFC8996_MODIFIED, TlsProfile.BASIC}
"""Profiles that no OpenSSL of today can keep."""
POSSIBLE = [profile for profile in TlsProfile if profile not in IMPOSSIBLE]
OLD_SERVER = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"
ANONYMOUS_SERVER = "ADH-AES256-GCM-SHA384:@SECLEVEL=0"


def numbers() -> dict[str, int]:
    """The numbers of OpenSSL's suites by its names."""
    listed = run_program("openssl", "ciphers", "-V", OLD_SERVER).stdout
    rows = [line.split() for line in listed.splitlines()]
    return {row[2]: int(row[0].replace("0x", "").replace(",", ""), 16) for row in rows}


def hello_of(peer_settings: Any) -> ClientHello:
    """What we offer with some settings."""

    def client(port: int) -> None:
        signal = Stop()
        peer = a_peer(port, tls=peer_settings, allow=EVERYTHING)
        with suppress(AssociationError):
            connect(peer, proposing(CT), open_secret=no_secret, stop=signal)
        signal.close()

    return offered_by(client)


@pytest.mark.parametrize("profile", POSSIBLE)
def test_a_profile_offers_its_versions_and_suites_and_no_others(tls_keys: TlsKeys, profile: TlsProfile) -> None:
    """Seen in the ClientHello: suites of TLS 1.3 where it has TLS 1.3, and those of its own suites that OpenSSL has."""
    hello, terms, names = hello_of(trusting(tls_keys, profile=profile)), PROFILES[profile], numbers()
    order = [version.value for version in TlsVersion]
    lowest = order.index(terms.lowest.value)
    # a client that does not go up to TLS 1.3 names only the highest it knows
    versions = order[lowest:] if terms.highest is TlsVersion.TLS_1_3 else [terms.highest.value]
    suites = [OPENSSL_NAMES[name] for name in (*terms.needed, *terms.welcome)]
    newest = [*TLS_1_3[:3]] if terms.highest is TlsVersion.TLS_1_3 else []

    assert hello.versions == set(versions)
    assert sorted(hello.suites) == sorted(names[name] for name in (*newest, *suites) if name in names)


@pytest.mark.parametrize("profile", [profile for profile in POSSIBLE if PROFILES[profile].retired])
def test_a_profile_offers_what_storescu_offers_by_it(tls_keys: TlsKeys, profile: TlsProfile, tmp_path: Path) -> None:
    """The real program; that of Debian 12 is older than the profiles that are not retired."""
    option = PROFILES[profile].dcmtk_option
    file = tmp_path / "none.dcm"
    file.write_bytes(bytes(128) + b"DICM")
    theirs = offered_by(lambda port: run_program("storescu", "+tla", option, "127.0.0.1", port, file))
    ours = hello_of(trusting(tls_keys, profile=profile))

    assert ours.versions == theirs.versions
    assert set(ours.suites) == set(theirs.suites)


@pytest.mark.parametrize(
    ("changes", "words", "hint"),
    [
        pytest.param({"profile": TlsProfile.BASIC}, "`basic`: TLS_RSA_WITH_3DES_EDE_CBC_SHA", "Triple DES", id="basic"),
        pytest.param(
            {"profile": TlsProfile.BCP195_RFC8996_MODIFIED},
            "`bcp195-rfc8996-modified`: TLS_ECDHE_RSA_WITH_CAMELLIA_128_GCM_SHA256, "
            "TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_CAMELLIA_256_GCM_SHA384, "
            "TLS_ECDHE_ECDSA_WITH_CAMELLIA_256_GCM_SHA384",
            "modified-subset",
            id="modified",
        ),
        pytest.param(
            {"ciphers": ("TLS_RSA_WITH_3DES_EDE_CBC_SHA",)},
            "tls.ciphers: TLS_RSA_WITH_3DES_EDE_CBC_SHA",
            "",
            id="an added suite",
        ),
    ],
)
def test_what_openssl_cannot_do_is_refused_by_name(changes: dict[str, Any], words: str, hint: str) -> None:
    """Before anything is connected to, with the suites that are missing."""
    settings = tls_settings(**changes)
    with pytest.raises(TlsHandshakeFailed) as caught:
        client_context(a_peer(1, tls=settings, allow=EVERYTHING), settings, no_secret)

    assert words in caught.value.words
    assert ssl.OPENSSL_VERSION in caught.value.words
    assert hint in caught.value.hint


@contextmanager
def echoed(peer: Peer) -> Iterator[TlsSession]:
    """A C-ECHO over TLS and what was agreed for it."""
    signal = Stop()
    try:
        association = connect(peer, proposing(VERIFICATION), open_secret=no_secret, stop=signal)
        (answer,) = association.answers(association.send(EchoRequest(), 1, None))
        association.release()
        assert (answer.status, association.ended_by) == (0, EndedBy.RELEASE)
        assert association.negotiation.tls is not None
        assert association.negotiation.weakened_by == tuple(weaknesses_of(peer))
        yield association.negotiation.tls
    finally:
        signal.close()


STORESCP: list[Any] = [
    pytest.param("+py", {}, {"TLSv1.3"}, TLS_1_3, id="+py with the default profile"),
    pytest.param(
        "+py", {"profile": TlsProfile.BCP195_RFC8996_MODIFIED_SUBSET}, {"TLSv1.3"}, TLS_1_3, id="+py, modified"
    ),
    pytest.param("+py", {"profile": TlsProfile.BCP195_NON_DOWNGRADING}, {"TLSv1.3"}, TLS_1_3, id="+py"),
    pytest.param("+px", {"profile": TlsProfile.BCP195}, {"TLSv1.3"}, TLS_1_3, id="+px"),
    pytest.param(
        *("+pz", {"profile": TlsProfile.BCP195_EXTENDED}, {"TLSv1.2"}, tuple(OPENSSL_NAMES.values())), id="+pz"
    ),
    pytest.param("+pa", {"profile": TlsProfile.AES}, {"TLSv1.2"}, ("AES128-SHA",), id="+pa"),
    pytest.param("+pn", {"profile": TlsProfile.UNENCRYPTED}, {"TLSv1.2"}, ("NULL-SHA",), id="+pn"),
]


@pytest.mark.parametrize(("option", "changes", "versions", "suites"), STORESCP)
def test_storescp_with_a_profile_is_talked_to(
    tls_keys: TlsKeys, tmp_path: Path, option: str, changes: dict[str, Any], versions: set[str], suites: tuple[str, ...]
) -> None:
    """All profiles that Debian's storescp has, with certificates at both ends."""
    arguments = (
        "+tls",
        str(tls_keys.rsa.key),
        str(tls_keys.rsa.certificate),
        "+cf",
        str(tls_keys.authority.certificate),
    )
    with storescp(tmp_path, *arguments, option) as scp:
        settings = trusting(
            tls_keys, **own(tls_keys.client if option not in {"+pn", "+pa"} else tls_keys.rsa), **changes
        )
        with echoed(a_peer(scp.port, tls=settings, allow=EVERYTHING)) as agreed:
            assert agreed.version in versions
            assert agreed.cipher in suites


def test_tls_1_0_is_possible_where_it_is_asked_for_and_nowhere_else(tls_keys: TlsKeys, stop: Stop) -> None:
    """An old modality, by a retired profile; the current ones and the non-downgrading refuse it."""
    with _warnings_off():
        context = server_context(tls_keys, tls_keys.rsa, ciphers=OLD_SERVER, version=ssl.TLSVersion.TLSv1)
    told = {}
    for profile in (each for each in POSSIBLE if each is not TlsProfile.UNENCRYPTED):
        with scripted_scp(accept(), hang(), tls=context) as port:
            peer = a_peer(port, tls=trusting(tls_keys, profile=profile), allow=EVERYTHING)
            try:
                association = connect(peer, proposing(CT), open_secret=no_secret, stop=stop)
            except TlsHandshakeFailed as error:
                told[profile] = error.hint
            else:
                association.abort()
                assert association.negotiation.tls is not None
                told[profile] = association.negotiation.tls.version

    old = {TlsProfile.AES, TlsProfile.BCP195}
    assert {profile for profile, words in told.items() if words == "TLSv1"} == old
    assert all("version" in words for profile, words in told.items() if profile not in old)


def test_an_anonymous_peer_is_talked_to_by_anonymous_suites_alone(
    tls_keys: TlsKeys, stop: Stop, tmp_path: Path
) -> None:
    """There is no certificate to tell of; and who has one does not get it shown."""
    settings = tls_settings(anonymous=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(ANONYMOUS_SERVER)
    context.load_dh_params(str(make_dh_parameters(tmp_path)))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with scripted_scp(accept(), hang(), tls=context) as port:
        peer = a_peer(port, tls=settings, allow=frozenset({Allowance.ANONYMOUS_TLS}))
        association = connect(peer, proposing(CT), open_secret=no_secret, stop=stop)
        association.abort()

    assert association.negotiation.tls == TlsSession(
        version="TLSv1.2", cipher="ADH-AES256-GCM-SHA384", peer_certificate_sha256="", peer_certificate_expires=""
    )
    with scripted_scp(accept(), hang(), tls=server_context(tls_keys)) as port:
        peer = a_peer(port, tls=settings, allow=EVERYTHING)
        with pytest.raises(TlsHandshakeFailed, match="alert handshake failure"):
            connect(peer, proposing(CT), open_secret=no_secret, stop=stop)


@pytest.mark.parametrize(
    ("settings", "server"),
    [
        pytest.param({"profile": TlsProfile.UNENCRYPTED}, {"ciphers": "ECDHE+AESGCM"}, id="unencrypted to encrypted"),
        pytest.param({}, {"ciphers": "NULL-SHA:@SECLEVEL=0", "version": ssl.TLSVersion.TLSv1_2}, id="to unencrypted"),
        pytest.param({}, {"ciphers": ANONYMOUS_SERVER, "version": ssl.TLSVersion.TLSv1_2}, id="to anonymous"),
        pytest.param({}, {"ciphers": "AES128-SHA", "version": ssl.TLSVersion.TLSv1_2}, id="to AES by RSA"),
        pytest.param(
            {"profile": TlsProfile.BCP195_EXTENDED}, {"version": ssl.TLSVersion.TLSv1_3}, id="extended to TLS 1.3"
        ),
    ],
)
def test_nothing_but_the_profile_is_ever_agreed_on(
    tls_keys: TlsKeys, stop: Stop, settings: dict[str, Any], server: dict[str, Any]
) -> None:
    """A peer that can only do something else is refused, were it better."""
    with scripted_scp(accept(), hang(), tls=server_context(tls_keys, tls_keys.rsa, **server)) as port:
        peer = a_peer(port, tls=trusting(tls_keys, **settings), allow=EVERYTHING, timeouts=timeouts(SHORT, connect=5.0))
        with pytest.raises(TlsHandshakeFailed):
            connect(peer, proposing(CT), open_secret=no_secret, stop=stop)


def test_an_added_suite_is_used_where_the_peer_has_no_other(tls_keys: TlsKeys, stop: Stop) -> None:
    """One of the current ones needs nothing to be allowed."""
    server = server_context(
        tls_keys, tls_keys.rsa, ciphers="ECDHE-RSA-CHACHA20-POLY1305", version=ssl.TLSVersion.TLSv1_2
    )
    settings = trusting(tls_keys, ciphers=("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",))
    with scripted_scp(accept(), hang(), tls=server) as port:
        association = connect(a_peer(port, tls=settings), proposing(CT), open_secret=no_secret, stop=stop)
        association.abort()

    assert association.negotiation.tls is not None
    assert association.negotiation.tls.cipher == "ECDHE-RSA-CHACHA20-POLY1305"
    assert association.negotiation.weakened_by == ()


def test_what_was_agreed_is_looked_at_even_if_the_context_should_have_prevented_it(
    tls_keys: TlsKeys, stop: Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were a context to be wider than its profile, by an OpenSSL configured to be, no byte of DICOM would leave."""
    monkeypatch.setattr(tls_context, "_limit", lambda context, settings: None)
    server = server_context(
        tls_keys, tls_keys.rsa, ciphers="ECDHE-RSA-CHACHA20-POLY1305", version=ssl.TLSVersion.TLSv1_2
    )
    words = r"TLSv1\.2, ECDHE-RSA-CHACHA20-POLY1305, which was not offered"
    with scripted_scp(accept(), hang(), tls=server) as port, pytest.raises(TlsHandshakeFailed, match=words):
        connect(a_peer(port, tls=trusting(tls_keys)), proposing(CT), open_secret=no_secret, stop=stop)


def test_the_current_profiles_have_only_current_suites() -> None:
    """Forward secrecy and authenticated encryption, all of them."""
    for profile, terms in PROFILES.items():
        if not terms.retired:
            assert CURRENT_SUITES.issuperset((*terms.needed, *terms.welcome)), profile
            assert terms.lowest is TlsVersion.TLS_1_2


@contextmanager
def _warnings_off() -> Iterator[None]:
    """For a server that speaks what Python warns of."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield
