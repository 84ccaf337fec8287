"""`dicomjobs find PEER KEY[=VALUE]…`: one query from the shell, a table as the answer; nothing is kept of it."""

from __future__ import annotations

import sys
from datetime import datetime

from dicomjobs.answers.columns import default_columns
from dicomjobs.cli.answer_screen import PrintedAnswers, TableAnswers, printed_csv, printed_json, printed_jsonl
from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.inputs import tell_warnings
from dicomjobs.cli.once import carry_out, plan_of
from dicomjobs.cli.peer_argument import peer_of
from dicomjobs.config.shell_query import RETURN_KEYS, query_of
from dicomjobs.diagnostics import Diagnostics
from dicomjobs.dicom.escape import one_line
from dicomjobs.model.data_set_form import NewVrs
from dicomjobs.model.job import EmptyPolicy, EndWith, FindJob, Padding
from dicomjobs.model.peer import Peer
from dicomjobs.model.query import InformationModel, Query, QueryLevel
from dicomjobs.plan.find import plan_find
from dicomjobs.plan.plan import JobPlan, Plan
from dicomjobs.report.phrases import failure_words, number_of
from dicomjobs.report.report import Report
from dicomjobs.report.units import duration_in_words


def main(arguments: Arguments) -> int:
    """Ask, print what comes, and return the exit code that a run would have."""
    peer = peer_of(arguments)
    query, warnings = _query(arguments)
    tell_warnings(warnings, arguments)
    answers = _answers(arguments, _headings(query))
    report = carry_out(_plan(peer, query, arguments), lambda _: answers)
    if isinstance(answers, TableAnswers):
        answers.show()
    _tell(report, peer)
    return report.exit_code


def _query(arguments: Arguments) -> tuple[Query, Diagnostics]:
    """Return the query that was typed, and warnings about it; raises InvalidInput."""
    level = None if arguments.model == "worklist" else QueryLevel(arguments.level)
    usual = InformationModel.PATIENT if level is QueryLevel.PATIENT else InformationModel.STUDY
    model = InformationModel(arguments.model) if arguments.model else usual
    typed = [key.partition("=") for key in arguments.keys]
    keys = tuple((key, value if equals else None) for key, equals, value in typed)
    return query_of(keys, model=model, level=level, now=datetime.now().astimezone())


def _headings(query: Query) -> tuple[str, ...]:
    """Return the columns: what was typed beyond what is asked for anyway, then that."""
    level = query.level
    asked = default_columns(query.identifier)
    usual = [heading for heading in RETURN_KEYS[level] if heading.partition("[")[0] in asked]
    others = [
        heading for heading in asked if heading not in {"QueryRetrieveLevel", "ScheduledProcedureStepSequence", *usual}
    ]
    return (*others, *usual)


def _answers(arguments: Arguments, headings: tuple[str, ...]) -> PrintedAnswers | TableAnswers:
    """Return where matches go: a table on a terminal, CSV into a pipe, or what was asked for."""
    match arguments.format or ("table" if _on_a_terminal() else "csv"):
        case "table":
            return TableAnswers(headings)
        case "json":
            return printed_json()
        case "jsonl":
            return printed_jsonl(headings)
        case _:
            return printed_csv(headings)


def _on_a_terminal() -> bool:
    """Whether a person reads along."""
    return sys.stdout.isatty()


def _plan(peer: Peer, query: Query, arguments: Arguments) -> Plan:
    """Return a plan of nothing but the query."""
    job = FindJob(
        name="find",
        needs=(),
        peer=peer,
        query=query,
        association_profile=None,
        outputs=(),
        cancel_after=0,
        max_matches=arguments.most,
        write_at_most=0,
        padding=Padding.KEEP,
        split=None,
        for_each=None,
        repeat=1,
        new_vrs=NewVrs.KEEP,
        if_no_match=EmptyPolicy.OK,
        end_with=EndWith.RELEASE,
    )
    return plan_of(JobPlan(name="find", needs=(), peer=peer, step=plan_find(job, {})))


def _tell(report: Report, peer: Peer) -> None:
    """Say on stderr how many matches there were, and what went wrong."""
    [job] = report.jobs
    name = one_line(peer.name)
    for failure in job.failures:
        print(f"{name}: {failure_words(failure)}", file=sys.stderr)
        if failure.hint:
            print(f"  try: {one_line(failure.hint)}", file=sys.stderr)
    if job.truncated:
        print("The answer is not complete.", file=sys.stderr)
    elif not job.failures and (_on_a_terminal() or not job.counts.matches):
        print(
            f"{name}: {number_of(job.counts.matches, 'match', 'matches')} ({duration_in_words(job.seconds)})",
            file=sys.stderr,
        )
