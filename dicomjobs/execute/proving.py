"""Proof of what a store step delivered, by the means that its job asks for; imported by jobs that ask for more than a status."""

from __future__ import annotations

from contextlib import closing

from dicomjobs.errors import JournalUnavailable
from dicomjobs.execute.commitment import verify_by_commitment
from dicomjobs.execute.halt import Halted, journal_failed
from dicomjobs.execute.lane_account import Shared
from dicomjobs.execute.lookup import Lookup, at_query_peer
from dicomjobs.execute.outbox import Emitter
from dicomjobs.execute.verify import Verification, verify_by_query
from dicomjobs.model.job import Verify


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
            return verify_by_commitment(verification, shared.associating)
        with closing(Lookup(at_query_peer(shared.associating), emitter.emit)) as lookup:
            return verify_by_query(verification, lookup)
    except JournalUnavailable as error:
        return journal_failed(error)
    finally:
        verification.tell()
