"""The ports of a run: real sockets, files, ledgers and embedded peers behind the protocols that execution sees."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from dicomjobs.config.secrets import open_secret
from dicomjobs.disk.read import FileStore
from dicomjobs.execute.ports import Association, Journal, Ports
from dicomjobs.ledger.ledger import Ledger, PeerIdentity, open_ledger
from dicomjobs.model.association import Proposal
from dicomjobs.model.peer import Peer
from dicomjobs.model.stop import StopSignal
from dicomjobs.pixels.convert import convert
from dicomjobs.plan.plan import Instances, Plan
from dicomjobs.wire.connect import connect
from dicomjobs.wire.identifier import decode_identifier, encode_identifier

EMBEDDED_LEDGER = ".dicomjobs"
"""The folder inside an embedded peer's directory that holds its ledger: it goes when the instances go."""


@dataclass(slots=True)
class Wiring:
    """What a run has open; everything is closed with `resources`."""

    run_id: str
    state: Path
    stop: StopSignal
    resources: ExitStack
    _ledgers: dict[Path, Ledger] = field(default_factory=dict)
    _ports_of_embedded: dict[str, int] = field(default_factory=dict)

    def start_embedded_peers(self, plan: Plan) -> None:
        """Start an SCP for each embedded peer of the plan; raises OSError."""
        embedded = {job.peer.embedded_directory: job.peer for job in plan.jobs if job.peer.embedded_directory}
        if not embedded:
            return
        from dicomjobs.wire.receive import start_receiver

        for directory, peer in embedded.items():
            receiver = start_receiver(directory, ae_title=peer.called_ae_title)
            self.resources.callback(receiver.stop)
            self._ports_of_embedded[directory] = receiver.port

    def connect(self, peer: Peer, proposal: Proposal) -> Association:
        """Establish an association; raises AssociationError."""
        if peer.embedded_directory is not None:
            peer = replace(peer, host="127.0.0.1", port=self._ports_of_embedded[peer.embedded_directory])
        return connect(peer, proposal, open_secret=open_secret, stop=self.stop)

    def journal(self, peer: Peer) -> Journal:
        """Return the journal for a peer; an embedded one has its ledger beside its instances. Raises JournalUnavailable."""
        if peer.embedded_directory is None:
            identity = PeerIdentity(called_ae_title=peer.called_ae_title, host=peer.host, port=peer.port)
            return self._ledger(self.state).journal(identity)
        identity = PeerIdentity(called_ae_title=peer.called_ae_title, host="embedded", port=0)
        return self._ledger(Path(peer.embedded_directory) / EMBEDDED_LEDGER).journal(identity)

    def _ledger(self, directory: Path) -> Ledger:
        """Open a ledger once."""
        if directory not in self._ledgers:
            ledger = open_ledger(str(directory), run_id=self.run_id)
            self.resources.callback(ledger.close)
            self._ledgers[directory] = ledger
        return self._ledgers[directory]

    def ports(self, instances: Instances) -> Ports:
        """Return everything `execute` may touch."""
        return Ports(
            instances=instances,
            connect=self.connect,
            files=FileStore(convert),
            journal=self.journal,
            stop=self.stop,
            encode_identifier=encode_identifier,
            decode_identifier=decode_identifier,
            monotonic=time.monotonic,
            wall=time.time,
        )
