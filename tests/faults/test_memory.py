"""Peers that want to fill our memory, met by a process of its own: what the operating system says it had at most is small."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.faults.asking import SCENARIOS as ASKING
from tests.faults.establishing import ASKED
from tests.support.command import peer_yaml, store_yaml
from tests.support.instances import make_instance
from tests.support.job_files import write
from tests.support.scripted_scp import Step, accept, read_message, repeat, scripted_sessions, send

MOST = 150 << 20
"""Bytes resident, the interpreter and all libraries included."""
MEASURED = """
import sys
from dicomjobs.cli.main import main
code = main(sys.argv[1:])
with open("/proc/self/status") as status:
    print(next(line.split()[1] for line in status if line.startswith("VmHWM")))
sys.exit(code)
"""
"""The command with its own peak in kB as its last word: what a parent is told of a child counts the parent's memory at the fork as well."""

FLOODS: dict[str, tuple[str, Sequence[Step]]] = {
    "1 GiB before the association": ("store", [ASKED, send(bytes.fromhex("020040000000")), repeat(bytes(1 << 20))]),
    "1 GiB in one PDU": (
        "store",
        [accept(), read_message(), send(bytes.fromhex("040040000000")), repeat(bytes(1 << 20))],
    ),
    "a match without end": ("find", next(each.script for each in ASKING if each.name == "an endless match")),
}


@pytest.mark.parametrize(("kind", "script"), FLOODS.values(), ids=FLOODS.keys())
def test_a_flood_does_not_get_into_memory(kind: str, script: Sequence[Step], tmp_path: Path) -> None:
    """The process ends, with an exit code that says that nothing was delivered."""
    (tmp_path / "files").mkdir()
    make_instance(tmp_path / "files" / "a.dcm", rows=4)
    clocks = "{connect: 2, acse: 2, dimse: 2, network: 2}"
    with scripted_sessions(script, last_again=True) as port:
        peer = peer_yaml(port, timeouts=clocks)
        text = store_yaml(port, tmp_path / "files", peer=peer, more="retry: {attempts: 1}, on_unknown: stop")
        if kind == "find":
            query = "{model: study, level: STUDY, keys: {StudyInstanceUID: , PatientID: P1}}"
            text = f"dicomjobs: 1\njobs:\n  ask: {{find: {{peer: {peer}, query: {query}}}}}\n"
        document = write(tmp_path, text)
        process = subprocess.run(
            [sys.executable, "-c", MEASURED, "run", str(document), "--reports", str(tmp_path / "reports")],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
        )

    assert process.returncode in {3, 8}
    assert int(process.stdout.split()[-1]) * 1024 < MOST
