"""report.json is what its schema says, and looks as it always did."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from dicomjobs.report.fold import Fold
from dicomjobs.report.json_report import render_json
from dicomjobs.resources import schema_text
from tests.support.golden import Golden
from tests.support.runs import HOSTILE, ended, established, make_plan, report_of, stamp, store_job
from tests.support.told_runs import RUNS, bad_run

SCHEMA: dict[str, Any] = json.loads(schema_text("report.schema.json"))
VALIDATOR = Draft202012Validator(SCHEMA)


def document_of(text: str) -> Any:
    """Return what a report says after it was found valid."""
    document = json.loads(text)
    VALIDATOR.validate(document)
    return document


def test_the_schema_is_one() -> None:
    """The schema itself is valid."""
    Draft202012Validator.check_schema(SCHEMA)


def described(schema: Any, at: str = "#") -> list[str]:
    """Return the places of all properties without a description of their own or of what they refer to."""
    missing = []
    for name, property_schema in schema.get("properties", {}).items():
        referred = SCHEMA["$defs"].get(property_schema.get("$ref", "").removeprefix("#/$defs/"), {})
        if not ("description" in property_schema or "description" in referred):
            missing.append(f"{at}/{name}")
    return missing


def test_every_property_is_described() -> None:
    """An editor shows what each key means."""
    assert described(SCHEMA) == []
    assert [described(each, name) for name, each in SCHEMA["$defs"].items() if described(each, name)] == []


@pytest.mark.parametrize("name", RUNS)
def test_a_report_is_valid_and_looks_as_it_always_did(name: str, golden: Golden) -> None:
    """Keys, order and forms are a contract with the programs that read them."""
    text = render_json(RUNS[name]())

    document_of(text)
    golden.check(f"reports/{name}.json", text)


def test_an_empty_log_makes_a_valid_report() -> None:
    """A process that died before its first event leaves a report all the same."""
    document = document_of(render_json(Fold(make_plan(store_job())).report()))

    assert (document["started"], document["exit_code"]) == (None, 4)


def test_associations_left_out_are_told() -> None:
    """A list that was cut says so."""
    log = stamp([established("send_them", 1003), ended("send_them", 1003)])

    document = document_of(render_json(report_of(make_plan(store_job()), log)))

    assert document["jobs"][0]["associations_left_out"] == 3
    assert document["jobs"][0]["associations"] == []


def test_hostile_text_comes_back_from_ascii() -> None:
    """Nothing raw is written, and nothing is lost."""
    text = render_json(RUNS["hostile"]())

    assert text.isascii()
    assert min(text.replace("\n", "")) >= " "
    assert json.loads(text)["jobs"][0]["name"] == HOSTILE


@pytest.mark.parametrize(
    "change",
    [
        {"exit_code": "0"},
        {"outcome": "fine"},
        {"started": "yesterday"},
        {"surprise": 1},
        {"dicomjobs_report": 2},
        {"jobs": [{}]},
    ],
)
def test_the_schema_refuses_what_is_no_report(change: dict[str, object]) -> None:
    """A schema that accepts everything would prove nothing."""
    document = json.loads(render_json(bad_run()))

    with pytest.raises(ValidationError):
        VALIDATOR.validate({**document, **change})
