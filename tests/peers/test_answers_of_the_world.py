"""Answers of real archives and worklists with names in many scripts: right in every form that they are written in."""

from __future__ import annotations

import csv
import json
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from tests.support.command import RunDirectory, dicomjobs, latest, peer_yaml
from tests.support.instances import make_instance
from tests.support.job_files import write
from tests.support.peers import Peer, dcmqrscp, orthanc, run_program, wlmscpfs

NAMES = {
    "A1": ("ISO_IR 100", "M\u00fcller^J\u00e9r\u00f4me"),
    "A2": ("ISO_IR 192", "Wang^XiaoDong=\u738b^\u5c0f\u6771"),
    "A3": ("ISO_IR 126", "\u0394\u03b9\u03bf\u03bd\u03c5\u03c3\u03b9\u03bf\u03c2^\u0391"),
    "A4": ("\\ISO 2022 IR 87", "Yamada^Tarou=\u5c71\u7530^\u592a\u90ce=\u3084\u307e\u3060^\u305f\u308d\u3046"),
    "A5": ("\\ISO 2022 IR 149", "Hong^Gildong=\u6d2a^\u5409\u6d1e=\ud64d^\uae38\ub3d9"),
    "A6": ("ISO_IR 6", "Doe^Jane"),
}
"""A name for each patient, and the character set that it is stored in."""

FORMS = """\
- {format: csv, file: table.csv}
- {format: jsonl, file: lines.jsonl}
- {format: dicom_json, file: model.json}
- {format: dcmtk_xml, file: all.xml}
- {format: dicom, directory: dicom}
- {format: native_xml, directory: native}
- {format: dcmtk_xml_each, directory: each}
"""


def _named(path: Path, patient: str, number: int) -> None:
    """Write an instance with the name of a patient."""
    make_instance(path, study=number, rows=0)
    character_set, name = NAMES[patient]
    data_set = pydicom.dcmread(path)
    data_set.SpecificCharacterSet = character_set.split("\\")
    data_set.PatientID, data_set.PatientName, data_set.StudyDescription = patient, name, "x"
    data_set.save_as(path)


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Peer]]:
    """A dcmqrscp and an Orthanc with a study of each patient, stored by storescu."""
    folder = tmp_path_factory.mktemp("files")
    for number, patient in enumerate(NAMES):
        _named(folder / f"{patient}.dcm", patient, number)
    with ExitStack() as stack:
        peers = {
            "dcmqrscp": stack.enter_context(dcmqrscp(tmp_path_factory.mktemp("dcmqrscp"), nodelay=True)),
            "orthanc": stack.enter_context(orthanc(tmp_path_factory.mktemp("orthanc"), DefaultEncoding="Utf8")),
        }
        for peer in peers.values():
            sent = run_program("storescu", "-aec", peer.ae_title, "+sd", peer.host, peer.port, folder, nodelay=True)
            assert sent.returncode == 0, sent.stderr
        yield peers


def ask(tmp_path: Path, peer: Peer, *, character_set: str = "ISO_IR 192", query: str = "") -> RunDirectory:
    """Ask for all patients and write them in every form."""
    query = query or "{model: patient, level: PATIENT, keys: {PatientID: , PatientName: , SpecificCharacterSet: }}"
    outputs = "".join(f"        {line}\n" for line in FORMS.splitlines())
    text = f"""\
dicomjobs: 1
jobs:
  ask:
    find:
      peer: {peer_yaml(peer.port, called=peer.ae_title, character_set=f"'{character_set}'")}
      query: {query}
      outputs:
{outputs}"""
    ended = dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports")
    assert (ended.code, ended.err) == (0, "")
    return latest(tmp_path / "reports")


def names_in(run: RunDirectory) -> dict[str, dict[str, str]]:
    """Return the names by patient, as each form has them, read by somebody else's reader."""
    table = csv.DictReader(run.text("table.csv").splitlines())
    lines = (json.loads(line) for line in run.text("lines.jsonl").splitlines())
    model = json.loads(run.text("model.json"))
    files = [pydicom.dcmread(file) for file in sorted((run.path / "dicom").iterdir())]
    one = ET.fromstring((run.path / "all.xml").read_bytes())
    each = [ET.fromstring(file.read_bytes()) for file in sorted((run.path / "each").iterdir())]
    native = [ET.fromstring(file.read_bytes()) for file in sorted((run.path / "native").iterdir())]
    return {
        "csv": {row["PatientID"]: row["PatientName"] for row in table},
        "jsonl": {row["PatientID"]: row["PatientName"] for row in lines},
        "dicom_json": {_first(row["00100020"]): _joined(_first(row["00100010"])) for row in model},
        "dicom": dict(map(_of_pydicom, files)),
        "dcmtk_xml": dict(map(_of_dcmtk, one)),
        "dcmtk_xml_each": dict(map(_of_dcmtk, each)),
        "native_xml": dict(map(_of_native, native)),
    }


def _first(element: dict[str, list[object]]) -> object:
    """Return the first value."""
    return element["Value"][0]


def _joined(name: object) -> str:
    """Return a name of the DICOM JSON Model as DICOM writes it."""
    assert isinstance(name, dict)
    return "=".join(name.get(group, "") for group in ("Alphabetic", "Ideographic", "Phonetic")).rstrip("=")


def _of_pydicom(data_set: Dataset) -> tuple[str, str]:
    """Return patient and name; one in a character set that is not declared is read as it may be."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return data_set.PatientID, str(data_set.PatientName)


def _of_dcmtk(data_set: ET.Element) -> tuple[str, str]:
    """Return patient and name of a data set in DCMTK's XML."""
    found = {each.attrib["name"]: each.text or "" for each in data_set.iter("element")}
    return found["PatientID"], found["PatientName"]


def _of_native(document: ET.Element) -> tuple[str, str]:
    """Return patient and name of a document in the Native DICOM Model."""
    found = {each.attrib["keyword"]: each for each in document if "keyword" in each.attrib}
    groups = ["^".join(part.text or "" for part in group) for group in found["PatientName"][0]]
    return found["PatientID"][0].text or "", "=".join(groups)


WANTED = {patient: name for patient, (_, name) in NAMES.items()}


@pytest.mark.parametrize("peer", ["dcmqrscp", "orthanc"])
def test_names_of_an_archive_are_right_in_every_form(tmp_path: Path, archives: dict[str, Peer], peer: str) -> None:
    """Whether it answers in the character sets they were stored in, or in its own."""
    run = ask(tmp_path, archives[peer])

    found = names_in(run)
    assert {form: names for form, names in found.items() if names != WANTED} == {}


def test_names_of_a_worklist_are_right_in_every_form(tmp_path: Path) -> None:
    """Each entry in its own character set."""
    with wlmscpfs(tmp_path, "-csk", "-dfr", "--no-fail") as peer:
        for number, (patient, (character_set, name)) in enumerate(NAMES.items()):
            _worklist_entry(peer.directory / f"{number}.wl", patient, character_set, name)
        run = ask(tmp_path, peer, query="{model: worklist, keys: {PatientID: , PatientName: , SpecificCharacterSet: }}")

    found = names_in(run)
    assert {form: names for form, names in found.items() if names != WANTED} == {}


def _worklist_entry(path: Path, patient: str, character_set: str, name: str) -> None:
    """Write an entry of a worklist."""
    entry = Dataset()
    entry.SpecificCharacterSet = character_set.split("\\")
    entry.PatientName, entry.PatientID = name, patient
    step = Dataset()
    step.Modality, step.ScheduledStationAETitle = "CT", "CT1"
    step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime = "20260101", "0900"
    entry.ScheduledProcedureStepSequence = [step]
    entry.file_meta = FileMetaDataset()
    entry.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    entry.file_meta.MediaStorageSOPClassUID = UID("1.2.276.0.7230010.3.1.0.1")
    entry.file_meta.MediaStorageSOPInstanceUID = UID(f"1.2.3.{path.stem}")
    entry.save_as(path, enforce_file_format=True)


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """A wlmscpfs that leaves the character set out of its answers."""
    with wlmscpfs(tmp_path_factory.mktemp("wlmscpfs"), "-cs0", "-dfr", "--no-fail") as peer:
        for patient, (character_set, name) in NAMES.items():
            _worklist_entry(peer.directory / f"{patient[1:]}.wl", patient, character_set, name)
        yield peer


@pytest.mark.parametrize("patient", NAMES)
def test_a_peer_that_does_not_say_its_character_set_is_read_in_the_one_that_is_said_for_it(
    tmp_path: Path, silent: Peer, patient: str
) -> None:
    """`character_set:` of the peer is what text means in answers without (0008,0005); a file keeps the answer as it came."""
    character_set, name = NAMES[patient]
    query = f"{{model: worklist, keys: {{PatientID: {patient}, PatientName: }}}}"

    run = ask(tmp_path, silent, character_set=character_set, query=query)

    found = {form: names[patient] for form, names in names_in(run).items() if form != "dicom"}
    assert b"\x08\0\x05\0CS" not in next((run.path / "dicom").iterdir()).read_bytes()
    assert set(found.values()) == {name}
