"""Golden files: exact expected bytes under tests/golden/, rewritten with `pytest --update-golden`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

GOLDEN = Path(__file__).parents[1] / "golden"


@dataclass(frozen=True, slots=True)
class Golden:
    """Compares what was made with what is on disk; with `update` it writes instead."""

    update: bool

    def check(self, name: str, text: str) -> None:
        """Assert that the golden file `name` says exactly `text`."""
        path = GOLDEN / name
        if self.update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())

        assert path.exists(), f"there is no golden file {name}: write it with --update-golden, and read it"
        assert text == path.read_bytes().decode()
