"""The shipped schema: complete, described, and the same as the model it fills."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import fields
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from jsonschema import Draft202012Validator

from dicomjobs.config.durations import parse_duration
from dicomjobs.config.schema import document_schema
from dicomjobs.config.shape_mistakes import _EXPLANATIONS
from dicomjobs.dicom.tls_profiles import TlsProfile
from dicomjobs.model.association import AssociationProfile, ContextTemplate, Over128Contexts, ProposalPolicy, Role
from dicomjobs.model.data_set_form import NewVrs
from dicomjobs.model.job import (
    Duplicates,
    EchoJob,
    EmptyPolicy,
    EndWith,
    FindJob,
    ForEach,
    IfExists,
    Invention,
    Need,
    OnFailure,
    Output,
    OutputFormat,
    Split,
    StoreJob,
    Verify,
)
from dicomjobs.model.peer import AddressFamily, Allowance, Listener, MaximumPdu, Peer, Timeouts, UserIdentity
from dicomjobs.model.query import InformationModel, Negotiable, Query, QueryLevel
from dicomjobs.model.secret import SecretSource
from dicomjobs.model.send_set import Order, ReadMode, SendSet, Symlinks
from dicomjobs.model.tls import CertificateFormat, CrlCheck, TlsSettings

SCHEMA = document_schema()
DEFS: Mapping[str, Any] = SCHEMA["$defs"]

# Where a field's name is a term of the standard and the key is the short word a person types.
RENAMED = {
    "keys": "identifier",
    "presentation_contexts": "contexts",
    "embedded": "embedded_directory",
    "even_if": "even_if_failed",
}

INSTEAD = {"asconfig", "propose", "accepts"}
"""Keys that stand for the whole mapping, which then becomes another value; what a peer accepts is a value of its own."""

MODEL: tuple[tuple[Mapping[str, Any], type, set[str]], ...] = (
    (DEFS["peer"], Peer, {"name"}),
    (DEFS["peer"]["properties"]["timeouts"], Timeouts, set()),
    (DEFS["peer"]["properties"]["max_pdu"], MaximumPdu, set()),
    (DEFS["peer"]["properties"]["reports_at"], Listener, set()),
    (DEFS["tls"], TlsSettings, set()),
    (DEFS["user_identity"], UserIdentity, set()),
    (DEFS["association_profile"], AssociationProfile, {"name"}),
    (DEFS["propose"], ProposalPolicy, {"name", "roles", "extended_negotiation"}),
    (DEFS["presentation_context"], ContextTemplate, set()),
    (DEFS["query"], Query, {"name"}),
    (DEFS["send_set"], SendSet, {"name"}),
    (DEFS["need"], Need, set()),
    (DEFS["output"], Output, set()),
    (DEFS["echo"], EchoJob, {"name", "needs"}),
    (DEFS["split"], Split, set()),
    (DEFS["for_each"], ForEach, {"rows"}),
    (DEFS["find"], FindJob, {"name", "needs", "for_each"}),
    (DEFS["store"]["properties"]["invent"], Invention, set()),
    (DEFS["store"], StoreJob, {"name", "needs"}),
)
"""A schema, the dataclass it fills, and the fields that come from elsewhere."""

ENUMS: tuple[tuple[Mapping[str, Any], type[Enum]], ...] = (
    (DEFS["peer"]["properties"]["address_family"], AddressFamily),
    (DEFS["peer"]["properties"]["allow"]["items"], Allowance),
    (DEFS["tls"]["properties"]["format"], CertificateFormat),
    (DEFS["tls"]["properties"]["crl_check"], CrlCheck),
    (DEFS["tls"]["properties"]["profile"], TlsProfile),
    (DEFS["association_profile"]["properties"]["roles"]["additionalProperties"], Role),
    (DEFS["propose"]["properties"]["over_128_contexts"], Over128Contexts),
    (DEFS["query"]["properties"]["model"], InformationModel),
    (DEFS["query"]["properties"]["level"], QueryLevel),
    (DEFS["query"]["properties"]["negotiate"]["items"], Negotiable),
    (DEFS["output"]["properties"]["format"], OutputFormat),
    (DEFS["output"]["properties"]["if_exists"], IfExists),
    (DEFS["send_set"]["properties"]["symlinks"], Symlinks),
    (DEFS["send_set"]["properties"]["read"], ReadMode),
    (DEFS["send_set"]["properties"]["order"], Order),
    (DEFS["store"]["properties"]["on_failure"], OnFailure),
    (DEFS["store"]["properties"]["duplicates"], Duplicates),
    (DEFS["store"]["properties"]["verify"], Verify),
    (DEFS["find"]["properties"]["new_vrs"], NewVrs),
    (DEFS["store"]["properties"]["new_vrs"], NewVrs),
    (DEFS["ok_or_fail"], EmptyPolicy),
    (DEFS["end_with"], EndWith),
)


def subschemas(schema: Any) -> Iterator[Mapping[str, Any]]:
    """Yield a schema and every schema inside it."""
    yield schema
    for keyword, inner in schema.items():
        match keyword:
            case "properties" | "$defs":
                for each in inner.values():
                    yield from subschemas(each)
            case "items" | "additionalProperties" | "propertyNames" | "if" | "then" | "else" | "contains" | "not":
                if isinstance(inner, dict):
                    yield from subschemas(inner)


def properties() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every property a user may write."""
    for schema in subschemas(SCHEMA):
        if "additionalProperties" in schema:
            yield from schema.get("properties", {}).items()


def test_the_schema_is_one() -> None:
    """It is valid against its own metaschema, and its identifier has a version."""
    Draft202012Validator.check_schema(SCHEMA)

    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["$id"].endswith(":1")


def test_every_property_is_described_and_shown() -> None:
    """An editor has something to say about each of them."""
    lacking = [name for name, schema in properties() if not (schema.get("description") and schema.get("examples"))]

    assert lacking == []


def test_every_example_and_default_is_valid() -> None:
    """What is shown can be typed."""
    validator = Draft202012Validator(SCHEMA)
    for schema in subschemas(SCHEMA):
        shown = [*schema.get("examples", []), *([schema["default"]] if "default" in schema else [])]
        for example in shown:
            problems = list(validator.evolve(schema={**schema, "$defs": DEFS}).iter_errors(example))

            assert problems == [], f"{example!r}: {problems[0].message}"


def test_nothing_is_accepted_that_is_not_named() -> None:
    """A mapping has named keys and no others, or keys of the user's own choice that all look alike."""
    mappings = [schema for schema in subschemas(SCHEMA) if schema.get("type") == "object" and len(schema) > 1]
    loose = [
        schema
        for schema in mappings
        if schema.get("additionalProperties") is not False and not isinstance(schema.get("additionalProperties"), dict)
    ]

    assert len(mappings) > 20
    assert loose == []


def test_every_keyword_that_can_fail_has_words_for_it() -> None:
    """No message comes from the validator."""
    structure = {"$schema", "$id", "$defs", "$comment", "$ref", "title", "description", "examples", "default"}
    structure |= {"properties", "items", "propertyNames", "contains", "if", "then", "else"}
    used = {keyword for schema in subschemas(SCHEMA) for keyword in schema}

    assert used - structure == set(_EXPLANATIONS)


@pytest.mark.parametrize(("schema", "model", "elsewhere"), MODEL, ids=lambda part: getattr(part, "__name__", ""))
def test_a_schema_has_the_fields_of_its_dataclass(schema: Mapping[str, Any], model: type, elsewhere: set[str]) -> None:
    """Nothing is accepted and ignored, and nothing is missing."""
    assert {RENAMED.get(name, name) for name in schema["properties"].keys() - INSTEAD} | elsewhere == {
        field.name for field in fields(model)
    }


@pytest.mark.parametrize(("schema", "model", "elsewhere"), MODEL, ids=lambda part: getattr(part, "__name__", ""))
def test_a_key_that_may_be_absent_has_a_default_or_a_field_that_may_be_none(
    schema: Mapping[str, Any], model: type, elsewhere: set[str]
) -> None:
    """Defaults live in the schema; host, port and contexts are absent only where something stands for them."""
    hints = get_type_hints(model)
    for name, described in schema["properties"].items():
        may_be_absent = (
            name not in schema.get("required", ())
            and name not in {"host", "port", "even_if", "presentation_contexts"} | INSTEAD
        )
        if may_be_absent and "default" not in described:
            hint = hints[RENAMED.get(name, name)]

            assert get_origin(hint) in {types.UnionType, Union}, name
            assert type(None) in get_args(hint), name


@pytest.mark.parametrize(("schema", "words"), ENUMS, ids=lambda part: getattr(part, "__name__", ""))
def test_a_schema_has_the_words_of_its_enum(schema: Mapping[str, Any], words: type[Enum]) -> None:
    """In the same order, which is that of the documentation."""
    assert schema["enum"] == [word.value for word in words]


def test_a_secret_has_the_sources_of_its_enum() -> None:
    """Each source is a key."""
    assert list(DEFS["secret"]["properties"]) == [source.value for source in SecretSource]


@pytest.mark.parametrize("text", ["0", "90", "1.5", "90s", "10m", "2h", "7d", "0.5h"])
def test_a_duration_that_the_schema_accepts_has_a_length(text: str) -> None:
    """The schema and `parse_duration` agree on the forms."""
    Draft202012Validator(DEFS["duration"]).validate(text)

    assert parse_duration(text) is not None


@pytest.mark.parametrize("text", ["1e3", "90 sec", "", "s", "-1", "1:30", ".5"])
def test_a_duration_that_the_schema_refuses_has_none(text: str) -> None:
    """Neither of the two is more lenient here."""
    assert not Draft202012Validator(DEFS["duration"]).is_valid(text)
    assert parse_duration(text) is None


@pytest.mark.parametrize("key", ["port", "max_associations", "tls", "timeouts"])
def test_an_editor_lets_an_expression_stand_for_a_number(key: str) -> None:
    """An expression is text until it is resolved."""
    shapes = {"tls": {"verify_peer": "${verify}"}, "timeouts": {"acse": "${patience}"}}
    peer = {"host": "h", "port": 1, key: shapes.get(key, "${number}")}

    Draft202012Validator({**DEFS["peer"], "$defs": DEFS}).validate(peer)
