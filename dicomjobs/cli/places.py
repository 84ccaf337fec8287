"""Where state and reports live, and how a run is called; it makes the folders, readable by their owner alone."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

from dicomjobs.cli.refusal import refusal
from dicomjobs.ledger.marks import mark_path

PRIVATE_FOLDER = 0o700
STATE_IS_NAMED = (
    "the state folder, which `state: {directory: …}` of the job file names; name one there that can be written"
)
REPORTS_ARE_NAMED = (
    "reports go where --reports DIR says, or else `reports: {directory: …}` of the job file; name another folder"
)


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
        if not _is_there(reports / run_id) and not _is_there(mark_path(state, run_id)):
            return run_id


def _is_there(path: Path) -> bool:
    """Say whether a path is taken; a folder that may not be looked into is told of when something is to be made in it."""
    try:
        return path.exists()
    except OSError:
        return False


@contextmanager
def saying(words: str) -> Iterator[None]:
    """Let an OSError say as well what the place is and how it is chosen."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror} ({words})", error.filename) from error


def make_private_folder(path: Path) -> None:
    """Make a folder and those above it; each new one is 0700. Raises OSError."""
    try:
        path.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    except FileNotFoundError:
        make_private_folder(path.parent)
        path.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)


def make_run_directory(reports: Path, run_id: str) -> Path:
    """Make the directory of a run; raises OSError, which says how its place is chosen."""
    directory = reports / run_id
    with saying(REPORTS_ARE_NAMED):
        make_private_folder(reports)
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
    hint = "name the job file with -f FILE, the folder with --reports DIR, or the path of the run's directory"
    raise refusal("DJ606", f"there is no run `{run}` in {reports}", hint=hint)
