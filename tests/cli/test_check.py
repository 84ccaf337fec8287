"""`check` tells every mistake of every file at once and runs nothing; `show` says where each value came from."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.support.command import dicomjobs
from tests.support.job_files import write

GOOD = """\
dicomjobs: 1
parameters: {host: null}
peers: {pacs: {host: "${host}", port: 104}}
jobs: {check: {echo: {peer: pacs}}}
"""
SECRET = """\
dicomjobs: 1
peers:
  pacs:
    host: 127.0.0.1
    port: 104
    user_identity: {username: jo, passcode: {env: NOT_SET_ANYWHERE}}
    tls: {certificate: c.pem, key: k.pem, trust: [ca.pem]}
jobs: {send: {store: {peer: pacs, send_set: {paths: [not-there]}}}}
"""


def test_good_files_give_code_0_and_their_number(tmp_path: Path) -> None:
    """Parameters that a run must be given may be missing."""
    one, two = write(tmp_path, GOOD, "a.yaml"), write(tmp_path, GOOD, "b.yaml")

    assert dicomjobs("check", one, two).out == "2 files checked, no mistake found\n"
    assert dicomjobs("check", one).out == "1 file checked, no mistake found\n"


def test_a_folder_stands_for_all_its_yaml_files(tmp_path: Path) -> None:
    """Deeper ones as well, and nothing else in it."""
    for name in ("a.yaml", "deeper/b.yml"):
        write(tmp_path, GOOD, name)
    (tmp_path / "notes.txt").write_text("not YAML: [")

    assert dicomjobs("check", tmp_path).out == "2 files checked, no mistake found\n"


def test_a_folder_without_yaml_gives_code_2(tmp_path: Path) -> None:
    """Nothing was checked, which must not look like success; the other arguments are checked all the same."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("no YAML")
    wrong = write(tmp_path, "dicomjobs: 1\njobs: [\n", "a.yaml")

    ended = dicomjobs("check", tmp_path / "empty", wrong)

    assert (ended.code, ended.out) == (2, "")
    assert f"there is no YAML file (*.yaml, *.yml) in {tmp_path}/empty" in ended.err
    assert f"{wrong}:" in ended.err


def test_every_mistake_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    """Each with its place; a file that is not even YAML keeps no other from being checked."""
    first = write(tmp_path, GOOD.replace("peer: pacs", "peer: pasc") + "quries: {}\n", "a.yaml")
    second = write(tmp_path, GOOD.replace("port: 104", "port: 99999"), "b.yaml")
    third = write(tmp_path, "dicomjobs: 1\njobs: [\n", "c.yaml")

    ended = dicomjobs("check", first, second, third, tmp_path / "missing.yaml")

    assert (ended.code, ended.out) == (2, "")
    assert "did you mean `queries`?" in ended.err
    for place in (f"{first}:", f"{second}:3:", f"{third}:", "missing.yaml"):
        assert place in ended.err


def test_check_is_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It opens no socket, no secret, no key."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("check touched the network")

    monkeypatch.setattr(socket.socket, "__init__", refuse)

    assert dicomjobs("check", write(tmp_path, SECRET)).code == 0


def test_check_here_opens_what_only_this_machine_has(tmp_path: Path) -> None:
    """A secret, three files of TLS and a folder are missing: all five are told."""
    ended = dicomjobs("check", "--here", write(tmp_path, SECRET))

    assert ended.code == 2
    for missing in ("NOT_SET_ANYWHERE", "c.pem", "k.pem", "ca.pem", "not-there"):
        assert missing in ended.err


def test_show_prints_every_value_with_where_it_came_from(tmp_path: Path) -> None:
    """What the file says, what --set says, and defaults; a secret is a pointer."""
    shown = dicomjobs(
        "show", write(tmp_path, SECRET.replace("jo,", '"${user}",') + "parameters: {user: jo}\n"), "--set", "user=ann"
    )

    assert (shown.code, shown.err) == (0, "")
    assert "ann" in shown.out
    assert "NOT_SET_ANYWHERE" in shown.out
    assert "default" in shown.out
    assert "job.yaml:5" in shown.out


def test_show_of_a_wrong_file_gives_code_2(tmp_path: Path) -> None:
    """And its mistakes on stderr."""
    shown = dicomjobs("show", write(tmp_path, "dicomjobs: 1\njobs: [\n"))

    assert (shown.code, shown.out) == (2, "")
    assert "job.yaml:" in shown.err
