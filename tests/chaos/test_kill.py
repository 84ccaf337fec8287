"""Runs that are killed, interrupted or out of disk at any moment, and run again: everything arrives, nothing acknowledged is sent twice."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydicom import dcmread

from tests.chaos.failpoints import STEPS
from tests.chaos.trial import Trial, Zygote, figures, zygote
from tests.support.instances import MadeInstance, make_study
from tests.support.lossy_archive import LossyArchive, lossy_archive
from tests.support.peers import OrthancPeer, Peer, dcmqrscp, orthanc, storescp

FILES = 40
MOMENTS = [(step, when) for step in STEPS for when in ("before", "after")]

REAL_PEERS = {"dcmqrscp": 70_000, "orthanc": 80_000, "storescp": 90_000}
"""Each with the first of its seeds."""


@pytest.fixture(scope="module")
def nursery() -> Iterator[Zygote]:
    """The process that forks the runs of this module."""
    with zygote() as found:
        yield found


@pytest.fixture
def made(tmp_path: Path) -> list[MadeInstance]:
    """Instances of two series."""
    return make_study(tmp_path / "files", FILES, series=2, rows=8)


def trial_at(folder: Path, made: list[MadeInstance], nursery: Zygote, *, port: int, seed: int, **how: str) -> Trial:
    """Return a trial with everything it needs; with the ledger of another one it would have nothing left to send."""
    place = folder / f"trial-{seed}"
    assert not place.exists()
    return Trial(
        folder=place,
        files=folder / "files",
        made=made,
        zygote=nursery,
        port=port,
        called=how.get("called", "ANY-SCP"),
        on_unknown=how.get("on_unknown", "query"),
        chance=random.Random(seed),
    )


def check_archive(archive: LossyArchive, made: list[MadeInstance], *, query: bool) -> None:
    """Hold the story of a trial against what the archive saw, and let it forget."""
    assert archive.kept == {each.sop_instance_uid for each in made}
    if query:
        assert archive.came_again == set()
        assert max(archive.came.values()) == 1
    archive.kept.clear()
    archive.acknowledged.clear()
    archive.came.clear()
    archive.came_again.clear()


def test_killed_at_every_step(tmp_path: Path, made: list[MadeInstance], nursery: Zygote) -> None:
    """Before one and after the next, and some once more at another moment; an archive that counts sees each instance once."""
    with lossy_archive(made) as archive:
        for seed, (step, when) in enumerate(MOMENTS[index] for index in range(len(MOMENTS)) if index % 4 in {0, 3}):
            trial = trial_at(tmp_path, made, nursery, port=archive.port, seed=seed)
            code = trial.kill_at(step, when)
            assert code == -signal.SIGKILL or step == "recover", (step, when, trial.output())
            if seed % 3 == 0:
                trial.kill_at("recover" if seed % 2 else "commit", when)
            trial.finish()
            check_archive(archive, made, query=True)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=str)
def test_ended_at_any_moment(tmp_path: Path, made: list[MadeInstance], nursery: Zygote, number: signal.Signals) -> None:
    """By a kill, or by a signal that lets it finish what is in flight."""
    with lossy_archive(made) as archive:
        ended_at_moments(tmp_path, made, nursery, archive, number, 3)


def ended_at_moments(
    folder: Path, made: list[MadeInstance], nursery: Zygote, archive: LossyArchive, number: signal.Signals, count: int
) -> list[Trial]:
    """End runs at random moments, twice in a row each time."""
    trials = []
    for seed in range(count):
        trial = trial_at(folder, made, nursery, port=archive.port, seed=1000 * number + seed)
        for _ in range(2):
            trial.run(after=(trial.chance.uniform(0.01, 0.35), number))
        trial.finish()
        check_archive(archive, made, query=True)
        trials.append(trial)
    return trials


def test_without_a_query_everything_arrives_at_least_once(
    tmp_path: Path, made: list[MadeInstance], nursery: Zygote
) -> None:
    """`on_unknown: send` at an archive that cannot be asked: what was in doubt may have come twice, what was acknowledged not."""
    with lossy_archive(made) as archive:
        for seed, step in enumerate(("settled-mark", "commit", "send", "mark")):
            trial = trial_at(tmp_path, made, nursery, port=archive.port, seed=seed, on_unknown="send")
            trial.kill_at(step, "before")
            trial.finish()
            assert archive.queries == 0
            check_archive(archive, made, query=False)


def test_out_of_disk_at_any_moment(tmp_path: Path, made: list[MadeInstance], nursery: Zygote) -> None:
    """Exit code 7 or nothing noticed; with room again, the next run goes on where it stopped."""
    with lossy_archive(made) as archive:
        codes = out_of_disk(tmp_path, made, nursery, archive, 5)

    assert codes <= {0, 7}
    assert 7 in codes


def out_of_disk(folder: Path, made: list[MadeInstance], nursery: Zygote, archive: LossyArchive, count: int) -> set[int]:
    """Let no file grow beyond a random size, then finish; returns the exit codes of the runs without room."""
    codes = set()
    for seed in range(count):
        trial = trial_at(folder, made, nursery, port=archive.port, seed=5000 + seed)
        codes.add(trial.run(file_limit=trial.chance.randint(1, 400) * 1024))
        trial.finish()
        check_archive(archive, made, query=True)
    return codes


@contextmanager
def real_peer(name: str, folder: Path) -> Iterator[tuple[Peer, str]]:
    """Start a real peer; gives it, and what is to become of unknown instances there."""
    match name:
        case "dcmqrscp":
            with dcmqrscp(folder) as peer:
                yield peer, "query"
        case "orthanc":
            with orthanc(folder) as archive:
                yield archive, "query"
        case _:
            with storescp(folder) as receiver:
                yield receiver, "send"


def kept_by(peer: Peer) -> list[str]:
    """Return the SOP Instance UIDs that a real peer has, as its own store says: once for each copy, sorted."""
    if isinstance(peer, OrthancPeer):
        return peer.sop_instance_uids()
    files = [path for path in peer.files() if path.name != "index.dat"]
    return sorted(dcmread(path, specific_tags=["SOPInstanceUID"]).SOPInstanceUID for path in files)


@pytest.mark.parametrize("name", REAL_PEERS)
def test_at_real_peers(tmp_path: Path, made: list[MadeInstance], nursery: Zygote, name: str) -> None:
    """Killed at the step at which most can be lost, and at a random moment; the peer has everything in the end."""
    at_real_peer(tmp_path, made, nursery, name, 1)


def at_real_peer(folder: Path, made: list[MadeInstance], nursery: Zygote, name: str, count: int) -> list[Trial]:
    """Kill runs against a real peer, each trial with a peer that has nothing yet; in the end its store holds what was planned."""
    trials = []
    first = REAL_PEERS[name]
    for seed in range(first, first + count):
        with real_peer(name, folder / f"{name}-{seed}") as (peer, on_unknown):
            trial = trial_at(
                folder, made, nursery, port=peer.port, seed=seed, called=peer.ae_title, on_unknown=on_unknown
            )
            trial.kill_at(*trial.chance.choice([("settled-mark", "before"), ("send", "after"), ("commit", "before")]))
            trial.run(after=(trial.chance.uniform(0.05, 0.3), signal.SIGKILL))
            trial.finish()
            assert kept_by(peer) == sorted(each.sop_instance_uid for each in made)
            trials.append(trial)
    return trials


@pytest.mark.long
def test_three_hundred_trials(
    tmp_path: Path, made: list[MadeInstance], nursery: Zygote, record_testsuite_property: Callable[[str, object], None]
) -> None:
    """The long form: kills at every step and at any moment, signals, full disks, and all three real peers."""
    trials: list[Trial] = []
    with lossy_archive(made) as archive:
        for seed, (step, when) in enumerate(MOMENTS * 5):
            trial = trial_at(tmp_path, made, nursery, port=archive.port, seed=20_000 + seed)
            trial.kill_at(step, when)
            if seed % 3 == 0:
                trial.kill_at("recover" if seed % 2 else "commit", when)
            trial.finish()
            check_archive(archive, made, query=True)
            trials.append(trial)
        for number, count in ((signal.SIGKILL, 90), (signal.SIGTERM, 40), (signal.SIGINT, 40)):
            trials += ended_at_moments(tmp_path, made, nursery, archive, number, count)
        assert out_of_disk(tmp_path, made, nursery, archive, 40) <= {0, 7}
    for name in REAL_PEERS:
        trials += at_real_peer(tmp_path, made, nursery, name, 14)
    found = figures(trials)
    record_testsuite_property("trials", dict(found))
    assert found["killed"] >= 300
