"""A peer that fails one instance in twenty, in eight ways: everything arrives in the end, and nothing is called delivered that did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command import RunDirectory, dicomjobs, latest, peer_yaml
from tests.support.instances import MadeInstance, make_study
from tests.support.job_files import write
from tests.support.lossy_archive import KEPT, Fault, LossyArchive, by_chance, lossy_archive

SHARE = 0.05
RUNS = 5
"""The same command so often at most."""
STUDY = 100


def make_instances(folder: Path, count: int) -> list[MadeInstance]:
    """Write so many small instances, in studies of a hundred."""
    studies = range(max(1, count // STUDY))
    return [
        made for study in studies for made in make_study(folder / f"{study}", min(STUDY, count), study=study, rows=0)
    ]


def run(folder: Path, archive: LossyArchive, lanes: int) -> tuple[int, RunDirectory]:
    """Run the job once; the waits are short, since the peer's troubles are."""
    peer = peer_yaml(archive.port, timeouts="{dimse: 0.5s, network: 5s}", max_associations=str(lanes))
    text = f"""\
dicomjobs: 1
state: {{directory: {folder}/state}}
jobs:
  send:
    store:
      peer: {peer}
      send_set: {{paths: [files]}}
      retry: {{first_wait: 0.01s, longest_wait: 0.1s, second_look: 0.01s, budget: 10m}}
"""
    ended = dicomjobs("run", write(folder, text), "--reports", folder / "reports")
    return ended.code, latest(folder / "reports")


def deliver(folder: Path, count: int, seed: int, lanes: int) -> tuple[LossyArchive, list[Counter[str]], list[int]]:
    """Run the same command until it has nothing left to do; every claim a report makes is held against what the archive kept."""
    made = make_instances(folder / "files", count)
    counts, codes = [], []
    with lossy_archive(made, by_chance(seed, SHARE)) as archive:
        for _ in range(RUNS):
            code, done = run(folder, archive, lanes)
            rows = done.rows
            codes.append(code)
            counts.append(Counter(row["outcome"] for row in rows))
            delivered = {row["sop_instance_uid"] for row in rows if row["outcome"].startswith("delivered")}
            skipped = {row["sop_instance_uid"] for row in rows if row["reason"] == "already_delivered"}
            assert len(rows) == count
            assert delivered | skipped <= archive.kept
            if code == 0:
                break
        assert archive.kept == {each.sop_instance_uid for each in made}
    return archive, counts, codes


def check(archive: LossyArchive, codes: list[int], count: int) -> None:
    """What holds however long it was."""
    assert codes[-1] == 0
    assert archive.came_again == set()
    assert set(archive.had) == set(Fault)
    assert sum(archive.had.values()) > count * SHARE / 2
    assert archive.queries > 0


@pytest.mark.parametrize(("count", "lanes"), [(2000, 1), (600, 3)])
def test_everything_arrives_through_a_peer_that_fails_one_in_twenty(tmp_path: Path, count: int, lanes: int) -> None:
    """On one association or several; nothing that was acknowledged is sent twice, nor what was kept without a good answer."""
    archive, counts, codes = deliver(tmp_path, count, seed=lanes, lanes=lanes)

    check(archive, codes, count)
    not_kept = sum(number for fault, number in archive.had.items() if fault not in KEPT)
    assert sum(archive.came.values()) <= count + not_kept, counts


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
def test_twenty_thousand_instances_arrive(
    tmp_path: Path, seed: int, record_testsuite_property: Callable[[str, object], None]
) -> None:
    """The long form: five seeds."""
    archive, counts, codes = deliver(tmp_path, 20_000, seed=100 + seed, lanes=1)

    check(archive, codes, 20_000)
    figures = f"{len(codes)} runs, {sum(archive.had.values())} faults, {archive.queries} queries, {dict(counts[0])}"
    record_testsuite_property(f"seed {seed}", figures)
