"""The forms in which the matches of a query are written, each read again by somebody else's reader."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from textwrap import indent
from typing import Any

import pydicom
import pytest

from dicomjobs.answers.dcmtk_xml import FOOT, HEAD
from tests.support.command import Ended, dicomjobs, latest, peer_yaml
from tests.support.findscu_answers import answers_of_findscu
from tests.support.identifiers import ITEM, explicit, pydicom_json, sequence
from tests.support.job_files import write
from tests.support.scripted_scp import RELEASE_RP, Conversation, accept, match, read_message, respond, scripted_scp

EXPLICIT = "1.2.840.10008.1.2.1"
NATIVE = "{http://dicom.nema.org/PS3.19/models/NativeDICOM}"


def answer(number: int, declared: bytes = b"ISO_IR 100", name: bytes = b"M\xfcller^Hans^^Dr") -> bytes:
    """Encode an answer with a private block and a sequence."""
    item = explicit(0x00081150, b"UI", b"1.2\0")
    return b"".join(
        [
            explicit(0x00080005, b"CS", declared + b" " * (len(declared) % 2)),
            explicit(0x00080061, b"CS", b"CT\\PT "),
            sequence(ITEM + len(item).to_bytes(4, "little") + item),
            explicit(0x00090010, b"LO", b"ACME"),
            explicit(0x00091001, b"LO", b"x\x07< "),
            explicit(0x00100010, b"PN", name + b" " * (len(name) % 2)),
            explicit(0x00100020, b"LO", b"%04d" % number),
            explicit(0x00201208, b"IS", b"412 "),
        ]
    )


ANSWERS = [
    answer(1),
    answer(2, b"\\ISO 2022 IR 87", b"Yamada^T=\x1b$B;3ED\x1b(B^T"),
    answer(3, b"ISO_IR 192", "\u738b".encode()),
]
NAMES = ["M\u00fcller^Hans^^Dr", "Yamada^T=\u5c71\u7530^T", "\u738b"]


def release(conversation: Conversation) -> None:
    """Let the association end."""
    conversation.read_pdu()
    conversation.socket.sendall(RELEASE_RP)


def ask(tmp_path: Path, outputs: str, *, more: str = "", queries: Sequence[Sequence[bytes]] = (ANSWERS,)) -> Ended:
    """Ask a script that gives these answers to each query in turn; `outputs` are lines of YAML."""
    text = f"""\
dicomjobs: 1
jobs:
  ask:
    find:
      peer: {peer_yaml(1)}
      query: {{model: study, level: STUDY, keys: {{PatientName: , PatientID: , ReferencedStudySequence: }}}}
      outputs:
{indent(outputs, " " * 8)}
{indent(more, " " * 6)}
"""
    script = [step for each in queries for step in (read_message(), match(*each), respond())]
    with scripted_scp(accept(transfer_syntax=EXPLICIT), *script, release) as port:
        job = write(tmp_path, text.replace("port: 1,", f"port: {port},"))
        return dicomjobs("run", job, "--reports", tmp_path / "reports")


def test_dicom_files_hold_the_answers_byte_for_byte_under_the_names_of_findscu(tmp_path: Path) -> None:
    """Each is a DICOM file of its own, with a class and an instance UID, readable by its owner alone."""
    (tmp_path / "out").mkdir()
    ended = ask(tmp_path, "- {format: dicom, directory: out/}")
    theirs = answers_of_findscu(tmp_path / "theirs", ANSWERS, "-X")

    ours = {file.name: file for file in sorted((tmp_path / "out").iterdir())}
    assert (ended.code, list(ours)) == (0, list(theirs))
    for file, sent in zip(ours.values(), ANSWERS, strict=True):
        assert file.read_bytes().endswith(sent)
        assert file.stat().st_mode & 0o077 == 0
    for name, file in ours.items():
        data_set, other = pydicom.dcmread(file), pydicom.dcmread(io.BytesIO(theirs[name]))
        assert data_set.to_json() == other.to_json()
        assert data_set.file_meta.MediaStorageSOPClassUID == other.file_meta.MediaStorageSOPClassUID
        assert data_set.file_meta.TransferSyntaxUID == EXPLICIT
    assert len({pydicom.dcmread(file).file_meta.MediaStorageSOPInstanceUID for file in ours.values()}) == 3


def test_files_are_numbered_by_responses_over_all_queries(tmp_path: Path) -> None:
    """The final response of the first query counts, as it does for findscu: 1, 2, 4, 5."""
    (tmp_path / "out").mkdir()
    ask(tmp_path, "- {format: dcmtk_xml_each, directory: out/}", more="repeat: 2", queries=(ANSWERS[:2], ANSWERS[:2]))

    assert [file.name for file in sorted((tmp_path / "out").iterdir())] == [f"rsp{n:04d}.xml" for n in (1, 2, 4, 5)]


def test_trimmed_dicom_files_hold_no_padding(tmp_path: Path) -> None:
    """No more than what makes a value even."""
    ask(
        tmp_path,
        "- {format: dicom, directory: answers}",
        more="padding: trim",
        queries=([answer(1, b"ISO_IR 100   ")],),
    )

    (file,) = (latest(tmp_path / "reports").path / "answers").iterdir()
    raw = file.read_bytes()
    assert b"ISO_IR 100\x08" in raw
    assert b"CT\\PT \x08" in raw
    assert pydicom.dcmread(file).PatientName == NAMES[0]


def test_dcmtk_xml_is_one_file_of_all_answers(tmp_path: Path) -> None:
    """As findscu -Xs writes it; the answer that findscu leaves out is there."""
    ask(tmp_path, "- {format: dcmtk_xml, file: all.xml}")

    document = latest(tmp_path / "reports").path.joinpath("all.xml").read_bytes()
    names = ET.fromstring(document).findall("data-set/element[@name='PatientName']")
    assert document.startswith(HEAD)
    assert document.endswith(FOOT)
    assert [each.text for each in names] == NAMES


def test_no_answers_are_a_document_without_any(tmp_path: Path) -> None:
    """Whole documents all the same."""
    ask(tmp_path, "- {format: dcmtk_xml, file: all.xml}\n- {format: dicom_json, file: all.json}", queries=([],))

    run = latest(tmp_path / "reports").path
    assert run.joinpath("all.xml").read_bytes() == HEAD + FOOT
    assert json.loads(run.joinpath("all.json").read_bytes()) == []


def test_dicom_json_says_what_pydicom_says(tmp_path: Path) -> None:
    """An array of objects in the DICOM JSON Model (PS3.18 F.2), in ASCII."""
    ask(tmp_path, "- {format: dicom_json, file: all.json}")

    text = latest(tmp_path / "reports").text("all.json")
    assert text.isascii()
    assert json.loads(text) == [pydicom_json(each, EXPLICIT) for each in ANSWERS]


def test_native_xml_says_what_the_answer_says(tmp_path: Path) -> None:
    """The Native DICOM Model (PS3.19 A.1): names in components, private attributes with their creators, controls made visible."""
    ask(tmp_path, "- {format: native_xml, directory: answers}")

    files = sorted((latest(tmp_path / "reports").path / "answers").iterdir())
    root = ET.fromstring(files[0].read_bytes())
    found: dict[str, Any] = {each.attrib["tag"]: each for each in root.iter(f"{NATIVE}DicomAttribute")}
    assert [file.name for file in files] == ["rsp0001.xml", "rsp0002.xml", "rsp0003.xml"]
    assert [value.text for value in found["00080061"]] == ["CT", "PT"]
    assert [part.text for part in found["00100010"].find(f".//{NATIVE}Alphabetic")] == ["M\u00fcller", "Hans", "Dr"]
    assert found["00091001"].attrib == {"tag": "00091001", "vr": "LO", "privateCreator": "ACME"}
    assert found["00091001"][0].text == "x\\x07<"
    assert found["00081110"].find(f"{NATIVE}Item/{NATIVE}DicomAttribute").attrib["keyword"] == "ReferencedSOPClassUID"
    second = ET.fromstring(files[1].read_bytes())
    assert [each.text for each in second.iter(f"{NATIVE}FamilyName")] == ["Yamada", "\u5c71\u7530"]


def test_columns_reach_into_sequences(tmp_path: Path) -> None:
    """With the path as the heading."""
    path = "ReferencedStudySequence[0].ReferencedSOPClassUID"
    ended = ask(tmp_path, '- {format: csv, file: x.csv, columns: [PatientName, "(0008,1110)[0].(0008,1150)"]}')

    rows = list(csv.DictReader(io.StringIO(latest(tmp_path / "reports").text("x.csv"))))
    assert (ended.code, ended.err) == (0, "")
    assert [row["PatientName"] for row in rows] == NAMES
    assert {row[path] for row in rows} == {"1.2"}


def test_write_at_most_limits_the_outputs_and_nothing_else(tmp_path: Path) -> None:
    """The query goes to its end, and the run's own table is whole."""
    ended = ask(
        tmp_path,
        "- {format: csv, file: x.csv}\n- {format: dicom, directory: answers}\n- {format: dicom_json, file: all.json}",
        more="write_at_most: 2",
    )

    run = latest(tmp_path / "reports")
    assert (ended.code, run.job("ask")["counts"]["matches"]) == (0, 3)
    assert [len(run.text(name).splitlines()) for name in ("x.csv", "matches.csv")] == [3, 4]
    assert len(list((run.path / "answers").iterdir())) == len(json.loads(run.text("all.json"))) == 2


def test_replacing_takes_away_what_an_earlier_run_left_and_nothing_else(tmp_path: Path) -> None:
    """A file of an answer that is no more would be taken for one."""
    (tmp_path / "out").mkdir()
    for name in ("rsp0009.dcm", "rsp0009.xml", "mine.dcm"):
        (tmp_path / "out" / name).write_bytes(b"old")

    ask(tmp_path, "- {format: dicom, directory: out/}", queries=(ANSWERS[:1],))

    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["mine.dcm", "rsp0001.dcm", "rsp0009.xml"]


@pytest.mark.parametrize(
    "format_and_place", ["format: dicom, directory: out/", "format: dicom_json, file: out/rsp0001.dcm"]
)
def test_what_is_there_already_can_be_a_reason_to_ask_nothing(tmp_path: Path, format_and_place: str) -> None:
    """With if_exists: fail, and the file is named."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "rsp0001.dcm").write_bytes(b"old")
    text = f"""\
dicomjobs: 1
jobs:
  ask:
    find:
      peer: {{host: 127.0.0.1, port: 9}}
      query: {{model: study, level: STUDY, keys: {{PatientID: }}}}
      outputs: [{{{format_and_place}, if_exists: fail}}]
"""
    ended = dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports")

    assert ended.code == 2
    assert "DJ605" in ended.err
    assert "rsp0001.dcm exists already" in ended.err


def test_a_query_cut_short_publishes_no_form(tmp_path: Path) -> None:
    """What was there stays, and no hidden part is left."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "rsp0001.dcm").write_bytes(b"old")
    outputs = "- {format: dicom, directory: out/}\n- {format: dcmtk_xml, file: ./all.xml}"

    ended = ask(tmp_path, outputs, more="max_matches: 2")

    assert ended.code == 3
    assert [(file.name, file.read_bytes()) for file in (tmp_path / "out").iterdir()] == [("rsp0001.dcm", b"old")]
    assert not (tmp_path / "all.xml").exists()
    assert not list(tmp_path.rglob("*.part"))


def test_the_matches_of_a_run_are_made_again_from_its_events(tmp_path: Path) -> None:
    """The same table, though its file is gone."""
    ask(tmp_path, "- {format: csv, file: x.csv}")
    table = latest(tmp_path / "reports").path / "matches.csv"
    before = table.read_text(encoding="utf-8")
    table.unlink()

    assert dicomjobs("report", "latest", "--reports", tmp_path / "reports", "--format", "matches").out == before


def test_optional_keys_that_a_peer_does_not_support_are_told(tmp_path: Path) -> None:
    """Its matches are matches all the same (PS3.4 C.4.1.1.4)."""
    text = f"""\
dicomjobs: 1
jobs:
  ask: {{find: {{peer: {peer_yaml(1)}, query: {{model: study, level: STUDY, keys: {{PatientName: }}}}}}}}
"""
    steps = read_message(), match(ANSWERS[0]), match(*ANSWERS[1:], status=0xFF01), respond(), release
    with scripted_scp(accept(transfer_syntax=EXPLICIT), *steps) as port:
        job = write(tmp_path, text.replace("port: 1,", f"port: {port},"))
        ended = dicomjobs("run", job, "--reports", tmp_path / "reports", "-v")

    told = latest(tmp_path / "reports").job("ask")
    assert (ended.code, told["counts"]["matches"], told["keys_unsupported"]) == (0, 3, 2)
    assert "2 matches with status FF01H: the peer does not support some optional keys" in ended.out
