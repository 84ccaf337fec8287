"""Every option of findscu: the real program and the imported job against one SCP, compared byte for byte."""

from __future__ import annotations

import shlex
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dicomjobs.dicom.transfer_syntaxes import DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN
from tests.parity.findscu_files import answers, make_files
from tests.parity.findscu_lines import DIFFERENCES, LINES, Line
from tests.support.command import dicomjobs
from tests.support.finding_scp import FindingScp, Heard, finding_scp
from tests.support.peers import run_program, skip_or_fail_in_ci


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of files that the lines name."""
    folder = tmp_path_factory.mktemp("files")
    make_files(folder)
    (folder / "out").mkdir()
    return folder


@pytest.fixture(scope="module")
def scp() -> Iterator[FindingScp]:
    """One SCP for all lines, with three matches for whatever it is asked."""
    with finding_scp(answers()) as scp:
        yield scp


def _heard(heard: Heard) -> Heard:
    """Return what was heard with deflated data sets inflated: how well they are deflated is nobody's business."""
    syntaxes = {each.context_id: each.transfer_syntaxes[0] for each in heard.request.contexts}
    messages = (
        replace(each, data=zlib.decompressobj(-15).decompress(each.data))
        if each.data and syntaxes[each.context_id] == DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN
        else each
        for each in heard.messages
    )
    return replace(heard, messages=tuple(messages))


def _written(folder: Path) -> dict[str, bytes]:
    """Take what lies in a folder, byte for byte, apart from what names a DICOM file and who wrote it; the folder is then empty."""
    found = {}
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        found[path.name] = data[144 + int.from_bytes(data[140:144], "little") :] if path.suffix == ".dcm" else data
        path.unlink()
    return found


def _differences(theirs: Heard, ours: Heard) -> Iterator[str]:
    """Yield the fields in which two associations differ."""
    if theirs.request != ours.request:
        yield "request"
    if theirs.end != ours.end:
        yield "end"
    if [(each.context_id, each.command) for each in theirs.messages] != [
        (each.context_id, each.command) for each in ours.messages
    ]:
        yield "messages"
    if [each.data for each in theirs.messages if each.data] != [each.data for each in ours.messages if each.data]:
        yield "identifier"


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
def test_an_imported_line_does_the_same_on_the_wire(
    line: Line, files: Path, scp: FindingScp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A-ASSOCIATE-RQ, C-FIND-RQ, identifiers, C-CANCEL-RQ, how it ended, and files; what differs is listed with its reason."""
    monkeypatch.chdir(files)
    arguments = shlex.split(f"{line.options} 127.0.0.1 {scp.port} {line.files}")

    asked = run_program("findscu", *arguments, nodelay=True)
    theirs, extracted = _heard(scp.next_heard()), _written(files / "out")
    imported = dicomjobs("import", "-o", tmp_path / "job.yaml", "findscu", *arguments)
    assert imported.code == 0, imported.err
    ran = dicomjobs("run", tmp_path / "job.yaml", "--reports", tmp_path / "reports", "-q")
    ours, written = _heard(scp.next_heard()), _written(files / "out")

    seen = f"{asked.stderr}\n{ran.code} {ran.err}\n{(tmp_path / 'job.yaml').read_text()}\n{theirs}\n{ours}"
    found = {*_differences(theirs, ours), *(() if extracted == written else ("files",))}
    assert found == set(DIFFERENCES.get(line.name, ())), f"{seen}\n{extracted}\n{written}"
    assert bool(extracted) == ("out" in line.options)


@pytest.mark.parametrize("proposal", ["-xe", "-xi"])
def test_private_keys_have_the_vrs_of_the_dictionaries_that_findscu_was_given(
    proposal: str, scp: FindingScp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DCMDICTPATH goes with the job; DCMTK's own dictionaries are read as they are."""
    dictionaries = [path for name in ("dicom", "private") for path in Path("/usr/share").glob(f"libdcmtk*/{name}.dic")]
    if not dictionaries:
        skip_or_fail_in_ci("DCMTK's data dictionaries are not installed: apt-get install dcmtk")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DCMDICTPATH", ":".join(map(str, dictionaries)))
    keys = ("QueryRetrieveLevel=STUDY", "(0019,0011)=SIEMENS CT VA0  COAD", "(0019,1122)=1.5", "(0019,1220)=41")
    arguments = ["-S", proposal, *(argument for key in keys for argument in ("-k", key)), "127.0.0.1", str(scp.port)]

    run_program("findscu", *arguments, nodelay=True)
    theirs = scp.next_heard()
    imported = dicomjobs("import", "-o", "job.yaml", "findscu", *arguments)
    ran = dicomjobs("run", "job.yaml", "--reports", tmp_path / "reports", "-q")

    assert (imported.code, ran.code) == (0, 0), imported.err + ran.err
    assert scp.next_heard() == theirs
    assert b"1.5 " in theirs.messages[0].data


def test_the_table_is_long_and_lists_no_difference_of_a_line_that_is_not_there() -> None:
    """At least a hundred lines."""
    names = [line.name for line in LINES]

    assert len(set(names)) == len(names) >= 100
    assert set(DIFFERENCES) <= set(names)
