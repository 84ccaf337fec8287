"""What can be seen while a run goes on: a live view on a terminal, plain lines with -v and -d, silence otherwise.

It listens to events and cannot steer; everything goes to stderr.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.pipes import unless_unread
from dicomjobs.cli.sinks import Sink
from dicomjobs.cli.stop import ProcessStop
from dicomjobs.dicom.escape import one_line
from dicomjobs.events import (
    INSTANCE_REASONS,
    AssociationEnded,
    AssociationEstablished,
    EchoFinished,
    EndedBy,
    Event,
    InstanceFinished,
    InstanceMissing,
    JobFinished,
    JobOutcome,
    JobStarted,
)
from dicomjobs.execute.executor import StampedBatch
from dicomjobs.execute.tally import SPOILING
from dicomjobs.model.phi import Phi
from dicomjobs.plan.plan import Instances, Plan
from dicomjobs.report.event_json import encode
from dicomjobs.report.phrases import number_of
from dicomjobs.report.telling import printable, telling

_ENDINGS = {
    EndedBy.RELEASE: "released",
    EndedBy.ABORT: "aborted",
    EndedBy.PEER_ABORT: "aborted by the peer",
    EndedBy.LOST: "lost",
    EndedBy.REJECTED: "rejected",
    EndedBy.NOT_ESTABLISHED: "not established",
}


@contextmanager
def follow(plan: Plan, rows: Instances, stop: ProcessStop, arguments: Arguments) -> Iterator[Sink]:
    """Give the sink that shows what goes on, as the arguments and the terminal want it."""
    if arguments.debug:
        yield partial(_print_every_event, plan.phi)
    elif arguments.verbose:
        yield partial(_print_what_matters, telling(rows, plan.phi), plan.phi)
    elif arguments.quiet or not sys.stderr.isatty():
        yield lambda _: None
    else:
        from rich.console import Console

        from dicomjobs.cli.live import LiveView

        view = LiveView(plan, Console(stderr=True))
        with stop.announcing(view.announce), view.on_screen():
            yield view.show


def _print_every_event(phi: Phi, batch: StampedBatch) -> None:
    """Print each event as it stands in the log, without what is nobody's business there."""
    with unless_unread(sys.stderr):
        for stamped in batch:
            print(encode(replace(stamped, event=printable(stamped.event, phi))), file=sys.stderr)


def _print_what_matters(rows: Instances, phi: Phi, batch: StampedBatch) -> None:
    """Print jobs, associations and failures."""
    with unless_unread(sys.stderr):
        for stamped in batch:
            if line := describe(printable(stamped.event, phi), rows):
                print(line, file=sys.stderr)


def describe(event: Event, rows: Instances) -> str:
    """Return a line for an event that somebody watching wants to know, "" for the others."""
    match event:
        case JobStarted(job=job, instances=instances) if instances:
            return f"{job}: {number_of(instances, 'instance')}"
        case JobStarted(job=job):
            return f"{job}: started"
        case AssociationEstablished(job=job, number=number, accepted=accepted, proposed=proposed):
            contexts = number_of(len(proposed), "context")
            return f"{job}: association {number} established, {len(accepted)} of {contexts} accepted"
        case AssociationEnded(job=job, number=number, ended_by=ended_by, words=words):
            why = f": {one_line(words)}" if words else ""
            return f"{job}: association {number} {_ENDINGS[ended_by]}{why}"
        case InstanceFinished(job=job, outcome=outcome) if outcome in SPOILING:
            status = "" if event.status is None else f" (status {event.status:04X})"
            what = f"{one_line(rows[event.item].path)} {outcome.value.replace('_', ' ')}"
            return f"{job}: {what}: {one_line(event.words or INSTANCE_REASONS.get(event.reason, event.reason))}{status}"
        case InstanceMissing(job=job, item=item, words=words):
            return f"{job}: {one_line(rows[item].path)} missing: {one_line(words)}"
        case EchoFinished(job=job, status=int() as status, seconds=seconds):
            return f"{job}: answered {status:04X}H in {seconds * 1000:.1f} ms"
        case JobFinished(job=job, outcome=JobOutcome.SUCCEEDED, seconds=seconds):
            return f"{job}: succeeded in {seconds:.2f} s"
        case JobFinished(job=job, outcome=outcome, words=words, seconds=seconds):
            why = f": {one_line(words)}" if words else ""
            return f"{job}: {outcome.value.replace('_', ' ')} after {seconds:.2f} s{why}"
        case _:
            return ""
