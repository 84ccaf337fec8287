"""Where the shipped schemas are, in a checkout and in an installed wheel alike; it knows nothing of their contents."""

from __future__ import annotations

from importlib.resources import files


def schema_text(name: str) -> str:
    """Return the text of a shipped JSON Schema, such as `dicomjobs.schema.json`."""
    return files("dicomjobs.schemas").joinpath(name).read_text(encoding="utf-8")
