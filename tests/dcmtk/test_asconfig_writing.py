"""Any profile written as a file and read again is the same profile."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicomjobs.dcmtk.asconfig import find_profile, read_asconfig
from dicomjobs.dcmtk.asconfig_writing import asconfig_lines, classes_with_several_contexts, profile_name
from dicomjobs.diagnostics import Severity
from dicomjobs.dicom.uids import UidKind, uids_of_kind
from dicomjobs.model.association import AssociationProfile, ContextTemplate, ExtendedNegotiation, Role, RoleSelection

_SYNTAXES = st.sampled_from((*uids_of_kind(UidKind.TRANSFER_SYNTAX), "1.2.276.0.99.1"))
_CLASSES = st.sampled_from((*uids_of_kind(UidKind.STORAGE), *uids_of_kind(UidKind.SOP_CLASS), "1.2.276.0.99.2"))
_CONTEXTS = st.builds(
    ContextTemplate, abstract_syntax=_CLASSES, transfer_syntaxes=st.lists(_SYNTAXES, min_size=1, max_size=5).map(tuple)
)


@st.composite
def _profiles(draw: st.DrawFn) -> AssociationProfile:
    """Profiles as a document can have them: roles and extended negotiation about classes that are proposed, once each."""
    contexts = draw(st.lists(_CONTEXTS, min_size=1, max_size=128))
    classes = st.lists(st.sampled_from([context.abstract_syntax for context in contexts]), unique=True, max_size=4)
    digits = st.binary(min_size=1, max_size=20).map(bytes.hex)
    return AssociationProfile(
        name=draw(st.text(max_size=20)),
        contexts=tuple(contexts),
        roles=tuple(RoleSelection(sop_class_uid=uid, role=draw(st.sampled_from(Role))) for uid in draw(classes)),
        extended_negotiation=tuple(
            ExtendedNegotiation(sop_class_uid=uid, information=draw(digits)) for uid in draw(classes)
        ),
    )


@settings(max_examples=100, deadline=None)
@given(_profiles())
def test_what_is_written_is_read_again(profile: AssociationProfile) -> None:
    """Under the name that DCMTK keeps of its own."""
    content = "".join(f"{line}\n" for line in asconfig_lines(profile)).encode("ascii")

    asconfig, told = read_asconfig(content, "storescu.cfg")

    assert asconfig is not None
    assert {each.code for each in told} <= {"DJ537"}
    assert {each.severity for each in told} <= {Severity.WARNING}
    found = find_profile(asconfig, profile_name(profile.name))
    assert found is not None
    assert asconfig.association_profile(found, name=profile.name) == profile


@pytest.mark.parametrize(
    ("name", "kept"), [("ct", "ct"), ("both.ways", "bothways"), ("für CT", "frCT"), ("…", "Profile"), ("-_9", "-_9")]
)
def test_a_profile_is_named_so_that_it_can_be_asked_for(name: str, kept: str) -> None:
    """What DCMTK would drop is left out."""
    assert profile_name(name) == kept


def test_classes_that_storescp_refuses_are_known() -> None:
    """Those with more than one context, in order."""
    one, two = (
        ContextTemplate(abstract_syntax=uid, transfer_syntaxes=("1.2.840.10008.1.2",)) for uid in ("1.2", "1.3")
    )
    profile = AssociationProfile(name="x", contexts=(two, one, two, two), roles=(), extended_negotiation=())

    assert classes_with_several_contexts(profile) == ("1.3",)
