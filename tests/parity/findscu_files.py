"""The query files that the lines of the parity table name, made by dump2dcm, and the matches that their SCP has."""

from __future__ import annotations

from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.uid import UID

from dicomjobs.dicom.deflate import deflate
from dicomjobs.dicom.transfer_syntaxes import DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN
from tests.support.identifiers import SYNTAXES, pydicom_bytes
from tests.support.peers import run_program

STUDY = """\
(0008,0005) CS [ISO_IR 100]
(0008,0016) UI =CTImageStorage
(0008,0020) DA [20200101-]
(0008,0052) CS [STUDY]
(0008,0061) CS [CT\\MR]
(0009,0010) LO [ACME]
(0009,1001) UN 41\\42
(0010,0010) PN [M\u00fcller^*]
(0010,0020) LO []
(0020,000d) UI [1.2.3]
(0028,0010) US 258
(0018,9087) FD 1.5
(0028,0009) AT (0018,1063)
(7fe0,0010) OW 0102\\0304
"""
SERIES = "(0008,0052) CS [SERIES]\n(0020,000d) UI [1.2.3]\n(0020,000e) UI []\n(0010,0010) PN [A]\n"
WORKLIST = """\
(0010,0010) PN []
(0040,0100) SQ
(fffe,e000) -
(0008,0060) CS [CT]
(0040,0001) AE [CT1]
(0040,0008) SQ
(fffe,e000) -
(0008,0100) SH [X]
(fffe,e00d) -
(fffe,e0dd) -
(fffe,e00d) -
(fffe,e0dd) -
"""
LATIN = (
    "(0008,0052) CS [STUDY]\n(0008,0005) CS [ISO_IR 100]\n(0010,0010) PN [J\u00f6rg]\n(0008,1030) LO [Sch\u00e4del]\n"
)

MADE = {
    "study.dcm": (STUDY, "+te"),
    "series.dcm": (SERIES, "+te"),
    "implicit.dcm": (STUDY, "+ti"),
    "big.dcm": (STUDY, "+tb"),
    "deflated.dcm": (STUDY, "+td"),
    "bare.dcm": (STUDY, "-F +te"),
    "bare-implicit.dcm": (STUDY, "-F +ti"),
    "worklist.dcm": (WORKLIST, "+te"),
    "undefined-lengths.dcm": (WORKLIST, "+te -e"),
    "group-lengths.dcm": (STUDY, "+te +g"),
    "latin.dcm": (LATIN, "+te"),
    "padded.dcm": (STUDY, "+te +p 512 0"),
}


def make_files(folder: Path) -> None:
    """Write the query files."""
    for name, (dump, options) in MADE.items():
        source = folder / f"{name}.dump"
        source.write_text(dump, encoding="latin-1")
        made = run_program("dump2dcm", "-q", *options.split(), source, folder / name)
        assert made.returncode == 0, f"{name}: {made.stderr}"


def answers() -> dict[str, tuple[bytes, ...]]:
    """Return three matches in each transfer syntax that a line can propose first."""
    matches = tuple(map(_match, range(3)))
    found = {syntax: tuple(pydicom_bytes(match, syntax) for match in matches) for syntax in SYNTAXES}
    deflated = tuple(deflate(data) for data in found[EXPLICIT_VR_LITTLE_ENDIAN])
    return {**found, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN: deflated}


def _match(number: int) -> Dataset:
    """Return a study with a name in Latin-1."""
    match = Dataset()
    match.SpecificCharacterSet = "ISO_IR 100"
    match.QueryRetrieveLevel = "STUDY"
    match.StudyDate = f"2026010{number}"
    match.ModalitiesInStudy = ["CT", "MR"]
    match.PatientName = f"M\u00fcller^<{number}>"
    match.PatientID = f"P{number}"
    match.StudyInstanceUID = UID(f"1.2.3.{number}")
    return match
