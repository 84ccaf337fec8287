"""What the report says of each job, and in whose words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dicomjobs.events import (
    Cause,
    EchoFinished,
    Event,
    InstanceFinished,
    JobFinished,
    JobOutcome,
    JobStarted,
    Outcome,
    OutputFailed,
    RunFinished,
    SentFilesKept,
    Stamped,
)
from dicomjobs.model.association import EndedBy, TlsSession
from dicomjobs.model.peer import Allowance
from dicomjobs.report.report import AssociationReport, Failure, JobKind, Report, RunOutcome
from tests.support.runs import (
    BEGAN,
    EXTENDED,
    ROLES,
    RUN_ID,
    STARTED,
    delivered,
    echo_events,
    echo_job,
    ended,
    established,
    excluded,
    find_events,
    find_job,
    make_peer,
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

PLAN = make_plan(echo_job(), find_job(), store_job(count=3))


def report_store(*words: InstanceFinished, outcome: JobOutcome = JobOutcome.FAILED) -> Report:
    """Report a run with one store job."""
    return report_of(make_plan(store_job(count=len(words))), whole_run(store_events(words, outcome=outcome)))


def report_echo(*events: Event, last: RunFinished | None = None) -> Report:
    """Report a run with one echo job."""
    return report_of(make_plan(echo_job()), whole_run(events, last=last or RunFinished(interrupted_by=0)))


def test_a_clean_run_is_told_as_it_was() -> None:
    """Names, kinds, peers, counts, times."""
    report = report_of(PLAN, whole_run(echo_events(), find_events(), store_events(map(delivered, range(3)))))

    assert (report.run_id, report.version) == (RUN_ID, "0.1.0")
    assert (report.outcome, report.exit_code) == (RunOutcome.SUCCEEDED, 0)
    assert (report.started, report.seconds) == (BEGAN, 2.5 - 0.125)
    assert [(job.name, job.kind, job.peer) for job in report.jobs] == [
        ("check", JobKind.ECHO, "archive"),
        ("find_them", JobKind.FIND, "archive"),
        ("send_them", JobKind.STORE, "archive"),
    ]
    assert report.jobs[1].counts.matches == 2
    assert (report.jobs[2].counts.delivered, report.jobs[2].bytes, report.jobs[2].seconds) == (3, 3 * 868, 0.5)


def test_instances_are_counted_by_outcome() -> None:
    """Each outcome has its own count."""
    words = [replace(delivered(item), outcome=outcome) for item, outcome in enumerate(Outcome)]

    counts = report_store(*words).jobs[0].counts

    assert counts.planned == 7
    assert [getattr(counts, outcome.value) for outcome in Outcome] == [1] * 7


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([delivered(0), refused(1)], 4),
        ([no_answer(0), refused(1)], 8),
        ([excluded(0), delivered(1)], 0),
        ([excluded(0, outcome=Outcome.FAILED), refused(1)], 3),
        ([replace(delivered(0), outcome=Outcome.DELIVERED_WITH_WARNING, status=0xB000)], 0),
        ([replace(delivered(0), outcome=Outcome.MISSING), no_answer(1)], 6),
        ([not_sent(0, reason="journal_failed", cause=Cause.LOCAL_RESOURCE), no_answer(1)], 7),
        ([not_sent(0, reason="association_failed", cause=Cause.REFUSED_BY_PEER), refused(1)], 9),
    ],
)
def test_the_exit_code_is_that_of_the_worst_instance(words: list[InstanceFinished], code: int) -> None:
    """A job that says no more than "failed" leaves the code to its instances."""
    outcome = JobOutcome.FAILED if code else JobOutcome.SUCCEEDED

    report = report_store(*words, outcome=outcome)

    assert report.exit_code == code
    assert report.outcome is (RunOutcome.FAILED if code else RunOutcome.SUCCEEDED)


def test_failures_are_grouped_by_reason_status_and_words() -> None:
    """Equal failures are one line, the most frequent first, each with its hint and examples."""
    report = report_store(refused(0), no_answer(1), refused(2), refused(3, status=0xA701))

    assert report.jobs[0].failures == (
        Failure(
            reason="refused",
            count=2,
            status=0xA700,
            words="refused: out of resources",
            hint="make room there, then run again",
            examples=("/data/in/000000.dcm", "/data/in/000002.dcm"),
        ),
        Failure(
            reason="no_answer",
            count=1,
            status=None,
            words="no answer within 120 s (timeouts: dimse)",
            hint="",
            examples=("/data/in/000001.dcm",),
        ),
        Failure(
            reason="refused",
            count=1,
            status=0xA701,
            words="refused: out of resources",
            hint="make room there, then run again",
            examples=("/data/in/000003.dcm",),
        ),
    )


FAILED_ECHO = JobFinished(
    job="check",
    outcome=JobOutcome.FAILED,
    reason="association_rejected",
    words="the peer does not know our AE title",
    hint="have RESEARCH entered there",
    cause=Cause.REFUSED_BY_PEER,
)


def test_a_job_that_failed_for_its_own_reason_is_a_failure() -> None:
    """An echo has no instances, and its failure is told all the same."""
    report = report_echo(ended("check", 1, EndedBy.REJECTED), FAILED_ECHO)

    assert (report.exit_code, report.jobs[0].outcome) == (9, JobOutcome.FAILED)
    assert report.jobs[0].failures == (
        Failure(
            reason="association_rejected",
            count=1,
            status=None,
            words="the peer does not know our AE title",
            hint="have RESEARCH entered there",
            examples=(),
        ),
    )


def test_the_status_of_an_echo_is_told() -> None:
    """A C-ECHO that was refused names its status."""
    answered = EchoFinished(job="check", status=0x0122, seconds=0.1)

    report = report_echo(answered, replace(FAILED_ECHO, reason="refused", cause=Cause.PERMANENT))

    assert report.jobs[0].failures[0].status == 0x0122
    assert report.exit_code == 3


def test_a_reason_that_the_instances_tell_is_not_told_twice() -> None:
    """The job says of itself what its instances say; one group is enough."""
    words = not_sent(0, reason="association_failed", cause=Cause.REFUSED_BY_PEER, words=FAILED_ECHO.words)
    last = replace(FAILED_ECHO, job="send_them")

    report = report_of(make_plan(store_job(count=1)), whole_run([words, last]))

    assert [failure.reason for failure in report.jobs[0].failures] == ["association_failed"]


@pytest.mark.parametrize(
    ("last", "code"),
    [
        (JobFinished(job="find_them", outcome=JobOutcome.SUCCEEDED, truncated=True), 3),
        (JobFinished(job="find_them", outcome=JobOutcome.FAILED, truncated=True, cause=Cause.TRUNCATED), 3),
        (JobFinished(job="find_them", outcome=JobOutcome.FAILED, truncated=True, cause=Cause.TRANSIENT), 4),
    ],
)
def test_a_truncated_result_is_no_success(last: JobFinished, code: int) -> None:
    """Incomplete answers are never 0; when asking again can help, the code says that instead."""
    report = report_of(make_plan(find_job()), whole_run([*find_events()[:-1], last]))

    assert (report.exit_code, report.jobs[0].outcome, report.jobs[0].truncated) == (code, JobOutcome.FAILED, True)


def test_a_job_left_out_for_another_has_the_code_of_the_other() -> None:
    """What was not sent because an echo failed says 9, as the echo does."""
    left = not_sent(0, reason="needed_job_failed", cause=Cause.NEEDED_JOB_FAILED)
    not_run = JobFinished(
        job="send_them", outcome=JobOutcome.NOT_RUN, reason="needed_job_failed", cause=Cause.NEEDED_JOB_FAILED
    )

    report = report_of(make_plan(echo_job(), store_job(count=1)), whole_run([FAILED_ECHO, left, not_run]))

    assert report.exit_code == 9
    assert report.jobs[1].outcome is JobOutcome.NOT_RUN
    assert [failure.reason for failure in report.jobs[1].failures] == ["needed_job_failed"]


def test_an_output_that_could_not_be_written_fails_its_job() -> None:
    """The matches are there and the file is not: this computer failed, and the file is named."""
    lost = OutputFailed(job="find_them", path="/data/today.csv", words="No space left on device")

    report = report_of(make_plan(find_job()), whole_run(find_events(), [lost]))

    (failure,) = report.jobs[0].failures
    assert (report.exit_code, report.outcome, report.jobs[0].outcome) == (7, RunOutcome.FAILED, JobOutcome.FAILED)
    assert (failure.reason, failure.count) == ("output_failed", 1)
    assert failure.words == "/data/today.csv could not be written: No space left on device"


def test_sent_files_that_stay_against_the_jobs_will_fail_it_and_count_as_delivered() -> None:
    """The instances have arrived; this computer failed, and the reason is told with one of the files."""
    kept = SentFilesKept(job="send_them", count=2, path="/in/a.dcm", words="Permission denied")

    finished = JobFinished(job="send_them", outcome=JobOutcome.SUCCEEDED)

    report = report_of(make_plan(store_job(count=2)), whole_run([delivered(0), delivered(1)], [kept, finished]))

    (failure,) = report.jobs[0].failures
    assert (report.exit_code, report.jobs[0].outcome, report.jobs[0].counts.delivered) == (7, JobOutcome.FAILED, 2)
    assert (failure.reason, failure.count, failure.examples) == ("sent_files_kept", 2, ("/in/a.dcm",))
    assert failure.words.endswith("could not be done: Permission denied")


@pytest.mark.parametrize(("signal", "code"), [(2, 130), (15, 143)])
def test_an_interrupted_run_says_which_signal(signal: int, code: int) -> None:
    """130 and 143 stand alone."""
    log = whole_run(
        [delivered(0), not_sent(1, reason="interrupted", cause=Cause.INTERRUPTED)],
        [JobFinished(job="send_them", outcome=JobOutcome.INTERRUPTED, cause=Cause.INTERRUPTED)],
        last=RunFinished(interrupted_by=signal),
    )

    report = report_of(make_plan(store_job(count=2)), log)

    assert (report.exit_code, report.outcome) == (code, RunOutcome.INTERRUPTED)
    assert report.jobs[0].outcome is JobOutcome.INTERRUPTED


def crashed() -> tuple[Stamped, ...]:
    """Return the log of a run that died when two of three instances were through."""
    return stamp(
        [STARTED, *echo_events(), JobStarted(job="send_them", instances=3, bytes=0), delivered(0), delivered(2)]
    )


def test_after_a_crash_what_was_not_heard_of_is_unknown() -> None:
    """A process that was killed leaves no instance uncounted, and an outcome that nobody knows."""
    report = report_of(make_plan(echo_job(), store_job(count=3)), crashed())

    job = report.jobs[1]
    assert (job.outcome, job.counts.delivered, job.counts.unknown) == (JobOutcome.INTERRUPTED, 2, 1)
    assert (job.failures[0].reason, job.failures[0].count) == ("interrupted", 1)
    assert job.failures[0].examples == ("/data/in/000001.dcm",)
    assert job.seconds == 0.25
    assert (report.outcome, report.exit_code) == (RunOutcome.INCOMPLETE, 8)


def test_after_a_crash_jobs_that_never_began_are_not_run() -> None:
    """No event, no job, and none of its instances sent."""
    plan = make_plan(echo_job(), store_job(count=3), store_job("copy_them", first=3, count=2))
    report = report_of(plan, crashed())

    assert (report.jobs[2].outcome, report.jobs[2].seconds) == (JobOutcome.NOT_RUN, 0)
    assert report.jobs[2].counts.not_sent == 2


def test_what_a_job_left_unheard_has_the_reason_of_the_job() -> None:
    """A job that says why it ended says it for the instances of which it says nothing."""
    last = JobFinished(
        job="send_them",
        outcome=JobOutcome.FAILED,
        reason="journal_failed",
        words="no space left on device",
        cause=Cause.LOCAL_RESOURCE,
    )

    report = report_of(make_plan(store_job(count=3)), whole_run([delivered(0), last]))

    assert [(f.reason, f.words, f.count) for f in report.jobs[0].failures] == [
        ("journal_failed", "no space left on device", 2)
    ]
    assert report.exit_code == 7


TLS = TlsSession(
    version="TLSv1.3",
    cipher="TLS_AES_256_GCM_SHA384",
    peer_certificate_sha256="ef" * 32,
    peer_certificate_expires="2026-12-31",
)


def test_associations_are_told_in_the_order_they_were_requested() -> None:
    """What was agreed and how it ended come from two events, either of which may be missing."""
    log = whole_run(
        [
            ended("check", 3, EndedBy.REJECTED),
            established("check", 1, refuse_mr=True, tls=TLS),
            established("check", 2),
        ],
        [ended("check", 2, EndedBy.PEER_ABORT)],
    )

    assert report_of(make_plan(echo_job()), log).jobs[0].associations == (
        AssociationReport(
            proposed=2,
            accepted=1,
            refused=1,
            max_pdu=16384,
            tls=TLS,
            ended_by=None,
            roles=(ROLES,),
            extended_negotiation=(EXTENDED,),
            weakened_by=(Allowance.RETIRED_TLS,),
        ),
        AssociationReport(proposed=2, accepted=2, refused=0, max_pdu=16384, tls=None, ended_by=EndedBy.PEER_ABORT),
        AssociationReport(proposed=2, accepted=0, refused=0, max_pdu=None, tls=None, ended_by=EndedBy.REJECTED),
    )


def test_a_peer_without_a_name_is_told_by_its_address() -> None:
    """A peer written in place is known by AE title, host and port."""
    plan = make_plan(replace(echo_job(), peer=make_peer("")))

    assert report_of(plan, whole_run(echo_events())).jobs[0].peer == "ARCHIVE@pacs.example:11112"
