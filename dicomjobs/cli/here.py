"""`check --here`: what a job file names on this machine, opened and closed again: secrets, keys and folders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dicomjobs.cli.refusal import mistake
from dicomjobs.config.secrets import SecretUnavailable, open_secret
from dicomjobs.config.workspace import Workspace
from dicomjobs.diagnostics import Diagnostic, Diagnostics
from dicomjobs.model.job import StoreJob
from dicomjobs.model.peer import Peer
from dicomjobs.model.secret import SecretReference, SecretSource


def check_here(workspace: Workspace) -> Diagnostics:
    """Return an error for each thing that a run would not be able to open."""
    peers = {job.peer.name: job.peer for job in workspace.jobs}
    sets = {job.send_set.name: job.send_set for job in workspace.jobs if isinstance(job, StoreJob)}
    found = [problem for peer in peers.values() for problem in _peer_problems(peer)]
    for send_set in sets.values():
        for entry in send_set.paths:
            if not any(mark in entry.path for mark in "*?[") and not Path(entry.path).exists():
                summary = f"send set {send_set.name}: {entry.written} does not exist on this machine"
                found.append(mistake("DJ601", summary))
    return tuple(found)


def _peer_problems(peer: Peer) -> Iterator[Diagnostic]:
    """Yield what a peer's settings name and this machine does not have."""
    for what, secret in _secrets(peer):
        if secret.source is SecretSource.PROMPT:
            continue
        try:
            open_secret(secret)
        except SecretUnavailable as error:
            yield mistake("DJ601", f"peer {peer.name}, {what}: {error}")
    if peer.tls:
        for path in (peer.tls.certificate, peer.tls.key, *peer.tls.trust):
            if path and not Path(path).is_file():
                yield mistake("DJ601", f"peer {peer.name}, tls: {path} does not exist on this machine")


def _secrets(peer: Peer) -> Iterator[tuple[str, SecretReference]]:
    """Yield a peer's secrets with what they are for."""
    if peer.tls and peer.tls.key_password:
        yield "tls.key_password", peer.tls.key_password
    if peer.user_identity and peer.user_identity.passcode:
        yield "user_identity.passcode", peer.user_identity.passcode
