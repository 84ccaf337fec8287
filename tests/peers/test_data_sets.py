"""What is done to data sets on their way, beside what storescu does to them: the bytes that arrive are the same."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from tests.pixels.test_convert import EVERY_VR
from tests.support.command import dicomjobs, latest, store_yaml
from tests.support.instances import NATIVE, Elements, encode_data_set, file_meta, make_instance
from tests.support.job_files import write
from tests.support.peers import run_program
from tests.support.recording_scp import RecordingScp, recording_scp

CT, RLE = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.5"
DEFLATED = "1.2.840.10008.1.2.1.99"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One instance with every VR in each native transfer syntax, with trailing padding and a group length that lies."""
    folder = tmp_path_factory.mktemp("vrs")
    extra: Elements = [(0x00091003, "UT", "private text"), (0x00189991, "OV", bytes(range(8))), (0x00280000, "UL", 5)]
    elements = sorted([*EVERY_VR, *extra], key=lambda element: element[0])
    for n, syntax in enumerate(NATIVE):
        head = file_meta(sop_class_uid=CT, sop_instance_uid="1.2.3", transfer_syntax=syntax)
        (folder / f"{n}.dcm").write_bytes(head + encode_data_set([*elements, (0xFFFCFFFC, "OB", bytes(6))], syntax))
    return folder


@pytest.mark.parametrize("new_vrs", ["keep", "as_ob"])
@pytest.mark.parametrize(
    ("option", "preferred"),
    [
        ("-xe", "ExplicitVRLittleEndian"),
        ("-xi", "ImplicitVRLittleEndian"),
        ("-xb", "ExplicitVRBigEndian"),
        ("-xd", "DeflatedExplicitVRLittleEndian"),
    ],
)
def test_a_converted_data_set_is_byte_for_byte_what_storescu_makes_of_it(
    tmp_path: Path, files: Path, option: str, preferred: str, new_vrs: str
) -> None:
    """Every VR, from every native transfer syntax into every other; as it lies in its file it goes out unchanged."""
    names = sorted(files.iterdir())
    with recording_scp() as scp:
        run_program(
            "storescu", "-R", "+C", option, *(["-u"] if new_vrs == "as_ob" else []), "127.0.0.1", scp.port, *names
        )
        theirs = _data(scp)
    with recording_scp() as scp:
        propose = f"{{propose: {{preferred: [{preferred}], combine: true}}}}"
        more = f"association_profile: {propose}, new_vrs: {new_vrs}, duplicates: send"
        ran = dicomjobs(
            "run", write(tmp_path, store_yaml(scp.port, files, more=more)), "--reports", tmp_path / "reports"
        )
        ours = _data(scp)

    converted = [row["transfer_syntax"] != row["sent_transfer_syntax"] for row in latest(tmp_path / "reports").rows]
    rewritten = [each or (new_vrs == "as_ob" and option != "-xi") for each in converted]
    assert (ran.code, len(ours), sum(converted)) == (0, 4, 3)
    assert [one for one, same in zip(ours, rewritten, strict=True) if same] == [
        one for one, same in zip(theirs, rewritten, strict=True) if same
    ]


def test_encapsulated_data_sets_are_rewritten_as_storescu_does(tmp_path: Path) -> None:
    """The fragments stay as they are, VRs change around them."""
    extra: Elements = [(0x00091003, "UT", "private text"), (0x00091001, "UN", b"ab")]
    made = make_instance(tmp_path / "rle.dcm", transfer_syntax=RLE, extra=extra)
    with recording_scp() as scp:
        run_program("storescu", "-R", "-xr", "-u", "127.0.0.1", scp.port, made.path)
        theirs = _data(scp)
    with recording_scp() as scp:
        more = "association_profile: {propose: {preferred: [RLELossless]}}, new_vrs: as_ob"
        text = store_yaml(scp.port, made.path, more=more)
        ran = dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports")

    assert ran.code == 0
    assert _data(scp) == theirs


@pytest.mark.parametrize("level", [0, 9])
def test_the_compression_level_is_zlibs(tmp_path: Path, level: int) -> None:
    """The same bytes as storescu's with +cl."""
    made = make_instance(tmp_path / "a.dcm")
    with recording_scp() as scp:
        run_program("storescu", "-R", "-xd", "+cl", level, "127.0.0.1", scp.port, made.path)
        theirs = scp.received[0].data
    with recording_scp() as scp:
        more = f"association_profile: {{propose: {{preferred: [DeflatedExplicitVRLittleEndian]}}}}, compression_level: {level}"
        dicomjobs("run", write(tmp_path, store_yaml(scp.port, made.path, more=more)), "--reports", tmp_path / "reports")

    assert scp.received[0].data == theirs


def _data(scp: RecordingScp) -> list[bytes]:
    """Return the data sets that came, inflated where they were deflated."""
    contexts = {context.context_id: context.transfer_syntaxes[0] for context in scp.requests[0].contexts}
    return [
        zlib.decompress(each.data, -15) if contexts[each.context_id] == DEFLATED else each.data for each in scp.received
    ]
