"""Secrets: from the pointer in a job file to the value, at the last moment.

Nothing here logs, caches or prints a value, and no error carries one.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import assert_never

from dicomjobs.config.cursor import Cursor
from dicomjobs.model.secret import SecretForm, SecretReference, SecretSource

COMMAND_SECONDS = 60.0
LONGEST_SECRET = 65_535
"""Bytes; a longer one has no place in a user identity (PS3.7 D.3.3.7)."""


class SecretUnavailable(Exception):
    """A secret cannot be had; the message says from where and why, never what."""


def build_reference(secret: Cursor, form: SecretForm) -> SecretReference:
    """Return the reference that a mapping such as `{env: PACS_KEY}` means; the path of `{file: …}` becomes absolute."""
    kind, argument = next(secret.entries(), ("empty", secret))
    source = SecretSource(kind)
    return SecretReference(source=source, argument=_argument(source, argument), form=form)


def _argument(source: SecretSource, argument: Cursor) -> tuple[str, ...]:
    """Return what says where in its source a secret is."""
    match source:
        case SecretSource.EMPTY:
            return ()
        case SecretSource.FILE:
            return (argument.path(),)
        case SecretSource.COMMAND:
            return tuple(item.text() for item in argument.items())
        case SecretSource.KEYRING:
            return _keyring_entry(argument)
        case _:
            return (argument.text(),)


def _keyring_entry(argument: Cursor) -> tuple[str, ...]:
    """Return service and user name of a keyring entry, written `service/username`."""
    service, _, username = argument.text().rpartition("/")
    if not (service and username):
        words = f"`{argument.text()}` names no user of a keyring service"
        argument.error("DJ522", words, hint="write service/username, for example pacs/jo")
    return service, username


def open_secret(reference: SecretReference) -> bytes:
    """Fetch a secret's value, a text in UTF-8 without its one final newline; raises SecretUnavailable."""
    value, source = _OPENERS[reference.source](reference.argument), _NAMES[reference.source](*reference.argument)
    if len(value) > LONGEST_SECRET:
        raise SecretUnavailable(f"{source} holds more than {LONGEST_SECRET} bytes")
    match reference.form:
        case SecretForm.TEXT:
            return _text(value, source)
        case SecretForm.BYTES:
            if not value:
                raise SecretUnavailable(f"{source} is empty, where a ticket, assertion or token is needed")
            return value
        case _:
            assert_never(reference.form)


def _text(value: bytes, source: str) -> bytes:
    """Return a text without its final newline; raises SecretUnavailable when it is none."""
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        raise SecretUnavailable(f"{source} does not hold UTF-8 text") from None
    return value[:-2] if value.endswith(b"\r\n") else value.removesuffix(b"\n")


def _open_env(argument: tuple[str, ...]) -> bytes:
    """Read an environment variable."""
    (name,) = argument
    try:
        return os.fsencode(os.environ[name])
    except KeyError:
        raise SecretUnavailable(f"the environment variable {name} is not set") from None


def _open_file(argument: tuple[str, ...]) -> bytes:
    """Read a file that is ours alone: a regular file, not a symbolic link, owned by us, closed to group and others."""
    (path,) = argument
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        words = "is a symbolic link" if Path(path).is_symlink() else (error.strerror or str(error))
        raise SecretUnavailable(f"the secret file {path}: {words}") from None
    with open(descriptor, "rb") as file:  # noqa: PTH123 a descriptor, opened with O_NOFOLLOW, which Path.open cannot do
        problem = _file_problem(os.fstat(descriptor))
        if problem:
            raise SecretUnavailable(f"the secret file {path} {problem}")
        return file.read(LONGEST_SECRET + 1)


def _file_problem(status: os.stat_result) -> str:
    """Say why a file must not be trusted with a secret, "" when it may."""
    if not stat.S_ISREG(status.st_mode):
        return "is not a regular file"
    if status.st_uid != os.geteuid():
        return "belongs to another user; chown it to the user who runs dicomjobs"
    if stat.S_IMODE(status.st_mode) & 0o177:
        return f"has mode {stat.S_IMODE(status.st_mode):04o}, open to more than its owner's reading and writing; chmod 600 it"
    return ""


def _open_command(argument: tuple[str, ...]) -> bytes:
    """Run a command, without a shell, and take what it prints; its error output goes to ours."""
    import subprocess

    program = argument[0]
    try:
        done = subprocess.run(
            argument, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=COMMAND_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise SecretUnavailable(
            f"the secret command {program} did not end within {COMMAND_SECONDS:g} seconds"
        ) from None
    except OSError as error:
        raise SecretUnavailable(f"the secret command {program}: {error.strerror or error}") from None
    if done.returncode:
        raise SecretUnavailable(f"the secret command {program} ended with exit code {done.returncode}")
    return done.stdout


def _open_keyring(argument: tuple[str, ...]) -> bytes:
    """Ask the desktop's or server's keyring, which is an optional dependency."""
    service, username = argument
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise SecretUnavailable("keyring is not installed; pip install 'dicomjobs[keyring]'") from None
    try:
        value = keyring.get_password(service, username)
    except keyring.errors.KeyringError as error:
        raise SecretUnavailable(f"the keyring: {type(error).__name__}") from None
    if value is None:
        raise SecretUnavailable(f"the keyring has no entry {service!r} for {username!r}")
    return str(value).encode()


def _open_prompt(argument: tuple[str, ...]) -> bytes:
    """Ask the person at the terminal, without echo; never when nobody can be there."""
    from getpass import getpass

    (question,) = argument
    if not sys.stdin.isatty():
        raise SecretUnavailable(f"nobody is at a terminal to answer {question!r}")
    try:
        return getpass(f"{question}: ").encode()
    except EOFError:
        raise SecretUnavailable(f"{question!r} was not answered") from None


def _open_credential(argument: tuple[str, ...]) -> bytes:
    """Read a systemd credential (LoadCredential=): the service manager guards that folder, not we."""
    (name,) = argument
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if not directory:
        raise SecretUnavailable(f"no credential {name}: $CREDENTIALS_DIRECTORY is not set, so systemd did not start us")
    if name in {"", ".", ".."} or "/" in name:
        raise SecretUnavailable(f"{name!r} is no name of a credential")
    try:
        return Path(directory, name).read_bytes()
    except OSError as error:
        raise SecretUnavailable(f"the credential {name}: {error.strerror or error}") from None


def _open_empty(argument: tuple[str, ...]) -> bytes:
    """Give the empty secret: a key without a password, a passcode of length 0."""
    del argument
    return b""


_OPENERS: Mapping[SecretSource, Callable[[tuple[str, ...]], bytes]] = {
    SecretSource.ENV: _open_env,
    SecretSource.FILE: _open_file,
    SecretSource.COMMAND: _open_command,
    SecretSource.KEYRING: _open_keyring,
    SecretSource.PROMPT: _open_prompt,
    SecretSource.CREDENTIAL: _open_credential,
    SecretSource.EMPTY: _open_empty,
}

_NAMES: Mapping[SecretSource, Callable[..., str]] = {
    SecretSource.ENV: "the environment variable {}".format,
    SecretSource.FILE: "the secret file {}".format,
    SecretSource.COMMAND: "the secret command {}".format,
    SecretSource.KEYRING: "the keyring's entry {}".format,
    SecretSource.PROMPT: "the answer to {!r}".format,
    SecretSource.CREDENTIAL: "the credential {}".format,
    SecretSource.EMPTY: "the empty secret".format,
}
"""What a secret is called in a complaint, from the parts of its argument."""
