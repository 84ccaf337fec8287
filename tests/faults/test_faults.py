"""The fault kit played: whatever a peer does, the run ends in time, tells the truth, and leaves nothing behind."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults import asking, establishing, securing, storing
from tests.faults.kit import Scenario, make_files, play
from tests.support.tls_keys import TlsKeys

SCENARIOS: list[Scenario] = [*establishing.SCENARIOS, *storing.SCENARIOS, *securing.SCENARIOS, *asking.SCENARIOS]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is sent to the peers."""
    folder = tmp_path_factory.mktemp("files")
    make_files(folder)
    return folder


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.title)
def test_a_fault_is_told_truthfully_and_leaves_nothing_behind(
    scenario: Scenario, files: Path, tmp_path: Path, tls_keys: TlsKeys
) -> None:
    """Outcome, reason, exit code, time, threads, descriptors, memory, report and silence."""
    play(scenario, files=files, folder=tmp_path, keys=tls_keys)


def test_a_dropped_syn_ends_with_the_connect_timeout(files: Path, tmp_path: Path, tls_keys: TlsKeys) -> None:
    """As by a firewall: a backlog that is full drops it."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        scenario = replace(establishing.establishing(3, "dropped", [], 4), port=server.getsockname()[1])

        play(scenario, files=files, folder=tmp_path, keys=tls_keys)


def test_there_are_as_many_scenarios_as_the_readme_says() -> None:
    """And no two of the same name."""
    assert len(SCENARIOS) >= 120
    assert len({scenario.title for scenario in SCENARIOS}) == len(SCENARIOS)
