"""The page of options, profiles/README.md, has a row for every option of the programs that are replaced, and says what is true."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from dicomjobs.dcmtk.command_line import Program
from dicomjobs.dcmtk.findscu_meanings import FINDSCU_MEANINGS
from dicomjobs.dcmtk.findscu_options import FINDSCU
from dicomjobs.dcmtk.meanings import Meaning, options_table
from dicomjobs.dcmtk.storescu_meanings import STORESCU_MEANINGS
from dicomjobs.dcmtk.storescu_options import STORESCU
from tests.parity.storescu_differences import DIFFERENCES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "profiles" / "README.md"
SCHEMA = json.loads((ROOT / "schemas" / "dicomjobs.schema.json").read_text(encoding="utf-8"))

PROGRAMS: tuple[tuple[Program, Mapping[str, Meaning]], ...] = (
    (STORESCU, STORESCU_MEANINGS),
    (FINDSCU, FINDSCU_MEANINGS),
)

EVERY_PROGRAM = pytest.mark.parametrize(("program", "meanings"), PROGRAMS, ids=[each.name for each, _ in PROGRAMS])


def _section(program: Program) -> list[str]:
    """Return the lines of a program's table on the page."""
    text = PAGE.read_text(encoding="utf-8")
    section = text.partition(f"\n## {program.name}\n")[2].partition("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("|")]


@EVERY_PROGRAM
def test_the_page_says_what_every_option_becomes(
    program: Program, meanings: Mapping[str, Meaning], pytestconfig: pytest.Config
) -> None:
    """Word for word what the table in the program says; --update-golden writes it anew."""
    table = list(options_table(program, meanings))
    if pytestconfig.getoption("--update-golden"):
        text = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(text.replace("\n".join(_section(program)), "\n".join(table)), encoding="utf-8")

    assert _section(program) == table


@EVERY_PROGRAM
def test_every_option_of_the_manual_page_has_a_meaning(program: Program, meanings: Mapping[str, Meaning]) -> None:
    """No more and no less."""
    assert {option.long for option in program.options} | set(meanings) - {o.long for o in program.options} == set(
        meanings
    )
    assert all(meaning.words or meaning.keys for meaning in meanings.values())


@EVERY_PROGRAM
def test_every_key_that_is_named_is_one(program: Program, meanings: Mapping[str, Meaning]) -> None:
    """`peer.timeouts.acse` is a key of a key of a definition in the schema."""
    keys = {key for meaning in meanings.values() for key in meaning.keys}

    assert [key for key in sorted(keys) if not _is_a_key(key)] == [], program.name


def test_the_page_lists_the_differences_that_are_left_on_the_wire(pytestconfig: pytest.Config) -> None:
    """Those of the parity table, word for word."""
    listed = [f"- {difference.reason}" for difference in DIFFERENCES.values()]
    text = PAGE.read_text(encoding="utf-8")
    section = text.partition("\n### What differs on the wire\n")[2].partition("\n## ")[0]
    found = [line for line in section.splitlines() if line.startswith("- ")]
    if pytestconfig.getoption("--update-golden"):
        PAGE.write_text(text.replace("\n".join(found), "\n".join(listed)), encoding="utf-8")

    assert found == listed


def _is_a_key(key: str) -> bool:
    """Follow a key through the schema, from the definition or the key that it begins with."""
    first, *rest = key.split(".")
    return any(_leads_somewhere(start, rest) for start in _definitions(first))


def _definitions(name: str) -> Iterator[Any]:
    """Yield the definition of a name, and of its singular: outputs is a list of output."""
    for each in (name, name.removesuffix("s")):
        if each in SCHEMA["$defs"]:
            yield SCHEMA["$defs"][each]
    yield from (found for found in _properties(SCHEMA, name))


def _properties(schema: Any, name: str) -> Iterator[Any]:
    """Yield every property of a name, wherever it is declared."""
    if isinstance(schema, dict):
        if isinstance(properties := schema.get("properties"), dict) and name in properties:
            yield properties[name]
        for value in schema.values():
            yield from _properties(value, name)
    elif isinstance(schema, list):
        for value in schema:
            yield from _properties(value, name)


def _leads_somewhere(schema: Any, keys: list[str]) -> bool:
    """Say whether keys can be followed, one inside the other."""
    if not keys:
        return True
    found = _properties(_resolved(schema), keys[0])
    return any(_leads_somewhere(each, keys[1:]) for each in found)


def _resolved(schema: Any) -> Any:
    """Return a schema with the definition that it refers to."""
    reference = schema.get("$ref", "") if isinstance(schema, dict) else ""
    match = re.fullmatch(r"#/\$defs/(\w+)", reference)
    return {**schema, **SCHEMA["$defs"][match[1]]} if match else schema
