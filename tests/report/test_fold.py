"""Events add up the same however the log is cut, in memory that does not grow, and never to more than they say."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomjobs.events import (
    Cause,
    EchoFinished,
    Event,
    InstanceFinished,
    InstanceMissing,
    InstancesProven,
    JobFinished,
    JobOutcome,
    JobStarted,
    Outcome,
    OutputFailed,
    Proof,
    RunFinished,
    SentFilesKept,
    Stamped,
)
from dicomjobs.model.association import EndedBy
from dicomjobs.report.fold import Fold, merge
from dicomjobs.report.tally import ASSOCIATIONS, GROUPS, LogContradiction
from tests.support.runs import (
    STARTED,
    delivered,
    echo_events,
    echo_job,
    ended,
    established,
    find_events,
    find_job,
    fold,
    make_plan,
    refused,
    report_of,
    stamp,
    store_events,
    store_job,
    whole_run,
)

ROWS = 120
PLAN = make_plan(echo_job(), find_job(), store_job("first", count=ROWS), store_job("second", first=ROWS, count=ROWS))

WORDS = ["disk full", "no", "", *(f"instance {n} is odd" for n in range(200))]


def any_word(item: int, random: Random) -> InstanceFinished:
    """Return some final word on an item, of one of so many kinds that not all can be kept apart."""
    return InstanceFinished(
        job=job_of(item),
        item=item,
        outcome=random.choice(list(Outcome)),
        reason=random.choice(["refused", "no_answer", "already_delivered"]),
        words=random.choice(WORDS),
        hint=random.choice(["", "wait", "run again"]),
        cause=random.choice(list(Cause)),
        status=random.choice([None, 0, 0xA700, 0xC000]),
        bytes=random.randrange(1000),
    )


def log_of(heard: int, others: list[Event], random: Random) -> tuple[Stamped, ...]:
    """Return a log with final words on some of the plan's instances and other events, in any order."""
    items = random.sample(range(2 * ROWS), heard)
    events = [*(any_word(item, random) for item in items), *others]
    random.shuffle(events)
    return stamp(events)


def job_of(item: int) -> str:
    """Name the job that a row belongs to."""
    return "first" if item < ROWS else "second"


def proven(item: int, count: int, proof: Proof) -> InstancesProven:
    """Return that rows of one job were found, from an item on."""
    return InstancesProven(job=job_of(item), first=item, count=min(count, ROWS - item % ROWS), proof=proof)


def missing(item: int) -> InstanceMissing:
    """Return that a row was not found."""
    return InstanceMissing(job=job_of(item), item=item, reason="not_found", words="not there")


JOBS = st.sampled_from(["check", "find_them", "first", "second"])
NUMBERS = st.integers(1, ASSOCIATIONS + 5)
OTHERS: st.SearchStrategy[Event] = st.one_of(
    st.just(STARTED),
    st.builds(RunFinished, interrupted_by=st.integers(0, 15)),
    st.builds(JobStarted, job=JOBS, instances=st.just(0), bytes=st.just(0)),
    st.builds(established, JOBS, NUMBERS, refuse_mr=st.booleans()),
    st.builds(ended, JOBS, NUMBERS, st.sampled_from(list(EndedBy))),
    st.builds(EchoFinished, job=JOBS, status=st.none() | st.integers(0, 9), seconds=st.just(0.5)),
    st.builds(JobFinished, job=JOBS, outcome=st.sampled_from(list(JobOutcome)), seconds=st.floats(0, 9)),
    st.sampled_from(find_events()),
    st.builds(proven, st.integers(0, 2 * ROWS - 1), st.integers(0, ROWS), st.sampled_from(list(Proof))),
    st.builds(missing, st.integers(0, 2 * ROWS - 1)),
    st.builds(SentFilesKept, job=JOBS, count=NUMBERS, path=st.just("/in/a.dcm"), words=st.just("no")),
    st.builds(OutputFailed, job=JOBS, path=st.sampled_from(["/a.csv", "/b.csv"]), words=st.just("no room")),
)
LOGS = st.builds(log_of, st.integers(0, 2 * ROWS), st.lists(OTHERS, max_size=30), st.integers(0, 2**32).map(Random))


@given(log=LOGS, cut=st.integers(min_value=0, max_value=300))
def test_a_log_in_two_parts_adds_up_to_the_whole(log: tuple[Stamped, ...], cut: int) -> None:
    """merge(fold(a), fold(b)) == fold(a + b), wherever the log is cut."""
    whole = fold(PLAN, log)

    merged = merge(fold(PLAN, log[:cut]), fold(PLAN, log[cut:]))

    assert merged == whole
    assert merged.report() == whole.report()


@given(log=LOGS)
def test_counts_add_up_to_what_was_planned(log: tuple[Stamped, ...]) -> None:
    """Whatever happened, every planned instance is counted once."""
    for job in fold(PLAN, log).report().jobs:
        counts = job.counts
        total = counts.delivered + counts.delivered_with_warning + counts.failed + counts.unknown
        total += counts.missing + counts.not_sent + counts.skipped

        assert total == counts.planned
        proofs = job.proofs
        assert proofs.status + proofs.count + proofs.query + proofs.commitment == (
            counts.delivered + counts.delivered_with_warning + job.skipped.get("already_delivered", 0)
        )


STORES = make_plan(echo_job(), find_job(), store_job(count=4))
CLEAN = whole_run(echo_events(), find_events(), store_events(map(delivered, range(4))))


def test_what_verification_found_and_did_not_find_is_counted() -> None:
    """A missing instance is no longer a delivered one, and costs exit code 6."""
    verified = [proven_in_stores(0, 2, Proof.QUERY), proven_in_stores(2, 1, Proof.COUNT), missing_in_stores(3)]
    events = store_events(map(delivered, range(4)), outcome=JobOutcome.FAILED)
    log = whole_run(echo_events(), find_events(), [*events[:-1], *verified, events[-1]])

    report = report_of(STORES, log)

    job = report.jobs[2]
    assert (job.counts.delivered, job.counts.missing, report.exit_code) == (3, 1, 6)
    assert (job.proofs.status, job.proofs.count, job.proofs.query) == (0, 1, 2)
    assert [(each.reason, each.count, each.examples) for each in job.failures] == [
        ("not_found", 1, ("/data/in/000003.dcm",))
    ]


def proven_in_stores(first: int, count: int, proof: Proof) -> Event:
    """Return that rows of the plan below were found."""
    return InstancesProven(job="send_them", first=first, count=count, proof=proof)


def missing_in_stores(item: int) -> Event:
    """Return that a row of the plan below was not found."""
    return InstanceMissing(job="send_them", item=item, reason="not_found", words="not there")


def test_a_clean_run_is_success() -> None:
    """The yardstick for the tests below."""
    assert report_of(STORES, CLEAN).exit_code == 0


@pytest.mark.parametrize("heard", range(len(CLEAN)))
def test_a_log_that_ends_early_is_never_success(heard: int) -> None:
    """Wherever a crash cuts the log of a clean run, the report says so."""
    report = report_of(STORES, CLEAN[:heard])

    assert report.exit_code != 0
    assert report.outcome.value == "incomplete"


@pytest.mark.parametrize("lost", [n for n, each in enumerate(CLEAN) if isinstance(each.event, InstanceFinished)])
def test_an_instance_without_a_last_word_is_never_success(lost: int) -> None:
    """One event lost in the middle spoils the run and its job, whatever the job says of itself."""
    report = report_of(STORES, CLEAN[:lost] + CLEAN[lost + 1 :])

    assert report.exit_code == 1
    assert report.jobs[2].outcome is JobOutcome.FAILED
    assert report.jobs[2].counts.unknown == 1


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.UNKNOWN, Outcome.MISSING, Outcome.NOT_SENT])
def test_a_job_cannot_talk_its_instances_away(outcome: Outcome) -> None:
    """A job that claims success with an instance astray has failed, even if nobody named a cause."""
    astray = InstanceFinished(job="send_them", item=3, outcome=outcome)

    report = report_of(
        STORES, whole_run(echo_events(), find_events(), store_events([*map(delivered, range(3)), astray]))
    )

    assert report.exit_code != 0
    assert report.jobs[2].outcome is JobOutcome.FAILED


def test_a_second_word_on_a_row_is_refused() -> None:
    """An instance cannot be delivered twice over to make up for another."""
    with pytest.raises(LogContradiction, match='says twice what became of row 1 of job "send_them"'):
        fold(STORES, stamp([delivered(1), refused(1)]))


def test_two_parts_that_tell_of_one_row_are_refused() -> None:
    """Merging refuses what adding would refuse."""
    first, second = fold(STORES, stamp([delivered(1)])), fold(STORES, stamp([delivered(1)]))

    with pytest.raises(LogContradiction, match="tell of the same row"):
        merge(first, second)


@pytest.mark.parametrize("event", [delivered(4), replace(delivered(0), job="other")])
def test_the_log_of_another_plan_is_refused(event: Event) -> None:
    """Rows and jobs that the plan does not have are not counted as if it had."""
    with pytest.raises(LogContradiction, match="the log is that of another plan"):
        fold(STORES, stamp([event]))


def test_folds_of_different_things_differ() -> None:
    """Equality is about everything that was added."""
    assert fold(STORES, CLEAN) != fold(STORES, CLEAN[:-1])
    assert fold(STORES, CLEAN) != "a fold"


def test_many_kinds_of_failure_are_bounded() -> None:
    """A peer that words every refusal differently cannot fill the memory; what is not kept apart is summed."""
    count = 3 * GROUPS
    plan = make_plan(store_job(count=count))
    words = [replace(refused(item), words=f"refused instance {item}") for item in range(count)]

    failures = report_of(plan, whole_run(store_events(words, outcome=JobOutcome.FAILED))).jobs[0].failures

    assert len(failures) == GROUPS + 1
    assert sum(failure.count for failure in failures) == count
    assert failures[-1].reason == "other"


def test_long_words_are_cut_before_they_are_kept() -> None:
    """A sentence of a megabyte is not held in memory for each kind of failure."""
    plan = make_plan(store_job(count=1))

    report = report_of(plan, stamp([replace(refused(0), words="x" * 1_000_000)]))

    assert len(report.jobs[0].failures[0].words) == 300


def test_examples_are_the_first_of_the_plan_whatever_the_order() -> None:
    """Lanes finish in any order; the report names the same five paths every time."""
    plan = make_plan(store_job(count=9))
    events = [refused(item) for item in (8, 3, 7, 1, 5, 0, 2, 6, 4)]

    failure = report_of(plan, whole_run(store_events(events, outcome=JobOutcome.FAILED))).jobs[0].failures[0]

    assert failure.count == 9
    assert failure.examples == tuple(f"/data/in/00000{item}.dcm" for item in range(5))


def test_without_rows_examples_are_numbers() -> None:
    """A fold can report before anybody opened the plan's rows."""
    report = fold(STORES, stamp([refused(2)])).report()

    assert report.jobs[2].failures[-1].examples == ("row 2",)


def test_associations_beyond_a_thousand_are_counted() -> None:
    """A peer that drops every association cannot fill the memory either."""
    events = [each for n in range(1, ASSOCIATIONS + 8) for each in (established("send_them", n), ended("send_them", n))]

    job = report_of(STORES, stamp(events)).jobs[2]

    assert len(job.associations) == ASSOCIATIONS
    assert job.associations_left_out == 7


def test_an_empty_log_is_a_report_as_well() -> None:
    """A process that died before its first event leaves a report that says so."""
    report = Fold(STORES).report()

    assert (report.run_id, report.started, report.finished, report.seconds) == ("", None, None, 0)
    assert [job.outcome for job in report.jobs] == [JobOutcome.NOT_RUN] * 3
    assert report.jobs[2].counts.not_sent == 4
    assert report.exit_code == 4
