"""From a checked document to model values."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomjobs.dicom.tls_profiles import TlsProfile
from dicomjobs.model.association import AssociationProfile, ContextTemplate, ExtendedNegotiation, Role, RoleSelection
from dicomjobs.model.job import (
    EchoJob,
    EmptyPolicy,
    EndWith,
    FindJob,
    IfExists,
    Job,
    Need,
    OnFailure,
    Output,
    OutputFormat,
    StoreJob,
)
from dicomjobs.model.peer import AddressFamily, Allowance, MaximumPdu, Timeouts, UserIdentity
from dicomjobs.model.secret import SecretForm, SecretReference, SecretSource
from dicomjobs.model.send_set import Condition, SendSetPath
from dicomjobs.model.tls import CertificateFormat, CrlCheck, TlsSettings
from tests.support.job_files import load
from tests.support.wire import an_identity

PEER = "{host: pacs, port: 104}"


def only_job(folder: Path, text: str) -> Job:
    """The one job of a document."""
    (job,) = load(folder, text).jobs
    return job


def store(folder: Path, text: str) -> StoreJob:
    """The one store job of a document that has `text` under `store:`."""
    job = only_job(folder, f"jobs: {{send: {{store: {{peer: {PEER}, {text}}}}}}}\n")
    assert isinstance(job, StoreJob)
    return job


def test_a_peer_has_the_schemas_defaults(tmp_path: Path) -> None:
    """Three lines are enough for a job."""
    peer = only_job(tmp_path, f"jobs: {{check: {{echo: {{peer: {PEER}}}}}}}\n").peer

    assert peer.name == "ANY-SCP@pacs:104"
    assert (peer.called_ae_title, peer.calling_ae_title) == ("ANY-SCP", "DICOMJOBS")
    assert peer.timeouts == Timeouts(connect=10.0, acse=30.0, dimse=120.0, network=60.0)
    assert peer.max_pdu == MaximumPdu(receive=131072, send=131072)
    assert (peer.max_associations, peer.character_set, peer.address_family) == (1, "ISO_IR 192", AddressFamily.AUTO)
    assert (peer.tls, peer.user_identity, peer.allow, peer.embedded_directory) == (None, None, frozenset(), None)


@pytest.mark.parametrize("written", ["archive_qr", "{host: qr, port: 105}"])
def test_a_peer_names_the_one_that_answers_its_queries(written: str, tmp_path: Path) -> None:
    """By name or in place; that one answers for itself."""
    peers = (
        f"peers: {{archive: {{host: pacs, port: 104, queries_at: {written}}}, archive_qr: {{host: qr, port: 105}}}}\n"
    )
    peer = only_job(tmp_path, peers + "jobs: {check: {echo: {peer: archive}}}\n").peer

    assert peer.queries_at
    assert (peer.queries_at.host, peer.queries_at.port, peer.queries_at.queries_at) == ("qr", 105, None)


def test_a_peer_in_its_place_names_one_too(tmp_path: Path) -> None:
    """The same key, the same meaning."""
    text = (
        "jobs: {check: {echo: {peer: {host: pacs, port: 104, queries_at: qr}}}}\npeers: {qr: {host: qr, port: 105}}\n"
    )
    peer = only_job(tmp_path, text).peer

    assert peer.queries_at
    assert peer.queries_at.name == "qr"


def test_everything_a_peer_can_say(tmp_path: Path) -> None:
    """Every key arrives, paths are absolute, secrets stay pointers."""
    text = """
        peers:
          archive:
            host: pacs.example.org
            port: 11112
            called_ae_title: NO
            calling_ae_title: 0123
            address_family: ipv6
            timeouts: {connect: 1, acse: 2s, dimse: 3m, network: 4h}
            max_pdu: {receive: 4096, send: 1048576}
            max_associations: 4
            character_set: ISO_IR 100
            tls:
              certificate: c.pem
              key: keys/k.pem
              key_password: {file: secret}
              trust: [ca.pem, /etc/ca.pem]
              system_trust: true
              server_name: archive.example.org
              verify_host_name: false
              crl: [ca.crl]
              crl_check: chain
              profile: aes
              ciphers: [TLS_RSA_WITH_AES_256_CBC_SHA, ECDHE-RSA-AES256-GCM-SHA384]
              pinned_sha256:
                - AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB
                - 1111111111111111111111111111111111111111111111111111111111111111
            user_identity: {username: jo, passcode: {command: [pass, show, pacs]}, positive_response: true}
            allow: [retired_tls, identity_without_tls]
        jobs: {check: {echo: {peer: archive}}}
        """
    peer = only_job(tmp_path, text).peer

    assert (peer.name, peer.host, peer.port) == ("archive", "pacs.example.org", 11112)
    assert (peer.called_ae_title, peer.calling_ae_title) == ("NO", "0123")
    assert (peer.address_family, peer.max_associations, peer.character_set) == (AddressFamily.IPV6, 4, "ISO_IR 100")
    assert peer.timeouts == Timeouts(connect=1.0, acse=2.0, dimse=180.0, network=14_400.0)
    assert peer.max_pdu == MaximumPdu(receive=4096, send=1_048_576)
    assert peer.tls == TlsSettings(
        certificate=str(tmp_path / "c.pem"),
        key=str(tmp_path / "keys/k.pem"),
        key_password=SecretReference(source=SecretSource.FILE, argument=(str(tmp_path / "secret"),)),
        format=CertificateFormat.PEM,
        anonymous=False,
        trust=(str(tmp_path / "ca.pem"), "/etc/ca.pem"),
        system_trust=True,
        crl=(str(tmp_path / "ca.crl"),),
        crl_check=CrlCheck.CHAIN,
        profile=TlsProfile.AES,
        ciphers=("TLS_RSA_WITH_AES_256_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
        server_name="archive.example.org",
        verify_peer=True,
        verify_host_name=False,
        pinned_sha256=("ab" * 32, "1" * 64),
    )
    assert peer.user_identity == UserIdentity(
        username="jo",
        passcode=SecretReference(source=SecretSource.COMMAND, argument=("pass", "show", "pacs")),
        kerberos=None,
        saml=None,
        jwt=None,
        positive_response=True,
    )
    assert peer.allow == {Allowance.RETIRED_TLS, Allowance.IDENTITY_WITHOUT_TLS}


@pytest.mark.parametrize("kind", ["kerberos", "saml", "jwt"])
def test_a_ticket_is_bytes_and_not_text(tmp_path: Path, kind: str) -> None:
    """Nothing is dropped from it and no encoding asked of it."""
    text = (
        "peers: {a: {host: pacs, port: 104, allow: [identity_without_tls], "
        f"user_identity: {{{kind}: {{file: ticket}}}}}}}}\njobs: {{check: {{echo: {{peer: a}}}}}}\n"
    )
    identity = only_job(tmp_path, text).peer.user_identity
    ticket = SecretReference(source=SecretSource.FILE, argument=(str(tmp_path / "ticket"),), form=SecretForm.BYTES)

    assert identity == an_identity(**{kind: ticket})


@pytest.mark.parametrize(
    ("secret", "reference"),
    [
        ("{env: PACS}", SecretReference(source=SecretSource.ENV, argument=("PACS",))),
        ("{keyring: pacs/jo}", SecretReference(source=SecretSource.KEYRING, argument=("pacs", "jo"))),
        ("{prompt: Passcode}", SecretReference(source=SecretSource.PROMPT, argument=("Passcode",))),
        ("{credential: pacs}", SecretReference(source=SecretSource.CREDENTIAL, argument=("pacs",))),
        ("{empty: true}", SecretReference(source=SecretSource.EMPTY, argument=())),
    ],
)
def test_every_kind_of_secret_is_a_pointer(tmp_path: Path, secret: str, reference: SecretReference) -> None:
    """Nothing is opened before it is needed."""
    text = (
        "peers: {a: {host: pacs, port: 104, allow: [identity_without_tls], "
        f"user_identity: {{username: jo, passcode: {secret}}}}}}}\njobs: {{check: {{echo: {{peer: a}}}}}}\n"
    )
    identity = only_job(tmp_path, text).peer.user_identity

    assert identity is not None
    assert identity.passcode == reference


def test_an_embedded_peer_is_on_this_machine(tmp_path: Path) -> None:
    """Its port is not known before it runs."""
    job = only_job(tmp_path, "jobs: {check: {echo: {peer: {embedded: {directory: received/}}}}}\n")

    assert (job.peer.name, job.peer.host, job.peer.port) == ("embedded", "127.0.0.1", 0)
    assert job.peer.embedded_directory == str(tmp_path / "received")


def test_a_send_set_has_absolute_paths(tmp_path: Path) -> None:
    """What was typed is kept beside them."""
    found = store(tmp_path, "send_set: {paths: [/data/in, in/*.dcm, ../x/], minimum_age: 1m}").send_set

    assert found.name == "send.send_set"
    assert found.paths == (
        SendSetPath(path="/data/in", written="/data/in"),
        SendSetPath(path=str(tmp_path / "in/*.dcm"), written="in/*.dcm"),
        SendSetPath(path=str(tmp_path.parent / "x"), written="../x/"),
    )
    assert (found.recursive, found.pattern, found.minimum_age, found.where) == (True, "*", 60.0, ())


def test_a_pattern_means_nothing_special_in_the_files_own_folder(tmp_path: Path) -> None:
    """A job file may be in a folder that is named like a pattern."""
    folder = tmp_path / "[ct]"
    folder.mkdir()
    found = store(folder, 'send_set: {paths: ["*.dcm", one.dcm]}').send_set

    assert [path.path for path in found.paths] == [str(tmp_path / "[[]ct]/*.dcm"), str(folder / "one.dcm")]


def test_conditions_are_attributes(tmp_path: Path) -> None:
    """A list or one value, by keyword or by tag, UIDs by their names, dates in the form of their VR."""
    text = 'send_set: {paths: [x], where: {Modality: [CT, MR], "(0008,0016)": CTImageStorage, StudyDate: "${today}"}}'

    assert store(tmp_path, text).send_set.where == (
        Condition(keyword="Modality", tag=0x00080060, vr="CS", creator="", values=("CT", "MR")),
        Condition(keyword="SOPClassUID", tag=0x00080016, vr="UI", creator="", values=("1.2.840.10008.5.1.4.1.1.2",)),
        Condition(keyword="StudyDate", tag=0x00080020, vr="DA", creator="", values=("20261121",)),
    )


def test_a_condition_is_a_private_attribute_by_its_creator_or_its_name(tmp_path: Path) -> None:
    """In whichever block a file has it; by its tag alone it is in one."""
    (tmp_path / "site.dic").write_text('(0019,"ACME",22)\tDS\tDetectorSpacing\t1\n')
    where = """{DetectorSpacing: 1.5, '(0019,"ACME",23)': 41, "(0019,1022)": 2}"""
    text = f"dictionaries: [site.dic]\njobs: {{s: {{store: {{peer: {{host: a, port: 1}}, send_set: {{paths: [x], where: {where}}}}}}}}}"
    (job,) = load(tmp_path, text).jobs
    assert isinstance(job, StoreJob)

    assert [(each.keyword, each.tag, each.vr, each.creator) for each in job.send_set.where] == [
        ("DetectorSpacing", 0x00190022, "DS", "ACME"),
        ('(0019,"ACME",23)', 0x00190023, "UN", "ACME"),
        ("(0019,1022)", 0x00191022, "UN", ""),
    ]


def test_an_association_profile_is_all_uids(tmp_path: Path) -> None:
    """Names of PS3.6, of DCMTK and bare UIDs; lists of transfer syntaxes by name or in place."""
    text = """
        transfer_syntaxes: {uncompressed: [ExplicitVRLittleEndian, LittleEndianImplicit]}
        association_profiles:
          ct:
            presentation_contexts:
              - {abstract_syntax: CTImageStorage, transfer_syntaxes: uncompressed}
              - {abstract_syntax: 1.2.840.10008.5.1.4.1.1.4, transfer_syntaxes: [JPEG2000Lossless]}
            roles: {CTImageStorage: both}
            extended_negotiation: {1.2.840.10008.5.1.4.1.1.4: 020003000000}
        jobs:
          send:
            store: {peer: {host: pacs, port: 104}, send_set: {paths: [x]}, association_profile: ct}
        """
    job = only_job(tmp_path, text)

    assert isinstance(job, StoreJob)
    assert isinstance(job.association_profile, AssociationProfile)
    assert job.association_profile.contexts == (
        ContextTemplate(
            abstract_syntax="1.2.840.10008.5.1.4.1.1.2",
            transfer_syntaxes=("1.2.840.10008.1.2.1", "1.2.840.10008.1.2"),
        ),
        ContextTemplate(abstract_syntax="1.2.840.10008.5.1.4.1.1.4", transfer_syntaxes=("1.2.840.10008.1.2.4.90",)),
    )
    assert job.association_profile.roles == (RoleSelection(sop_class_uid="1.2.840.10008.5.1.4.1.1.2", role=Role.BOTH),)
    assert job.association_profile.extended_negotiation == (
        ExtendedNegotiation(sop_class_uid="1.2.840.10008.5.1.4.1.1.4", information="020003000000"),
    )


def test_everything_a_find_job_can_say(tmp_path: Path) -> None:
    """A bare output file stays one, any other becomes absolute; columns are keywords."""
    text = """
        jobs:
          first: {echo: {peer: {host: pacs, port: 104}}}
          find:
            needs: [first, {job: first, even_if: failed}]
            find:
              peer: {host: pacs, port: 104}
              query: {model: study, level: STUDY, keys: {PatientID: , 00080020: }}
              outputs:
                - {format: csv, file: studies.csv, columns: ["(0010,0020)", StudyDate], if_exists: fail}
                - {format: jsonl, file: "./${today}.jsonl"}
              cancel_after: 10
              max_matches: 20
              if_no_match: fail
              end_with: abort
        """
    _, job = load(tmp_path, text).jobs

    assert isinstance(job, FindJob)
    assert job.needs == (Need(job="first", even_if_failed=False), Need(job="first", even_if_failed=True))
    assert job.outputs == (
        Output(
            format=OutputFormat.CSV,
            file="studies.csv",
            directory=None,
            columns=("PatientID", "StudyDate"),
            if_exists=IfExists.FAIL,
        ),
        Output(
            format=OutputFormat.JSONL,
            file=str(tmp_path / "2026-11-21.jsonl"),
            directory=None,
            columns=(),
            if_exists=IfExists.REPLACE,
        ),
    )
    assert (job.cancel_after, job.max_matches) == (10, 20)
    assert (job.if_no_match, job.end_with, job.association_profile) == (EmptyPolicy.FAIL, EndWith.ABORT, None)


def test_a_store_job_has_the_schemas_defaults(tmp_path: Path) -> None:
    """It goes on after a failure and sends no instance twice."""
    job = store(tmp_path, "send_set: {paths: [x]}")

    assert (job.on_failure, job.duplicates.value, job.if_empty, job.end_with) == (
        OnFailure.CONTINUE,
        "skip",
        EmptyPolicy.OK,
        EndWith.RELEASE,
    )
    assert job.association_profile is None


def test_the_same_thing_is_built_for_a_name_and_in_place(tmp_path: Path) -> None:
    """Only what it is called differs."""
    text = f"peers: {{archive: {PEER}}}\njobs:\n  a: {{echo: {{peer: archive}}}}\n  b: {{echo: {{peer: {PEER}}}}}\n"
    named, in_place = load(tmp_path, text).jobs

    assert isinstance(named, EchoJob)
    assert isinstance(in_place, EchoJob)
    assert (named.peer.name, in_place.peer.name) == ("archive", "ANY-SCP@pacs:104")
    assert (named.peer.host, named.peer.timeouts) == (in_place.peer.host, in_place.peer.timeouts)
