"""`check --here`: what a job file names on this machine, looked at as a run would: secrets, keys, folders and files.

It makes nothing, sends nothing, and asks nobody for a secret.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from dicomjobs.cli.ledger_place import EMBEDDED_LEDGER
from dicomjobs.cli.lock import lock_path
from dicomjobs.cli.places import reports_folder, state_folder
from dicomjobs.cli.query_files import query_file_problems
from dicomjobs.cli.refusal import mistake
from dicomjobs.cli.reserve import MAKE_ROOM, lack_of_room
from dicomjobs.cli.tls_here import PasswordNotAsked, tls_findings, unfit_authorities
from dicomjobs.config.places import Pointer
from dicomjobs.config.secrets import SecretUnavailable, open_secret
from dicomjobs.config.workspace import Workspace
from dicomjobs.diagnostics import Diagnostic, Diagnostics
from dicomjobs.disk.patterns import is_pattern, without_brackets
from dicomjobs.disk.walk import Found, scan_for, walk
from dicomjobs.ledger.place import network_file_system
from dicomjobs.model.job import Duplicates, FindJob, Output, StoreJob
from dicomjobs.model.peer import Peer, secrets_of
from dicomjobs.model.secret import SecretReference, SecretSource
from dicomjobs.model.send_set import SendSet
from dicomjobs.model.sent_files import PutAway

_DONE = {PutAway.DELETE: "deleted", PutAway.RENAME: "renamed", PutAway.MOVE: "moved"}
_ENTER_AND_WRITE = os.W_OK | os.X_OK
_UNKNOWN = "${"  # what is left in a path that depends on a parameter that only a run must be given


def check_here(workspace: Workspace) -> Diagnostics:
    """Return an error for each thing that a run would not be able to open, and a warning for what soon will be of no use."""
    where = workspace.whereabouts
    peers = dict.fromkeys(peer for job in workspace.jobs for peer in (job.peer, job.peer.queries_at) if peer)
    sets = dict.fromkeys(job.send_set for job in workspace.jobs if isinstance(job, StoreJob))
    problems = list(_folder_problems(workspace))
    problems += (problem for send_set in sets for problem in _send_set_problems(send_set, where.declared[send_set]))
    found = [where.located(mistake("DJ601", summary, hint=hint), at) for at, (summary, hint) in problems]
    found += (where.located(finding, where.declared[peer]) for peer in peers for finding in _peer_findings(peer))
    known = (finding for finding in dict.fromkeys(found) if _UNKNOWN not in finding.summary)
    return (*known, *query_file_problems(workspace.jobs, workspace.dictionary))


_Problem = tuple[str, str]
"""What is wrong, and what to do about it ("" when that is plain)."""

_Placed = tuple[Pointer, _Problem]
"""A problem with where the document says what leads to it."""


def _at(pointer: Pointer, problems: Iterator[_Problem]) -> Iterator[_Placed]:
    """Yield problems with their place."""
    return ((pointer, problem) for problem in problems)


def _folder_problems(workspace: Workspace) -> Iterator[_Placed]:
    """Yield the folders that a run could not write into, or keep a ledger in."""
    state = state_folder(workspace.state_directory)
    at_state = ("state", "directory")
    yield from _at(at_state, _place_problems("state folder", state, ledger=state))
    yield from _at(at_state, _ledger_problems(workspace, state))
    reports = reports_folder(workspace.reports_directory, state=state)
    yield from _at(("reports", "directory"), _place_problems("reports folder", reports))
    for job in workspace.jobs:
        for peer in (job.peer, job.peer.queries_at):
            if peer and peer.embedded_directory is not None:
                at = (*workspace.whereabouts.declared[peer], "embedded", "directory")
                yield from _at(at, _embedded_problems(peer.name, Path(peer.embedded_directory)))
        if isinstance(job, StoreJob):
            yield from _at(("jobs", job.name, "store", "sent_files"), _sent_files_problems(job))
        if isinstance(job, FindJob):
            for number, output in enumerate(job.outputs):
                yield from _at(("jobs", job.name, "find", "outputs", number), _output_problems(job.name, output))


def _embedded_problems(name: str, folder: Path) -> Iterator[_Problem]:
    """Yield why an embedded peer could not keep its instances in a folder, or their ledger beside them."""
    return _place_problems(f"peer {name}, embedded directory", folder, ledger=folder / EMBEDDED_LEDGER)


def _sent_files_problems(job: StoreJob) -> Iterator[_Problem]:
    """Yield the folders out of which, or into which, sent files could not be put."""
    put_away = job.sent_files.put_away
    if put_away is PutAway.MOVE:
        yield from _place_problems(f"job {job.name}, folder for sent files", Path(job.sent_files.directory))
    for entry in job.send_set.paths if put_away is not PutAway.KEEP else ():
        path = Path(entry.path)
        folder = path if path.is_dir() else path.parent
        if not is_pattern(entry.path) and folder.is_dir() and (problem := _unwritable(folder)):
            yield f"job {job.name}, sent files that are to be {_DONE[put_away]}: {problem}", ""


def _output_problems(job: str, output: Output) -> Iterator[_Problem]:
    """Yield why an output cannot be written; one without a folder lands in the run's own directory."""
    file = Path(output.place)
    if not file.is_absolute():
        return
    if output.directory:
        if file.is_dir():
            yield from _place_problems(f"job {job}, folder of an output", file)
        else:
            yield f"job {job}: there is no folder {file} for an output", "make it first; a run does not"
        return
    if _nearest(file.parent) == file.parent:
        yield from _place_problems(f"job {job}, folder of the output {file.name}", file.parent)
    else:
        yield f"job {job}: there is no folder {file.parent} for the output {file.name}", "make it first; a run does not"
    if _may(file, os.F_OK) and file.is_dir():
        yield f"job {job}: the output {file} is a folder", ""


def _place_problems(what: str, folder: Path, *, ledger: Path | None = None) -> Iterator[_Problem]:
    """Yield why a folder is of no use, or the ledger that is kept there."""
    if problem := _unwritable(folder):
        yield f"{what}: {problem}", ""
    elif ledger and (kind := network_file_system(_nearest(folder))):
        hint = "name a local folder, for the state folder under state: {directory: …}"
        yield f"{what}: {folder} is on a network file system ({kind}), which cannot hold a ledger", hint
    elif ledger:
        for path in (ledger, *sorted(ledger.glob("ledger.*"))):
            yield from _not_ours(what, path)


def _ledger_problems(workspace: Workspace, state: Path) -> Iterator[_Problem]:
    """Yield what keeps a run out of its state folder although it could write there: another user's lock, a disk that is full."""
    if _unwritable(state):
        return
    lock = lock_path(state, workspace.file)
    for path in (lock.parent, lock):
        yield from _not_ours("state folder", path)
    sends = any(isinstance(job, StoreJob) for job in workspace.jobs)
    if sends and (words := lack_of_room(_nearest(state))):
        yield f"state folder: {words}", MAKE_ROOM


def _not_ours(what: str, path: Path) -> Iterator[_Problem]:
    """Yield that something is there and cannot be written, as what another user's runs have made."""
    if _may(path, os.F_OK) and not _may(path, os.R_OK | os.W_OK):
        yield (
            f"{what}: {path} cannot be written",
            "it may be another user's: have the same user run everything, or change its owner",
        )


def _unwritable(folder: Path) -> str:
    """Say why nothing can be written into a folder that is there or would be made, "" when something can."""
    place = _nearest(folder)
    if not place.is_dir():
        return f"{place} is not a folder"
    if not _may(place, _ENTER_AND_WRITE):
        return f"{place} cannot be written" + (f", so {folder} cannot be made" if place != folder else "")
    return ""


def _nearest(folder: Path) -> Path:
    """Return the folder itself, or what is there of the way to it; a link that leads nowhere is in the way."""
    if _may(folder, os.F_OK):
        return folder
    parent = _nearest(folder.parent)
    leads_nowhere = parent == folder.parent and _may(parent, os.X_OK) and folder.is_symlink()
    return folder if leads_nowhere else parent


def _may(path: Path, mode: int) -> bool:
    """Say whether this process may do something with a path, with the rights by which it will open files."""
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def _send_set_problems(send_set: SendSet, at: Pointer) -> Iterator[_Placed]:
    """Yield the entries without a pattern that are not there or cannot be read, and what cannot be read in folders and of patterns."""
    for number, entry in enumerate(send_set.paths):
        if not is_pattern(entry.path) and (problem := _unreadable(Path(without_brackets(entry.path)))):
            yield (*at, "paths", number), (f"send set {send_set.name}: {entry.written} {problem}", "")
    closed = [
        found.path for found in walk(send_set, scan_for(send_set), duplicates=Duplicates.SKIP) if _is_closed(found)
    ]
    if closed:
        others = f", nor can {len(closed) - 1} more" if closed[1:] else ""
        yield (*at, "paths"), (f"send set {send_set.name}: {closed[0]} cannot be read{others}", "")


def _is_closed(found: Found) -> bool:
    """Say whether something that was come across, and not named, may not be read."""
    unreadable = found.problem == "unreadable" or not (found.problem or _may(Path(found.target), os.R_OK))
    return unreadable and not found.named


def _unreadable(path: Path) -> str:
    """Say why a file or folder cannot be sent from, "" when it can."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "does not exist on this machine"
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return "is neither a file nor a folder"
    return "" if _may(path, os.R_OK | os.X_OK if stat.S_ISDIR(mode) else os.R_OK) else "cannot be read"


def _peer_findings(peer: Peer) -> Iterator[Diagnostic]:
    """Yield what a peer's settings name and this machine does not have, or cannot use."""
    opened: dict[SecretReference, bytes] = {}
    for what, secret in secrets_of(peer):
        if secret.source is SecretSource.PROMPT:
            continue
        try:
            opened[secret] = open_secret(secret)
        except SecretUnavailable as error:
            yield mistake("DJ601", f"peer {peer.name}, {what}: {error}")

    def password(secret: SecretReference) -> bytes:
        if secret not in opened:
            raise PasswordNotAsked
        return opened[secret]

    yield from tls_findings(peer, password)
    yield from unfit_authorities(peer)
