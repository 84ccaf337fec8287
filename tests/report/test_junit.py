"""JUnit XML that parses back, whatever a peer says, with totals that are right."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from dicomjobs.report.fold import Fold
from dicomjobs.report.junit import render_junit
from tests.support.golden import Golden
from tests.support.runs import make_plan, store_job
from tests.support.told_runs import RUNS, bad_run, clean_run, crashed_run, hostile_run


def suite_of(text: str) -> ET.Element:
    """Parse a document and return its one suite."""
    suites = ET.fromstring(text)

    assert suites.tag == "testsuites"
    assert len(suites) == 1
    return suites[0]


@pytest.mark.parametrize("name", RUNS)
def test_the_document_looks_as_it_always_did(name: str, golden: Golden) -> None:
    """CI servers are particular about names and attributes."""
    golden.check(f"reports/{name}.junit.xml", render_junit(RUNS[name]()))


@pytest.mark.parametrize("name", RUNS)
def test_totals_are_what_is_there(name: str) -> None:
    """The numbers of the suite are those of its cases, and the document's are those of the suite."""
    suite = suite_of(text := render_junit(RUNS[name]()))

    assert suite.get("tests") == str(len(suite.findall("testcase")))
    assert suite.get("failures") == str(len(suite.findall("testcase/failure")))
    assert suite.get("skipped") == str(len(suite.findall("testcase/skipped")))
    whole = ET.fromstring(text)
    assert {key: whole.get(key) for key in ("tests", "failures", "skipped")} == {
        key: suite.get(key) for key in ("tests", "failures", "skipped")
    }


def test_there_is_a_case_for_each_job_and_each_group_of_failures() -> None:
    """Names begin with the job's."""
    report = bad_run()

    names = [case.get("name", "") for case in suite_of(render_junit(report)).findall("testcase")]

    assert len(names) == sum(1 + len(job.failures) for job in report.jobs)
    assert [name for name in names if ":" not in name] == [job.name for job in report.jobs]


def test_a_clean_run_is_green() -> None:
    """No failures, nothing skipped."""
    suite = suite_of(render_junit(clean_run()))

    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "0", "0")


def test_a_job_that_did_not_run_is_skipped() -> None:
    """What was not tried is not a failure, and no success either."""
    cases = suite_of(render_junit(bad_run())).findall("testcase")

    skipped = [case.get("name") for case in cases if case.find("skipped") is not None]
    assert skipped == ["copy_them", "copy_them: 2 instances: the job send_them, which this one needs, did not succeed"]


def test_a_crash_is_red() -> None:
    """A job that could not end is a failure."""
    suite = suite_of(render_junit(crashed_run()))

    assert int(suite.get("failures", "")) == 2


def test_hostile_text_parses_back_escaped() -> None:
    """What XML cannot hold is spelled out before it is written."""
    text = render_junit(hostile_run())

    name = suite_of(text).get("name", "")
    assert name == "\\x1b[31mred\\x0d\\x0anext\\u202egnp.exe\\x00\\udc80\\ufffe<&>"


def test_an_empty_log_is_a_suite_as_well() -> None:
    """A run of which nothing is known is still drawn."""
    suite = suite_of(render_junit(Fold(make_plan(store_job())).report()))

    assert suite.get("timestamp") is None
    assert suite.get("skipped") == "2"
