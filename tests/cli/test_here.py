"""`check --here` finds what a run could not open, and leaves no trace."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dicomjobs.ledger import place
from tests.support.certificates import issue, make_authority
from tests.support.command import Ended, dicomjobs
from tests.support.instances import make_study
from tests.support.job_files import write
from tests.support.unprivileged import folder_for_anybody, without_root

JOBS = """\
dicomjobs: 1
state: {{directory: {state}}}
reports: {{directory: {reports}}}
peers:
  pacs: {{host: 127.0.0.1, port: 104}}
  own: {{embedded: {{directory: {embedded}}}}}
queries: {{all: {{model: study, level: STUDY, keys: {{StudyDate: }}}}}}
jobs:
  send: {{store: {{peer: own, send_set: {{paths: [{files}]}}}}}}
  ask: {{find: {{peer: pacs, query: all, outputs: [{{format: csv, file: {output}}}]}}}}
"""
_STORES = "jobs: {{send: {{store: {{peer: {{host: h, port: 1}}, send_set: {{paths: ['{paths}']}}}}}}}}\n"
TLS = """\
dicomjobs: 1
peers: {{pacs: {{host: 127.0.0.1, port: 104, tls: {{{tls}}}}}}}
jobs: {{check: {{echo: {{peer: pacs}}}}}}
"""


def check_here(folder: Path, **changed: object) -> Ended:
    """Check a job file whose every path is fine, but for those given."""
    make_study(folder / "files", 1, rows=4)
    (folder / "exports").mkdir(exist_ok=True)
    places = {name: folder / name for name in ("state", "reports", "embedded", "files")}
    file = write(folder, JOBS.format(**{**places, "output": folder / "exports" / "out.csv", **changed}))
    return dicomjobs("check", "--here", file)


def check_tls(folder: Path, tls: str) -> Ended:
    """Check a job file with a peer that has these settings."""
    return dicomjobs("check", "--here", write(folder, TLS.format(tls=tls)))


def test_what_a_run_could_use_is_no_mistake_and_nothing_is_made(tmp_path: Path) -> None:
    """Folders that a run would make need not be there."""
    ended = check_here(tmp_path)

    assert (ended.code, ended.err) == (0, "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["exports", "files", "job.yaml"]


def test_sent_files_need_folders_that_can_be_written() -> None:
    """The one that they are moved to, or would be made in, and the one that they are in."""
    with folder_for_anybody() as folder:
        (folder / "file").touch()
        jobs = {"moved": f"{{move: {folder}/file/sent}}", "deleted": "delete", "renamed": "rename", "kept": "keep"}
        peer = "peer: {host: h, port: 1}"
        text = "dicomjobs: 1\nstate: {directory: state}\njobs:\n" + "".join(
            f"  {name}: {{store: {{{peer}, send_set: {{paths: [{name}]}}, sent_files: {sent_files}}}}}\n"
            for name, sent_files in jobs.items()
        )
        write(folder, text)
        for name in jobs:
            make_study(folder / name, 1, rows=4)
            (folder / name).chmod(0o555)
        with without_root():
            ended = dicomjobs("check", "--here", folder / "job.yaml")

    assert ended.code == 2
    assert f"job moved, folder for sent files: {folder}/file is not a folder" in ended.err
    for name in ("moved", "deleted", "renamed"):
        assert f"job {name}, sent files that are to be {name}: {folder}/{name} cannot be written" in ended.err
    assert "job kept" not in ended.err


@pytest.mark.parametrize("below", ["", "/deeper/still"])
@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("state", "state folder"),
        ("reports", "reports folder"),
        ("embedded", "peer own, embedded directory"),
    ],
)
def test_a_file_where_a_folder_must_be_is_told(tmp_path: Path, key: str, words: str, below: str) -> None:
    """Also further up the way to it."""
    (tmp_path / "in-the-way").write_text("a file")

    ended = check_here(tmp_path, **{key: f"{tmp_path}/in-the-way{below}"})

    assert ended.code == 2
    assert f"{words}: {tmp_path}/in-the-way is not a folder" in ended.err
    assert ended.err.count("DJ601") == 1


def test_a_link_that_leads_nowhere_is_in_the_way(tmp_path: Path) -> None:
    """No folder can be made under its name."""
    (tmp_path / "link").symlink_to(tmp_path / "gone")

    assert f"{tmp_path}/link is not a folder" in check_here(tmp_path, state=tmp_path / "link").err


def test_the_folder_of_an_output_must_be_there(tmp_path: Path) -> None:
    """A run does not make it, and cannot write into a file."""
    (tmp_path / "in-the-way").write_text("a file")

    missing = check_here(tmp_path, output=tmp_path / "missing" / "out.csv")
    in_the_way = check_here(tmp_path, output=tmp_path / "in-the-way" / "out.csv")

    assert (missing.code, in_the_way.code) == (2, 2)
    assert f"job ask: there is no folder {tmp_path}/missing for the output out.csv" in missing.err
    assert f"folder of the output out.csv: {tmp_path}/in-the-way is not a folder" in in_the_way.err


def test_an_output_that_is_a_folder_is_told(tmp_path: Path) -> None:
    """It could not be replaced by a file."""
    assert (
        f"job ask: the output {tmp_path}/exports is a folder" in check_here(tmp_path, output=tmp_path / "exports").err
    )


def test_the_default_state_folder_is_looked_at_too(tmp_path: Path, no_home_writes: Path) -> None:
    """With the reports in it."""
    (no_home_writes / "state").write_text("a file")

    ended = dicomjobs("check", "--here", write(tmp_path, "dicomjobs: 1\n"))

    assert f"state folder: {no_home_writes}/state is not a folder" in ended.err
    assert f"reports folder: {no_home_writes}/state is not a folder" in ended.err


def test_what_depends_on_a_parameter_without_a_value_is_not_looked_at(tmp_path: Path) -> None:
    """Only a run must be given one; with a value the same path is."""
    text = """\
        dicomjobs: 1
        parameters: {inbox: null}
        jobs: {send: {store: {peer: {host: 127.0.0.1, port: 104}, send_set: {paths: ["${inbox}/file.dcm"]}}}}
        """
    file = write(tmp_path, text)

    assert dicomjobs("check", "--here", file).code == 0
    assert f"{tmp_path}/file.dcm does not exist" in dicomjobs("check", "--here", file, "--set", f"inbox={tmp_path}").err


def test_a_network_file_system_holds_no_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the state folder's nor an embedded peer's; reports may lie there."""
    device = tmp_path.stat().st_dev
    mounts = f"97 22 {os.major(device)}:{os.minor(device)} / /mnt rw - nfs4 server:/export rw"
    monkeypatch.setattr(place, "_mounts", lambda: mounts)

    ended = check_here(tmp_path)

    assert ended.code == 2
    assert ended.err.count("network file system (nfs4)") == 2
    assert "reports" not in ended.err


def test_permissions_that_are_missing_are_told() -> None:
    """Folders that may not be written, a file and a folder that may not be read."""
    with folder_for_anybody() as folder:
        (folder / "closed").mkdir(mode=0o500)
        (folder / "secret").mkdir(mode=0)
        (folder / "file.dcm").write_text("")
        (folder / "file.dcm").chmod(0)
        paths = f"{folder}/file.dcm, {folder}/secret, {folder}/secret/file.dcm, {folder}/missing.dcm, {folder}/*.dcm"
        (folder / "exports").mkdir()
        file = write(
            folder,
            JOBS.format(
                state=f"{folder}/closed",
                reports=f"{folder}/closed/reports",
                embedded=f"{folder}/secret/deeper",
                files=paths,
                output="here.csv",
            ),
        )
        Path(file).chmod(0o644)

        dicomjobs("check", "--here", file)  # imports what it needs, which may lie where only root may look
        with without_root():
            ended = dicomjobs("check", "--here", file)

    assert ended.code == 2
    for words in (
        f"state folder: {folder}/closed cannot be written",
        f"reports folder: {folder}/closed cannot be written, so {folder}/closed/reports cannot be made",
        f"embedded directory: {folder}/secret cannot be written, so {folder}/secret/deeper cannot be made",
        f"{folder}/file.dcm cannot be read",
        f"{folder}/secret cannot be read",
        f"{folder}/secret/file.dcm cannot be read: Permission denied",
        f"{folder}/missing.dcm does not exist on this machine",
    ):
        assert words in ended.err
    assert ended.err.count("DJ601") == 7


def test_what_is_not_there_is_shown_where_it_is_written(tmp_path: Path) -> None:
    """File, line and column, as for every other mistake; also of a file that is included."""
    (tmp_path / "in").mkdir()
    sets = write(tmp_path, "dicomjobs: 1\nsend_sets:\n  inbox: {paths: [in, gone]}\n", "sets.yaml")
    jobs = f"jobs: {{send: {{store: {{peer: {{host: h, port: 1}}, send_set: inbox, sent_files: {{move: {sets}/sent}}}}}}}}\n"
    ended = dicomjobs("check", "--here", write(tmp_path, f"dicomjobs: 1\ninclude: [sets.yaml]\n{jobs}"))

    assert ended.code == 2
    assert f"{tmp_path}/sets.yaml:3:23 error DJ601 send set inbox: gone does not exist" in ended.err
    assert "  3 |   inbox: {paths: [in, gone]}\n    |                       ^^^^\n" in ended.err
    assert f"{tmp_path}/job.yaml:3:78 error DJ601 job send, folder for sent files: {sets} is not a folder" in ended.err


def test_what_cannot_be_read_inside_a_send_set_is_told() -> None:
    """A file in a folder, one of a pattern and a folder further down; a run would end with 7 for them."""
    with folder_for_anybody() as folder:
        files = [made.path for made in make_study(folder / "files", 3, rows=0)]
        (folder / "files" / "zz").mkdir(mode=0)
        files[1].chmod(0)
        write(
            folder, "dicomjobs: 1\nstate: {directory: /tmp}\n" + _STORES.format(paths=f"{folder}/files"), "folder.yaml"
        )
        write(
            folder,
            "dicomjobs: 1\nstate: {directory: /tmp}\n" + _STORES.format(paths=f"{folder}/files/*.dcm"),
            "pattern.yaml",
        )
        with without_root():
            below, matched = (dicomjobs("check", "--here", folder / f"{name}.yaml") for name in ("folder", "pattern"))

    assert (below.code, matched.code) == (2, 2)
    assert f"{files[1]} cannot be read, nor can 1 more\n" in below.err
    assert f"{files[1]} cannot be read\n" in matched.err


@pytest.mark.parametrize("name", ["ledger.sqlite3", "ledger.sqlite3-wal", "ledger.lock", "locks", "own/.dicomjobs"])
def test_a_ledger_of_another_user_is_told(name: str) -> None:
    """The folders may be written, but not what lies in them."""
    with folder_for_anybody() as folder:
        folder.chmod(0o777)
        for made in (folder / "own", folder / "own" / ".dicomjobs", folder / "locks"):
            made.mkdir()
            made.chmod(0o777)
        (folder / "ledger.sqlite3").touch()
        (folder / name).touch()
        for path in folder.glob("ledger.*"):
            path.chmod(0o666)
        (folder / name).chmod(0o555)
        text = f"dicomjobs: 1\nstate: {{directory: {folder}}}\n"
        own = f"jobs: {{ask: {{echo: {{peer: {{embedded: {{directory: {folder}/own}}}}}}}}}}\n"
        file = write(folder, text + own)
        with without_root():
            ended = dicomjobs("check", "--here", file)

    assert ended.code == 2
    assert f"{folder}/{name} cannot be written\n" in ended.err
    assert ended.err.count("DJ601") == 1


def test_tls_files_that_load_are_no_mistake(tmp_path: Path) -> None:
    """A key with a password from the environment as well, and one whose password a run would ask for."""
    authority = make_authority(tmp_path)
    ours = issue(authority, "ours", password="swordfish")
    files = f"certificate: {ours.certificate}, key: {ours.key}, trust: [{authority.certificate}]"
    (tmp_path / "password").write_text("swordfish\n")
    (tmp_path / "password").chmod(0o600)

    assert check_tls(tmp_path, f"{files}, key_password: {{file: {tmp_path}/password}}").code == 0
    assert check_tls(tmp_path, f"{files}, key_password: {{prompt: Password}}").code == 0


def test_an_authority_that_may_sign_nothing_is_warned_of_with_what_makes_a_good_one(tmp_path: Path) -> None:
    """A warning, for it may be the peer's own certificate, which needs no more; nothing where nobody verifies."""
    plain = make_authority(tmp_path, extensions="plain")

    ended = check_tls(tmp_path, f"trust: [{plain.certificate}]")

    assert ended.code == 0
    assert f"warning DJ645 peer pacs, tls: the authority in {plain.certificate} lacks keyUsage" in ended.err
    assert "-addext keyUsage=critical,keyCertSign,cRLSign" in ended.err
    assert check_tls(tmp_path, f"trust: [{make_authority(tmp_path).certificate}]").err == ""


def test_each_tls_file_that_does_not_load_is_told(tmp_path: Path) -> None:
    """Two that are trusted and hold nothing, and a certificate that belongs to another key."""
    authority = make_authority(tmp_path)
    ours, other = issue(authority, "ours"), issue(authority, "other")
    for name in ("one.pem", "two.pem"):
        (tmp_path / name).write_text("nothing\n")

    ended = check_tls(
        tmp_path, f"certificate: {ours.certificate}, key: {other.key}, trust: [{tmp_path}/one.pem, {tmp_path}/two.pem]"
    )

    assert ended.code == 2
    for name in ("one.pem", "two.pem"):
        assert f"peer pacs, tls: the trusted certificates cannot be loaded from {tmp_path}/{name}:" in ended.err
    assert (
        f"the certificate and key cannot be loaded from {ours.certificate}, {other.key}: key values mismatch"
        in ended.err
    )


def test_a_key_that_others_can_read_is_told_with_what_to_do(tmp_path: Path) -> None:
    """As the run would refuse it."""
    authority = make_authority(tmp_path)
    ours = issue(authority, "ours")
    ours.key.chmod(0o640)

    ended = check_tls(tmp_path, f"certificate: {ours.certificate}, key: {ours.key}, trust: [{authority.certificate}]")

    assert ended.code == 2
    assert f"the key {ours.key} has mode 0640" in ended.err
    assert f"chmod 600 {ours.key}" in ended.err


def test_a_password_that_cannot_be_had_is_told_once(tmp_path: Path) -> None:
    """The key is not blamed for it as well."""
    authority = make_authority(tmp_path)
    ours = issue(authority, "ours", password="swordfish")

    ended = check_tls(
        tmp_path,
        f"certificate: {ours.certificate}, key: {ours.key}, key_password: {{env: NOT_SET_ANYWHERE}}, "
        f"trust: [{authority.certificate}]",
    )

    assert ended.code == 2
    assert ended.err.count("DJ601") == 1
    assert "tls.key_password: the environment variable NOT_SET_ANYWHERE is not set" in ended.err
