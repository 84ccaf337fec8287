"""A send set that needs three hundred presentation contexts goes out in three associations, exactly as the plan said."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import dicomjobs, latest, store_yaml
from tests.support.instances import make_instance, make_uid
from tests.support.job_files import write
from tests.support.peers import storescp
from tests.support.recording_scp import RecordingScp, recording_scp

CLASSES = 300


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hundred instances of as many private SOP classes."""
    folder = tmp_path_factory.mktemp("private")
    for n in range(CLASSES):
        make_instance(folder / f"{n:03}.dcm", number=n, series=n, sop_class_uid=make_uid("private class", n), rows=4)
    return folder


def planned_contexts(plan: Any) -> list[list[tuple[int, str, list[str]]]]:
    """Return ID, abstract syntax and transfer syntaxes of each context of each planned association."""
    return [
        [
            (each["context_id"], each["abstract_syntax"], each["transfer_syntaxes"])
            for each in association["proposal"]["contexts"]
        ]
        for association in plan["jobs"][0]["step"]["associations"]
    ]


def proposed_contexts(scp: RecordingScp) -> list[list[tuple[int, str, list[str]]]]:
    """Return the same as the peer saw it."""
    return [
        [(each.context_id, each.abstract_syntax, list(each.transfer_syntaxes)) for each in request.contexts]
        for request in scp.requests
    ]


def test_what_the_saved_plan_says_is_what_the_peer_sees(tmp_path: Path, files: Path) -> None:
    """Contexts, their IDs and their order, and for each instance the association and the context it comes on."""
    with recording_scp() as scp:
        write(tmp_path, store_yaml(scp.port, files))
        planned = dicomjobs("plan", tmp_path / "job.yaml", "-o", tmp_path / "plan.json")
        ran = dicomjobs("run", tmp_path / "plan.json", "--reports", tmp_path / "reports")
        ends = [scp.next_end() for _ in scp.requests]

    run = latest(tmp_path / "reports")
    contexts = planned_contexts(run.plan)
    assert (planned.code, ran.code) == (0, 0)
    assert (tmp_path / "plan.json").read_bytes() == (run.path / "plan.json").read_bytes()
    assert [len(each) for each in contexts] == [128, 128, 44]
    assert all([each[0] for each in one] == list(range(1, 2 * len(one), 2)) for one in contexts)
    assert proposed_contexts(scp) == contexts
    assert ends == ["released"] * 3
    rows = (run.path / "plan-instances.jsonl").read_text().splitlines()
    assert len(scp.received) == len(rows) == CLASSES
    for received, row in zip(scp.received, rows, strict=True):
        assert f'"sop_instance_uid":"{received.command.sop_instance_uid}"' in row
        assert row.endswith(f'"context_id":{received.context_id}}}')


def test_the_text_plan_counts_the_associations_and_their_contexts(tmp_path: Path, files: Path) -> None:
    """This is what an administrator reads before a night's work."""
    write(tmp_path, store_yaml(11112, files))

    lines = dicomjobs("plan", tmp_path / "job.yaml").out.splitlines()

    assert any("300 to send" in line and "on 3 associations" in line for line in lines)
    assert [line.split(", ")[-1] for line in lines if line.startswith("  association ")] == [
        "128 presentation contexts",
        "128 presentation contexts",
        "44 presentation contexts",
    ]


def test_a_promiscuous_storescp_keeps_all_of_them(tmp_path: Path, files: Path) -> None:
    """It takes what it does not know."""
    with storescp(tmp_path, "--promiscuous") as peer:
        ran = dicomjobs("run", write(tmp_path, store_yaml(peer.port, files)), "--reports", tmp_path / "reports")
        kept = peer.files()

    job = latest(tmp_path / "reports").job("send")
    assert (ran.code, len(kept), job["counts"]["delivered"]) == (0, CLASSES, CLASSES)
    assert [(each["proposed"], each["accepted"]) for each in job["associations"]] == [(128, 128), (128, 128), (44, 44)]


def test_a_stock_storescp_takes_none_of_them_and_each_is_accounted_for(tmp_path: Path, files: Path) -> None:
    """No context is accepted: nothing can be sent, nothing is forgotten, and trying again would be of no use."""
    with storescp(tmp_path) as peer:
        ran = dicomjobs("run", write(tmp_path, store_yaml(peer.port, files)), "--reports", tmp_path / "reports")
        kept = peer.files()

    run = latest(tmp_path / "reports")
    assert (ran.code, kept) == (3, [])
    assert run.job("send")["counts"]["failed"] == CLASSES
    assert Counter(row["reason"] for row in run.rows) == {"no_presentation_context": CLASSES}


def test_the_embedded_peer_keeps_all_of_them(tmp_path: Path, files: Path) -> None:
    """It takes any storage class."""
    peer = "{embedded: {directory: kept}, called_ae_title: HERE}"
    text = store_yaml(0, files, peer=peer)

    ran = dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports")

    assert ran.code == 0
    assert latest(tmp_path / "reports").job("send")["counts"]["delivered"] == CLASSES
