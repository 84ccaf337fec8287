"""`keys:` as the identifier that goes over the wire."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomjobs.model.job import FindJob
from dicomjobs.model.query import Element, Identifier
from tests.support.job_files import codes, complaints, load

LEVEL = Element(tag=0x00080052, vr="CS", values=("STUDY",))


def query(keys: str, *, model: str = "model: study\n        level: STUDY") -> str:
    """A document with one query."""
    lines = "".join(f"          {line}\n" for line in keys.splitlines())
    return (
        "jobs:\n  find:\n    find:\n      peer: {host: pacs, port: 104}\n"
        f"      query:\n        {model}\n        keys:\n{lines or '          {}'}\n"
    )


def identifier(folder: Path, keys: str, *, model: str = "model: study\n        level: STUDY") -> Identifier:
    """The identifier that keys mean."""
    (job,) = load(folder, query(keys, model=model)).jobs
    assert isinstance(job, FindJob)
    return job.query.identifier


def values(folder: Path, key: str) -> tuple[str, ...]:
    """The values of the one key there is."""
    (element,) = (e for e in identifier(folder, key) if e != LEVEL)
    return element.values


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("PatientID: 0012345", ("0012345",)),
        ("PatientID: 1e5", ("1e5",)),
        ("PatientID: 0x1F", ("0x1F",)),
        ("PatientID: NO", ("NO",)),
        ("PatientID: true", ("true",)),
        ("PatientID: null", ("null",)),
        ("PatientID: ~", ("~",)),
        ("PatientID: 1_000", ("1_000",)),
        ("PatientID: 1.10", ("1.10",)),
        ("PatientID: 2026-11-21", ("2026-11-21",)),
        ("StudyTime: 10:30:00", ("10:30:00",)),
        ("StudyDate: 20261121", ("20261121",)),
        ("StudyInstanceUID: 1.2", ("1.2",)),
        ("StudyInstanceUID: [1.10, 1.20]", ("1.10", "1.20")),
        ("00100020: 0012345", ("0012345",)),
        ("AccessionNumber: 010", ("010",)),
        ("NumberOfStudyRelatedInstances: 010", ("010",)),
    ],
)
def test_text_stays_what_was_typed(tmp_path: Path, key: str, expected: tuple[str, ...]) -> None:
    """From the file to the identifier nothing is taken for a number, a date, a boolean or nothing."""
    assert values(tmp_path, key) == expected


@pytest.mark.parametrize("key", ["PatientID:", "00100020:", '"(0010,0020)":'])
def test_nothing_after_the_colon_is_a_return_key(tmp_path: Path, key: str) -> None:
    """A zero-length element asks for the attribute and matches everything (PS3.4 C.2.2.2.3)."""
    assert identifier(tmp_path, key) == (LEVEL, Element(tag=0x00100020, vr="LO"))


def test_elements_are_in_order_of_their_tags(tmp_path: Path) -> None:
    """Whatever their order in the file, the level among them."""
    found = identifier(tmp_path, "PatientID:\nStudyDate:\nSOPClassesInStudy:")

    assert [element.tag for element in found] == [0x00080020, 0x00080052, 0x00080062, 0x00100020]


@pytest.mark.parametrize("key", ["ModalitiesInStudy: [CT, PT]", "ModalitiesInStudy: CT\\PT"])
def test_several_values_are_a_list_or_have_backslashes(tmp_path: Path, key: str) -> None:
    """A list, or DICOM's own way of writing one."""
    assert values(tmp_path, key) == ("CT", "PT")


def test_names_of_uids_become_uids(tmp_path: Path) -> None:
    """Wherever a UID is meant its name may be written, as DCMTK spells it too."""
    assert values(tmp_path, "SOPClassesInStudy: [CTImageStorage, 1.2.840.10008.5.1.4.1.1.4]") == (
        "1.2.840.10008.5.1.4.1.1.2",
        "1.2.840.10008.5.1.4.1.1.4",
    )


def test_the_values_of_a_private_attribute_are_bytes(tmp_path: Path) -> None:
    """Its VR is not known, so that only its bytes can be written."""
    assert values(tmp_path, '"(0009,1001)": 4A6F') == ("4A", "6F")


SCHEDULED = Element(tag=0x00400001, vr="AE", values=("CT1",))
MODALITY = Element(tag=0x00080060, vr="CS", values=("CT",))


@pytest.mark.parametrize(
    "keys",
    [
        "ScheduledProcedureStepSequence: [{Modality: CT, ScheduledStationAETitle: CT1}]",
        '"(0040,0100)[0].ScheduledStationAETitle": CT1\n"(0040,0100)[0].Modality": CT',
        'ScheduledProcedureStepSequence: [{Modality: CT}]\n"(0040,0100)[0].ScheduledStationAETitle": CT1',
        '"(0040,0100)[0].ScheduledStationAETitle": CT1\nScheduledProcedureStepSequence: [{Modality: CT}]',
    ],
)
def test_items_of_a_sequence_are_mappings_or_paths_or_both(tmp_path: Path, keys: str) -> None:
    """DCMTK's paths and mappings speak of the same items."""
    found = identifier(tmp_path, keys, model="model: worklist")

    assert found == (Element(tag=0x00400100, vr="SQ", items=((MODALITY, SCHEDULED),)),)


def test_sequences_nest(tmp_path: Path) -> None:
    """A sequence in an item of a sequence, and a second item."""
    found = identifier(
        tmp_path,
        'ScheduledProcedureStepSequence: [{ScheduledProtocolCodeSequence: [{CodeValue: A}]}]\n"(0040,0100)[1].Modality": CT',
        model="model: worklist",
    )
    code = Element(tag=0x00400008, vr="SQ", items=((Element(tag=0x00080100, vr="SH", values=("A",)),),))

    assert found == (Element(tag=0x00400100, vr="SQ", items=((code,), (MODALITY,))),)


def test_a_sequence_may_be_asked_for_whole(tmp_path: Path) -> None:
    """Nothing after the colon is a sequence without items."""
    assert identifier(tmp_path, "ReferencedStudySequence:") == (LEVEL, Element(tag=0x00081110, vr="SQ"))


def test_a_worklist_query_has_no_level(tmp_path: Path) -> None:
    """PS3.4 K.6.1.2 has no Query/Retrieve Level."""
    assert identifier(tmp_path, "PatientName: A*", model="model: worklist") == (
        Element(tag=0x00100010, vr="PN", values=("A*",)),
    )


def test_the_level_may_be_written_again_among_the_keys(tmp_path: Path) -> None:
    """People who come from findscu do, and mean the same."""
    assert identifier(tmp_path, "QueryRetrieveLevel: STUDY") == (LEVEL,)


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("StudyDat: 20261121", "DJ501"),
        ("PatientID: A\n00100020: B", "DJ502"),
        ('"(0040,0100)[0].Modality": CT\n"(0040,0100)[0].00080060": MR', "DJ502"),
        ("PatientID: [{Modality: CT}]", "DJ503"),
        ("ReferencedStudySequence: CT", "DJ503"),
        ("ReferencedStudySequence: [CT]", "DJ503"),
        ("TransferSyntaxUID: 1.2", "DJ504"),
        ("00000100: 1", "DJ504"),
        ("StudyDate: yesterday", "DJ505"),
        ("ModalitiesInStudy: [CT, ct]", "DJ505"),
        ("SOPClassesInStudy: CTImagStorage", "DJ505"),
        ("StudyTime: 10:30:00", "DJ506"),
        ("StudyInstanceUID: 1.2.*", "DJ507"),
        ("QueryRetrieveLevel: SERIES", "DJ508"),
        ('PatientID: "${patient}"', "DJ404"),
        ('PatientID: ""', "DJ207"),
    ],
)
def test_what_no_query_can_ask_is_told(tmp_path: Path, key: str, code: str) -> None:
    """Each mistake has its code."""
    text = "parameters: {patient: null}\n" if "${" in key else ""

    assert codes(complaints(tmp_path, text + query(key))) == [code]


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("Modalty: CT", "DJ501"),
        ("ReferencedStudySequence: CT", "DJ503"),
        ('Modality: "${modality}"', "DJ407"),
    ],
)
def test_conditions_on_files_are_attributes_with_values(tmp_path: Path, condition: str, code: str) -> None:
    """`where:` is written as keys are."""
    text = f"parameters: {{modality: ''}}\nsend_sets: {{s: {{paths: [x], where: {{{condition}}}}}}}\n"

    assert codes(complaints(tmp_path, text)) == [code]


def test_an_empty_expression_never_becomes_a_key_that_matches_everything(tmp_path: Path) -> None:
    """The most dangerous mistake of all."""
    found = complaints(
        tmp_path, "parameters: {patient: null}\n" + query('PatientID: "${patient}"'), settings={"patient": ""}
    )

    assert codes(found) == ["DJ407"]


def test_a_date_takes_the_form_of_its_key_inside_sequences_and_paths(tmp_path: Path) -> None:
    """The VR is that of the attribute at the end of the path."""
    found = identifier(
        tmp_path,
        'ScheduledProcedureStepSequence: [{ScheduledProcedureStepStartDate: "${today}"}]\n'
        '"(0040,0100)[0].ScheduledProcedureStepStartTime": "${now:%H%M}-"\n"(0040,A13A)": "${now}"',
        model="model: worklist",
    )
    (step, _) = found

    assert [element.values for element in step.items[0]] == [("20261121",), ("2230-",)]
    assert found[1].values == ("20261121223045",)


AS_TYPED = "model: study\n        strict: false"


def test_a_query_that_is_not_strict_sends_texts_as_typed_and_no_level_of_its_own(tmp_path: Path) -> None:
    """Small letters in a code string, a date that is none, a UID by no name, an element of group 0002."""
    keys = (
        "Modality: ct\nStudyDate: yesterday\nStudyInstanceUID: CTImageStorage\n"
        '"(0002,0010)": 1.2\nQueryRetrieveLevel: study\n'
    )

    found = {e.tag: e.values for e in identifier(tmp_path, keys, model=AS_TYPED)}

    assert found == {
        0x00020010: ("1.2",),
        0x00080020: ("yesterday",),
        0x00080052: ("study",),
        0x00080060: ("ct",),
        0x0020000D: ("CTImageStorage",),
    }


def test_what_has_no_bytes_is_an_error_even_so(tmp_path: Path) -> None:
    """A word is no number, and text is no hexadecimal digit."""
    text = query('Rows: many\n"(0009,1001)": val\nModality: Ä\n', model=AS_TYPED)

    assert codes(complaints(tmp_path, text)) == ["DJ505", "DJ505", "DJ505"]


@pytest.mark.parametrize(
    ("model", "expected"),
    [("model: study", ["DJ202"]), (AS_TYPED, []), ("model: study\n        files: [a.dcm]", [])],
)
def test_a_level_is_wanted_unless_something_else_brings_it(tmp_path: Path, model: str, expected: list[str]) -> None:
    """`check` does not open query files."""
    assert codes(complaints(tmp_path, query("PatientID: A", model=model))) == expected


def test_a_relational_query_that_says_so_is_not_warned_of(tmp_path: Path) -> None:
    """The peer can then refuse it by name."""
    model = "model: study\n        level: SERIES\n        negotiate: [relational]"

    assert complaints(tmp_path, query("Modality: CT", model=model)) == ()


DICTIONARY = (
    '(0019,"ACME",22)\tDS\tDetectorSpacing\t1\n(0029,"ACME",10)\tSQ\tParts\t1\n(0019,"DOT.",01)\tCS\tDotted\t1\n'
)


def private(folder: Path, keys: str) -> dict[int, tuple[str, tuple[str, ...]]]:
    """The VRs and values that keys have by tag, with a dictionary of private attributes."""
    (folder / "site.dic").write_text(DICTIONARY)
    (job,) = load(folder, "dictionaries: [site.dic]\n" + query(keys)).jobs
    assert isinstance(job, FindJob)
    return {e.tag: (e.vr, e.values) for e in job.query.identifier if e != LEVEL}


ACME = ("LO", ("ACME",))


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("DetectorSpacing: 1.5", {0x00190010: ACME, 0x00191022: ("DS", ("1.5",))}),
        ("'(0019,\"ACME\",22)': 1.5", {0x00190010: ACME, 0x00191022: ("DS", ("1.5",))}),
        ("'(0019,\"ACME\",23)': 4142", {0x00190010: ACME, 0x00191023: ("UN", ("41", "42"))}),
        ('"(0019,1122)": 1.5\n"(0019,0011)": ACME', {0x00190011: ACME, 0x00191122: ("DS", ("1.5",))}),
        (
            'DetectorSpacing: 1.5\n"(0019,0010)": OTHER',
            {0x00190010: ("LO", ("OTHER",)), 0x00190011: ACME, 0x00191122: ("DS", ("1.5",))},
        ),
        (
            "DetectorSpacing:\nDotted: A",
            {
                0x00190010: ACME,
                0x00190011: ("LO", ("DOT.",)),
                0x00191022: ("DS", ()),
                0x00191101: ("CS", ("A",)),
            },
        ),
    ],
)
def test_a_private_attribute_has_its_name_its_vr_and_a_block_of_its_creator(
    tmp_path: Path, keys: str, expected: dict[int, tuple[str, tuple[str, ...]]]
) -> None:
    """The block is the one that the creator has, or the first that is free."""
    assert private(tmp_path, keys) == expected


def test_private_attributes_are_in_sequences_too(tmp_path: Path) -> None:
    """Each item has blocks of its own; a creator's name may have a full stop in it."""
    (tmp_path / "site.dic").write_text(DICTIONARY)
    keys = "Parts[0].'(0019,\"DOT.\",01)': A".replace("Parts[0].'", "'Parts[0].")
    (job,) = load(tmp_path, "dictionaries: [site.dic]\n" + query(keys)).jobs
    assert isinstance(job, FindJob)

    item = (Element(tag=0x00190010, vr="LO", values=("DOT.",)), Element(tag=0x00191001, vr="CS", values=("A",)))
    assert job.query.identifier[-1] == Element(tag=0x00291010, vr="SQ", items=(item,))


def test_the_vr_of_a_dictionary_is_checked_like_any_other(tmp_path: Path) -> None:
    """A word is no decimal string."""
    (tmp_path / "site.dic").write_text(DICTIONARY)

    found = complaints(tmp_path, "dictionaries: [site.dic]\n" + query("DetectorSpacing: wide\nDetectorSpacin: 1"))

    assert codes(found) == ["DJ505", "DJ501"]
    assert "did you mean `DetectorSpacing`?" in found[1].hint


def columns(folder: Path, written: str, *, keys: str = "DetectorSpacing:") -> tuple[str, ...]:
    """The headings that columns have, with a dictionary of private attributes."""
    (folder / "site.dic").write_text(DICTIONARY)
    outputs = f"      outputs: [{{format: csv, file: a.csv, columns: [{written}]}}]\n"
    (job,) = load(folder, "dictionaries: [site.dic]\n" + query(keys) + outputs).jobs
    assert isinstance(job, FindJob)
    return job.outputs[0].columns


@pytest.mark.parametrize(
    ("written", "column"),
    [
        ("DetectorSpacing", "DetectorSpacing=00191022"),
        ("'(0019,\"ACME\",22)'", "DetectorSpacing=00191022"),
        ('"(0019,1022)"', "00191022"),
    ],
)
def test_a_column_of_a_private_attribute_is_where_the_query_asks_for_it(
    tmp_path: Path, written: str, column: str
) -> None:
    """By name, by creator or by the tag itself; it is called by the name, where there is one."""
    assert columns(tmp_path, written) == (column,)


def test_a_column_in_a_private_sequence_is_found_too(tmp_path: Path) -> None:
    """Each step in its own block."""
    keys = "Parts: [{Dotted: A}]"

    assert columns(tmp_path, "'Parts[0].Dotted'", keys=keys) == ("Dotted=00291010[0].00191001",)


def test_a_column_whose_creator_the_query_does_not_name_is_an_error(tmp_path: Path) -> None:
    """Its tag is not known."""
    (tmp_path / "site.dic").write_text(DICTIONARY)
    text = query("PatientID:") + "      outputs: [{format: csv, file: a.csv, columns: [DetectorSpacing]}]\n"

    (found,) = complaints(tmp_path, "dictionaries: [site.dic]\n" + text)

    assert (found.code, "add `DetectorSpacing` to the keys" in found.hint) == ("DJ501", True)


def test_a_fixed_block_that_another_creator_has_is_an_error(tmp_path: Path) -> None:
    """The form of a tag with its block."""
    found = complaints(tmp_path, query('"(0025,0010)": OTHER\n\'(0025,"ACME",1010)\': 41\n'))

    assert [(each.code, "another creator than ACME" in each.summary) for each in found] == [("DJ502", True)]
