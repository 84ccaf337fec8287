"""C-FIND against the SCP of our own: findscu asks, and where dcmqrscp knows the same attributes it must give the same answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import CTImageStorage, ExplicitVRBigEndian, ImplicitVRLittleEndian

from dicomjobs.dicom.sop_classes import STUDY_ROOT_FIND
from dicomjobs.wire.receive import Receiver, start_receiver
from tests.support.instances import encode_data_set, make_instance, make_uid
from tests.support.peers import Peer, dcmqrscp, run_program
from tests.support.raw_scu import C_FIND_RQ, P_DATA, command, raw_scu

UNIQUE = {"PATIENT": "PatientID", "STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}
STUDY_2 = f"StudyInstanceUID={make_uid('seed', 2)}"
SERIES_22 = f"SeriesInstanceUID={make_uid('seed', 2, 2)}"

FIND_COMMAND = command(
    (0x0002, STUDY_ROOT_FIND.encode() + b"\0"),
    (0x0100, C_FIND_RQ.to_bytes(2, "little")),
    (0x0110, b"\x01\x00"),
    (0x0700, b"\x00\x00"),
    (0x0800, b"\x01\x00"),
)

PEOPLE = (("Doe^Jane", "P1", "19700101"), ("DOE^John", "P2", "19800131"), ("Müller^Hans", "Q3", "19901224"))
DAYS = ("20260101", "20260115", "20260131")
TIMES = ("080000", "123000.5", "2359")


def fill(folder: Path) -> list[Path]:
    """Make three patients with a study each, two series a study, two instances a series."""
    paths = []
    for study, ((name, patient, born), day, time) in enumerate(zip(PEOPLE, DAYS, TIMES, strict=True), start=1):
        for series, modality in ((1, "CT"), (2, "PT" if study == 2 else "MR")):
            for number in (1, 2):
                path = folder / f"{study}{series}{number}.dcm"
                make_instance(
                    path,
                    study=study,
                    series=series,
                    number=number,
                    modality=modality,
                    rows=2,
                    extra=[
                        (0x00080005, "CS", "ISO_IR 100"),
                        (0x00080020, "DA", day),
                        (0x00080030, "TM", time),
                        (0x00080050, "SH", f"A{study:03}"),
                        (0x00081030, "LO", "HEAD [1] routine"),
                        (0x00100010, "PN", name.encode("latin-1")),
                        (0x00100020, "LO", patient),
                        (0x00100030, "DA", born),
                        (0x00200010, "SH", f"S{study}"),
                        (0x00200011, "IS", str(series)),
                    ],
                )
                paths.append(path)
    return paths


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Receiver, Peer]]:
    """Our receiver, started over files that were there before it, and dcmqrscp with the same instances."""
    folder = tmp_path_factory.mktemp("archive")
    before = folder / "before"
    before.mkdir()
    paths = fill(before)
    (before / "notes.txt").write_text("no DICOM file")
    (before / "damaged.dcm").write_bytes(paths[0].read_bytes()[:200])
    (before / "link.dcm").symlink_to(paths[0])
    with start_receiver(str(before)) as receiver, dcmqrscp(folder, nodelay=True) as peer:
        sent = run_program("storescu", "-aec", peer.ae_title, peer.host, peer.port, *paths)
        assert sent.returncode == 0, sent.stderr
        yield receiver, peer


@pytest.fixture
def receiver(archive: tuple[Receiver, Peer]) -> Receiver:
    """The receiver of the module."""
    return archive[0]


def find(tmp_path: Path, peer: Receiver | Peer, level: str, *keys: str, model: str = "-S") -> list[Dataset]:
    """Ask with findscu; the identifiers of the matches."""
    folder = tmp_path / f"{peer.ae_title}-{len(list(tmp_path.iterdir()))}"
    folder.mkdir()
    options = [part for key in (f"QueryRetrieveLevel={level}", *keys) for part in ("-k", key)]
    found = run_program("findscu", model, "-X", "-od", folder, "-aec", peer.ae_title, peer.host, peer.port, *options)
    assert found.returncode == 0, found.stderr
    return [dcmread(path) for path in sorted(folder.glob("rsp*.dcm"))]


def values(matches: Sequence[Dataset], keyword: str) -> list[str]:
    """The values of an attribute in all matches, sorted."""
    return sorted(str(match[keyword].value) for match in matches)


@pytest.mark.parametrize(
    ("model", "level", "keys"),
    [
        ("-P", "PATIENT", ("PatientID",)),
        ("-P", "PATIENT", ("PatientID=P*",)),
        ("-P", "PATIENT", ("PatientID=?1", "PatientName")),
        ("-P", "PATIENT", ("PatientID", "PatientName=Doe^J*e")),
        ("-P", "STUDY", ("PatientID=P2", "StudyInstanceUID")),
        ("-S", "STUDY", ("StudyInstanceUID",)),
        ("-S", "STUDY", ("StudyInstanceUID", "PatientID=P*", "AccessionNumber")),
        ("-S", "STUDY", ("StudyInstanceUID", "AccessionNumber=A00?")),
        ("-S", "STUDY", ("StudyInstanceUID", "StudyDate=20260115")),
        ("-S", "STUDY", ("StudyInstanceUID", "StudyDate=20260110-20260131")),
        ("-S", "STUDY", ("StudyInstanceUID", "StudyDate=-20260115")),
        ("-S", "STUDY", ("StudyInstanceUID", "StudyDate=20260116-")),
        ("-S", "STUDY", ("StudyInstanceUID", "StudyTime=0800-1300")),
        ("-S", "STUDY", (STUDY_2, "StudyID")),
        ("-S", "STUDY", ("StudyInstanceUID=1.2.3",)),
        ("-S", "SERIES", (STUDY_2, "SeriesInstanceUID")),
        ("-S", "SERIES", (STUDY_2, "SeriesInstanceUID", "Modality=PT")),
        ("-S", "SERIES", (STUDY_2, "SeriesInstanceUID", "SeriesNumber=2")),
        ("-P", "SERIES", ("PatientID=P2", STUDY_2, "SeriesInstanceUID")),
        ("-S", "IMAGE", (STUDY_2, SERIES_22, "SOPInstanceUID")),
        ("-S", "IMAGE", (STUDY_2, SERIES_22, "SOPInstanceUID", "InstanceNumber=1")),
        ("-S", "IMAGE", (STUDY_2, SERIES_22, f"SOPInstanceUID={make_uid('seed', 2, 2, 1)}\\1.2.3")),
        ("-P", "IMAGE", ("PatientID=P2", STUDY_2, SERIES_22, "SOPInstanceUID")),
    ],
)
def test_answers_are_those_of_dcmqrscp(
    archive: tuple[Receiver, Peer], tmp_path: Path, model: str, level: str, keys: tuple[str, ...]
) -> None:
    """The same query on the same instances finds the same entities, with the same values for all keys."""
    ours, theirs = (find(tmp_path, peer, level, *keys, model=model) for peer in archive)

    assert values(ours, UNIQUE[level]) == values(theirs, UNIQUE[level])
    for keyword in (key.partition("=")[0] for key in keys):
        assert values(ours, keyword) == values(theirs, keyword)


@pytest.mark.parametrize(
    ("level", "keys", "expected"),
    [
        ("PATIENT", ("PatientID", "PatientName=doe^*"), ["P1", "P2"]),
        ("PATIENT", ("PatientID", "PatientName=DOE^JOHN"), ["P2"]),
        ("PATIENT", ("PatientID", "PatientName=Doe"), []),
        ("PATIENT", ("PatientID=P1\\Q3",), ["P1", "Q3"]),
        ("STUDY", ("PatientID", "StudyInstanceUID", "ModalitiesInStudy=PT"), ["P2"]),
        ("STUDY", ("PatientID", "StudyInstanceUID", "ModalitiesInStudy=PT\\MR"), ["P1", "P2", "Q3"]),
        ("STUDY", ("PatientID", "StudyInstanceUID", "StudyTime=2300-"), ["Q3"]),
        ("STUDY", ("PatientID", "StudyInstanceUID", "StudyDescription=HEAD [1]*"), ["P1", "P2", "Q3"]),
        ("STUDY", ("PatientID", "StudyInstanceUID", "StudyDescription=head*"), []),
        ("STUDY", ("PatientID=*", "StudyInstanceUID"), ["P1", "P2", "Q3"]),
        ("SERIES", ("PatientID", "SeriesInstanceUID", "Modality=PT"), ["P2"]),
        ("IMAGE", ("PatientID", f"SOPInstanceUID={make_uid('seed', 3, 1, 2)}"), ["Q3"]),
        (
            "IMAGE",
            ("PatientID", "SOPInstanceUID", "StudyDate=20260101-20260115", "InstanceNumber=2"),
            ["P1"] * 2 + ["P2"] * 2,
        ),
    ],
)
def test_keys_are_matched_as_ps3_4_says(
    receiver: Receiver, tmp_path: Path, level: str, keys: tuple[str, ...], expected: list[str]
) -> None:
    """What dcmqrscp does otherwise, or refuses without the unique keys of the upper levels (PS3.4 C.2.2.2)."""
    assert values(find(tmp_path, receiver, level, *keys, model="-P"), "PatientID") == expected


def test_counts_and_lists_are_made_from_what_is_held(receiver: Receiver, tmp_path: Path) -> None:
    """Attributes that no instance has (PS3.4 C.3.4)."""
    keys = (
        "ModalitiesInStudy",
        "SOPClassesInStudy",
        "InstanceAvailability",
        "NumberOfPatientRelatedStudies",
        "NumberOfPatientRelatedSeries",
        "NumberOfPatientRelatedInstances",
        "NumberOfStudyRelatedSeries",
        "NumberOfStudyRelatedInstances",
    )
    [match] = find(tmp_path, receiver, "STUDY", STUDY_2, *keys)

    assert [match[key].value for key in keys] == [["CT", "PT"], CTImageStorage, "ONLINE", 1, 2, 4, 2, 4]
    [series] = find(tmp_path, receiver, "SERIES", SERIES_22, "NumberOfSeriesRelatedInstances", keys[-1])
    assert (series.NumberOfSeriesRelatedInstances, series.NumberOfStudyRelatedInstances) == (2, 4)


def test_text_is_found_and_returned_in_any_character_set(receiver: Receiver, tmp_path: Path) -> None:
    """Latin-1 on disk, UTF-8 or Latin-1 in the query; the answer is UTF-8 and says so, others say nothing."""
    for character_set, encoding in (("ISO_IR 192", "utf-8"), ("ISO_IR 100", "latin-1")):
        name = "MÜLLER*".encode(encoding)
        query = encode_data_set(
            [
                (0x00080005, "CS", character_set),
                (0x00080052, "CS", "STUDY"),
                (0x00100010, "PN", name),
                (0x0020000D, "UI", ""),
            ],
            ImplicitVRLittleEndian,
        )
        [(status, match)] = ask(receiver, ImplicitVRLittleEndian, query)[:-1]
        assert status == 0xFF00
        assert "Müller^Hans".encode() in match
        assert b"ISO_IR 192" in match

    [plain] = find(tmp_path, receiver, "STUDY", STUDY_2, "PatientName")
    assert "SpecificCharacterSet" not in plain


def test_numbers_are_returned_in_the_byte_order_of_the_context(receiver: Receiver) -> None:
    """Rows is binary, in the query's transfer syntax as well as in the answer."""
    query = encode_data_set(
        [(0x00080052, "CS", "IMAGE"), (0x00080018, "UI", make_uid("seed", 2, 2, 1)), (0x00280010, "US", 2)],
        ExplicitVRBigEndian,
    )
    answers = ask(receiver, ExplicitVRBigEndian, query)

    assert [status for status, _ in answers] == [0xFF00, 0x0000]
    assert b"\x00\x28\x00\x10US\x00\x02\x00\x02" in answers[0][1]


@pytest.mark.parametrize(
    ("model", "level"), [("-S", ""), ("-S", "PATIENT"), ("-S", "FRAME"), ("-S", "STUDY\\SERIES"), ("-O", "SERIES")]
)
def test_a_level_that_the_model_lacks_is_refused(receiver: Receiver, model: str, level: str) -> None:
    """A missing or wrong Query/Retrieve Level is A900 (PS3.4 C.4.1.1.4), not an empty answer."""
    keys = ("-k", f"QueryRetrieveLevel={level}", "-k", "PatientID")
    found = run_program("findscu", "-v", model, receiver.host, receiver.port, *keys)

    assert "Error: DataSetDoesNotMatchSOPClass" in found.stderr + found.stdout


def test_keys_that_are_not_supported_come_back_empty_with_a_warning(receiver: Receiver) -> None:
    """One key belongs to a lower level, one is a sequence, one is private: FF01, each present without a value (PS3.4 C.4.1.1.4)."""
    query = encode_data_set(
        [
            (0x00080052, "CS", "STUDY"),
            (0x00080060, "CS", "NONE"),
            (0x00091001, "LO", "x"),
            (0x0020000D, "UI", make_uid("seed", 1)),
            (0x00400275, "SQ", [[(0x00400007, "LO", "")]]),
        ],
        ExplicitVRBigEndian,
    )
    [(status, match), (final, _)] = ask(receiver, ExplicitVRBigEndian, query)

    assert (status, final) == (0xFF01, 0x0000)
    assert b"\x00\x08\x00\x60CS\x00\x00" in match
    assert b"\x00\x09\x10\x01LO\x00\x00" in match
    assert b"\x00\x40\x02\x75SQ\x00\x00\x00\x00\x00\x00" in match


def test_an_identifier_that_is_none_is_refused(receiver: Receiver) -> None:
    """Sequences nested thousands deep are answered with a failure, not with silence."""
    item = b"\x08\x00\x40\x11\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    [(status, _)] = ask(receiver, ImplicitVRLittleEndian, item * 3000)

    assert status in {0xA900, 0xC000}


def test_a_cancel_ends_the_answers(tmp_path: Path) -> None:
    """C-CANCEL-RQ after the second of 2,000 matches: the last answer is FE00, and most were never sent."""
    directory = tmp_path / "many"
    directory.mkdir()
    for number in range(2000):
        make_instance(directory / f"{number}.dcm", number=number, rows=0)
    with start_receiver(str(directory)) as receiver:
        keys = ("-k", "QueryRetrieveLevel=IMAGE", "-k", "SOPInstanceUID")
        found = run_program("findscu", "-v", "-S", "--cancel", 2, receiver.host, receiver.port, *keys)
    lines = (found.stderr + found.stdout).splitlines()

    assert any("Cancel: MatchingTerminatedDueToCancelRequest" in line for line in lines)
    assert 2 <= sum("Find Response: " in line for line in lines) < 1500


@pytest.mark.parametrize("ending", ["stop", "disconnect", "nonsense"])
def test_a_peer_that_takes_no_answers_leaves_nothing_behind(tmp_path: Path, ending: str) -> None:
    """Answers of 4 MB to a peer that reads none: whoever ends it first, and however, no thread stays or dies with a traceback."""
    directory = tmp_path / "large"
    directory.mkdir()
    for number in range(1000):
        make_instance(directory / f"{number}.dcm", number=number, rows=0, extra=[(0x00104000, "LT", "x" * 4000)])
    before = set(threading.enumerate())
    query = [(0x00080018, "UI", ""), (0x00080052, "CS", "IMAGE"), (0x00104000, "LT", "")]
    with start_receiver(str(directory)) as receiver:
        serving = set(threading.enumerate())
        with raw_scu(receiver.host, receiver.port, (STUDY_ROOT_FIND, [ImplicitVRLittleEndian]), window=4096) as scu:
            scu.send(1, FIND_COMMAND, encode_data_set(query, ImplicitVRLittleEndian))
            assert len(scu.connection.recv(6)) == 6
            if ending == "nonsense":
                scu.connection.sendall(b"\x09\x00\x00\x00\x00\x00")
            if ending == "stop":
                receiver.stop()
        if ending != "stop":
            for thread in set(threading.enumerate()) - serving:
                thread.join(20.0)
            assert set(threading.enumerate()) == serving

    assert set(threading.enumerate()) == before


def test_what_was_just_stored_is_found(tmp_path: Path) -> None:
    """The index follows the directory: new instances, and new content for an old one."""
    with start_receiver(str(tmp_path / "received")) as receiver:
        for accession in ("A1", "A2"):
            made = make_instance(tmp_path / "sent.dcm", extra=[(0x00080050, "SH", accession)])
            assert run_program("storescu", receiver.host, receiver.port, made.path).returncode == 0
            matches = find(tmp_path, receiver, "STUDY", "AccessionNumber", "NumberOfStudyRelatedInstances")
            assert [(each.AccessionNumber, each.NumberOfStudyRelatedInstances) for each in matches] == [(accession, 1)]


def ask(receiver: Receiver, transfer_syntax: str, identifier: bytes) -> list[tuple[int, bytes]]:
    """Send a Study Root C-FIND-RQ with these bytes; the statuses of all answers, each with its encoded identifier."""
    answers: list[tuple[int, bytes]] = []
    with raw_scu(receiver.host, receiver.port, (STUDY_ROOT_FIND, [transfer_syntax])) as scu:
        scu.send(1, FIND_COMMAND, identifier)
        while not answers or answers[-1][0] & 0xFF00 == 0xFF00:
            kind, body = scu.read_pdu()
            assert kind == P_DATA
            place = body.index(b"\x00\x00\x00\x09\x02\x00\x00\x00")
            status = int.from_bytes(body[place + 8 : place + 10], "little")
            answers.append((status, scu.read_pdu()[1] if status & 0xFF00 == 0xFF00 else b""))
    return answers
