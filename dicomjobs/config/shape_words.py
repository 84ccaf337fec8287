"""Places, types and values of a document in the words of a sentence; it knows neither schema nor mistakes."""

from __future__ import annotations

import json
from typing import Any

from dicomjobs.config.places import Pointer
from dicomjobs.config.suggest import shortened

_WORDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}


def path(pointer: Pointer) -> str:
    """Write a pointer as people do: `jobs.send.store`, `paths[0]`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in pointer)
    return f"`{text.removeprefix('.')}`" if pointer else "the document"


def type_words(types: Any) -> str:
    """Say what types may stand here; what may be text may be any text."""
    kinds = [types] if isinstance(types, str) else list(types)
    if "string" in kinds:
        kinds = [kind for kind in kinds if kind not in {"number", "integer", "boolean", "null"}]
    return " or ".join(_WORDS[kind] for kind in kinds)


def said(value: Any) -> str:
    """Say what stands in the document."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return f"`{typed(value)}`"


def typed(value: Any) -> str:
    """Write a value as it is typed in YAML, in one line."""
    return shortened(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False).replace('"', ""))


def listed(words: list[str]) -> str:
    """Join words as a sentence does."""
    quoted = [f"`{word}`" for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
