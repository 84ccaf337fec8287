"""Secrets, opened at the last moment."""

from __future__ import annotations

import getpass
import os
import sys
import types
from dataclasses import replace
from pathlib import Path

import pytest

from dicomjobs.config.secrets import LONGEST_SECRET, SecretUnavailable, open_secret
from dicomjobs.model.secret import SecretForm, SecretReference, SecretSource


def reference(source: SecretSource, *argument: str) -> SecretReference:
    """A pointer to a secret."""
    return SecretReference(source=source, argument=argument)


def secret_file(folder: Path, content: bytes, mode: int = 0o600) -> SecretReference:
    """A file with a secret in it."""
    path = folder / "secret"
    path.write_bytes(content)
    path.chmod(mode)
    return reference(SecretSource.FILE, str(path))


def complaint(secret: SecretReference) -> str:
    """Why a secret cannot be had."""
    with pytest.raises(SecretUnavailable) as raised:
        open_secret(secret)
    assert "CANARY" not in str(raised.value)
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
    return str(raised.value)


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"s3cret", "s3cret"),
        (b"s3cret\n", "s3cret"),
        (b"s3cret\r\n", "s3cret"),
        (b"s3cret\r", "s3cret\r"),
        (b"s3cret\n\n", "s3cret\n"),
        (b" s3cret \n", " s3cret "),
        (b"\n", ""),
        ("pä$$".encode(), "pä$$"),
    ],
)
def test_one_final_newline_is_dropped_and_nothing_else(tmp_path: Path, content: bytes, value: str) -> None:
    """Editors add a newline; spaces belong to the secret."""
    assert open_secret(secret_file(tmp_path, content)) == value.encode()


@pytest.mark.parametrize("content", [b"ticket\n", b"\0\xff\xfe\r\n", b"\n", bytes(LONGEST_SECRET)])
def test_bytes_are_taken_as_they_are(tmp_path: Path, content: bytes) -> None:
    """A Kerberos ticket may end in what would be a newline, and is no text."""
    assert open_secret(replace(secret_file(tmp_path, content), form=SecretForm.BYTES)) == content


def test_bytes_are_never_empty(tmp_path: Path) -> None:
    """An empty ticket says nothing to anybody."""
    assert "is empty" in complaint(replace(secret_file(tmp_path, b""), form=SecretForm.BYTES))
    assert "is empty" in complaint(replace(reference(SecretSource.EMPTY), form=SecretForm.BYTES))


@pytest.mark.parametrize("mode", [0o400, 0o600])
def test_a_file_of_the_owner_alone_is_read(tmp_path: Path, mode: int) -> None:
    """0600 or stricter."""
    assert open_secret(secret_file(tmp_path, b"x", mode)) == b"x"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o700, 0o602])
def test_a_file_that_others_can_touch_is_refused(tmp_path: Path, mode: int) -> None:
    """Group and others neither read nor write it."""
    assert f"has mode {mode:04o}" in complaint(secret_file(tmp_path, b"CANARY", mode))


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    """What it leads to could be exchanged."""
    secret_file(tmp_path, b"CANARY")
    (tmp_path / "link").symlink_to("secret")

    assert "is a symbolic link" in complaint(reference(SecretSource.FILE, str(tmp_path / "link")))


def test_a_fifo_does_not_hang(tmp_path: Path) -> None:
    """Only regular files are read."""
    os.mkfifo(tmp_path / "fifo", 0o600)

    assert "not a regular file" in complaint(reference(SecretSource.FILE, str(tmp_path / "fifo")))


def test_a_file_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever owns the file can change the secret."""
    secret = secret_file(tmp_path, b"CANARY")
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)

    assert "belongs to another user" in complaint(secret)


@pytest.mark.parametrize(
    ("content", "words"), [(b"CANARY\xff", "UTF-8"), (b"CANARY" * LONGEST_SECRET, f"more than {LONGEST_SECRET} bytes")]
)
def test_what_is_no_text_or_far_too_long_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    """A wrong path, most likely; nothing of the file is told."""
    assert words in complaint(secret_file(tmp_path, content))


def test_a_missing_file_is_told_by_its_path(tmp_path: Path) -> None:
    """With the operating system's words."""
    path = str(tmp_path / "nowhere")

    assert complaint(reference(SecretSource.FILE, path)) == f"the secret file {path}: No such file or directory"


def test_an_environment_variable_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is not set is told by its name."""
    monkeypatch.setenv("PACS_KEY", "x\n")
    monkeypatch.delenv("PACS_OTHER", raising=False)

    assert open_secret(reference(SecretSource.ENV, "PACS_KEY")) == b"x"
    assert complaint(reference(SecretSource.ENV, "PACS_OTHER")) == "the environment variable PACS_OTHER is not set"


def test_a_command_runs_without_a_shell() -> None:
    """Its arguments arrive as they are written."""
    program = "import sys; print(sys.argv[1])"

    assert open_secret(reference(SecretSource.COMMAND, sys.executable, "-c", program, "$HOME; ls")) == b"$HOME; ls"


def test_a_command_that_fails_is_told_without_what_it_said() -> None:
    """Its exit code, or the operating system's words."""
    failing = reference(SecretSource.COMMAND, sys.executable, "-c", "print('CANARY'); raise SystemExit(3)")

    assert complaint(failing) == f"the secret command {sys.executable} ended with exit code 3"
    assert "No such file" in complaint(reference(SecretSource.COMMAND, "/nowhere/pass"))


def test_a_command_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job run by cron must not wait for ever."""
    monkeypatch.setattr("dicomjobs.config.secrets.COMMAND_SECONDS", 0.05)
    waiting = reference(SecretSource.COMMAND, sys.executable, "-c", "import threading; threading.Event().wait()")

    assert "did not end within 0.05 seconds" in complaint(waiting)


def test_nobody_is_asked_where_nobody_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job run by cron must not wait for an answer."""
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)

    assert "nobody is at a terminal" in complaint(reference(SecretSource.PROMPT, "Passcode"))


def test_a_person_at_the_terminal_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The question is the one in the file."""
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(getpass, "getpass", lambda prompt: f"answer to {prompt}")

    assert open_secret(reference(SecretSource.PROMPT, "Passcode")) == b"answer to Passcode: "


def test_a_systemd_credential_is_a_file_in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """LoadCredential= puts it there, whatever its mode."""
    (tmp_path / "pacs").write_text("x\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))

    assert open_secret(reference(SecretSource.CREDENTIAL, "pacs")) == b"x"
    assert "No such file" in complaint(reference(SecretSource.CREDENTIAL, "other"))
    assert "no name of a credential" in complaint(reference(SecretSource.CREDENTIAL, "../pacs"))


def test_without_systemd_there_are_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says how a credential comes to be."""
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)

    assert "systemd did not start us" in complaint(reference(SecretSource.CREDENTIAL, "pacs"))


def test_the_empty_secret_is_empty() -> None:
    """A key without a password says so."""
    assert open_secret(reference(SecretSource.EMPTY)) == b""


def test_a_missing_keyring_is_told_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an optional dependency."""
    monkeypatch.setitem(sys.modules, "keyring", None)

    assert "pip install 'dicomjobs[keyring]'" in complaint(reference(SecretSource.KEYRING, "pacs", "jo"))


def test_an_entry_of_the_keyring_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """By service and user name."""

    class KeyringError(Exception):
        """The library's own."""

    def get_password(service: str, username: str) -> str | None:
        """Know one entry, and be locked for another."""
        if service == "locked":
            raise KeyringError("CANARY")
        return "x" if (service, username) == ("pacs", "jo") else None

    keyring, errors = types.ModuleType("keyring"), types.ModuleType("keyring.errors")
    monkeypatch.setattr(errors, "KeyringError", KeyringError, raising=False)
    monkeypatch.setattr(keyring, "get_password", get_password, raising=False)
    monkeypatch.setattr(keyring, "errors", errors, raising=False)
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)

    assert open_secret(reference(SecretSource.KEYRING, "pacs", "jo")) == b"x"
    assert "no entry 'pacs' for 'anna'" in complaint(reference(SecretSource.KEYRING, "pacs", "anna"))
    assert complaint(reference(SecretSource.KEYRING, "locked", "jo")) == "the keyring: KeyringError"
