"""The report as JUnit XML, which every CI server draws: a test case for each job and for each group of its failures.

Characters that XML 1.0 cannot hold are escaped before they are serialised: xml.etree would write them, and nothing could read them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from dicomjobs.dicom.escape import one_line
from dicomjobs.events import JobOutcome
from dicomjobs.report.phrases import code_words, example_text, failure_words, job_words
from dicomjobs.report.report import Failure, JobReport, Report

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2 Char


def render_junit(report: Report) -> str:
    """Return one test suite for the run, as a document of its own."""
    suite = ET.Element("testsuite", name=_safe(report.run_id))
    for job in report.jobs:
        suite.extend(_cases(job))
    _set_totals(suite, report)
    suites = ET.Element("testsuites", name="dicomjobs")
    for total in ("tests", "failures", "errors", "skipped", "time"):
        suites.set(total, suite.get(total, ""))
    suites.append(suite)
    ET.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _set_totals(suite: ET.Element, report: Report) -> None:
    """Count the cases of a suite, and put what is known of the run in front of them."""
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("errors", "0")
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
    suite.set("time", f"{report.seconds:.3f}")
    if report.started is not None:
        suite.set("timestamp", datetime.fromtimestamp(report.started, UTC).strftime("%Y-%m-%dT%H:%M:%S"))
    properties = ET.Element("properties")
    for name, value in (
        ("version", report.version),
        ("outcome", report.outcome.value),
        ("exit_code", str(report.exit_code)),
        ("exit_code_means", code_words(report)),
    ):
        ET.SubElement(properties, "property", name=name, value=_safe(value))
    suite.insert(0, properties)


def _cases(job: JobReport) -> Iterator[ET.Element]:
    """Give the case of a job, then one for each group of its failures."""
    case = ET.Element("testcase", classname=_class_name(job), name=_safe(job.name), time=f"{job.seconds:.3f}")
    words = _safe(job_words(job))
    match job.outcome:
        case JobOutcome.SUCCEEDED:
            pass
        case JobOutcome.NOT_RUN:
            ET.SubElement(case, "skipped", message=words)
        case JobOutcome.FAILED | JobOutcome.INTERRUPTED:
            first = _safe(failure_words(job.failures[0])) if job.failures else words
            ET.SubElement(case, "failure", type=job.outcome.value, message=first).text = words
    yield case
    yield from (_failure_case(job, failure) for failure in job.failures)


def _failure_case(job: JobReport, failure: Failure) -> ET.Element:
    """Return the case of a group of failures: skipped when the job was, since nothing was tried."""
    words = _safe(failure_words(failure))
    case = ET.Element("testcase", classname=_class_name(job), name=f"{_safe(job.name)}: {words}", time="0.000")
    if job.outcome is JobOutcome.NOT_RUN:
        ET.SubElement(case, "skipped", message=words)
        return case
    told = ET.SubElement(case, "failure", type=_safe(failure.reason), message=words)
    told.text = "\n".join(_safe(line) for line in _details(failure))
    return case


def _details(failure: Failure) -> Iterator[str]:
    """Give the lines below a failure's headline."""
    if failure.hint:
        yield f"try: {failure.hint}"
    yield from (f"e.g. {example_text(example)}" for example in failure.examples)


def _class_name(job: JobReport) -> str:
    """Return what CI servers group cases by."""
    return f"dicomjobs.{job.kind.value}"


def _safe(text: str) -> str:
    """Return text on one line with nothing in it that XML 1.0 or a terminal could choke on."""
    return _NOT_XML.sub(lambda match: f"\\u{ord(match[0]):04x}", one_line(text, len(text) * 10 + 1))
