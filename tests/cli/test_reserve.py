"""A disk that fills up during a run: the account of it is written all the same, and the next run goes on from there."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from dicomjobs.cli.reserve import LEDGER_BYTES, RESERVE_BYTES, keep_reserve, use_reserve_if_full
from tests.support.command import dicomjobs, dicomjobs_process, latest, peer_yaml, store_yaml
from tests.support.instances import make_study
from tests.support.job_files import write
from tests.support.peers import skip_or_fail_in_ci
from tests.support.recording_scp import Received, recording_scp

FILES = 200


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with a little more room than a run asks for."""
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={LEDGER_BYTES + (4 << 20)}", "tmpfs", str(place)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        skip_or_fail_in_ci(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", place], check=True)


def fill(place: Path) -> None:
    """Leave no room at all."""
    disk = os.statvfs(place)
    with (place / "filler").open("ab", buffering=0) as filler:
        for _ in range(disk.f_bavail):
            filler.write(bytes(disk.f_bsize))


def test_a_disk_that_fills_up_stops_the_run_and_not_its_account(tmp_path: Path, small_disk: Path) -> None:
    """Exit code 7 and a whole report; what is acknowledged is known to the next run, which sends only what is left."""
    made = make_study(tmp_path / "files", FILES, rows=0)
    arrived: list[str] = []

    def answer(received: Received) -> int:
        uid = received.command.sop_instance_uid
        if not uid:
            return 0  # a C-FIND: what was in flight when the run died is looked up first
        arrived.append(uid)
        if len(arrived) == FILES // 4:
            fill(small_disk)
        return 0

    with recording_scp(answer) as scp:
        text = store_yaml(scp.port, tmp_path / "files") + f"state: {{directory: {small_disk}}}\n"
        job = write(tmp_path, text)
        full = dicomjobs_process("run", job)
        told = latest(small_disk / "reports")
        rows = told.rows
        (small_disk / "filler").unlink()
        again = dicomjobs("run", job)

    assert (full.code, told.report["exit_code"], again.code) == (7, 7, 0)
    assert len(rows) == FILES
    counts = Counter(row["outcome"] for row in rows)
    assert counts["delivered"] >= 1
    assert counts["not_sent"] + counts["unknown"] >= 1
    assert set(arrived) == {each.sop_instance_uid for each in made}
    acknowledged_twice = [uid for uid, count in Counter(arrived).items() if count > 1]
    delivered = {row["sop_instance_uid"] for row in rows if row["outcome"] == "delivered"}
    assert not delivered & set(acknowledged_twice)


def test_the_reserve_is_real_room_that_is_given_back_when_there_is_no_other(small_disk: Path) -> None:
    """Taken once, and again after it was used."""
    keep_reserve(small_disk)
    keep_reserve(small_disk)
    path = small_disk / "reserve"

    assert path.stat().st_blocks * 512 >= RESERVE_BYTES
    use_reserve_if_full(small_disk)
    assert path.exists()
    fill(small_disk)
    use_reserve_if_full(small_disk)
    assert not path.exists()
    with (small_disk / "report").open("wb", buffering=0) as report:
        assert report.write(bytes(RESERVE_BYTES // 2)) == RESERVE_BYTES // 2


def test_a_run_does_not_begin_without_room_for_its_account(tmp_path: Path, small_disk: Path) -> None:
    """Exit code 7, nothing sent, nothing left behind."""
    make_study(tmp_path / "files", 1, rows=0)
    fill(small_disk)
    with recording_scp() as scp:
        job = write(tmp_path, store_yaml(scp.port, tmp_path / "files") + f"state: {{directory: {small_disk}}}\n")
        ended = dicomjobs("run", job)

    assert (ended.code, scp.requests) == (7, [])
    assert "No space left on device" in ended.err


def test_a_run_that_sends_does_not_begin_without_room_for_its_ledger(tmp_path: Path, small_disk: Path) -> None:
    """Exit code 7 with what is there and what is needed; a run that only asks needs no ledger."""
    make_study(tmp_path / "files", 1, rows=0)
    (small_disk / "filler").write_bytes(bytes(4 << 20))
    state = f"state: {{directory: {small_disk}}}\n"
    with recording_scp() as scp:
        job = write(tmp_path, store_yaml(scp.port, tmp_path / "files") + state)
        checked, ended = dicomjobs("check", "--here", job), dicomjobs("run", job)
        sent = len(scp.requests)
        echo = f"dicomjobs: 1\njobs: {{ask: {{echo: {{peer: {peer_yaml(scp.port)}}}}}}}\n"
        asked = dicomjobs("run", write(tmp_path, echo + state))

    assert (checked.code, ended.code, sent, asked.code) == (2, 7, 0, 0)
    words = "only {} MiB are free in {}; a run that sends needs {} MiB there for its ledger"
    advice = "free some, or name another folder under `state: {directory: …}`"
    assert f"state folder: {words.format(64, small_disk, 65)}" in checked.err
    assert f"= {advice}" in checked.err
    assert ended.err == f"dicomjobs run: {words.format(62, small_disk, 64)}: {advice}; nothing was sent\n"
