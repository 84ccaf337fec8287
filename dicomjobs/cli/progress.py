"""What can be seen while a run goes on: a live view on a terminal, plain lines with -v and -d, silence otherwise.

It listens to events and cannot steer; everything goes to stderr.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.pipes import unless_unread
from dicomjobs.cli.sinks import Sink
from dicomjobs.dicom.escape import one_line
from dicomjobs.events import (
    AssociationEnded,
    AssociationEstablished,
    EchoFinished,
    Event,
    InstanceFinished,
    JobFinished,
    JobOutcome,
    JobStarted,
)
from dicomjobs.execute.executor import StampedBatch
from dicomjobs.execute.tally import SPOILING
from dicomjobs.plan.plan import Plan
from dicomjobs.report.event_json import encode
from dicomjobs.report.phrases import number_of


@contextmanager
def follow(plan: Plan, arguments: Arguments) -> Iterator[Sink]:
    """Give the sink that shows what goes on, as the arguments and the terminal want it."""
    if arguments.debug:
        yield _print_every_event
    elif arguments.verbose:
        yield _print_what_matters
    elif arguments.quiet or not sys.stderr.isatty():
        yield lambda _: None
    else:
        from dicomjobs.cli.live import live_view

        with live_view(plan) as sink:
            yield sink


def _print_every_event(batch: StampedBatch) -> None:
    """Print each event as it stands in the log."""
    with unless_unread(sys.stderr):
        for stamped in batch:
            print(encode(stamped), file=sys.stderr)


def _print_what_matters(batch: StampedBatch) -> None:
    """Print jobs, associations and failures."""
    with unless_unread(sys.stderr):
        for stamped in batch:
            if line := describe(stamped.event):
                print(line, file=sys.stderr)


def describe(event: Event) -> str:
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
            return f"{job}: association {number} ended by {ended_by.value.replace('_', ' ')}{why}"
        case InstanceFinished(job=job, item=item, outcome=outcome, words=words, reason=reason) if outcome in SPOILING:
            return f"{job}: row {item} {outcome.value.replace('_', ' ')}: {one_line(words or reason)}"
        case EchoFinished(job=job, status=int() as status, seconds=seconds):
            return f"{job}: answered {status:04X}H in {seconds * 1000:.1f} ms"
        case JobFinished(job=job, outcome=JobOutcome.SUCCEEDED, seconds=seconds):
            return f"{job}: succeeded in {seconds:.2f} s"
        case JobFinished(job=job, outcome=outcome, words=words, seconds=seconds):
            why = f": {one_line(words)}" if words else ""
            return f"{job}: {outcome.value.replace('_', ' ')} after {seconds:.2f} s{why}"
        case _:
            return ""
