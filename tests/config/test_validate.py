"""The rules that a document's meaning has to keep; their words are in tests/examples/invalid/."""

from __future__ import annotations

from inspect import isfunction
from pathlib import Path

import pytest

from dicomjobs.config.validate import RULES
from dicomjobs.config.workspace import MissingParameters
from tests.support.job_files import codes, complaints


def peer(rest: str) -> str:
    """A document with one peer."""
    return f"peers: {{a: {{host: pacs, port: 104, {rest}}}}}\n"


IDENTITY = "user_identity: {username: jo}"
PIN = "ab" * 32


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        (IDENTITY, ["DJ513"]),
        (f"{IDENTITY}, allow: [identity_without_tls]", []),
        (f"{IDENTITY}, tls: {{system_trust: true}}", []),
        ("tls: {verify_peer: false}", ["DJ514"]),
        ("tls: {verify_peer: false}, allow: [unverified_peer]", []),
        ("tls: {verify_peer: false}, allow: [identity_without_tls]", ["DJ514"]),
        ("tls: {}", ["DJ515"]),
        ("tls: {trust: [ca.pem]}", []),
        ("tls: {system_trust: true}", []),
        (f"tls: {{verify_peer: false, pinned_sha256: [{PIN}]}}", []),
        (f"tls: {{verify_peer: false, verify_host_name: false, pinned_sha256: [{PIN}]}}", []),
        ("tls: {trust: [ca.pem], verify_host_name: false}", []),
        ("tls: {system_trust: true, verify_host_name: false}", ["DJ514"]),
        (f"tls: {{system_trust: true, verify_host_name: false, pinned_sha256: [{PIN}]}}", []),
        (f"tls: {{pinned_sha256: [{PIN}]}}", ["DJ515"]),
        ("tls: {trust: [ca.pem], profile: bcp195-rfc8996-modified-subset}", []),
        ("tls: {trust: [ca.pem], profile: bcp195-non-downgrading}", ["DJ550"]),
        ("tls: {trust: [ca.pem], profile: unencrypted}", ["DJ550", "DJ551"]),
        ("tls: {trust: [ca.pem], profile: unencrypted}, allow: [retired_tls, unencrypted_tls]", []),
        ("tls: {trust: [ca.pem], ciphers: [ECDHE-ECDSA-AES256-CCM8]}", []),
        ("tls: {trust: [ca.pem], ciphers: [ECDHE-RSA-AES256-SHA]}", ["DJ550"]),
        ("tls: {anonymous: true}", ["DJ552"]),
        ("tls: {anonymous: true, server_name: pacs}, allow: [anonymous_tls]", []),
        ("tls: {trust: [ca.pem], crl: [ca.crl]}", []),
        ("tls: {trust: [ca.pem], crl_check: leaf}", []),
        (f"{IDENTITY}, tls: {{trust: [ca.pem], profile: unencrypted}}, allow: [retired_tls, unencrypted_tls]", []),
        ("character_set: latin1", ["DJ512"]),
        ('character_set: "ISO 2022 IR 6\\\\ISO 2022 IR 87"', []),
    ],
)
def test_what_weakens_a_peer_must_be_said(tmp_path: Path, rest: str, expected: list[str]) -> None:
    """Patient data does not travel in the clear by an oversight."""
    assert codes(complaints(tmp_path, peer(rest))) == expected


@pytest.mark.parametrize("rest", ["tls: {system_trust: true}", f"{IDENTITY}, allow: [identity_without_tls]"])
def test_an_embedded_peer_has_neither_tls_nor_users(tmp_path: Path, rest: str) -> None:
    """It is there for demos and tests on this machine."""
    assert codes(complaints(tmp_path, f"peers: {{a: {{embedded: {{directory: d}}, {rest}}}}}\n")) == ["DJ521"]


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("roles: {CTImageStorage: scp}", []),
        ("roles: {1.2.840.10008.5.1.4.1.1.2: scp}", []),
        ("roles: {MRImageStorage: scp}", ["DJ516"]),
        ("extended_negotiation: {MRImageStorage: '00'}", ["DJ516"]),
        ("roles: {CTImageStorage: scp, 1.2.840.10008.5.1.4.1.1.2: scu}", ["DJ517"]),
        ("roles: {NoStorage: scp}", ["DJ509"]),
    ],
)
def test_negotiation_is_about_classes_that_are_proposed(tmp_path: Path, rest: str, expected: list[str]) -> None:
    """Once each, by name or by UID."""
    context = "{abstract_syntax: CTImageStorage, transfer_syntaxes: [ImplicitVRLittleEndian]}"
    text = f"association_profiles: {{ct: {{presentation_contexts: [{context}], {rest}}}}}\n"

    assert codes(complaints(tmp_path, text)) == expected


@pytest.mark.parametrize(
    ("model", "level", "keys", "expected"),
    [
        ("patient", "PATIENT", "", []),
        ("patient", "STUDY", "PatientID: A", []),
        ("patient", "STUDY", "", ["DJ519"]),
        ("patient", "IMAGE", "PatientID: A, StudyInstanceUID: 1.2, SeriesInstanceUID: 1.3", []),
        ("patient", "IMAGE", "PatientID: A*, StudyInstanceUID: [1.2, 1.3], SeriesInstanceUID: ", ["DJ519"] * 3),
        ("study", "PATIENT", "", ["DJ518"]),
        ("study", "STUDY", "", []),
        ("study", "SERIES", "StudyInstanceUID: 1.2", []),
        ("study", "SERIES", "", ["DJ519"]),
        ("patient_study_only", "STUDY", "PatientID: A", []),
        ("patient_study_only", "SERIES", "PatientID: A", ["DJ518"]),
    ],
)
def test_levels_belong_to_models_and_need_the_keys_above(
    tmp_path: Path, model: str, level: str, keys: str, expected: list[str]
) -> None:
    """A level that is not there is an error, a relational query a warning (PS3.4 C.4.1.2.2)."""
    text = f"queries: {{q: {{model: {model}, level: {level}, keys: {{{keys}}}}}}}\n"

    assert codes(complaints(tmp_path, text)) == expected


def jobs(text: str) -> str:
    """A document with a peer, a query, and jobs."""
    return f"{peer('called_ae_title: A')}queries: {{q: {{model: study, level: STUDY, keys: {{PatientID: }}}}}}\njobs:\n{text}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  a: {echo: {peer: a}}\n  b: {needs: [a], echo: {peer: a}}\n", []),
        ("  a: {needs: [b], echo: {peer: a}}\n  b: {echo: {peer: a}}\n", []),
        ("  a: {needs: [c], echo: {peer: a}}\n", ["DJ309"]),
        ("  a: {needs: [a], echo: {peer: a}}\n", ["DJ310"]),
        ("  a: {needs: [b], echo: {peer: a}}\n  b: {needs: [a], echo: {peer: a}}\n", ["DJ310"]),
        ("  a: {echo: {peer: nobody}}\n  b: {needs: [a], echo: {peer: a}}\n", ["DJ304"]),
    ],
)
def test_needs_are_jobs_and_lead_to_an_end(tmp_path: Path, text: str, expected: list[str]) -> None:
    """A job with a mistake of its own is there all the same."""
    assert codes(complaints(tmp_path, jobs(text))) == expected


def find(*outputs: str) -> str:
    """A job that queries."""
    return f"{{find: {{peer: a, query: q, outputs: [{', '.join(outputs)}]}}}}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (find("{format: csv, file: a.csv}", "{format: jsonl, file: a.jsonl}"), []),
        (find("{format: csv, file: a.csv}", "{format: jsonl, file: a.csv}"), ["DJ311"]),
        (find("{format: csv, file: x/../b/a.csv}", "{format: jsonl, file: b/a.csv}"), ["DJ311"]),
        (find("{format: csv, file: instances.csv}"), ["DJ313"]),
        (find("{format: csv, file: matches.csv}"), ["DJ313"]),
        (find("{format: jsonl, file: matches-find_ct.jsonl}"), ["DJ313"]),
        (find("{format: csv, file: ./instances.csv}"), []),
        (find("{format: csv, file: ./matches.csv}"), []),
        (find("{format: csv, file: ok/../out.csv}", "{format: jsonl, file: ./out.csv}"), ["DJ311"]),
        (find("{format: csv, file: a.csv, columns: [PatientID]}"), []),
        (find("{format: csv, file: a.csv, columns: ['00100020']}"), []),
        (find("{format: csv, file: a.csv, columns: [StudyDate]}"), ["DJ520"]),
        (find("{format: csv, file: a.csv, columns: [StudyDat]}"), ["DJ501"]),
    ],
)
def test_outputs_are_different_files_with_columns_that_were_asked_for(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    """Nothing overwrites another output or the report."""
    assert codes(complaints(tmp_path, jobs(f"  a: {text}"))) == expected


@pytest.mark.parametrize(
    ("abstract_syntax", "expected"),
    [("StudyRootQueryRetrieveInformationModelFind", []), ("ModalityWorklistInformationModelFind", ["DJ523"])],
)
def test_a_profile_proposes_what_the_query_needs(tmp_path: Path, abstract_syntax: str, expected: list[str]) -> None:
    """Otherwise the query would fail after the association was made."""
    profile = (
        "{presentation_contexts: "
        f"[{{abstract_syntax: {abstract_syntax}, transfer_syntaxes: [ImplicitVRLittleEndian]}}]}}"
    )

    assert (
        codes(complaints(tmp_path, jobs(f"  a: {{find: {{peer: a, query: q, association_profile: {profile}}}}}\n")))
        == expected
    )


@pytest.mark.parametrize(
    ("character_set", "name", "expected"),
    [
        ("ISO_IR 192", "Иванов^Иван", []),
        ("ISO_IR 144", "Иванов^Иван", []),
        ("ISO_IR 100", "Buc^Jérôme", []),
        ("ISO_IR 100", "Иванов^Иван", ["DJ524"]),
        ("ISO_IR 6", "Buc^Jérôme", ["DJ524"]),
        ("ISO_IR 6", "Buc^Jerome", []),
    ],
)
def test_a_name_can_be_written_in_the_peers_character_set(
    tmp_path: Path, character_set: str, name: str, expected: list[str]
) -> None:
    """The query could not be encoded otherwise; keys in sequences count."""
    query = f"{{model: worklist, keys: {{RequestedProcedureCodeSequence: [{{CodeMeaning: {name}}}]}}}}"
    text = f"{peer(f'character_set: {character_set}')}jobs: {{a: {{find: {{peer: a, query: {query}}}}}}}\n"

    assert codes(complaints(tmp_path, text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        peer('character_set: "${x}"'),
        peer('tls: {verify_peer: "${x}"}'),
        peer('tls: {system_trust: "${x}"}'),
        peer(f'{IDENTITY}, allow: ["${{x}}"]'),
        'queries: {q: {model: study, level: "${x}"}}\n',
        'queries: {q: {model: "${x}", level: STUDY}}\n',
        'queries: {q: {model: study, level: STUDY, keys: {StudyDate: "${x}", ModalitiesInStudy: [CT, "${x}"]}}}\n',
        jobs('  a: {echo: {peer: "${x}"}}\n'),
        jobs('  a: {needs: ["${x}", {job: "${x}"}], echo: {peer: a}}\n'),
        jobs("  a: " + find('{format: csv, file: a.csv, columns: ["${x}"]}')),
        'transfer_syntaxes: {a: ["${x}"]}\n',
    ],
)
def test_nothing_is_said_about_what_depends_on_a_value_nobody_gave(tmp_path: Path, text: str) -> None:
    """`check` cannot know what --set will say."""
    text = "parameters: {x: null}\n" + text

    assert complaints(tmp_path, text, missing=MissingParameters.TOLERATE) == ()


def test_every_rule_is_in_the_tuple() -> None:
    """A rule that is written and not listed would never be applied."""
    from dicomjobs.config import job_rules, peer_rules, profile_rules, query_rules, store_rules, tls_rules

    written = {
        function
        for module in (job_rules, peer_rules, profile_rules, query_rules, store_rules, tls_rules)
        for name, function in vars(module).items()
        if isfunction(function) and not name.startswith("_") and function.__module__ == module.__name__
    }

    assert set(RULES) == written


@pytest.mark.parametrize(
    ("character_set", "name", "expected"),
    [
        ("'\\ISO 2022 IR 87'", "Yamada^Tarou=\u5c71\u7530^\u592a\u90ce", []),
        ("'\\ISO 2022 IR 149'", "Hong=\u6d2a=\ud64d", []),
        ("'\\ISO 2022 IR 87'", "Hong=\u6d2a=\ud64d", ["DJ524"]),
        ("ISO_IR 126", "\u0394\u03b9", []),
        ("ISO_IR 100", "\u0394\u03b9", ["DJ524"]),
    ],
)
def test_a_text_has_to_fit_the_character_set_of_its_peer(
    tmp_path: Path, character_set: str, name: str, expected: list[str]
) -> None:
    """Those with code extensions included."""
    text = f"""\
jobs:
  ask:
    find:
      peer: {{host: pacs, port: 104, character_set: {character_set}}}
      query: {{model: study, level: STUDY, keys: {{PatientName: '{name}'}}}}
"""
    assert codes(complaints(tmp_path, text)) == expected
