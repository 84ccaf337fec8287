"""Names resolved."""

from __future__ import annotations

from pathlib import Path

from dicomjobs.config.documents import read_document
from dicomjobs.config.resolve import References, resolve_names
from dicomjobs.config.schema import check_shape, document_schema
from dicomjobs.diagnostics import Diagnostics
from tests.support.job_files import codes, write


def resolve(folder: Path, text: str) -> tuple[References, Diagnostics]:
    """Resolve the names of a document."""
    document, _ = read_document(write(folder, "dicomjobs: 1\n" + text))
    assert document is not None
    value, places, problems = check_shape(document.root, schema=document_schema())
    assert not problems
    return resolve_names(value, places=places)


def test_a_name_leads_to_its_definition_and_a_thing_in_place_to_itself(tmp_path: Path) -> None:
    """The rest of the pipeline need not tell them apart."""
    references, problems = resolve(
        tmp_path,
        "peers: {a: {host: x, port: 104}}\njobs: {one: {echo: {peer: a}}, two: {echo: {peer: {host: y, port: 104}}}}\n",
    )

    assert not problems
    assert references == {
        ("jobs", "one", "echo", "peer"): ("peers", "a"),
        ("jobs", "two", "echo", "peer"): ("jobs", "two", "echo", "peer"),
    }


def test_lists_of_transfer_syntaxes_are_found_in_profiles_wherever_they_are(tmp_path: Path) -> None:
    """In those that are named and in those that jobs write in place."""
    context = "{abstract_syntax: CTImageStorage, transfer_syntaxes: raw}"
    references, problems = resolve(
        tmp_path,
        "transfer_syntaxes: {raw: [ExplicitVRLittleEndian]}\n"
        f"association_profiles: {{ct: {{presentation_contexts: [{context}]}}}}\n"
        "jobs: {send: {store: {peer: {host: y, port: 104}, send_set: {paths: [x]}, "
        f"association_profile: {{presentation_contexts: [{context}]}}}}}}}}\n",
    )

    assert not problems
    assert [place for place, target in references.items() if target == ("transfer_syntaxes", "raw")] == [
        ("association_profiles", "ct", "presentation_contexts", 0, "transfer_syntaxes"),
        ("jobs", "send", "store", "association_profile", "presentation_contexts", 0, "transfer_syntaxes"),
    ]


def test_every_name_of_nothing_is_told(tmp_path: Path) -> None:
    """All at once, each with its own code."""
    references, problems = resolve(
        tmp_path,
        "jobs:\n  find: {find: {peer: a, query: b, association_profile: c}}\n  send: {store: {peer: a, send_set: d}}\n",
    )

    assert references == {}
    assert sorted(codes(problems)) == ["DJ304", "DJ304", "DJ305", "DJ306", "DJ307"]


def test_an_unused_definition_is_fine(tmp_path: Path) -> None:
    """Site files declare more than a job needs."""
    assert resolve(tmp_path, "peers: {a: {host: x, port: 104}}\n") == ({}, ())
