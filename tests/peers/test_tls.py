"""TLS from the job file to the report, with DCMTK's storescp and peers that are not as they should be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.certificates import Certificate, issue, make_authority, revocation_list
from tests.support.command import Ended, dicomjobs, latest, peer_yaml, runs, store_yaml
from tests.support.instances import make_study
from tests.support.job_files import write
from tests.support.peers import free_port, orthanc, storescp
from tests.support.scripted_scp import hang, scripted_scp
from tests.support.tls_keys import PASSWORD, TlsKeys, digest_of, server_context

FILES = 3


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few files of one study."""
    folder = tmp_path_factory.mktemp("files")
    make_study(folder, FILES, rows=4)
    return folder


def flow(**keys: object) -> str:
    """A mapping in YAML's flow style."""
    return "{" + ", ".join(f"{key}: {value}" for key, value in keys.items()) + "}"


def identity(certificate: Certificate) -> dict[str, object]:
    """The keys for a certificate of ours."""
    return {"certificate": certificate.certificate, "key": certificate.key}


def run(folder: Path, files: Path, port: int, *, tls: str, allow: str = "[]") -> Ended:
    """Send the files over TLS."""
    peer = peer_yaml(port, tls=tls, allow=allow, timeouts="{connect: 5s, acse: 5s}")
    return dicomjobs("run", write(folder, store_yaml(port, files, peer=peer)), "--reports", folder / "reports")


def storescp_options(keys: TlsKeys, *options: str) -> tuple[str, ...]:
    """What storescp needs to speak TLS, with the key that the older profiles ask for."""
    own = ("+tls", str(keys.rsa.key), str(keys.rsa.certificate))
    return (*own, "+cf", str(keys.authority.certificate), *options)


def test_what_was_sent_over_tls_is_told_with_how(tls_keys: TlsKeys, files: Path, tmp_path: Path) -> None:
    """Version, suite and certificate in the report, its text and the events; the key's password nowhere."""
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    password.chmod(0o600)
    ours = identity(tls_keys.locked) | {"key_password": flow(file=password)}
    tls = flow(trust=f"[{tls_keys.authority.certificate}]", crl=f"[{tls_keys.list}]", **ours)
    with storescp(tmp_path, *storescp_options(tls_keys)) as scp:
        ran = run(tmp_path, files, scp.port, tls=tls)
        arrived = len(scp.files())

    told = latest(tmp_path / "reports")
    (association,) = told.job("send")["associations"]
    digest, text = digest_of(tls_keys.rsa), dicomjobs("report", told.path).out
    assert (ran.code, arrived, ran.err) == (0, FILES, "")
    assert (association["tls"]["version"], association["tls"]["peer_certificate_sha256"]) == ("TLSv1.3", digest)
    assert association["tls"]["cipher"].startswith("TLS_")
    assert "weakened_by" not in association
    assert f"TLSv1.3, {association['tls']['cipher']}, peer certificate with SHA-256 {digest}, expires on 20" in text
    (event,) = [each for each in told.events if each["event"] == "association_established"]
    assert event["tls"] == association["tls"]
    assert all(PASSWORD.encode() not in path.read_bytes() for path in told.path.rglob("*") if path.is_file())


def test_what_weakens_is_told_before_and_after(tls_keys: TlsKeys, files: Path, tmp_path: Path) -> None:
    """In the plan and in the report: an old archive that neither encrypts nor shows a certificate that is known."""
    tls = flow(profile="unencrypted", verify_peer="false", **identity(tls_keys.client))
    allow = "[retired_tls, unencrypted_tls, unverified_peer]"
    with storescp(tmp_path, *storescp_options(tls_keys, "+pn")) as scp:
        ran = run(tmp_path, files, scp.port, tls=tls, allow=allow)
        arrived = len(scp.files())
    planned = dicomjobs("plan", tmp_path / "job.yaml")

    told = latest(tmp_path / "reports")
    (association,) = told.job("send")["associations"]
    text = dicomjobs("report", told.path).out
    assert (ran.code, arrived) == (0, FILES)
    assert association["tls"]["cipher"] == "NULL-SHA"
    assert association["weakened_by"] == ["retired_tls", "unencrypted_tls", "unverified_peer"]
    assert "weakened by retired_tls, unencrypted_tls, unverified_peer, as the peer's allow: permits" in text
    assert "over TLS (unencrypted, retired_tls, unencrypted_tls, unverified_peer) as" in planned.out


def test_a_storescp_that_wants_a_certificate_says_so(tls_keys: TlsKeys, files: Path, tmp_path: Path) -> None:
    """The real program: its alert comes when it is too late for the handshake to fail."""
    with storescp(tmp_path, *storescp_options(tls_keys)) as scp:
        ran = run(tmp_path, files, scp.port, tls=flow(trust=f"[{tls_keys.authority.certificate}]"))
        arrived = len(scp.files())

    (failure,) = latest(tmp_path / "reports").job("send")["failures"]
    assert (ran.code, arrived) == (9, 0)
    assert "alert certificate required" in failure["words"]
    assert "give tls.certificate and tls.key" in failure["try"]


def test_orthanc_stores_and_finds_over_tls(tls_keys: TlsKeys, files: Path, tmp_path: Path) -> None:
    """Another real peer, with certificates at both ends."""
    settings: dict[str, Any] = {
        "DicomTlsEnabled": True,
        "DicomTlsPrivateKey": str(tls_keys.rsa.key),
        "DicomTlsCertificate": str(tls_keys.rsa.certificate),
        "DicomTlsTrustedCertificates": str(tls_keys.authority.certificate),
    }
    with orthanc(tmp_path, **settings) as archive:
        tls = flow(trust=f"[{tls_keys.authority.certificate}]", **identity(tls_keys.client))
        peer = peer_yaml(archive.port, called="ORTHANC", tls=tls)
        document = store_yaml(archive.port, files, peer=peer) + (
            f"  look: {{needs: [send], find: {{peer: {peer}, query: {{model: study, level: STUDY, keys: {{PatientID: }}}}}}}}\n"
        )
        ran = dicomjobs("run", write(tmp_path, document), "--reports", tmp_path / "reports")
        arrived = archive.count_instances()

    told = latest(tmp_path / "reports")
    assert (ran.code, arrived) == (0, FILES)
    assert told.job("look")["counts"]["matches"] == 1
    assert told.job("look")["associations"][0]["tls"]["peer_certificate_sha256"] == digest_of(tls_keys.rsa)


@pytest.mark.parametrize(
    ("certificate", "words"),
    [("expired", "certificate has expired"), ("other_name", "mismatch"), ("self_signed", "self-signed")],
)
def test_a_peer_with_a_bad_certificate_gets_nothing(
    tls_keys: TlsKeys, files: Path, tmp_path: Path, certificate: str, words: str
) -> None:
    """Exit code 9, and no second try: it would be the same certificate."""
    tls = flow(trust=f"[{tls_keys.authority.certificate}]")
    with scripted_scp(hang(), tls=server_context(tls_keys, getattr(tls_keys, certificate))) as port:
        ran = run(tmp_path, files, port, tls=tls)

    job = latest(tmp_path / "reports").job("send")
    (failure,) = job["failures"]
    assert (ran.code, job["counts"]["delivered"]) == (9, 0)
    assert words in failure["words"]
    assert failure["try"]
    assert [association["ended_by"] for association in job["associations"]] == ["not_established"]


@pytest.mark.parametrize(
    ("keys", "allow", "words"),
    [
        pytest.param({"trust": "[nowhere.pem]"}, "[]", "trusted certificates cannot be loaded", id="no such file"),
        pytest.param({"profile": "basic"}, "[retired_tls]", "TLS_RSA_WITH_3DES_EDE_CBC_SHA", id="no such suite"),
    ],
)
def test_what_cannot_work_is_told_before_anything_is_sent(
    tls_keys: TlsKeys, files: Path, tmp_path: Path, keys: dict[str, str], allow: str, words: str
) -> None:
    """Exit code 2: nobody is connected to, and no run is left behind."""
    tls = flow(**{"trust": f"[{tls_keys.authority.certificate}]"} | keys)
    ran = run(tmp_path, files, free_port(), tls=tls, allow=allow)

    assert ran.code == 2
    assert words in ran.err
    assert list(runs(tmp_path / "reports")) == []


def test_what_expires_is_warned_of(tls_keys: TlsKeys, files: Path, tmp_path: Path) -> None:
    """By a run as by `check --here`, with the day; what has expired may still be good enough for the peer."""
    authority = make_authority(tmp_path)
    soon, over = issue(authority, "soon", days=5), issue(authority, "over", days=-1)
    stale = revocation_list(authority, "stale", days=-1)
    trust = f"[{tls_keys.authority.certificate}]"
    with storescp(tmp_path, *storescp_options(tls_keys, "+cf", str(authority.certificate))) as scp:
        ran = run(tmp_path, files, scp.port, tls=flow(trust=trust, **identity(soon)))
    looked = dicomjobs("check", "--here", tmp_path / "job.yaml")
    with storescp(tmp_path, *storescp_options(tls_keys, "-ic")) as scp:
        late = run(
            tmp_path, files, scp.port, tls=flow(trust=trust, crl=f"[{tls_keys.list}, {stale}]", **identity(over))
        )

    assert (ran.code, looked.code, late.code) == (0, 0, 0)
    for words in (ran.err, looked.err):
        assert "warning DJ619 peer ANY-SCP@127.0.0.1:" in words
        assert f"tls: the certificate {soon.certificate} expires on 20" in words
    assert f"tls: the certificate {over.certificate} expired on 20" in late.err
    assert f"tls: the revocation list {stale} expired on 20" in late.err


def test_a_peer_whose_certificate_soon_expires_is_warned_of(tls_keys: TlsKeys, files: Path, tmp_path: Path) -> None:
    """After the run, since it is only then known; with -q it is no failure and not told."""
    authority = make_authority(tmp_path)
    soon = issue(authority, "soon", days=5)
    own = ("+tls", str(soon.key), str(soon.certificate), "+cf", str(tls_keys.authority.certificate))
    tls = flow(trust=f"[{authority.certificate}]", **identity(tls_keys.client))
    with storescp(tmp_path, *own) as scp:
        ran = run(tmp_path, files, scp.port, tls=tls)
        quiet = dicomjobs("run", tmp_path / "job.yaml", "--reports", tmp_path / "reports", "-q")

    assert (ran.code, quiet.code, quiet.err) == (0, 0, "")
    assert ": its certificate expires on 20" in ran.err


def test_an_echo_from_the_shell_goes_over_tls_too(tls_keys: TlsKeys, tmp_path: Path) -> None:
    """The peer's settings are those of the file; what is told is what one would pin."""
    with storescp(tmp_path, *storescp_options(tls_keys)) as scp:
        tls = flow(trust=f"[{tls_keys.authority.certificate}]", **identity(tls_keys.client))
        document = f"dicomjobs: 1\npeers: {{archive: {peer_yaml(scp.port, tls=tls)}}}\n"
        ended = dicomjobs("echo", "archive", "-f", write(tmp_path, document))

    assert ended.code == 0
    assert f"peer certificate with SHA-256 {digest_of(tls_keys.rsa)}" in ended.out
