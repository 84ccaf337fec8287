"""plan.json: the same plan, the same bytes, and nothing else is taken for one."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from dicomjobs.model.peer import Allowance, Peer
from dicomjobs.model.query import Element
from dicomjobs.model.secret import SecretForm, SecretReference, SecretSource
from dicomjobs.model.tls import CrlCheck
from dicomjobs.plan.codec import decode_plan, encode_plan
from dicomjobs.plan.plan import FindStep, InputFile, Plan, PlannedQuery
from dicomjobs.plan.row_codec import StalePlan
from tests.support.runs import echo_job, find_job, make_peer, make_plan, store_job
from tests.support.wire import an_identity, tls_settings

SECRET = SecretReference(source=SecretSource.ENV, argument=("PACS_KEY",))


def _secured_peer() -> Peer:
    """Return a peer with everything optional set."""
    tls = tls_settings(
        certificate="/c.pem", key="/k.pem", key_password=SECRET, trust=("/ca.pem",), crl_check=CrlCheck.CHAIN
    )
    identity = an_identity(username="jo", passcode=SECRET, jwt=replace(SECRET, form=SecretForm.BYTES))
    return replace(make_peer(), tls=tls, user_identity=identity, allow=frozenset(Allowance))


def _rich_plan() -> Plan:
    """Return a plan with a job of every kind and an identifier with a sequence in it."""
    find = find_job()
    assert isinstance(find.step, FindStep)
    inner = (Element(tag=0x00080060, vr="CS", values=("CT",)),)
    identifier = (Element(tag=0x00400100, vr="SQ", items=(inner, ())),)
    step = replace(find.step, queries=(PlannedQuery(label="base.dcm", identifier=identifier),), repeat=2)
    plan = make_plan(echo_job(), replace(find, step=step), replace(store_job(), peer=_secured_peer()))
    return replace(plan, inputs=(InputFile(path="a.yaml", sha256="0" * 64),), state_directory="/state")


def test_a_plan_survives_the_round_trip() -> None:
    """Every field of every kind of step."""
    plan = _rich_plan()

    assert decode_plan(encode_plan(plan)) == plan


def test_the_same_plan_gives_the_same_bytes() -> None:
    """Sets have no order of their own, so they are sorted."""
    assert encode_plan(_rich_plan()) == encode_plan(_rich_plan())


def test_a_secret_is_a_pointer_in_the_plan() -> None:
    """The name of the variable, never its value."""
    head = json.loads(encode_plan(_rich_plan()))

    assert head["jobs"][2]["peer"]["tls"]["key_password"] == {"source": "env", "argument": ["PACS_KEY"], "form": "text"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not a plan.json"),
        ("[]", "not a plan.json"),
        ("{}", "not a plan.json"),
        ('{"dicomjobs_plan": 99}', "format version 99; this dicomjobs reads version 1"),
        ('{"dicomjobs_plan": 1}', "damaged"),
        ('{"dicomjobs_plan": 1, "surprise": 1}', "damaged: KeyError: 'unknown field surprise'"),
    ],
)
def test_anything_else_is_refused(text: str, words: str) -> None:
    """With a sentence."""
    with pytest.raises(StalePlan, match=words):
        decode_plan(text)


def test_a_value_of_the_wrong_type_is_damage() -> None:
    """A port that is text is not quietly taken."""
    text = encode_plan(_rich_plan()).replace('"port": 11112', '"port": "11112"', 1)

    with pytest.raises(StalePlan, match="'11112' is not int"):
        decode_plan(text)
