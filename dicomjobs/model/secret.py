"""A secret is a pointer to where a value can be had; the value itself is never part of a model, a plan or a report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class SecretSource(Enum):
    """The ways a secret can be fetched; the values are the YAML keys."""

    ENV = "env"
    FILE = "file"
    COMMAND = "command"
    KEYRING = "keyring"
    PROMPT = "prompt"
    CREDENTIAL = "credential"
    EMPTY = "empty"


class SecretForm(Enum):
    """What a secret is: UTF-8 text, of which one final newline is dropped, or bytes that are taken as they are and never empty."""

    TEXT = "text"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretReference:
    """Where a secret comes from: `argument` holds the variable, path, argument vector, keyring entry or prompt text."""

    source: SecretSource
    argument: tuple[str, ...]
    form: SecretForm = SecretForm.TEXT


OpenSecret = Callable[[SecretReference], bytes]
"""Gives a secret that was fetched before."""
