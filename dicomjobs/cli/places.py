"""Where state and reports live, and how a run is called; it makes the folders, readable by their owner alone."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

from dicomjobs.cli.refusal import refusal
from dicomjobs.ledger.marks import mark_path

PRIVATE_FOLDER = 0o700


def state_folder(declared: str | None) -> Path:
    """Return the folder of ledger and reports: what the document declares, else the user's own."""
    return Path(declared) if declared else Path(platformdirs.user_state_dir("dicomjobs"))


def reports_folder(named: str | None, *, state: Path) -> Path:
    """Return the folder that holds the run directories: what --reports or else `reports:` names, else the state folder's."""
    return Path(named or state / "reports").absolute()


def new_run_id(jobs: Sequence[str], file: str, *, reports: Path, state: Path) -> str:
    """Return an id such as 20261121T223045Z-send_them-3f9a: when (UTC), the only job or the file, and a random end.

    The end is one that no run of that second has in these folders: of a thousand runs a second, as of one, some would meet.
    """
    name = jobs[0] if len(jobs) == 1 else Path(file).stem
    tidy = re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("_.")[:40] or "run"
    while True:
        run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{tidy}-{secrets.token_hex(2)}"
        if not (reports / run_id).exists() and not mark_path(state, run_id).exists():
            return run_id


def make_private_folder(path: Path) -> None:
    """Make a folder and those above it; each new one is 0700. Raises OSError."""
    try:
        path.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    except FileNotFoundError:
        make_private_folder(path.parent)
        path.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)


def make_run_directory(reports: Path, run_id: str) -> Path:
    """Make the directory of a run; raises OSError."""
    make_private_folder(reports)
    directory = reports / run_id
    directory.mkdir(mode=PRIVATE_FOLDER)
    return directory


def point_latest_at(directory: Path) -> None:
    """Let the link `latest` beside a run directory point at it, never missing in between; raises OSError."""
    link = directory.parent / "latest"
    temporary = directory.parent / f".latest-{os.getpid()}"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(directory.name)
    temporary.replace(link)


def find_run(reports: Path, run: str) -> Path:
    """Return the directory of a run named by its id, its path or `latest`; raises InvalidInput."""
    for candidate in (reports / run, Path(run)):
        if (candidate / "events.jsonl").is_file():
            return candidate.resolve()
    hint = "give the folder with --reports DIR, or the path of the run's directory"
    raise refusal("DJ606", f"there is no run `{run}` in {reports}", hint=hint)
