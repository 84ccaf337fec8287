"""A find step carried out: its queries asked in turn, their matches told and written while they come, and a verdict on the whole.

How one query is asked is in `asking.py`, how one is cut into windows in `splitting.py`.
"""

from __future__ import annotations

from dicomjobs.errors import AssociationError
from dicomjobs.events import JobFinished, JobOutcome
from dicomjobs.execute.asking import Answered, Asking
from dicomjobs.execute.associating import Associating
from dicomjobs.execute.faults import failed_by_error
from dicomjobs.execute.find_verdicts import ENDS_ALL, interrupted, judged, no_match, not_encodable
from dicomjobs.execute.match_account import MatchAccount
from dicomjobs.execute.outbox import Emitter
from dicomjobs.execute.ports import Answers, Ports
from dicomjobs.execute.splitting import ask_in_windows
from dicomjobs.model.dimse import PendingResponses
from dicomjobs.model.job import EmptyPolicy
from dicomjobs.model.stop import StopState
from dicomjobs.plan.plan import FindStep, JobPlan


def run_find(job: JobPlan, step: FindStep, ports: Ports, emitter: Emitter) -> JobFinished:
    """Ask the peer and return how it went; an answer cut short is truncated, never a success, and never published."""
    answers = ports.answers(job)
    finished = _asked(job, step, ports, emitter, answers)
    lost = answers.publish() if finished.outcome is JobOutcome.SUCCEEDED else answers.withhold()
    for output in lost:
        emitter.emit(output)
    return finished


def _asked(job: JobPlan, step: FindStep, ports: Ports, emitter: Emitter, answers: Answers) -> JobFinished:
    """Ask every query on one association; nobody is called when there is none, as for a table without rows."""
    if not step.queries:
        return _verdict(step, 0, None, job.name)
    associating = Associating(job=job.name, peer=job.peer, ports=ports, end_with=step.end_with)
    try:
        association = associating.establish(step.proposal, emitter.emit)
    except AssociationError as error:
        return failed_by_error(job.name, error)
    asking = Asking(step, ports, association.wire, job.peer.character_set, step.cancel_after)
    try:
        account = MatchAccount(job.name, asking.transfer_syntax, asking.character_set, emitter, answers)
        if not _ask_all(step, asking, account):
            associating.broken(association, None, emitter.emit)
            return _verdict(step, account.kept, account.failed, job.name)
    except AssociationError as error:
        associating.broken(association, error, emitter.emit)
        return failed_by_error(job.name, error, truncated=True)
    except ValueError as error:  # a value that the peer's character set cannot hold
        associating.end(association, emitter.emit)
        return not_encodable(job, error)
    associating.end(association, emitter.emit)
    return _verdict(step, account.kept, account.failed, job.name)


def _ask_all(step: FindStep, asking: Asking, account: MatchAccount) -> bool:
    """Ask one query after the other; False when the peer went on answering long after it was asked to stop."""
    for place in range(len(step.queries)):
        for _ in range(step.repeat):
            if asking.ports.stop.state is not StopState.RUNNING:
                account.failed = account.failed or interrupted(account.job)
                return True
            answered = ask_in_windows(place, asking, account) if step.split else _ask(place, asking, account)
            if answered.status is None:
                return False
            if answered.cancelled_by in ENDS_ALL:
                return True
    return True


def _ask(place: int, asking: Asking, account: MatchAccount) -> Answered:
    """Ask one query, tell its matches and its end, and judge it."""
    before = account.kept

    def take(matches: PendingResponses) -> None:
        """Write and tell matches."""
        account.take(place, matches, asking.responses + 1)

    try:
        answered = asking.ask(asking.step.queries[place].identifier, take)
    except AssociationError as error:
        account.ended(place, "", account.kept - before, None, failed_by_error(account.job, error))
        raise
    account.ended(place, "", account.kept - before, answered.status, judged(account.job, asking.step, answered))
    return answered


def _verdict(step: FindStep, kept: int, failed: JobFinished | None, job: str) -> JobFinished:
    """Return what became of the job: that of the first query that did not succeed, else what the matches make of it."""
    if failed:
        return failed
    if not kept and step.if_no_match is EmptyPolicy.FAIL:
        return no_match(job)
    return JobFinished(job=job, outcome=JobOutcome.SUCCEEDED)
