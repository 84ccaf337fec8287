"""Names in the scripts of PS3.5 annexes H to K, typed in UTF-8, found at a real worklist SCP that has them in its own character set.

The entries are written by pydicom, matched by DCMTK byte for byte, and come back as they were typed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from tests.support.command import dicomjobs, latest
from tests.support.job_files import write
from tests.support.peers import Peer, wlmscpfs

NAMES = [
    ("ISO_IR 100", "Buc^J\u00e9r\u00f4me"),
    ("ISO_IR 126", "\u0394\u03b9\u03bf\u03bd\u03c5\u03c3\u03b9\u03bf\u03c2"),
    ("ISO_IR 144", "\u041b\u044e\u043ace\u043c\u0431yp\u0433"),
    ("ISO_IR 192", "Wang^XiaoDong=\u738b^\u5c0f\u6771"),
    ("GB18030", "Wang^XiaoDong=\u738b^\u5c0f\u4e1c"),
    ("\\ISO 2022 IR 87", "Yamada^Tarou=\u5c71\u7530^\u592a\u90ce=\u3084\u307e\u3060^\u305f\u308d\u3046"),
    ("ISO 2022 IR 6\\ISO 2022 IR 87", "Suzuki^Ichirou=\u9234\u6728^\u4e00\u90ce"),
    ("ISO 2022 IR 13\\ISO 2022 IR 87", "\uff94\uff8f\uff80\uff9e^\uff80\uff9b\uff73=\u5c71\u7530^\u592a\u90ce"),
    ("\\ISO 2022 IR 149", "Hong^Gildong=\u6d2a^\u5409\u6d1e=\ud64d^\uae38\ub3d9"),
]


@pytest.fixture(scope="module")
def ris(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """A wlmscpfs with an entry for each name, whatever its character set."""
    with wlmscpfs(tmp_path_factory.mktemp("wlmscpfs"), "-csk", "-dfr", "--no-fail") as peer:
        for number, (character_set, name) in enumerate(NAMES):
            entry = Dataset()
            entry.SpecificCharacterSet = character_set.split("\\")
            entry.AccessionNumber = str(number)
            entry.PatientName = name
            entry.PatientID = "P"
            step = Dataset()
            step.Modality, step.ScheduledStationAETitle = "CT", "CT1"
            step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime = "20260101", "0900"
            entry.ScheduledProcedureStepSequence = [step]
            entry.file_meta = FileMetaDataset()
            entry.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            entry.file_meta.MediaStorageSOPClassUID = UID("1.2.276.0.7230010.3.1.0.1")
            entry.file_meta.MediaStorageSOPInstanceUID = UID(f"1.2.3.{number}")
            entry.save_as(peer.directory / f"{number}.wl", enforce_file_format=True)
        yield peer


@pytest.mark.parametrize(("number", "character_set", "name"), [(n, *each) for n, each in enumerate(NAMES)])
def test_a_name_is_found_in_the_character_set_of_the_peer(
    tmp_path: Path, ris: Peer, number: int, character_set: str, name: str
) -> None:
    """The whole name is matched, so its bytes are those of the entry; and it comes out as it was typed."""
    text = f"""\
dicomjobs: 1
jobs:
  ask:
    find:
      peer: {{host: {ris.host}, port: {ris.port}, called_ae_title: WLMSCPFS, character_set: '{character_set}'}}
      query: {{model: worklist, keys: {{PatientName: '{name}', AccessionNumber: }}}}
      outputs: [{{format: csv, file: found.csv}}]
"""
    ended = dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports")

    assert (ended.code, ended.err) == (0, "")
    rows = list(csv.DictReader(latest(tmp_path / "reports").text("found.csv").splitlines()))
    assert [(row["AccessionNumber"], row["PatientName"]) for row in rows] == [(str(number), name)]
