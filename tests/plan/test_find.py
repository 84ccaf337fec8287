"""A find job as a step: its identifiers, and what is negotiated for them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dicomjobs.model.association import AssociationProfile, ExtendedNegotiation
from dicomjobs.model.data_set_form import NewVrs
from dicomjobs.model.job import EmptyPolicy, EndWith, FindJob, Padding
from dicomjobs.model.query import (
    Element,
    Identifier,
    InformationModel,
    Negotiable,
    Query,
    QueryLevel,
    in_words,
    overlay,
)
from dicomjobs.plan.find import assumed_character_set, plan_find
from tests.support.runs import make_peer

STUDY_ROOT = "1.2.840.10008.5.1.4.1.2.2.1"
LEVEL = Element(tag=0x00080052, vr="CS", values=("STUDY",))
NAME = Element(tag=0x00100010, vr="PN", values=("A",))
STEPS = 0x00400100
MODALITY, DATE = 0x00080060, 0x00400002


def _job(
    identifier: Identifier = (LEVEL,), *, files: tuple[str, ...] = (), negotiate: tuple[Negotiable, ...] = ()
) -> FindJob:
    """Return a job with one query."""
    query = Query(
        name="q",
        model=InformationModel.STUDY,
        level=QueryLevel.STUDY,
        files=files,
        identifier=identifier,
        strict=True,
        negotiate=negotiate,
    )
    return FindJob(
        name="ask",
        needs=(),
        peer=make_peer(),
        query=query,
        association_profile=None,
        outputs=(),
        cancel_after=0,
        max_matches=0,
        write_at_most=0,
        padding=Padding.KEEP,
        split=None,
        for_each=None,
        repeat=1,
        new_vrs=NewVrs.KEEP,
        if_no_match=EmptyPolicy.OK,
        end_with=EndWith.RELEASE,
    )


def _steps(*items: Identifier) -> Element:
    """Return a sequence."""
    return Element(tag=STEPS, vr="SQ", items=items)


def _text(tag: int, value: str) -> Element:
    """Return an element of short text."""
    return Element(tag=tag, vr="CS", values=(value,))


@pytest.mark.parametrize(
    ("base", "keys", "laid"),
    [
        ((NAME,), (LEVEL,), (LEVEL, NAME)),
        ((_text(MODALITY, "CT"),), (_text(MODALITY, "MR"),), (_text(MODALITY, "MR"),)),
        ((_text(MODALITY, "CT"),), (Element(tag=MODALITY, vr="CS"),), (Element(tag=MODALITY, vr="CS"),)),
        (
            (_steps((_text(MODALITY, "CT"), _text(DATE, "1"))),),
            (_steps((_text(MODALITY, "MR"),), (_text(DATE, "2"),)),),
            (_steps((_text(MODALITY, "MR"), _text(DATE, "1")), (_text(DATE, "2"),)),),
        ),
        ((_steps((_text(MODALITY, "CT"),)),), (_steps(),), (_steps((_text(MODALITY, "CT"),)),)),
        ((), (_steps(),), (_steps(),)),
    ],
)
def test_keys_are_laid_over_a_data_set_item_by_item(base: Identifier, keys: Identifier, laid: Identifier) -> None:
    """As findscu lays them: siblings stay, and a sequence named alone changes none that is there."""
    assert overlay(base, keys) == laid


def test_each_query_file_is_a_query_with_the_keys_laid_over_it() -> None:
    """In the order in which they are named."""
    job = _job(files=("/b.dcm", "/a.dcm"))
    read: dict[tuple[str, str], Identifier] = {("/a.dcm", "ISO_IR 192"): (NAME,), ("/b.dcm", "ISO_IR 192"): ()}

    step = plan_find(job, read)

    assert [(query.label, query.identifier) for query in step.queries] == [
        ("/b.dcm", (LEVEL,)),
        ("/a.dcm", (LEVEL, NAME)),
    ]
    assert step.asked == (LEVEL, NAME)


def test_text_in_files_is_assumed_to_be_in_what_the_keys_declare() -> None:
    """Else in what the peer speaks."""
    declared = Element(tag=0x00080005, vr="CS", values=("", "ISO 2022 IR 87"))

    assert assumed_character_set(_job((declared,))) == "\\ISO 2022 IR 87"
    assert assumed_character_set(_job()) == "ISO_IR 192"


@pytest.mark.parametrize(
    ("negotiate", "information"),
    [
        ((Negotiable.RELATIONAL,), "01"),
        ((Negotiable.FUZZY_NAMES,), "000001"),
        ((Negotiable.FUZZY_NAMES, Negotiable.RELATIONAL), "010001"),
        (tuple(Negotiable), "01010101"),
    ],
)
def test_what_a_query_negotiates_is_a_byte_each(negotiate: tuple[Negotiable, ...], information: str) -> None:
    """PS3.4 table C.5-1; bytes after the last that is wanted are left out."""
    step = plan_find(_job(negotiate=negotiate), {})

    assert step.proposal.extended_negotiation == (
        ExtendedNegotiation(sop_class_uid=STUDY_ROOT, information=information),
    )


def test_it_is_added_to_what_a_profile_negotiates() -> None:
    """About other classes."""
    other = ExtendedNegotiation(sop_class_uid="1.2.3", information="00")
    profile = AssociationProfile(name="p", contexts=(), roles=(), extended_negotiation=(other,))

    step = plan_find(replace(_job(negotiate=(Negotiable.RELATIONAL,)), association_profile=profile), {})

    assert [each.sop_class_uid for each in step.proposal.extended_negotiation] == ["1.2.3", STUDY_ROOT]


@pytest.mark.parametrize(
    ("sop_class_uid", "information", "words"),
    [
        (STUDY_ROOT, "010001", " (relational, fuzzy_names)"),
        (STUDY_ROOT, "0000000001", ""),
        (STUDY_ROOT, "", ""),
        ("1.2.840.10008.5.1.4.1.1.2", "01", ""),
    ],
)
def test_extended_negotiation_of_queries_is_told_in_words(sop_class_uid: str, information: str, words: str) -> None:
    """For other SOP classes the bytes mean something else."""
    assert in_words(ExtendedNegotiation(sop_class_uid=sop_class_uid, information=information)) == words
