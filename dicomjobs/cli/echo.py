"""`dicomjobs echo PEER`: one C-ECHO from the shell, told in one line, and in another what TLS came of it; nothing is kept."""

from __future__ import annotations

import sys

from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.once import carry_out, plan_of
from dicomjobs.cli.peer_argument import peer_of
from dicomjobs.cli.wiring import no_answers
from dicomjobs.dicom.escape import one_line
from dicomjobs.model.peer import Peer
from dicomjobs.plan.echo import plan_echo
from dicomjobs.plan.plan import JobPlan, Plan
from dicomjobs.report.agreements import agreement_lines
from dicomjobs.report.phrases import failure_words
from dicomjobs.report.units import duration_in_words


def main(arguments: Arguments) -> int:
    """Verify the peer, say how it went, and return the exit code that a run would have."""
    peer = peer_of(arguments)
    report = carry_out(plan_of_echo(peer), no_answers)
    [job] = report.jobs
    name = one_line(peer.name)
    if report.exit_code == 0:
        print(f"{name} answers ({duration_in_words(job.seconds)})")
        for line in agreement_lines(job):
            print(f"  {line}")
    for failure in job.failures:
        print(f"{name} does not answer: {failure_words(failure)}", file=sys.stderr)
        if failure.hint:
            print(f"  try: {one_line(failure.hint)}", file=sys.stderr)
    return report.exit_code


def plan_of_echo(peer: Peer) -> Plan:
    """Return a plan of nothing but a C-ECHO."""
    return plan_of(JobPlan(name="echo", needs=(), peer=peer, step=plan_echo()))
