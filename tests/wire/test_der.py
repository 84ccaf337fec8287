"""DER, as far as it is read: real keys, certificates and lists, and whatever else somebody names for one."""

from __future__ import annotations

import ssl
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dicomjobs.wire.der import (
    KeyKind,
    NotDer,
    certificate_expires,
    is_authority_without_key_usage,
    key_kind,
    revocation_list_expires,
)
from tests.support.certificates import as_der, issue, key_as_der, make_authority, revocation_list
from tests.support.tls_keys import PASSWORD, TlsKeys

READERS = (key_kind, certificate_expires, revocation_list_expires, is_authority_without_key_usage)


@pytest.mark.parametrize(
    ("owner", "form", "password", "kind"),
    [
        ("server", "pkcs8", "", KeyKind.PKCS8),
        ("rsa", "pkcs8", "", KeyKind.PKCS8),
        ("server", "traditional", "", KeyKind.SEC1),
        ("rsa", "traditional", "", KeyKind.PKCS1),
        ("rsa", "locked", PASSWORD, KeyKind.ENCRYPTED_PKCS8),
    ],
)
def test_the_form_of_a_key_is_seen(tls_keys: TlsKeys, owner: str, form: str, password: str, kind: KeyKind) -> None:
    """Which decides what PEM calls it."""
    key = key_as_der(getattr(tls_keys, owner).key, form, password=password)

    assert key_kind(key.read_bytes()) is kind


@pytest.mark.parametrize("days", [-1, 1, 30 * 365])
def test_the_end_of_a_certificate_and_of_a_list_is_read(tmp_path: Path, days: int) -> None:
    """From 2050 on the year has four digits."""
    authority = make_authority(tmp_path)
    expected = datetime.now(UTC) + timedelta(days=days)
    certificate = as_der(issue(authority, "server", days=days).certificate).read_bytes()
    revoked = as_der(revocation_list(authority, "list", days=days), "crl").read_bytes()

    assert abs(certificate_expires(certificate) - expected) < timedelta(minutes=1)
    found = revocation_list_expires(revoked)
    assert found is not None
    assert abs(found - expected) < timedelta(minutes=1)


def test_an_authority_that_may_sign_nothing_is_told_from_others(tls_keys: TlsKeys) -> None:
    """It is an authority and has no keyUsage; what is no authority needs none."""
    kinds = {"plain": True, "sloppy": True, "authority": False, "below": False, "server": False}
    seen = {
        name: is_authority_without_key_usage(as_der(getattr(tls_keys, name).certificate).read_bytes()) for name in kinds
    }

    assert seen == kinds


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("data", [b"", b"0", b"\x30\x00", b"\x30\x80\x00\x00", b"text", b"\x30\x03\x02\x01\x00"])
def test_anything_else_is_not_der(read: object, data: bytes) -> None:
    """Said so, and nothing else raised."""
    assert callable(read)
    with pytest.raises(NotDer):
        read(data)


@given(data=st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_becomes_of_the_bytes_the_only_error_is_not_der(tls_keys: TlsKeys, data: st.DataObject) -> None:
    """Certificates with bytes changed, cut and repeated."""
    good = ssl.PEM_cert_to_DER_cert(tls_keys.server.certificate.read_text())
    start = data.draw(st.integers(0, len(good)))
    bad = good[:start] + data.draw(st.binary(max_size=6)) + good[data.draw(st.integers(0, len(good))) :]
    for read in READERS:
        with suppress(NotDer):
            read(bad)


def test_a_certificate_is_no_key_and_no_list(tls_keys: TlsKeys) -> None:
    """Each is told from the others."""
    rsa = tls_keys.rsa
    certificate, key = as_der(rsa.certificate).read_bytes(), key_as_der(rsa.key, "traditional").read_bytes()
    for read, data in (
        (revocation_list_expires, certificate),
        (certificate_expires, key),
        (revocation_list_expires, key),
    ):
        with pytest.raises(NotDer):
            read(data)
