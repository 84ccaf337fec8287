"""Proof of what a store step delivered, by the means that its job asks for; imported by jobs that ask for more than a status."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from math import inf

from dicomjobs.errors import JournalUnavailable
from dicomjobs.execute.associating import Associating
from dicomjobs.execute.commitment import verify_by_commitment
from dicomjobs.execute.halt import Halted, journal_failed
from dicomjobs.execute.lane_account import Shared
from dicomjobs.execute.lookup import Lookup, at_query_peer
from dicomjobs.execute.outbox import Emitter
from dicomjobs.execute.verify import Verification, verify_by_query
from dicomjobs.model.job import Verify
from dicomjobs.model.peer import Timeouts
from dicomjobs.plan.plan import StoreStep


def proven(shared: Shared, emitter: Emitter) -> Halted | None:
    """Prove what was delivered; returns why that cannot be done for all of it."""
    verification = Verification(
        job=shared.job,
        step=shared.step,
        ports=shared.ports,
        journal=shared.journal,
        tally=shared.tally,
        emit=emitter.emit,
    )
    try:
        if shared.step.verify is Verify.COMMITMENT:
            return verify_by_commitment(verification, _in_time(shared.associating, shared.step))
        with closing(Lookup(_in_time(at_query_peer(shared.associating), shared.step), emitter.emit)) as lookup:
            return verify_by_query(verification, lookup)
    except JournalUnavailable as error:
        return journal_failed(error)
    finally:
        verification.tell()


def _in_time(associating: Associating, step: StoreStep) -> Associating:
    """Return how associations are had on which nothing is waited for longer than `verify_within`; 0 leaves the peer its own clocks."""
    peer, most = associating.peer, step.verify_within or inf
    timeouts = Timeouts(
        connect=min(peer.timeouts.connect, most),
        acse=min(peer.timeouts.acse, most),
        dimse=min(peer.timeouts.dimse, most),
        network=min(peer.timeouts.network, most),
    )
    return associating.at(replace(peer, timeouts=timeouts))
