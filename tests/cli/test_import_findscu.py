"""A findscu line becomes a job file that says in full what findscu does; a line that findscu refuses becomes none."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.support.command import dicomjobs
from tests.support.golden import Golden

PLACE = ("127.0.0.1", "11112")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working directory of the script, without dictionaries of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DCMDICTPATH", raising=False)


def _imported(*options: str) -> str:
    """Return the job file of a line."""
    ended = dicomjobs("import", "findscu", *options, *PLACE)
    assert (ended.code, ended.err) == (0, "")
    return ended.out


def test_a_line_becomes_a_job_that_says_in_full_what_findscu_does(golden: Golden) -> None:
    """Titles, clocks, lengths, what is proposed, and keys by their names."""
    text = _imported(
        *("-S", "-aec", "PACS", "-k", "QueryRetrieveLevel=STUDY", "-k", "PatientName=M*"),
        *("-k", "StudyInstanceUID", "-k", "(0040,0100)[0].Modality=CT", "-k", "(0009,1001)=41"),
    )

    golden.check("jobs/findscu.yaml", text)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("-nosuch",), "findscu refuses this line: Unknown option -nosuch"),
        ((), "either query file or override keys (or both) must be specified"),
        (("-k", "NoSuchName=1"), "Bad override key/path: NoSuchName=1: Unable to parse tag/dictionary name"),
        (("-k", "PatientID", "--repeat", "0"), "Invalid value for option --repeat (underflow: 0)"),
        (("-k", "PatientID", "-Xlo", "3"), "--limit-output only allowed with --extract"),
    ],
)
def test_a_line_that_findscu_refuses_is_refused_for_its_reason(options: tuple[str, ...], words: str) -> None:
    """Exit code 2; what findscu would find out only after connecting, and forget in its exit code, is among it."""
    ended = dicomjobs("import", "findscu", *options, *PLACE)

    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err


@pytest.mark.parametrize(("days", "word"), [(0, "${today}"), (1, "${today-1d}")])
def test_a_date_of_a_day_close_by_gets_the_comment_that_says_it_for_every_day(days: int, word: str) -> None:
    """In a sequence as well."""
    day = f"{datetime.now().astimezone() - timedelta(days=days):%Y%m%d}"

    text = _imported("-W", "-k", f"StudyDate={day}-", "-k", f"(0040,0100)[0].ScheduledProcedureStepStartDate={day}")

    assert text.count(f"{day} is the date of") == 2
    assert text.count(word) == 2


def test_what_has_no_key_is_named_in_a_comment() -> None:
    """Nothing is dropped in silence."""
    text = _imported("-S", "-k", "PatientID", "-xd", "+cl", "9", "-v", "+sr")

    head = text.partition("dicomjobs: 1")[0]
    for option in ("-v, --verbose:", "+cl, --compression-level:", "+sr, --show-responses:"):
        assert f"#   {option}" in head


def test_a_password_on_the_line_is_not_repeated(tmp_path: Path) -> None:
    """Neither in the comment nor in the job."""
    text = _imported("+tls", "k.pem", "c.pem", "+pw", "s3cret", "+cf", "ca.pem", "-k", "PatientID")

    assert "s3cret" not in text
    assert "key_password: {env: DICOMJOBS_KEY_PASSWORD}" in text
    assert f"certificate: {tmp_path}/c.pem" in text


def test_files_and_folders_mean_the_same_from_where_the_job_file_is(tmp_path: Path) -> None:
    """As they are typed beside it, from the root when it is printed."""
    options = ("-X", "-od", "out", "-Xlo", "5", "+dc", "-S", *PLACE, "one.dcm", "two.dcm")

    beside = dicomjobs("import", "-o", "job.yaml", "findscu", *options)
    printed = dicomjobs("import", "findscu", *options)

    assert (beside.code, printed.code) == (0, 0)
    text = Path("job.yaml").read_text()
    assert "- {format: dicom, directory: './out'}" in text
    assert "- one.dcm\n          - two.dcm\n" in text
    assert "write_at_most: 5\n      padding: trim\n" in text
    assert f"directory: {tmp_path}/out}}" in printed.out
    assert f"- {tmp_path}/one.dcm" in printed.out


def test_dictionaries_of_the_environment_go_with_the_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As findscu reads them."""
    (tmp_path / "site.dic").write_text('(0019,"ACME",22)\tDS\tDetectorSpacing\t1\n')
    monkeypatch.setenv("DCMDICTPATH", f"{tmp_path / 'site.dic'}{os.pathsep}")

    text = _imported("-S", "-k", "(0019,0010)=ACME", "-k", "(0019,1022)=1.5")

    assert f"dictionaries:  # what DCMDICTPATH named\n  - {tmp_path}/site.dic\n" in text
    assert "'(0019,1022)': '1.5'" in text


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (("SpecificCharacterSet=ISO_IR 100", os.fsdecode(b"PatientName=J\xf6rg")), "PatientName: 'J\u00f6rg'"),
        (("SpecificCharacterSet=ISO_IR 192", "PatientName=J\u00f6rg"), "PatientName: 'J\u00f6rg'"),
        (("PatientName=J\u00f6rg",), "PatientName: 'J\u00f6rg'"),
    ],
)
def test_bytes_of_the_line_are_text_in_the_declared_character_set(keys: tuple[str, ...], text: str) -> None:
    """A script in Latin-1 becomes a job file in UTF-8."""
    assert text in _imported("-S", *(argument for key in keys for argument in ("-k", key)))


@pytest.mark.parametrize(
    "keys",
    [(os.fsdecode(b"PatientName=J\xf6rg"),), ("SpecificCharacterSet=ISO_IR 126", os.fsdecode(b"PatientName=\xd2"))],
)
def test_bytes_that_are_no_text_are_refused(keys: tuple[str, ...]) -> None:
    """With what to do about it."""
    options = [argument for key in keys for argument in ("-k", key)]

    ended = dicomjobs("import", "findscu", "-S", *options, *PLACE)

    assert ended.code == 2
    assert "character set" in ended.err or "no text in ISO_IR 126" in ended.err
