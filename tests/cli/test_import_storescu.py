"""A storescu line becomes a job file that says in full what storescu does; a line that storescu refuses becomes none."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.command import Ended, dicomjobs
from tests.support.golden import Golden
from tests.support.instances import make_instance

PLACE = ("127.0.0.1", "11112")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working directory of the script."""
    monkeypatch.chdir(tmp_path)


def run_import(*options: str, files: Sequence[str] = ("image.dcm",), output: Sequence[str] = ()) -> Ended:
    """Import a line."""
    return dicomjobs("import", *output, "storescu", *options, *PLACE, *files)


def imported(*options: str, files: Sequence[str] = ("image.dcm",)) -> str:
    """Return the job file of a line."""
    ended = run_import(*options, files=files)
    assert (ended.code, ended.err) == (0, "")
    return ended.out


def store_of(text: str) -> Any:
    """Return the one job of a job file."""
    return yaml.safe_load(text)["jobs"]["storescu"]["store"]


def peer_of(text: str) -> Any:
    """Return the one peer of a job file."""
    return yaml.safe_load(text)["peers"]["scp"]


def test_a_line_becomes_a_job_that_says_in_full_what_storescu_does(golden: Golden, tmp_path: Path) -> None:
    """Titles, clocks, lengths, what is proposed, and how it behaves when it is run again."""
    text = imported("-v", "-aec", "ARCHIVE", "-R", "-xs", "-nh", "--repeat", "2", "-u", "+II", "+rn", "--abort")

    golden.check("jobs/storescu.yaml", text.replace(str(tmp_path), "/data"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("-nosuch",), "storescu refuses this line: Unknown option -nosuch"),
        (("-pdu", "1"), "Invalid value for option --max-pdu (underflow: 1)"),
        (("-pwd", "x"), "--password only allowed with --user"),
        (("@missing.txt",), "Cannot open command file 'missing.txt'"),
        (("--help",), "storescu --help only prints something and ends"),
        (("-xf", "missing.cfg", "Default"), "missing.cfg"),
        (("-aet", "BACK\\SLASH"), "is not a valid AE title"),
    ],
)
def test_a_line_that_storescu_refuses_is_refused_for_its_reason(options: tuple[str, ...], words: str) -> None:
    """Exit code 2, and nothing on stdout."""
    ended = run_import(*options)

    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err


def test_nothing_is_written_for_a_line_that_is_refused(tmp_path: Path) -> None:
    """The file that was asked for is not there."""
    ended = run_import("-pdu", "1", output=("-o", "job.yaml"))

    assert ended.code == 2
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_written_where_it_is_asked_for_and_never_over_another(tmp_path: Path) -> None:
    """Once; the second time it is refused."""
    assert run_import(output=("-o", "job.yaml")).code == 0
    first = (tmp_path / "job.yaml").read_text(encoding="utf-8")
    ended = run_import("-nh", output=("-o", "job.yaml"))

    assert (ended.code, (tmp_path / "job.yaml").read_text(encoding="utf-8")) == (2, first)
    assert "exists already" in ended.err


def test_paths_mean_the_same_from_where_the_job_file_is(tmp_path: Path) -> None:
    """As typed beside the working directory's own job file, absolute elsewhere and on stdout."""
    (tmp_path / "jobs").mkdir()
    run_import(output=("-o", "here.yaml"))
    run_import(output=("-o", "jobs/there.yaml"))
    absolute = [str(tmp_path / "image.dcm")]

    assert store_of((tmp_path / "here.yaml").read_text())["send_set"]["paths"] == ["image.dcm"]
    assert store_of((tmp_path / "jobs" / "there.yaml").read_text())["send_set"]["paths"] == absolute
    assert store_of(imported())["send_set"]["paths"] == absolute


def test_a_file_that_is_named_like_a_pattern_or_an_expression_is_that_file(tmp_path: Path) -> None:
    """The very file is planned, and no other."""
    named = ("a[1]*?.dcm", "${today}.dcm", "it's #1: 'a'.dcm")
    for number, name in enumerate((*named, "a1xy.dcm")):
        make_instance(tmp_path / name, number=number)
    run_import(output=("-o", "job.yaml"), files=named)
    ended = dicomjobs("plan", "job.yaml", "-o", "plan.json")

    rows = (tmp_path / "plan-instances.jsonl").read_text(encoding="utf-8").splitlines()
    assert ended.code == 0, ended.err
    assert [Path(json.loads(row)["path"]).name for row in rows] == list(named)


@pytest.mark.parametrize("name", ["tab\there.dcm", os.fsdecode(b"latin-\xe9.dcm")])
def test_a_name_that_no_job_file_can_hold_is_refused(name: str) -> None:
    """Control characters, and bytes that are no UTF-8."""
    ended = run_import(files=(name,))

    assert ended.code == 2
    assert "DJ621" in ended.err


def test_passwords_are_asked_for_by_name_and_not_repeated() -> None:
    """Neither in the comment nor in the job."""
    text = imported(*("-usr", "jo", "-pwd", "s3cret", "+tls", "k.pem", "c.pem", "+pw", "op3n", "+cf", "ca.pem", "-rsp"))

    assert "s3cret" not in text
    assert "op3n" not in text
    assert peer_of(text)["user_identity"]["passcode"] == {"env": "DICOMJOBS_PASSCODE"}
    assert peer_of(text)["tls"]["key_password"] == {"env": "DICOMJOBS_KEY_PASSWORD"}
    assert "allow" not in peer_of(text)


def test_an_empty_password_is_no_secret() -> None:
    """Nobody has to be asked for it."""
    text = imported("-usr", "jo", "-pwd", "", "+tls", "k.pem", "c.pem", "+pw", "", "+cf", "ca.pem")

    assert peer_of(text)["user_identity"]["passcode"] == {"empty": True}
    assert peer_of(text)["tls"]["key_password"] == {"empty": True}


def test_an_empty_name_is_no_file() -> None:
    """Storescu ends, or leaves it out with --no-halt; the working directory is not meant."""
    assert "cannot access file" in run_import(files=("", "image.dcm")).err
    assert "cannot access file" in run_import("-nh", files=("",)).err
    assert len(store_of(imported("-nh", files=("", "image.dcm")))["send_set"]["paths"]) == 1


def test_an_identity_without_tls_is_allowed_by_name() -> None:
    """It was what the script did."""
    assert peer_of(imported("-usr", "jo", "-epw"))["allow"] == ["identity_without_tls"]


@pytest.mark.parametrize(
    ("options", "allowed"),
    [
        (("+px",), ["retired_tls"]),
        (("+pa",), ["retired_tls"]),
        (("+pn",), ["retired_tls", "unencrypted_tls"]),
        (("-ic",), ["unverified_peer"]),
        (("+cs", "TLS_RSA_WITH_AES_128_CBC_SHA"), ["retired_tls"]),
        (("+cs", "TLS_AES_256_GCM_SHA384"), None),
        (("+pg",), None),
        (("--request-sni", "pacs.example"), None),
        (("+crl", "list.crl", "-ic"), ["unverified_peer"]),
    ],
)
def test_what_weakens_tls_is_allowed_by_name(options: tuple[str, ...], allowed: list[str] | None) -> None:
    """And nothing else is."""
    assert peer_of(imported("+tla", "+cf", "ca.pem", *options)).get("allow") == allowed


@pytest.mark.parametrize(
    ("options", "key", "value"),
    [
        (("-i4",), "address_family", "ipv4"),
        (("-i4", "-i6"), "address_family", "ipv6"),
        (("-i0",), "address_family", "auto"),
        ((), "address_family", "ipv4"),
        (("-ts", "0", "-to", "7"), "timeouts", {"connect": "7s", "acse": "30s", "dimse": "1d", "network": "1d"}),
        (("-td", "5"), "timeouts", {"connect": "1h", "acse": "30s", "dimse": "5s", "network": "60s"}),
        (("-to", "99999999999"), "timeouts", {"connect": "31622400s", "acse": "30s", "dimse": "60s", "network": "60s"}),
    ],
)
def test_addresses_and_clocks_become_keys(options: tuple[str, ...], key: str, value: object) -> None:
    """Every clock is finite."""
    assert peer_of(imported(*options))[key] == value


@pytest.mark.parametrize(
    ("options", "key", "value"),
    [
        (("+tla", "+cf", "ca.pem", "--request-sni", "pacs.example"), "server_name", "pacs.example"),
        (("+tla", "+cf", "ca.pem", "--no-sni"), "server_name", None),
        (("+tla", "+cf", "ca.pem", "+pg"), "profile", "bcp195-rfc8996"),
        (("+tla", "+cf", "ca.pem", "+pm"), "profile", "bcp195-rfc8996-modified"),
        (("+tla", "+cf", "ca.pem", "+pb"), "profile", "basic"),
        (("+tls", "k.pem", "c.pem", "+ps", "+cf", "ca.pem"), "key_password", {"prompt": "Password of the private key"}),
        (("+tls", "k.pem", "c.pem", "+cf", "ca.pem"), "key_password", None),
        (("+tla", "+cf", "ca.pem", "+crl", "a", "+crv", "+cra"), "crl_check", "chain"),
        (("+tla", "+cf", "ca.pem", "+crl", "a", "+cra", "+crv"), "crl_check", "leaf"),
    ],
)
def test_tls_options_that_the_installed_program_has_not_become_keys(
    options: tuple[str, ...], key: str, value: object
) -> None:
    """As 3.7.0 has them."""
    assert peer_of(imported(*options))["tls"].get(key) == value


def test_a_line_with_tls_that_trusts_nobody_is_refused() -> None:
    """With storescu every handshake fails."""
    ended = run_import("+tla")

    assert ended.code == 2
    assert "DJ515" in ended.err


def test_what_has_no_key_is_named_in_a_comment() -> None:
    """Nothing is dropped in silence."""
    head = imported("-v", "+v", "-up", "+tla", "+cf", "ca.pem", "+rs", "seed", "+ws").partition("dicomjobs: 1")[0]

    for names in ("-v, --verbose:", "+v, --verbose-pc:", "-up, --uid-padding:", "+rs, --seed:", "+ws, --write-seed:"):
        assert f"#   {names}" in head


def test_a_folder_is_left_out_without_scan_directories(tmp_path: Path) -> None:
    """As storescu does, with a word; when nothing is left storescu refuses, and so does the import."""
    (tmp_path / "folder").mkdir()
    text = imported(files=("folder", "image.dcm"))
    ended = run_import(files=("folder",))

    assert store_of(text)["send_set"]["paths"] == [str(tmp_path / "image.dcm")]
    assert "the folder folder" in text
    assert ended.code == 2
    assert "no input files to be sent" in ended.err


@pytest.mark.parametrize(("days", "word"), [(0, "${today:%Y%m%d}"), (1, "${today-1d:%Y%m%d}")])
def test_a_path_with_the_date_of_today_gets_the_comment_that_says_it_for_every_day(days: int, word: str) -> None:
    """It was a shell that put it there."""
    day = f"{datetime.now().astimezone() - timedelta(days=days):%Y%m%d}"

    assert word in imported(files=(f"/in/{day}/a.dcm",))
    assert word not in imported(files=("/in/a.dcm",))


def test_a_long_list_of_files_gets_the_comment_that_a_pattern_says_it_better() -> None:
    """Not a short one."""
    names = [f"{number}.dcm" for number in range(20)]

    assert "a pattern such as" in imported(files=names)
    assert "a pattern such as" not in imported(files=names[:3])


def test_a_command_file_may_hold_the_whole_line(tmp_path: Path) -> None:
    """Quoting included; the line is shown as it was typed."""
    (tmp_path / "line.txt").write_text("-aec 'TWO WORDS'\n127.0.0.1 104 \"a b.dcm\"\n", encoding="ascii")
    text = dicomjobs("import", "storescu", "@line.txt").out

    assert peer_of(text)["called_ae_title"] == "TWO WORDS"
    assert store_of(text)["send_set"]["paths"] == [str(tmp_path / "a b.dcm")]
    assert "storescu @line.txt" in text
