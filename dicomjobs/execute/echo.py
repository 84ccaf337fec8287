"""An echo step carried out: one association, one C-ECHO (PS3.4 A)."""

from __future__ import annotations

from dicomjobs.dicom.status import Category, category
from dicomjobs.errors import AssociationError
from dicomjobs.events import EchoFinished, JobFinished, JobOutcome
from dicomjobs.execute.associating import Associating, Emit
from dicomjobs.execute.faults import failed_by_error, failed_by_status
from dicomjobs.execute.outbox import Emitter
from dicomjobs.execute.ports import Ports
from dicomjobs.model.dimse import EchoRequest
from dicomjobs.model.job import EndWith
from dicomjobs.plan.echo import plan_echo
from dicomjobs.plan.plan import EchoStep, JobPlan


def run_echo(job: JobPlan, step: EchoStep, ports: Ports, emitter: Emitter) -> JobFinished:
    """Verify the peer and return how it went."""
    associating = Associating(job=job.name, peer=job.peer, ports=ports, end_with=EndWith.RELEASE)
    try:
        association = associating.establish(step.proposal, emitter.emit)
    except AssociationError as error:
        return failed_by_error(job.name, error)
    try:
        began = ports.monotonic()
        pending = association.wire.send(EchoRequest(), association.wire.negotiation.accepted[0].context_id, None)
        status = next(iter(association.wire.answers(pending))).status
        emitter.emit(EchoFinished(job=job.name, status=status, seconds=ports.monotonic() - began))
    except AssociationError as error:
        associating.broken(association, error, emitter.emit)
        return failed_by_error(job.name, error)
    associating.end(association, emitter.emit)
    if category(status) in {Category.SUCCESS, Category.WARNING}:
        return JobFinished(job=job.name, outcome=JobOutcome.SUCCEEDED)
    return failed_by_status(job.name, status, "echo")


def peer_answers(associating: Associating, emit: Emit) -> bool:
    """Ask a peer with one C-ECHO whether it is there; the association is told of, the echo is not a job's."""
    try:
        association = associating.establish(plan_echo().proposal, emit)
    except AssociationError:
        return False
    try:
        pending = association.wire.send(EchoRequest(), association.wire.negotiation.accepted[0].context_id, None)
        status = next(iter(association.wire.answers(pending))).status
    except AssociationError as error:
        associating.broken(association, error, emit)
        return False
    associating.end(association, emit)
    return category(status) in {Category.SUCCESS, Category.WARNING}
