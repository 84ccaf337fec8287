"""The files that TLS needs, in every form they may have, and what is said of those that are of no use."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dicomjobs.errors import TlsHandshakeFailed
from dicomjobs.model.secret import SecretReference, SecretSource
from dicomjobs.model.tls import CertificateFormat, CrlCheck, TlsSettings
from dicomjobs.wire.connect import connect
from dicomjobs.wire.tls_context import client_context
from dicomjobs.wire.tls_files import expiries
from tests.support.certificates import as_der, issue, key_as_der, make_authority, revocation_list
from tests.support.scripted_scp import accept, hang, scripted_scp
from tests.support.tls_keys import PASSWORD, TlsKeys, own, server_context, trusting
from tests.support.wire import CT, Stop, a_peer, no_secret, proposing, tls_settings

SECRET = SecretReference(source=SecretSource.ENV, argument=("KEY",))


def open_secret(reference: SecretReference) -> bytes:
    """The password of every locked key."""
    assert reference == SECRET
    return PASSWORD.encode()


def open_files() -> set[str]:
    """The descriptors that this process has open."""
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def complaint(settings: TlsSettings, password: bytes = PASSWORD.encode()) -> TlsHandshakeFailed:
    """What is said of settings before anything is connected to."""
    with pytest.raises(TlsHandshakeFailed) as caught:
        client_context(a_peer(1, tls=settings), settings, lambda _: password)
    return caught.value


@pytest.mark.parametrize(
    ("owner", "form", "locked"),
    [
        ("client", "pkcs8", False),
        ("client", "traditional", False),
        ("rsa", "traditional", False),
        ("rsa", "pkcs8", False),
        ("client", "locked", True),
    ],
)
@pytest.mark.parametrize("in_memory", [True, False])
def test_our_certificate_and_key_may_be_der(
    tls_keys: TlsKeys,
    stop: Stop,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    owner: str,
    form: str,
    *,
    locked: bool,
    in_memory: bool,
) -> None:
    """The peer asks for it and takes it; no copy of the key is left anywhere, and none is decrypted on the way."""
    ours = getattr(tls_keys, owner)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    if not in_memory:
        monkeypatch.delattr(os, "memfd_create")
    settings = trusting(
        tls_keys,
        certificate=str(as_der(ours.certificate)),
        key=str(key_as_der(ours.key, form, password=PASSWORD if locked else "")),
        key_password=SECRET if locked else None,
        format=CertificateFormat.DER,
    )
    before = open_files()
    with scripted_scp(accept(), hang(), tls=server_context(tls_keys, client=True)) as port:
        association = connect(a_peer(port, tls=settings), proposing(CT), open_secret=open_secret, stop=stop)
        association.abort()

    assert association.negotiation.accepted
    assert open_files() == before
    assert list(tmp_path.iterdir()) == []


def test_trusted_certificates_and_lists_may_be_der(tls_keys: TlsKeys, stop: Stop) -> None:
    """What a Windows authority exports."""
    settings = tls_settings(
        trust=(str(as_der(tls_keys.authority.certificate)),), crl=(str(as_der(tls_keys.list, "crl")),)
    )
    with scripted_scp(accept(), hang(), tls=server_context(tls_keys)) as port:
        connect(a_peer(port, tls=settings), proposing(CT), open_secret=no_secret, stop=stop).abort()
    revoked = server_context(tls_keys, tls_keys.revoked)
    with scripted_scp(accept(), hang(), tls=revoked) as port, pytest.raises(TlsHandshakeFailed, match="revoked"):
        connect(a_peer(port, tls=settings), proposing(CT), open_secret=no_secret, stop=stop)


def test_every_certificate_of_a_folder_is_trusted_and_every_list_used(
    tls_keys: TlsKeys, stop: Stop, tmp_path: Path
) -> None:
    """Whatever the files are called; a README beside them does no harm."""
    shutil.copy(tls_keys.self_signed.certificate, tmp_path / "one")
    shutil.copy(as_der(tls_keys.authority.certificate), tmp_path / "two")
    shutil.copy(tls_keys.list, tmp_path / "three")
    (tmp_path / "README").write_text("Authorities of the hospital\n")
    (tmp_path / "old").mkdir()
    told = []
    for certificate in (tls_keys.self_signed, tls_keys.server, tls_keys.revoked):
        check = CrlCheck.NONE if certificate is tls_keys.self_signed else CrlCheck.LEAF
        settings = tls_settings(trust=(str(tmp_path),), crl_check=check)
        with scripted_scp(accept(), hang(), tls=server_context(tls_keys, certificate)) as port:
            try:
                connect(a_peer(port, tls=settings), proposing(CT), open_secret=no_secret, stop=stop).abort()
            except TlsHandshakeFailed as error:
                told.append(error.words)
            else:
                told.append("")

    assert told[:2] == ["", ""]
    assert "revoked" in told[2]


def test_a_chain_and_its_key_may_be_one_file(tls_keys: TlsKeys, stop: Stop, tmp_path: Path) -> None:
    """As many programs want it; then it is the key's mode that it must have."""
    both = tmp_path / "both.pem"
    both.write_bytes(tls_keys.client.certificate.read_bytes() + tls_keys.client.key.read_bytes())
    both.chmod(0o600)
    settings = trusting(tls_keys, certificate=str(both))
    with scripted_scp(accept(), hang(), tls=server_context(tls_keys, client=True)) as port:
        connect(a_peer(port, tls=settings), proposing(CT), open_secret=no_secret, stop=stop).abort()
    both.chmod(0o644)

    assert f"the key {both} has mode 0644" in complaint(settings).words


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o700, 0o444])
def test_a_key_that_is_not_its_owners_alone_is_refused(tls_keys: TlsKeys, tmp_path: Path, mode: int) -> None:
    """As ssh does, with what to type."""
    key = tmp_path / "open.key"
    shutil.copy(tls_keys.client.key, key)
    key.chmod(mode)
    error = complaint(trusting(tls_keys, certificate=str(tls_keys.client.certificate), key=str(key)))

    assert error.words == f"the key {key} has mode {mode:04o}, where a private key has 0600 or 0400"
    assert error.hint == f"chmod 600 {key}"


def test_a_key_that_may_only_be_read_is_used(tls_keys: TlsKeys, tmp_path: Path) -> None:
    """0400 is stricter still."""
    key = tmp_path / "closed.key"
    shutil.copy(tls_keys.client.key, key)
    key.chmod(0o400)
    settings = trusting(tls_keys, certificate=str(tls_keys.client.certificate), key=str(key))

    client_context(a_peer(1, tls=settings), settings, no_secret)


def test_an_encrypted_key_without_a_password_does_not_ask_on_the_terminal(tls_keys: TlsKeys) -> None:
    """OpenSSL would, and a cron job would hang; so in PEM and in DER."""
    pem = own(tls_keys.locked)
    der = {
        "certificate": str(as_der(tls_keys.locked.certificate)),
        "key": str(key_as_der(tls_keys.client.key, "locked", password=PASSWORD)),
        "format": CertificateFormat.DER,
    }
    for files in (pem, der):
        error = complaint(trusting(tls_keys, **files))

        assert error.words == f"the key {files['key']} is encrypted"
        assert "tls.key_password" in error.hint


@pytest.mark.parametrize("password", [b"wrong", b"", b"x" * 5000])
def test_a_wrong_key_password_is_told(tls_keys: TlsKeys, password: bytes) -> None:
    """In OpenSSL's words, without the password."""
    error = complaint(trusting(tls_keys, **own(tls_keys.locked), key_password=SECRET), password)

    assert "certificate and key cannot be loaded" in error.words
    assert "tls.key_password" in error.hint
    assert "xxx" not in error.words


def of_no_use(tls_keys: TlsKeys, folder: Path) -> dict[str, tuple[dict[str, Any], str, str]]:
    """Settings with a file that is of no use, what is said of it, and what to do."""
    text, empty = folder / "text", folder / "empty"
    text.write_text("-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n")
    (folder / "README").write_text("Authorities of the hospital\n")
    empty.mkdir()
    os.mkfifo(folder / "pipe", 0o600)
    pipe = str(folder / "pipe")
    client, other = own(tls_keys.client), own(tls_keys.server)
    der = {"certificate": str(as_der(tls_keys.client.certificate)), "format": CertificateFormat.DER}
    der_key = str(key_as_der(tls_keys.client.key, "pkcs8"))
    return {
        "trust that is not there": ({"trust": ("/nowhere/ca.pem",)}, "no such file", ""),
        "trust in a text": ({"trust": (str(folder / "README"),)}, "there is no certificate in it", ""),
        "trust in an empty folder": ({"trust": (str(empty),)}, "there is no certificate in it", ""),
        "trust in a key": ({"trust": (client["key"],)}, "there is no certificate in it", ""),
        "trust that is garbled": ({"trust": (str(text),)}, "certificate", ""),
        "trust in a pipe": ({"trust": (pipe,)}, "not a regular file", ""),
        "list in a pipe": ({"crl": (pipe,)}, "not a regular file", ""),
        "key in a pipe": (client | {"key": pipe}, "not a regular file", ""),
        "key of DER in a pipe": (der | {"key": pipe}, "not a regular file", ""),
        "list that is not there": ({"crl": ("/nowhere/ca.crl",)}, "no such file", ""),
        "list that is a certificate": ({"crl": (client["certificate"],)}, "there is none in it", ""),
        "certificate that is not there": (client | {"certificate": "/nowhere/c.pem"}, "no such file", ""),
        "key that is not there": (client | {"key": "/nowhere/k.pem"}, "no such file", ""),
        "key of another": (client | {"key": other["key"]}, "key values mismatch", "another certificate"),
        "weak key": (own(tls_keys.weak), "ee key too small", "2048 bits"),
        "weak signature": (own(tls_keys.weakly_signed), "ca md too weak", "digest"),
        "certificate in DER": (client | {"certificate": der["certificate"]}, "in DER", "format: der"),
        "key in DER": (client | {"key": der_key}, "in DER", "format: der"),
        "certificate in PEM": (der | {"certificate": client["certificate"], "key": der_key}, "in PEM", "format: pem"),
        "certificate that is none": (client | {"certificate": client["key"]}, "no certificate or key", ""),
        "key in PEM": (der | {"key": client["key"]}, "in PEM", "format: pem"),
        "key that is none": (der | {"key": str(_private(der["certificate"], folder))}, "no private key", ""),
    }


def _private(path: object, folder: Path) -> Path:
    """A copy with the mode of a key."""
    copy = folder / "private"
    shutil.copy(str(path), copy)
    copy.chmod(0o600)
    return copy


CASES = (
    *("trust that is not there", "trust in a text", "trust in an empty folder", "trust in a key"),
    *("trust that is garbled", "list that is not there", "list that is a certificate", "certificate that is not there"),
    *("key that is not there", "key of another", "certificate in DER", "key in DER", "certificate in PEM"),
    *("trust in a pipe", "list in a pipe", "key in a pipe", "key of DER in a pipe"),
    *("weak key", "weak signature", "certificate that is none", "key in PEM", "key that is none"),
)


@pytest.mark.parametrize("case", CASES)
def test_a_file_that_cannot_be_used_is_named(tls_keys: TlsKeys, tmp_path: Path, case: str) -> None:
    """Before anything is sent, with the reason and often with what to do."""
    changes, words, hint = of_no_use(tls_keys, tmp_path)[case]
    error = complaint(trusting(tls_keys, **changes))
    files = [*changes.get("trust", ()), *changes.get("crl", ()), changes.get("certificate"), changes.get("key")]

    assert words in error.words
    assert hint in error.hint
    assert any(file in error.words for file in files if file)


def test_until_when_our_certificate_and_lists_are_good_is_told(tls_keys: TlsKeys, tmp_path: Path) -> None:
    """Files that are not there are told elsewhere."""
    authority = make_authority(tmp_path)
    ours, listed = issue(authority, "ours", days=5), revocation_list(authority, "list", days=3)
    settings = tls_settings(**own(ours), crl=(str(listed), "/nowhere/ca.crl"), trust=(str(authority.certificate),))
    found = dict(expiries(settings))

    assert list(found) == [f"the certificate {ours.certificate}", f"the revocation list {listed}"]
    for days, time in zip((5, 3), found.values(), strict=True):
        assert abs(time - datetime.now(UTC) - timedelta(days=days)) < timedelta(minutes=1)
