"""The TLS options of findscu: the real program and the imported job get the same association through the same handshake."""

from __future__ import annotations

import shlex
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.certificates import issue, make_authority
from tests.support.command import dicomjobs
from tests.support.finding_scp import FindingScp, finding_scp
from tests.support.peers import need_program, run_program

LINES = [
    "+tls client.key client.pem +cf ca.pem",
    "+tls client.key client.pem -pem -rc +cf ca.pem",
    "+tls client.key client.pem +cd trust",
    "+tls client.key client.pem -ic",
    "+tls client.key client.pem +cf ca.pem +py",
    "+tls client.key client.pem +cf ca.pem +px",
    "+tls client.key client.pem +cf ca.pem -pw",
    "+tla +cf ca.pem",
    "+tla -ic",
]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the keys and certificates that the lines name."""
    folder = tmp_path_factory.mktemp("keys")
    authority = make_authority(folder)
    for name in ("server", "client"):
        made = issue(authority, name)
        for path, suffix in ((made.certificate, "pem"), (made.key, "key")):
            copy = folder / f"{name}.{suffix}"
            if path != copy:
                copy.write_bytes(path.read_bytes())
                copy.chmod(0o600)
    (folder / "ca.pem").write_bytes(authority.certificate.read_bytes())
    (folder / "trust").mkdir()
    (folder / "trust" / "ca.pem").write_bytes(authority.certificate.read_bytes())
    subprocess.run([need_program("openssl"), "rehash", folder / "trust"], check=True)
    return folder


@pytest.fixture(scope="module")
def scp(keys: Path) -> Iterator[FindingScp]:
    """One SCP for all lines, which asks for a certificate and does without."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys / "server.pem", keys / "server.key")
    context.load_verify_locations(keys / "ca.pem")
    context.verify_mode = ssl.CERT_OPTIONAL
    with finding_scp({}, tls=context) as scp:
        yield scp


@pytest.mark.parametrize("line", LINES)
def test_an_imported_line_asks_over_tls_as_findscu_does(
    line: str, keys: Path, scp: FindingScp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same bytes inside, after a handshake that both trust."""
    monkeypatch.chdir(keys)
    arguments = shlex.split(f"-S -k QueryRetrieveLevel=STUDY -k PatientID {line} 127.0.0.1 {scp.port}")

    asked = run_program("findscu", *arguments, nodelay=True)
    assert asked.returncode == 0, asked.stderr
    theirs = scp.next_heard()
    imported = dicomjobs("import", "-o", tmp_path / "job.yaml", "findscu", *arguments)
    assert imported.code == 0, imported.err
    ran = dicomjobs("run", tmp_path / "job.yaml", "--reports", tmp_path / "reports", "-q")

    assert ran.code == 0, ran.err
    assert scp.next_heard() == theirs
