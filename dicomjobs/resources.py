"""Where the shipped schemas and profiles are, in a checkout and in an installed wheel alike; it knows nothing of their contents."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable


def schema_text(name: str) -> str:
    """Return the text of a shipped JSON Schema, such as `dicomjobs.schema.json`."""
    return files("dicomjobs.schemas").joinpath(name).read_text(encoding="utf-8")


def profiles_folder() -> Traversable:
    """Return the folder of the shipped profiles."""
    return files("dicomjobs.profiles")
