"""The events of one kind in a run's log, one after the other; lines of other kinds are not even parsed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dicomjobs.events import Event
from dicomjobs.report.event_json import decode


def events_named(directory: Path, name: str) -> Iterator[Event]:
    """Yield the events of a name in a run's directory; a line that a full disk has cut off is none. Raises ValueError, OSError."""
    wanted = f'"event":"{name}"'.encode("ascii")
    with (directory / "events.jsonl").open("rb") as log:
        for line in log:
            if wanted in line and line.endswith(b"\n"):
                yield decode(line.decode("ascii")).event
