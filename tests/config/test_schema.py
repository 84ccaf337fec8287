"""The shape of a document: texts become what their place says, defaults are added, mistakes are told where they are."""

from __future__ import annotations

from typing import Any

import pytest

from dicomjobs.config.documents import parse_document
from dicomjobs.config.nodes import Entry, Mapping, Scalar
from dicomjobs.config.places import Place, Places, Unresolved, nearest_place
from dicomjobs.config.schema import check_shape, document_schema
from dicomjobs.diagnostics import Diagnostic, Diagnostics, Location


def check(text: str) -> tuple[dict[str, Any], Places, Diagnostics]:
    """Check the shape of a document given as YAML, its version line added."""
    document, diagnostics = parse_document(f"dicomjobs: 1\n{text}".encode(), "job.yaml")

    assert diagnostics == ()
    assert document is not None
    return check_shape(document.root, schema=document_schema())


def value(text: str) -> dict[str, Any]:
    """Return the value of a document that has no mistakes."""
    checked, _, diagnostics = check(text)

    assert diagnostics == ()
    return checked


def only(text: str) -> Diagnostic:
    """Return the one thing that is wrong with a document."""
    (diagnostic,) = check(text)[2]
    return diagnostic


def keys(text: str) -> Any:
    """Return the keys of a query as they are after the check."""
    return value(f"queries: {{q: {{model: study, level: STUDY, keys: {{{text}}}}}}}")["queries"]["q"]["keys"]


@pytest.mark.parametrize(
    "typed", ["0012345", "10:30:00", "NO", "true", "null", "~", "1.10", "2026-01-01", "0x10", ".inf"]
)
def test_under_keys_everything_is_text(typed: str) -> None:
    """What the user typed is what is matched."""
    assert keys(f"PatientID: {typed}, 00100010: [{typed}]") == {"PatientID": typed, "00100010": [typed]}


def test_under_keys_nothing_is_a_return_key() -> None:
    """Nothing after the colon is None."""
    assert keys("PatientName: , PatientID: ") == {"PatientName": None, "PatientID": None}


def test_sequences_hold_items_that_hold_sequences() -> None:
    """Items are identifiers again, to any depth that YAML allows."""
    assert keys("A: [{B: 01, C: [{D: , E: [1, 2]}]}, {}]") == {
        "A": [{"B": "01", "C": [{"D": None, "E": ["1", "2"]}]}, {}]
    }


def test_a_parameter_is_text_or_null() -> None:
    """Nothing and null both mean that it must be given; a quoted null is a text."""
    parameters = value('parameters: {a: 007, b: , c: null, d: "null", e: NO}')["parameters"]

    assert parameters == {"a": "007", "b": None, "c": None, "d": "null", "e": "NO"}


@pytest.mark.parametrize(
    ("typed", "means"), [("104", 104), ("0104", 104), ("+104", 104), ("0x68", 104), ("0o150", 104), ("65535", 65535)]
)
def test_an_integer_is_read_by_the_core_schema(typed: str, means: int) -> None:
    """Decimal with leading zeros, hexadecimal and octal, as YAML 1.2 10.3.2 says."""
    assert value(f"peers: {{a: {{host: h, port: {typed}}}}}")["peers"]["a"]["port"] == means


@pytest.mark.parametrize("typed", ["1_000", "1.5", "1e2", "9" * 4000, "\uff11\uff10", "104s", "true", "0b11"])
def test_what_is_no_integer_is_none(typed: str) -> None:
    """Older YAML's forms, numbers nobody means and other scripts' digits are texts."""
    assert only(f"peers: {{a: {{host: h, port: {typed}}}}}").code == "DJ203"


def minimum_age(typed: str) -> Any:
    """Return a duration as it is after the check."""
    return value(f"send_sets: {{s: {{paths: [a], minimum_age: {typed}}}}}")["send_sets"]["s"]["minimum_age"]


@pytest.mark.parametrize(
    ("typed", "means"), [("90", 90), ("1.5", 1.5), ("90s", "90s"), ("2h", "2h"), ('"90"', "90"), ("1e2", 100.0)]
)
def test_a_duration_is_a_number_or_a_text(typed: str, means: object) -> None:
    """A number stays one, the rest is for `durations.parse_duration`."""
    assert minimum_age(typed) == means


@pytest.mark.parametrize("typed", [".inf", ".nan", "1e999", "1h30", "soon", '"90 "', '"90s\\n"', "-1", '"$${x}"'])
def test_a_duration_that_means_no_time_is_refused(typed: str) -> None:
    """Not finite, not positive, not a unit, not an expression any more."""
    assert only(f"send_sets: {{s: {{paths: [a], minimum_age: {typed}}}}}").code in {"DJ204", "DJ206"}


@pytest.mark.parametrize(("typed", "means"), [("true", True), ("True", True), ("FALSE", False), ("false", False)])
def test_a_truth_value_is_true_or_false(typed: str, means: object) -> None:
    """In the three spellings of the core schema."""
    assert value(f"send_sets: {{s: {{paths: [a], recursive: {typed}}}}}")["send_sets"]["s"]["recursive"] is means


@pytest.mark.parametrize("typed", ["yes", "on", "1", '"true"', '"${x}"'])
def test_anything_else_is_no_truth_value(typed: str) -> None:
    """Least of all an expression that nobody resolved."""
    assert only(f"send_sets: {{s: {{paths: [a], recursive: {typed}}}}}").code == "DJ203"


def test_defaults_come_from_the_schema_to_any_depth() -> None:
    """A peer that says only where it is has everything else."""
    assert value("peers: {a: {host: h, port: 104, timeouts: {acse: 5}}}")["peers"]["a"] == {
        "host": "h",
        "port": 104,
        "called_ae_title": "ANY-SCP",
        "calling_ae_title": "DICOMJOBS",
        "address_family": "auto",
        "timeouts": {"connect": "10s", "acse": 5, "dimse": "2m", "network": "60s"},
        "max_pdu": {"receive": 131072, "send": 131072},
        "max_associations": 1,
        "character_set": "ISO_IR 192",
        "allow": [],
    }


def test_defaults_reach_what_is_written_in_place() -> None:
    """A send set inside a job is a send set."""
    store = value("jobs: {j: {store: {peer: {embedded: {directory: d}}, send_set: {paths: [a]}}}}")["jobs"]["j"][
        "store"
    ]

    assert store["send_set"] == {
        "paths": ["a"],
        "recursive": True,
        "pattern": "*",
        "symlinks": "inside",
        "read": "auto",
        "order": "by_study",
        "where": {},
        "minimum_age": 0,
    }
    assert store["peer"]["max_associations"] == 1
    assert (store["on_failure"], store["duplicates"], store["if_empty"], store["end_with"]) == (
        "continue",
        "skip",
        "ok",
        "release",
    )


def test_two_documents_do_not_share_their_defaults() -> None:
    """A default that one document's user changes stays as it was for the next."""
    value("")["include"].append("x")

    assert value("")["include"] == []


def test_every_value_the_user_wrote_has_a_place_and_defaults_have_none() -> None:
    """The place of a key and of its value; an item has no key."""
    _, places, _ = check("transfer_syntaxes: {u: [A]}\n")

    assert places["transfer_syntaxes", "u"] == Place(
        key=Location(file="job.yaml", line=2, column=21, width=1), value=Location(file="job.yaml", line=2, column=24)
    )
    assert places["transfer_syntaxes", "u", 0] == Place(key=None, value=Location(file="job.yaml", line=2, column=25))
    assert ("jobs",) not in places


def test_the_nearest_place_of_a_default_is_what_is_around_it() -> None:
    """A diagnostic about a default has somewhere to point."""
    _, places, _ = check("peers: {a: {host: h, port: 104}}\n")

    assert nearest_place(places, ("peers", "a", "timeouts", "acse")) == places["peers", "a"]


def with_unresolved(text: str) -> tuple[dict[str, Any], Places, Diagnostics]:
    """Check a document in which every value that reads `later` depends on what nobody gave yet."""
    document, _ = parse_document(f"dicomjobs: 1\n{text}".encode(), "job.yaml")

    def mark(node: Any) -> Any:
        match node:
            case Scalar(text="later"):
                return Scalar(text="${later}", plain=True, location=node.location, unresolved=True)
            case Mapping(entries=entries):
                marked = tuple(Entry(key=entry.key, value=mark(entry.value)) for entry in entries)
                return Mapping(entries=marked, location=node.location)
            case _:
                return node

    assert document is not None
    return check_shape(mark(document.root), schema=document_schema())


def test_an_unresolved_scalar_is_valid_anywhere_a_scalar_is() -> None:
    """Numbers, words, durations and texts are not judged before they are known."""
    checked, _, diagnostics = with_unresolved(
        "peers: {a: {host: later, port: later, address_family: later, timeouts: {acse: later}, called_ae_title: later}}\n"
        "send_sets: {s: {paths: [a], recursive: later, where: {Modality: later}}}\n"
        "queries: {q: {model: worklist, keys: {PatientID: later}}}\n"
    )

    assert diagnostics == ()
    assert checked["peers"]["a"]["port"] == Unresolved(text="${later}")


def test_the_first_mistake_of_a_value_is_told_and_no_second() -> None:
    """An empty word is empty; that it is none of the words as well helps nobody."""
    assert only("queries: {q: {model: , level: STUDY}}").code == "DJ207"


def test_an_unknown_key_and_a_missing_one_are_two_mistakes() -> None:
    """Both are told, each in its place."""
    found = check("peers: {a: {hots: h, port: 1}}")[2]

    assert {(d.code, d.hint) for d in found} == {
        ("DJ201", "did you mean `host`?"),
        ("DJ202", "for example `host: pacs.example.org`"),
    }


def test_every_missing_key_is_named() -> None:
    """Also those that two rules ask for."""
    assert [d.summary for d in check("queries: {q: {}}")[2]] == [
        "missing key `model` in `queries.q`",
        "missing key `level` in `queries.q`",
    ]


def test_every_bad_name_in_a_section_is_told() -> None:
    """Names are checked one by one, and the caret stands under each."""
    found = check("jobs: {a b: {echo: {peer: p}}, .c: {echo: {peer: p}}}")[2]

    assert [(d.code, d.location.column) for d in found if d.location] == [("DJ206", 8), ("DJ206", 32)]


def test_a_text_is_matched_to_its_very_end() -> None:
    """A line end behind an AE title is no AE title, whatever Python's `$` says."""
    assert only('peers: {a: {host: h, port: 1, called_ae_title: "PACS\\n"}}').code == "DJ206"


def test_a_secret_in_the_file_is_refused_by_name() -> None:
    """The message does not repeat it."""
    diagnostic = only("peers: {a: {host: h, port: 1, user_identity: {username: u, passcode: swordfish}}}")

    assert diagnostic.code == "DJ208"
    assert "swordfish" not in diagnostic.summary + diagnostic.hint + diagnostic.detail
    assert "{env: NAME}" in diagnostic.hint


@pytest.mark.parametrize(
    "secret",
    ["{env: A}", "{file: a}", "{command: [a, 1]}", "{keyring: a/b}", "{prompt: a}", "{credential: a}", "{empty: true}"],
)
def test_a_secret_comes_from_one_place(secret: str) -> None:
    """Each of the seven."""
    value(f"peers: {{a: {{host: h, port: 1, user_identity: {{username: u, passcode: {secret}}}}}}}")


def test_a_flood_of_mistakes_is_cut() -> None:
    """Nobody reads on after a hundred."""
    assert len(check("".join(f"k{n}: 1\n" for n in range(3000)))[2]) == 100


def test_a_key_too_long_to_be_a_slip_is_not_compared() -> None:
    """Looking for what was meant takes no time, and the message stays short."""
    diagnostic = only(f"{'k' * 1000}: 1")

    assert len(diagnostic.summary) < 100
    assert "did you mean" not in diagnostic.hint


@pytest.mark.parametrize("depth", [2, 12])
def test_sequences_nest_as_deep_as_yaml_may(depth: int) -> None:
    """Recursion in the schema is no limit."""
    assert keys("A: " + "[{A: " * depth + "1" + "}]" * depth)["A"]
