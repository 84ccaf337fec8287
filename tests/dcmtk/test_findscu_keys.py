"""Keys of findscu: the same bytes as the real program sends, and refused with its words where it sends none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dicomjobs.dcmtk.command_line import LineRefused
from dicomjobs.dcmtk.findscu_keys import lay_keys
from dicomjobs.wire.identifier import encode_identifier
from tests.support.finding_scp import FindingScp, finding_scp
from tests.support.peers import run_program

EXPLICIT = "1.2.840.10008.1.2.1"
STEPS = "ScheduledProcedureStepSequence"

SENT = [
    ("0010,0010=A",),
    ("(10,20)=A",),
    ("0x10,0x20=A",),
    ("12345678,20=a",),
    ("RETIRED_StudyComments=A",),
    ("StudyDate",),
    ("StudyDate=",),
    ("StudyDate=20200101-",),
    ("StudyDate=yesterday",),
    ("PatientName=A=B",),
    ("PatientName=A\\B",),
    ("PatientID= A ",),
    ("PatientComments=a\\b",),
    ("PatientName=*",),
    ("(0040,0100)",),
    ("(0040,0100)[0]",),
    ("(0040,0100)[0].Modality=CT",),
    ("(0040,0100)[0]:Modality=CT",),
    ("(0040,0100)[0].Modality",),
    ("(0040,0100)[1].Modality=CT",),
    ("(0040,0100)[ 1].Modality=CT",),
    ("(0040,0100)[0].(0040,0008)[0].CodeValue=X",),
    (f"{STEPS}[0].Modality=CT", f"{STEPS}[0].ScheduledStationAETitle=A", f"{STEPS}[0].Modality=MR"),
    (f"{STEPS}[0].Modality=CT", f"{STEPS}", f"{STEPS}[0]"),
    ("Modality=CT", "Modality"),
    ("", "Modality=CT", ""),
    ("(0009,0010)=ACME", "(0009,1001)=41\\42"),
    ("(0009,1001)=4142",),
    ("(0009,1001)=4",),
    ("(0009,1001)=",),
    ("Rows=1\\2",),
    ("Rows=70000",),
    ("Rows=-1",),
    ("Rows=0x10",),
    ("SimpleFrameList=4294967297",),
    ("ReferencePixelX0=-5",),
    ("DiffusionBValue=1.5",),
    ("RecommendedDisplayFrameRateInFloat=-1.5e3",),
    ("FrameIncrementPointer=(0018,1063)\\(0018,1065)",),
    ("PixelData=0102\\0304",),
    ("PixelData=1",),
    ("SmallestImagePixelValue=7",),
    ("OverlayRows=5",),
    ("(6002,0010)=5",),
    ("SOPClassUID==CTImageStorage",),
    ("SOPClassUID=CTImageStorage",),
    ("StudyInstanceUID=1.2.3\\1.2.3.4",),
    ("(0002,0010)=1.2",),
    ("(0000,0110)=5",),
]
"""Keys that findscu sends."""

REFUSED = [
    "(0010,0010)x=A",
    "PatientName2=A",
    "patientname=A",
    '"PatientName"=A',
    "PatientName =A",
    " PatientName=A",
    "00100010=A",
    "=A",
    "(0010,0020",
    "(0040,0100)=A",
    "(0040,0100)[0]=A",
    "(0040,0100).Modality=CT",
    "(0040,0100)[0]Modality=CT",
    "(0040,0100)[0]..Modality=CT",
    "(0040,0100)[*].Modality=CT",
    "(0040,0100)[-1].Modality=CT",
    "(0040,0100)[x].Modality=A",
    f"{STEPS}[0",
    "PatientName.Modality=A",
    "PatientName[0]",
    "Modality[0].x",
    "(0009,1001)=val",
    "Rows=x",
    "DiffusionBValue=x",
    "FrameIncrementPointer=1234",
    "(fffe,e000)=5",
]
"""Keys that findscu finds wrong when it is connected; it then aborts and leaves with exit code 0."""


@pytest.fixture(scope="module")
def scp() -> Iterator[FindingScp]:
    """Whom findscu asks."""
    with finding_scp({}) as scp:
        yield scp


def _findscu(scp: FindingScp, *keys: str) -> str:
    """Ask with the real program; returns what it printed."""
    options = [argument for key in keys for argument in ("-k", key)]
    return run_program("findscu", "-S", *options, "127.0.0.1", scp.port).stderr


@pytest.mark.parametrize("keys", SENT, ids=" ".join)
def test_keys_become_the_bytes_that_findscu_sends(scp: FindingScp, keys: tuple[str, ...]) -> None:
    """In order of tags, with explicit lengths."""
    _findscu(scp, *keys)

    assert encode_identifier(lay_keys(keys), EXPLICIT, "ISO_IR 192") == scp.next_heard().messages[0].data


@pytest.mark.parametrize("key", REFUSED)
def test_a_key_is_refused_for_the_reason_that_findscu_gives(scp: FindingScp, key: str) -> None:
    """Before anybody is connected to."""
    said = _findscu(scp, key)

    with pytest.raises(LineRefused) as refusal:
        lay_keys([key])

    assert scp.next_heard().messages == ()
    reason = said.split("Find SCU Failed: ")[1].split("\n")[0].split(" ", 1)[1]
    assert str(refusal.value) == f"Bad override key/path: {key}: {reason}"
