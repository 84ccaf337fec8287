"""Four runs told from beginning to end, for the golden files: one clean, one bad, one that crashed, one that is hostile."""

from __future__ import annotations

from dataclasses import replace

from dicomjobs.events import Cause, Event, JobFinished, JobOutcome, JobStarted, Outcome
from dicomjobs.model.association import EndedBy, TlsSession
from dicomjobs.report.report import Report
from tests.support.runs import (
    HOSTILE,
    STARTED,
    MadeInstances,
    delivered,
    echo_events,
    echo_job,
    ended,
    established,
    excluded,
    find_events,
    find_job,
    make_plan,
    no_answer,
    not_sent,
    refused,
    report_of,
    stamp,
    store_events,
    store_job,
    whole_run,
)


def clean_run() -> Report:
    """Report a run in which everything went well."""
    plan = make_plan(echo_job(), find_job(), store_job(count=300))
    log = whole_run(echo_events(), find_events(matches=2000), store_events(map(delivered, range(300)), seconds=0.021))
    return report_of(plan, log)


def bad_run() -> Report:
    """Report a run in which much went wrong, in many ways."""
    plan = make_plan(echo_job(), find_job(), store_job(count=300), store_job("copy_them", first=300, count=2))
    words = {7: refused(7), 8: refused(8), 9: refused(9, status=0xA701), 20: no_answer(20), 299: excluded(299)}
    words[30] = replace(delivered(30), outcome=Outcome.DELIVERED_WITH_WARNING, status=0xB000, reason="warning")
    finished = [words.get(item, delivered(item)) for item in range(300)]
    tls = TlsSession(
        version="TLSv1.3",
        cipher="TLS_AES_256_GCM_SHA384",
        peer_certificate_sha256="ef" * 32,
        peer_certificate_expires="2026-12-31",
    )
    stored: list[Event] = [
        JobStarted(job="send_them", instances=300, bytes=300_000),
        established("send_them", refuse_mr=True, tls=tls),
        *finished,
        ended("send_them", 1, EndedBy.PEER_ABORT),
        ended("send_them", 2, EndedBy.NOT_ESTABLISHED, "connection refused"),
        JobFinished(job="send_them", outcome=JobOutcome.FAILED, seconds=125.25),
    ]
    found = JobFinished(
        job="find_them",
        outcome=JobOutcome.FAILED,
        reason="truncated",
        words="more than 2 matches (max_matches: 2)",
        hint="narrow the query, or raise max_matches",
        cause=Cause.TRUNCATED,
        truncated=True,
        seconds=1.24,
    )
    left = [
        not_sent(item, "copy_them", reason="needed_job_failed", cause=Cause.NEEDED_JOB_FAILED, words=NEEDED)
        for item in (300, 301)
    ]
    not_run = JobFinished(
        job="copy_them",
        outcome=JobOutcome.NOT_RUN,
        reason="needed_job_failed",
        words=NEEDED,
        cause=Cause.NEEDED_JOB_FAILED,
    )
    log = whole_run(echo_events(), [*find_events()[:-1], found], stored, [*left, not_run])
    return report_of(plan, log)


NEEDED = "the job send_them, which this one needs, did not succeed"


def crashed_run() -> Report:
    """Report a run that died while it was sending."""
    plan = make_plan(echo_job(), store_job(count=300))
    sending: list[Event] = [JobStarted(job="send_them", instances=300, bytes=300_000), established("send_them")]
    return report_of(plan, stamp([STARTED, *echo_events(), *sending, *map(delivered, range(120))]))


def hostile_run() -> Report:
    """Report a run in which every text that comes from outside is meant to do harm."""
    plan = make_plan(store_job(HOSTILE, count=1))
    words = replace(refused(0, HOSTILE), words=HOSTILE, hint=HOSTILE, reason=HOSTILE)
    log = whole_run(store_events([words], HOSTILE, JobOutcome.FAILED))
    named = (replace(log[0], event=replace(STARTED, run_id=HOSTILE, version=HOSTILE)), *log[1:])
    return report_of(plan, named, MadeInstances(1, folder=HOSTILE))


RUNS = {"clean": clean_run, "bad": bad_run, "crashed": crashed_run, "hostile": hostile_run}
