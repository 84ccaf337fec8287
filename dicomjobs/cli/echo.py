"""`dicomjobs echo PEER`: one C-ECHO from the shell, told in one line, and in another what TLS came of it; nothing is kept."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack, closing

from dicomjobs.cli.answer_files import no_answers
from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.peer_argument import peer_of
from dicomjobs.cli.places import state_folder
from dicomjobs.cli.stop import ProcessStop, say
from dicomjobs.cli.wiring import Wiring
from dicomjobs.dicom.escape import one_line
from dicomjobs.disk.row_file import temporary_rows
from dicomjobs.events import RunFinished, Stamped
from dicomjobs.execute.executor import execute
from dicomjobs.model.peer import Peer
from dicomjobs.model.phi import Phi
from dicomjobs.plan.echo import plan_echo
from dicomjobs.plan.plan import FORMAT_VERSION, InstancesDigest, JobPlan, Plan
from dicomjobs.report.agreements import agreement_lines
from dicomjobs.report.fold import Fold
from dicomjobs.report.phrases import failure_words
from dicomjobs.report.report import Report
from dicomjobs.report.units import duration_in_words


def main(arguments: Arguments) -> int:
    """Verify the peer, say how it went, and return the exit code that a run would have."""
    peer = peer_of(arguments)
    report = _verify(peer)
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
    """Return a plan of nothing but a C-ECHO, for which a peer is made ready as for any other."""
    return Plan(
        format_version=FORMAT_VERSION,
        job_file="",
        inputs=(),
        reports_directory=None,
        phi=Phi.PATHS,
        state_directory=None,
        instances=InstancesDigest(count=0, sha256=""),
        jobs=(JobPlan(name="echo", needs=(), peer=peer, step=plan_echo()),),
    )


def _verify(peer: Peer) -> Report:
    """Carry the plan out as `run` would; raises InvalidInput, SecretUnavailable."""
    plan = plan_of_echo(peer)
    fold, stop = Fold(plan), ProcessStop(say)
    with closing(stop), ExitStack() as resources, stop.watching_signals():
        wiring = Wiring("echo", state_folder(None), stop, resources)
        wiring.start_embedded_peers(plan)
        wiring.open_secrets(plan)
        rows = resources.enter_context(closing(temporary_rows()))
        for batch in execute(plan, wiring.ports(rows, no_answers)):
            fold.add(batch)
        fold.add([Stamped(at=time.time(), sequence=0, event=RunFinished(interrupted_by=stop.signal_number))])
    return fold.report()
