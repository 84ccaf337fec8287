"""Which ledger keeps the deliveries to a peer, and under what identity: an embedded peer's lies beside its instances."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from dicomjobs.ledger.ledger import PeerIdentity
from dicomjobs.model.peer import Peer

EMBEDDED_LEDGER = ".dicomjobs"
"""The folder inside an embedded peer's directory that holds its ledger: it goes when the instances go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerPlace:
    """The folder of a ledger, and what a peer is called in it."""

    directory: Path
    identity: PeerIdentity


def ledger_place(peer: Peer, state: Path) -> LedgerPlace:
    """Return where the deliveries to a peer are recorded; `state` is the folder of all that are not embedded."""
    title = peer.called_ae_title.strip(
        " "
    )  # leading and trailing spaces mean nothing (PS3.8 9.3.2), nor does case in a host's name
    if folder := embedded_folder(peer):
        identity = PeerIdentity(called_ae_title=title, host="embedded", port=0)
        return LedgerPlace(directory=Path(folder) / EMBEDDED_LEDGER, identity=identity)
    identity = PeerIdentity(called_ae_title=title, host=peer.host.lower(), port=peer.port)
    return LedgerPlace(directory=state, identity=identity)


def embedded_folder(peer: Peer) -> str:
    """Return an embedded peer's folder by the one name that all its spellings lead to, "" for a peer on the network."""
    return os.path.realpath(peer.embedded_directory) if peer.embedded_directory else ""
