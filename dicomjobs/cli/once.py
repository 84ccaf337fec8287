"""One job without a document: a plan of it, carried out as `run` would, and nothing kept of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, closing

from dicomjobs.cli.places import state_folder
from dicomjobs.cli.stop import ProcessStop, say
from dicomjobs.cli.wiring import Wiring
from dicomjobs.disk.row_file import temporary_rows
from dicomjobs.events import RunFinished, Stamped
from dicomjobs.execute.executor import execute
from dicomjobs.execute.ports import Answers
from dicomjobs.model.phi import Phi
from dicomjobs.plan.plan import FORMAT_VERSION, InstancesDigest, JobPlan, Plan
from dicomjobs.report.fold import Fold
from dicomjobs.report.report import Report


def plan_of(job: JobPlan) -> Plan:
    """Return a plan of one job, for which its peer is made ready as for any other."""
    return Plan(
        format_version=FORMAT_VERSION,
        job_file="",
        inputs=(),
        reports_directory=None,
        phi=Phi.PATHS,
        state_directory=None,
        instances=InstancesDigest(count=0, sha256=""),
        jobs=(job,),
    )


def carry_out(plan: Plan, answers: Callable[[JobPlan], Answers]) -> Report:
    """Carry a plan out and return its report; raises InvalidInput, SecretUnavailable."""
    fold, stop = Fold(plan), ProcessStop(say)
    with closing(stop), ExitStack() as resources, stop.watching_signals():
        wiring = Wiring(plan.jobs[0].name, state_folder(None), stop, resources)
        wiring.start_embedded_peers(plan)
        wiring.open_secrets(plan)
        rows = resources.enter_context(closing(temporary_rows()))
        for batch in execute(plan, wiring.ports(rows, answers)):
            fold.add(batch)
        fold.add([Stamped(at=time.time(), sequence=0, event=RunFinished(interrupted_by=stop.signal_number))])
    return fold.report()
