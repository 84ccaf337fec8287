"""Real DICOM peers (DCMTK, Orthanc) as context managers, each on 127.0.0.1, a port and a folder of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest

LOOPBACK = "127.0.0.1"
READY_SECONDS = 20.0
END_SECONDS = 10.0
POLL_SECONDS = 0.02
PORT_ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A running peer; `directory` is where it keeps what it receives (or serves), `log` its captured output."""

    host: str
    port: int
    ae_title: str
    directory: Path
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def address(self) -> str:
        """The peer as AET@host:port, the way `dicomjobs echo` takes it."""
        return f"{self.ae_title}@{self.host}:{self.port}"

    def files(self) -> list[Path]:
        """The files in the directory and below, in order of their paths."""
        return sorted(path for path in self.directory.rglob("*") if path.is_file())


@dataclass(frozen=True, slots=True, kw_only=True)
class OrthancPeer(Peer):
    """A running Orthanc, with its REST API on loopback."""

    http_port: int

    def rest(self, path: str) -> Any:
        """The JSON answer of a GET on the REST API, for example `/statistics`."""
        return _get_json(self.http_port, path)

    def count_instances(self) -> int:
        """How many instances Orthanc holds."""
        return int(self.rest("/statistics")["CountInstances"])

    def sop_instance_uids(self) -> list[str]:
        """The SOP Instance UIDs that Orthanc holds, sorted."""
        return sorted(row["MainDicomTags"]["SOPInstanceUID"] for row in self.rest("/instances?expand"))


def need_program(name: str) -> str:
    """The path of a program that the tests run as a peer; without it skip, or fail where CI is set."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")
    if path is None:
        skip_or_fail_in_ci(f"{name} is not installed: apt-get install dcmtk orthanc")
    return path


def skip_or_fail_in_ci(reason: str) -> NoReturn:
    """Skip a test that this machine cannot run; where CI is set fail it, because nobody reads what CI skips."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def run_program(
    name: str, *args: object, nodelay: bool = False, seconds: float = 60.0
) -> subprocess.CompletedProcess[str]:
    """Run one of DCMTK's programs (echoscu, findscu, dcmodify, ...) to its end, output captured as text."""
    command = [need_program(name), *map(str, args)]
    return subprocess.run(
        command,
        env=_environment(nodelay=nodelay),
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds,
        check=False,
    )


@contextmanager
def storescp(tmp_path: Path, *args: str, nodelay: bool = False, ae_title: str = "STORESCP") -> Iterator[Peer]:
    """DCMTK's storescp, writing to `<tmp_path>/storescp-N/received`; `args` are options of its own, as `+xa` or `-ta 5`."""
    folder = _new_folder(tmp_path, "storescp")
    received = folder / "received"
    received.mkdir()
    program = need_program("storescp")

    def command(port: int) -> list[str]:
        return [program, "-aet", ae_title, "-od", str(received), *args, str(port)]

    with _running(command, folder, nodelay=nodelay) as (process, port):
        yield Peer(
            host=LOOPBACK, port=port, ae_title=ae_title, directory=received, log=folder / "output.txt", process=process
        )


@contextmanager
def dcmqrscp(
    tmp_path: Path,
    *args: str,
    nodelay: bool = False,
    ae_title: str = "QRSCP",
    destinations: Mapping[str, int] | None = None,
) -> Iterator[Peer]:
    """DCMTK's dcmqrscp with one writable storage area open to anyone; `destinations` are C-MOVE's AE titles and loopback ports."""
    folder = _new_folder(tmp_path, "dcmqrscp")
    area = folder / "area"
    area.mkdir()
    configuration = folder / "dcmqrscp.cfg"
    configuration.write_text(_dcmqrscp_configuration(ae_title, area, destinations or {}), encoding="ascii")
    program = need_program("dcmqrscp")

    def command(port: int) -> list[str]:
        return [program, "-c", str(configuration), *args, str(port)]

    with _running(command, folder, nodelay=nodelay) as (process, port):
        yield Peer(
            host=LOOPBACK, port=port, ae_title=ae_title, directory=area, log=folder / "output.txt", process=process
        )


@contextmanager
def wlmscpfs(tmp_path: Path, *args: str, nodelay: bool = False, ae_title: str = "WLMSCPFS") -> Iterator[Peer]:
    """DCMTK's worklist SCP; it answers from the `*.wl` files in `directory`, read anew for each query."""
    folder = _new_folder(tmp_path, "wlmscpfs")
    items = folder / ae_title
    items.mkdir()
    (items / "lockfile").touch()
    program = need_program("wlmscpfs")

    def command(port: int) -> list[str]:
        return [program, "-dfp", str(folder), *args, str(port)]

    with _running(command, folder, nodelay=nodelay) as (process, port):
        yield Peer(
            host=LOOPBACK, port=port, ae_title=ae_title, directory=items, log=folder / "output.txt", process=process
        )


@contextmanager
def orthanc(tmp_path: Path, *, ae_title: str = "ORTHANC", **settings: object) -> Iterator[OrthancPeer]:
    """Debian's Orthanc as shipped, open to any AE; `settings` are laid over its configuration."""
    folder = _new_folder(tmp_path, "orthanc")
    storage = folder / "storage"
    configuration = folder / "orthanc.json"
    program = need_program("Orthanc")
    rest_ports: dict[int, int] = {}

    def command(port: int) -> list[str]:
        rest_ports[port] = free_port()
        document = _orthanc_configuration(ae_title, storage, port, rest_ports[port]) | settings
        configuration.write_text(json.dumps(document, indent=2), encoding="ascii")
        return [program, str(configuration)]

    def is_ready(port: int) -> bool:
        return _listens(port) and _answers_http(rest_ports[port])

    with _running(command, folder, is_ready=is_ready) as (process, port):
        yield OrthancPeer(
            host=LOOPBACK,
            port=port,
            ae_title=ae_title,
            directory=storage,
            log=folder / "output.txt",
            process=process,
            http_port=rest_ports[port],
        )


def free_port() -> int:
    """A TCP port of 127.0.0.1 that was free a moment ago."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


class _EndedEarlyError(Exception):
    """A program ended before it was ready, most often since somebody else had taken the port."""


@contextmanager
def _running(
    command: Callable[[int], Sequence[str]],
    folder: Path,
    *,
    nodelay: bool = False,
    is_ready: Callable[[int], bool] | None = None,
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A program listening on a free port, ended together with its children."""
    process, port = _launch(command, folder / "output.txt", nodelay=nodelay, is_ready=is_ready or _listens)
    try:
        yield process, port
    finally:
        _end(process)


def _launch(
    command: Callable[[int], Sequence[str]], log: Path, *, nodelay: bool, is_ready: Callable[[int], bool]
) -> tuple[subprocess.Popen[bytes], int]:
    """Start a program on a free port, and on another one should somebody have taken it in between."""
    ended = ""
    for _ in range(PORT_ATTEMPTS):
        port = free_port()
        process = _start(command(port), log, nodelay=nodelay)
        try:
            _wait(process, partial(is_ready, port), log)
        except _EndedEarlyError as early:
            ended = str(early)
        except BaseException:
            _end(process)
            raise
        else:
            return process, port
    pytest.fail(ended)


def _start(command: Sequence[str], log: Path, *, nodelay: bool) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own, its output going to `log`."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=log.parent,
            env=_environment(nodelay=nodelay),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _environment(*, nodelay: bool) -> dict[str, str]:
    """The environment of a DCMTK program: its TCP_NODELAY is ours to set, so that Nagle is off only where asked for."""
    environment = {name: value for name, value in os.environ.items() if name != "TCP_NODELAY"}
    return environment | {"TCP_NODELAY": "1"} if nodelay else environment


def _wait(process: subprocess.Popen[bytes], is_ready: Callable[[], bool], log: Path) -> None:
    """Return as soon as the peer is ready; raise _EndedEarlyError when it ended, fail when it never was."""
    deadline = time.monotonic() + READY_SECONDS
    while not is_ready():
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(POLL_SECONDS)
            raise _EndedEarlyError(
                f"{process.args!r} ended with {process.returncode}: {log.read_text(errors='replace')}"
            )
        if time.monotonic() > deadline:
            pytest.fail(f"{process.args!r} was not ready within {READY_SECONDS} s: {log.read_text(errors='replace')}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process group that we started, politely first."""
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal_number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)
            return


def _listens(port: int) -> bool:
    """Whether somebody accepts connections on the port."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=1.0).close()
    except OSError:
        return False
    return True


def _answers_http(port: int) -> bool:
    """Whether Orthanc's REST API is up."""
    try:
        _get_json(port, "/system")
    except (OSError, urllib.error.URLError):
        return False
    return True


def _get_json(port: int, path: str) -> Any:
    """GET a JSON document from a server on loopback, whatever proxies the environment names."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://{LOOPBACK}:{port}{path}", timeout=10.0) as answer:
        return json.load(answer)


def _new_folder(tmp_path: Path, program: str) -> Path:
    """A new folder `<program>-N` in tmp_path, so that a test may start the same program twice."""
    for number in range(1000):
        folder = tmp_path / f"{program}-{number}"
        with contextlib.suppress(FileExistsError):
            folder.mkdir(parents=True)
            return folder
    raise AssertionError(f"a thousand folders of {program} in {tmp_path}")


def _dcmqrscp_configuration(ae_title: str, area: Path, destinations: Mapping[str, int]) -> str:
    """The configuration file of dcmqrscp; it takes host names only, no addresses."""
    hosts = "".join(
        f"host{number} = ({title}, localhost, {port})\n" for number, (title, port) in enumerate(destinations.items())
    )
    return (
        "MaxPDUSize = 131072\nMaxAssociations = 64\n"
        f"HostTable BEGIN\n{hosts}HostTable END\n"
        "VendorTable BEGIN\nVendorTable END\n"
        f"AETable BEGIN\n{ae_title} {area} RW (500, 1024mb) ANY\nAETable END\n"
    )


def _orthanc_configuration(ae_title: str, storage: Path, port: int, http_port: int) -> dict[str, object]:
    """Orthanc's configuration: everything as shipped but where it listens, whom it trusts and where it writes."""
    return {
        "Name": ae_title,
        "StorageDirectory": str(storage),
        "IndexDirectory": str(storage),
        "Plugins": [],
        "DicomAet": ae_title,
        "DicomPort": port,
        "DicomCheckCalledAet": False,
        "DicomAlwaysAllowEcho": True,
        "DicomAlwaysAllowStore": True,
        "DicomAlwaysAllowFind": True,
        "DicomAlwaysAllowFindWorklist": True,
        "DicomAlwaysAllowGet": True,
        "DicomAlwaysAllowMove": True,
        "HttpPort": http_port,
        "HttpServerEnabled": True,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
    }
