"""`dicomjobs probe PEER`: what a peer accepts, as a document, and with --compare what of it has changed.

It stores nothing at the peer: associations are negotiated and released.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from dicomjobs.cli.acceptance_yaml import acceptance_lines
from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.echo import plan_of_echo
from dicomjobs.cli.import_verb import refuse_target, write_text
from dicomjobs.cli.inputs import read_workspace
from dicomjobs.cli.peer_argument import peer_of
from dicomjobs.cli.places import state_folder
from dicomjobs.cli.refusal import refusal
from dicomjobs.cli.stop import ProcessStop, say
from dicomjobs.cli.wiring import Wiring
from dicomjobs.config.workspace import MissingParameters
from dicomjobs.dicom.escape import one_line
from dicomjobs.errors import AssociationError, NoContextAccepted
from dicomjobs.events import JobOutcome
from dicomjobs.execute.faults import cause_of
from dicomjobs.model.acceptance import Acceptance, changes
from dicomjobs.model.association import Negotiation, Proposal
from dicomjobs.model.peer import Peer
from dicomjobs.plan.probing import acceptance_of, role_proposals, storage_proposals
from dicomjobs.report.exit_code import INTERRUPTED, NOT_AS_EXPECTED, code_of_job


def main(arguments: Arguments) -> int:
    """Probe, print or write the document, compare; returns 6 when something changed, the code of a run when it failed."""
    if arguments.output is not None:
        refuse_target(Path(arguments.output))
    peer = peer_of(arguments)
    before = _earlier(arguments, peer) if arguments.compare else None
    stop = ProcessStop(say)
    with ExitStack() as resources, stop.watching_signals():
        wiring = Wiring("probe", state_folder(None), stop, resources)
        plan = plan_of_echo(peer)
        wiring.start_embedded_peers(plan)
        wiring.open_secrets(plan)
        try:
            after = _acceptance(peer, wiring)
        except AssociationError as error:
            return _tell_failure(peer, error, stop)
    text = "".join(f"{line}\n" for line in acceptance_lines(after, peer=peer, at=datetime.now(UTC)))
    if arguments.output is not None:
        write_text(Path(arguments.output), text)
    elif before is None:
        sys.stdout.write(text)
    return _tell_changes(before, after) if before else 0


def _earlier(arguments: Arguments, peer: Peer) -> Acceptance:
    """Return what the document of --compare says of the peer; raises InvalidInput when it says nothing."""
    document = read_workspace(replace(arguments, file=arguments.compare), missing_parameters=MissingParameters.TOLERATE)
    found = {each.name: acceptance for each, acceptance in document.acceptances.items()}
    known = found.get(peer.name) or (next(iter(found.values())) if len(found) == 1 else None)
    if known is None:
        words = f"{arguments.compare} does not say what {peer.name} accepts"
        raise refusal("DJ616", words, hint=f"make such a document with `dicomjobs probe {peer.name} -o FILE.yaml`")
    return known


def _acceptance(peer: Peer, wiring: Wiring) -> Acceptance:
    """Ask everything; raises AssociationError when an association cannot be had, or when nothing at all is accepted."""
    storage, roles = _answers(peer, wiring, storage_proposals()), list[Negotiation]()
    with suppress(NoContextAccepted):  # one that takes nothing once roles are asked for grants none
        roles = _answers(peer, wiring, role_proposals(storage))
    return acceptance_of(storage, roles)


def _answers(peer: Peer, wiring: Wiring, proposals: tuple[Proposal, ...]) -> list[Negotiation]:
    """Return the answers to proposals, but for those of which nothing was accepted; there is one if there is a proposal."""
    answers: list[Negotiation] = []
    refused: AssociationError | None = None
    for proposal in proposals:
        try:
            association = wiring.connect(peer, proposal)
        except NoContextAccepted as error:
            refused = error
            continue
        answers.append(association.negotiation)
        association.release()
    if refused and not answers:
        raise refused
    return answers


def _tell_failure(peer: Peer, error: AssociationError, stop: ProcessStop) -> int:
    """Say why the peer could not be asked; returns the exit code that a run would have."""
    print(f"{one_line(peer.name)} cannot be probed: {one_line(error.words)}", file=sys.stderr)
    if error.hint:
        print(f"  try: {one_line(error.hint)}", file=sys.stderr)
    if stop.signal_number:
        return INTERRUPTED + stop.signal_number
    return code_of_job(JobOutcome.FAILED, cause_of(error))


def _tell_changes(before: Acceptance, after: Acceptance) -> int:
    """Print what changed; returns 6 when something did."""
    found = tuple(changes(before, after))
    for line in found:
        print(one_line(line, 10_000))
    if not found:
        print("nothing changed")
    return NOT_AS_EXPECTED if found else 0
