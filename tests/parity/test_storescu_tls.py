"""The TLS options of storescu: the real program and the imported job against one SCP behind TLS."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from tests.parity.exchange import exchanges_of
from tests.parity.storescu_lines import TLS_LINES, TLS_REFUSALS, Line
from tests.parity.test_storescu import assert_alike, of_job, of_storescu
from tests.support.certificates import as_der, key_as_der
from tests.support.instances import make_instance
from tests.support.peers import run_program
from tests.support.recording_scp import recording_scp
from tests.support.tls_keys import PASSWORD, TlsKeys, server_context

OLD_CIPHERS = "ALL:eNULL:@SECLEVEL=0"


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory, tls_keys: TlsKeys) -> Path:
    """A folder with the keys under the names that the lines use, and one instance."""
    folder = tmp_path_factory.mktemp("ring")
    make_instance(folder / "ct.dcm", rows=8)
    for name, certificate in (("client", tls_keys.client), ("locked", tls_keys.locked)):
        (folder / f"{name}.pem").write_bytes(certificate.certificate.read_bytes())
        _private(folder / f"{name}.key", certificate.key.read_bytes())
    (folder / "client.der").write_bytes(as_der(tls_keys.client.certificate).read_bytes())
    _private(folder / "client.key.der", key_as_der(tls_keys.client.key, "traditional").read_bytes())
    (folder / "ca.pem").write_bytes(tls_keys.authority.certificate.read_bytes())
    (folder / "ca.der").write_bytes(as_der(tls_keys.authority.certificate).read_bytes())
    (folder / "list.crl").write_bytes(tls_keys.list.read_bytes())
    (folder / "cas").mkdir()
    (folder / "cas" / "ca.pem").write_bytes(tls_keys.authority.certificate.read_bytes())
    assert run_program("openssl", "rehash", folder / "cas").returncode == 0
    (folder / "other.pem").write_bytes(tls_keys.stranger.certificate.read_bytes())
    (folder / "seed").write_bytes(bytes(64))
    return folder


def _private(path: Path, content: bytes) -> None:
    """Write a key for its owner alone."""
    path.write_bytes(content)
    path.chmod(0o600)


def _context(line: Line, keys: TlsKeys) -> ssl.SSLContext:
    """The server of a line: as it comes, with a certificate that was revoked, or one for old profiles."""
    match line.peer:
        case "revoked":
            return server_context(keys, keys.revoked)
        case "old":
            return server_context(keys, keys.rsa, version=ssl.TLSVersion.TLSv1_2, ciphers=OLD_CIPHERS)
        case "wants a certificate":
            return server_context(keys, client=True)
        case _:
            return server_context(keys)


@pytest.mark.parametrize("line", [*TLS_LINES, *TLS_REFUSALS], ids=lambda line: line.name)
def test_an_imported_line_does_the_same_behind_tls(
    line: Line, ring: Path, tls_keys: TlsKeys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same exchange inside, or none where the peer is not to be trusted."""
    monkeypatch.chdir(ring)
    monkeypatch.setenv("DICOMJOBS_KEY_PASSWORD", PASSWORD)
    with recording_scp() as scp:
        scp.tls = _context(line, tls_keys)
        theirs, said = of_storescu(line, scp, peer="willing")
        ours, told = of_job(line, scp, tmp_path, peer="willing")
        assert exchanges_of(scp) == ()

    assert_alike(line, theirs, ours, f"{said}\n{told}")
    assert bool(theirs) == (line in TLS_LINES), said
