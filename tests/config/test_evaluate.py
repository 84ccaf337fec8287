"""What expressions come out as."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dicomjobs.config.evaluate import Outcome, Scope, expand_text, package_folder
from dicomjobs.config.moment import moment_of, zone_of
from dicomjobs.config.parameters import MissingParameters, Parameter
from dicomjobs.config.rendering import PATH, PLAIN_TEXT, Kind, Usage
from dicomjobs.diagnostics import Location
from tests.support.job_files import NOW


def scope(**parameters: str) -> Scope:
    """A scope in Berlin on 21 November 2026, 23:30:45."""
    place = Location(file="job.yaml", line=1, column=1)
    return Scope(
        parameters={
            name: Parameter(name=name, value=value, location=place, given=False, known=True)
            for name, value in parameters.items()
        },
        moment=moment_of(NOW, at=None, zone=zone_of("Europe/Berlin")),
        missing=MissingParameters.REFUSE,
    )


def key_of(vr: str) -> Usage:
    """The value of an attribute with this VR."""
    return Usage(kind=Kind.ATTRIBUTE, vr=vr)


def code_of(outcome: Outcome) -> str:
    """The code of the only mistake."""
    (mistake,) = outcome.mistakes
    return mistake.code


@pytest.mark.parametrize(
    ("text", "usage", "expected"),
    [
        ("${today}", key_of("DA"), "20261121"),
        ("${now-24h}", key_of("DA"), "20261120"),
        ("${today-7d}-${today}", key_of("DA"), "20261114-20261121"),
        ("${now-2h}-", key_of("TM"), "213045-"),
        ("${now}", key_of("DT"), "20261121233045"),
        ("${today}", key_of("LO"), "20261121"),
        ("${today}", PLAIN_TEXT, "2026-11-21"),
        ("${now}", PATH, "2026-11-21T23:30:45"),
        ("x-${now:%Y%m%dT%H%M}.csv", PATH, "x-20261121T2330.csv"),
        ("$${today}", PLAIN_TEXT, "${today}"),
    ],
)
def test_a_time_takes_the_form_of_its_place(text: str, usage: Usage, expected: str) -> None:
    """DICOM's forms under keys, ISO 8601 elsewhere, or the form that is asked for."""
    assert expand_text(text, usage=usage, scope=scope()).text == expected


def test_a_parameter_is_worked_out_where_it_is_used() -> None:
    """The same date is written as DICOM wants it under keys, and as people do in a path."""
    here = scope(day="${today-1d}")

    assert expand_text("${day}", usage=key_of("DA"), scope=here).text == "20261120"
    assert expand_text("${day}", usage=PATH, scope=here).text == "2026-11-20"


def test_the_amount_of_an_offset_can_be_a_parameter() -> None:
    """`${today-${days}d}`, and nothing else can be put together so."""
    here = scope(days="3", kind="env:HOME")

    assert expand_text("${today-${days}d}", usage=key_of("DA"), scope=here).text == "20261118"
    assert code_of(expand_text("${${kind}}", usage=PLAIN_TEXT, scope=here)) == "DJ402"
    assert code_of(expand_text("${today-${kind}d}", usage=PLAIN_TEXT, scope=here)) == "DJ403"


def test_a_time_beyond_the_calendar_is_a_mistake() -> None:
    """There is no year before 1."""
    assert code_of(expand_text("${today-999999d}", usage=PLAIN_TEXT, scope=scope())) == "DJ403"


def test_an_environment_variable_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """`env:NAME`, empty ones too."""
    monkeypatch.setenv("SITE_HOST", "pacs")

    assert expand_text("${env:SITE_HOST}.example.org", usage=PLAIN_TEXT, scope=scope()).text == "pacs.example.org"


def test_a_variable_that_is_not_set_is_a_mistake_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """`check` runs where the variables of the real machine are not set, and tolerates that."""
    monkeypatch.delenv("SITE_HOST", raising=False)
    tolerant = replace(scope(), missing=MissingParameters.TOLERATE)

    assert code_of(expand_text("${env:SITE_HOST}", usage=PLAIN_TEXT, scope=scope())) == "DJ409"
    assert expand_text("${env:SITE_HOST}", usage=PLAIN_TEXT, scope=tolerant).unresolved


def test_a_package_is_found_without_being_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`package:NAME` is the folder of a package; modules and what is not there have none."""
    folder = tmp_path / "samples_of_ours" / "ct"
    folder.mkdir(parents=True)
    for file in (folder / "__init__.py", folder.parent / "__init__.py"):
        file.write_text("raise RuntimeError('imported')")
    (folder / "module.py").touch()
    monkeypatch.syspath_prepend(tmp_path)

    assert package_folder("samples_of_ours") == str(folder.parent)
    assert package_folder("samples_of_ours.ct") == str(folder)
    assert expand_text("${package:samples_of_ours}/x", usage=PATH, scope=scope()).text == f"{folder.parent}/x"
    none = ("no_such_package", "samples_of_ours.ct.module", "samples_of_ours.mr", "this", "a..b", "", "../x")
    assert [package_folder(name) for name in none] == [None] * len(none)


def test_no_time_is_known_where_the_timezone_itself_is_read() -> None:
    """It could not be told which day it is."""
    assert code_of(expand_text("${now:%Z}", usage=PLAIN_TEXT, scope=replace(scope(), moment=None))) == "DJ415"


@pytest.mark.parametrize("text", ["${a}", "${a}*", "x${a}"])
def test_nothing_under_keys_comes_out_empty(text: str) -> None:
    """`${patient}*` with an empty patient would match the whole archive just as well."""
    assert code_of(expand_text(text, usage=key_of("LO"), scope=scope(a=""))) == "DJ407"
    assert expand_text(text, usage=PLAIN_TEXT, scope=scope(a="")).mistakes == ()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("in/${a}/x", "../y"),
        ("in/${a}", "x/y"),
        ("in/${a}", ".."),
        ("in/${a}/x", "."),
        ("in/${a}/x", ""),
        ("in/.${a}", "."),
        ("${a}/x", "y/z"),
        ("${a}/x", ".."),
        ("${a}/x", "/data/../etc"),
        ("in/${a}", "x\0y"),
    ],
)
def test_inside_a_path_a_value_is_one_component(text: str, value: str) -> None:
    """A value from outside never leads to another folder than the file says."""
    assert code_of(expand_text(text, usage=PATH, scope=scope(a=value))) == "DJ408"


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("${a}", "../in/ct", "../in/ct"),
        ("${a}/x", "/data/in", "/data/in/x"),
        ("in/${a}.dcm", "ct..1", "in/ct..1.dcm"),
        ("in/x${a}", "..", "in/x.."),
    ],
)
def test_a_value_may_be_the_whole_path_or_the_absolute_beginning_of_one(text: str, value: str, expected: str) -> None:
    """Who gives the whole path, or its root, may say where it leads."""
    assert expand_text(text, usage=PATH, scope=scope(a=value)).text == expected


def test_parameters_made_of_parameters_do_not_grow_without_end() -> None:
    """Each is worked out once, and a text has a greatest length."""
    chain = {f"p{n}": f"${{p{n - 1}}}" * 100 for n in range(1, 40)}
    here = scope(p0="", **chain)
    longer = scope(p0="x" * 400, p1="${p0}" * 100)

    assert expand_text("${p39}", usage=PLAIN_TEXT, scope=here).text == ""
    assert code_of(expand_text("${p0}" * 100, usage=PLAIN_TEXT, scope=longer)) == "DJ414"
    assert expand_text("${p1}", usage=PLAIN_TEXT, scope=longer).unresolved


def test_a_mistake_is_placed_on_its_expression() -> None:
    """The second of two expressions is the wrong one."""
    (mistake,) = expand_text("${today}-${nobody}", usage=PLAIN_TEXT, scope=scope()).mistakes

    assert (mistake.offset, mistake.width) == (9, 9)
