"""From a checked document to how files are sent: what is proposed for them, what is done to them, what becomes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomjobs.diagnostics import Severity
from dicomjobs.dicom.sop_classes import DCMTK_64
from dicomjobs.dicom.transfer_syntaxes import FALLBACK
from dicomjobs.model.association import Over128Contexts, ProposalPolicy, Role
from dicomjobs.model.data_set_form import NewVrs
from dicomjobs.model.job import Invention, StoreJob
from dicomjobs.model.sent_files import PutAway, SentFiles
from tests.support.job_files import codes, complaints, load


def store(folder: Path, text: str) -> StoreJob:
    """The one store job of a document that has `text` under `store:`."""
    (job,) = load(folder, f"jobs: {{send: {{store: {{peer: {{host: pacs, port: 104}}, {text}}}}}}}\n").jobs
    assert isinstance(job, StoreJob)
    return job


def test_a_proposal_from_files_is_all_uids(tmp_path: Path) -> None:
    """Names, UIDs and the words for what is proposed most; nothing twice."""
    text = """
        association_profiles:
          some: {propose: {sop_classes: [CTImageStorage, 1.2.3, CTImageStorage], preferred: [JPEGLosslessSV1], fallback: none}}
        jobs:
          plain: {store: {peer: {host: a, port: 1}, send_set: {paths: [x]}, association_profile: {propose: {}}}}
          some: {store: {peer: {host: a, port: 1}, send_set: {paths: [y]}, association_profile: some}}
          all:
            store:
              peer: {host: a, port: 1}
              send_set: {paths: [z]}
              association_profile: {propose: {sop_classes: dcmtk_64, combine: true, over_128_contexts: fail}, roles: {CTImageStorage: scp}}
        """
    plain, some, every = (job.association_profile for job in load(tmp_path, text).jobs if isinstance(job, StoreJob))

    assert plain == ProposalPolicy(
        name="plain.association_profile",
        sop_classes=(),
        preferred=("1.2.840.10008.1.2.1",),
        fallback=FALLBACK,
        combine=False,
        over_128_contexts=Over128Contexts.SPLIT,
        roles=(),
        extended_negotiation=(),
    )
    assert isinstance(some, ProposalPolicy)
    assert some.sop_classes == ("1.2.840.10008.5.1.4.1.1.2", "1.2.3")
    assert some.transfer_syntaxes == (("1.2.840.10008.1.2.4.70",),)
    assert isinstance(every, ProposalPolicy)
    assert (every.sop_classes, every.transfer_syntaxes) == (DCMTK_64, (FALLBACK,))
    assert [role.role for role in every.roles] == [Role.SCP]


@pytest.mark.parametrize(
    ("propose", "code"),
    [
        ("sop_classes: [CTImageStorge]", "DJ509"),
        ("sop_classes: [ExplicitVRLittleEndian]", "DJ511"),
        ("preferred: [CTImageStorage]", "DJ510"),
        ("fallback: [CTImageStorage]", "DJ510"),
        ("fallback: [Nothing]", "DJ509"),
        ("fallback: some", "DJ205"),
        ("sop_classes: all", "DJ205"),
        ("preferred: []", "DJ207"),
    ],
)
def test_a_proposal_that_names_something_else_is_refused_where_it_stands(
    tmp_path: Path, propose: str, code: str
) -> None:
    """In the words that fixed contexts have for it."""
    found = complaints(tmp_path, f"association_profiles: {{a: {{propose: {{{propose}}}}}}}\n")
    (problem,) = [each for each in found if each.severity is Severity.ERROR]

    assert problem.code == code
    assert problem.location is not None
    assert problem.location.line == 2


def test_contexts_stand_beside_no_proposal_and_one_of_them_must_be_there(tmp_path: Path) -> None:
    """Both, and neither."""
    context = "presentation_contexts: [{abstract_syntax: CTImageStorage, transfer_syntaxes: [ImplicitVRLittleEndian]}]"

    assert codes(complaints(tmp_path, f"association_profiles: {{a: {{propose: {{}}, {context}}}}}\n")) == ["DJ209"]
    assert codes(complaints(tmp_path, "association_profiles: {a: {roles: {}}}\n")) == ["DJ202"]


def test_what_is_done_to_data_sets_and_files_on_the_way(tmp_path: Path) -> None:
    """Defaults inside of what is given, and absolute folders."""
    plain = store(tmp_path, "send_set: {paths: [x]}")
    some = store(
        tmp_path, "send_set: {paths: [x]}, invent: {series_per_study: 4}, sent_files: {move: sent}, new_vrs: as_ob"
    )

    assert (plain.invent, plain.new_vrs, plain.compression_level, plain.repeat) == (None, NewVrs.KEEP, 6, 1)
    assert plain.sent_files == SentFiles(put_away=PutAway.KEEP, directory="")
    assert some.invent == Invention(instances_per_series=100, series_per_study=4, studies_per_patient=25)
    assert some.sent_files == SentFiles(put_away=PutAway.MOVE, directory=str(tmp_path / "sent"))
    assert some.new_vrs is NewVrs.AS_OB
