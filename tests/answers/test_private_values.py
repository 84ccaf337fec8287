"""Private attributes in answers: read by the VRs that the query has for them, where the answer does not write any."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dicomjobs.answers.private_values import NOTHING_PRIVATE, private_vrs
from dicomjobs.answers.rows import Row, RowReader
from dicomjobs.model.query import Element, Identifier
from dicomjobs.wire.identifier import encode_identifier
from tests.support.command import dicomjobs, latest
from tests.support.finding_scp import finding_scp
from tests.support.identifiers import key
from tests.support.job_files import write

IMPLICIT = "1.2.840.10008.1.2"
COLUMNS = ("00191022", "00191023", "PatientID")


def _asked(*, block: int = 0x10) -> Identifier:
    """Return a query for two private attributes of ACME, with values that an answer could have."""
    return (
        key("PatientID", "P1"),
        Element(tag=0x00190000 | block, vr="LO", values=("ACME",)),
        Element(tag=0x00190022 | block << 8, vr="DS", values=("1.5",)),
        Element(tag=0x00190023 | block << 8, vr="LO", values=("M\u00fcller",)),
    )


def _rows(answer: Identifier, *, known: bool) -> list[str]:
    """Return the texts of an answer in implicit VR."""
    private = private_vrs(_asked()) if known else NOTHING_PRIVATE
    data = encode_identifier(answer, IMPLICIT, "ISO_IR 100")
    (row,) = RowReader(COLUMNS, IMPLICIT, "", private).read([data])
    assert isinstance(row, Row)
    return row.texts


def test_a_value_is_what_the_querys_vr_says() -> None:
    """Text in the answer's character set."""
    assert _rows(_asked(), known=True) == ["1.5", "M\u00fcller", "P1"]


def test_without_a_vr_it_is_bytes() -> None:
    """As PS3.18 F.2.7 writes them."""
    assert _rows(_asked(), known=False)[0] == "MS41IA=="


def test_the_block_of_another_creator_is_none_of_ours() -> None:
    """Its elements mean something else."""
    other = tuple(Element(tag=e.tag, vr=e.vr, values=("OTHER",)) if e.tag == 0x00190010 else e for e in _asked())

    assert _rows(other, known=True)[0] == "MS41IA=="


@pytest.mark.parametrize("syntax", ["ImplicitVRLittleEndian", "ExplicitVRLittleEndian"])
def test_a_dictionary_gives_private_attributes_names_and_values_from_the_query_to_the_table(
    tmp_path: Path, syntax: str
) -> None:
    """The same whether the peer writes VRs or not."""
    (tmp_path / "acme.dic").write_text('(0019,"ACME",22)\tDS\tDetectorSpacing\t1\n(0019,"ACME",23)\tLO\tOperator\t1\n')
    uid = {"ImplicitVRLittleEndian": IMPLICIT}.get(syntax, "1.2.840.10008.1.2.1")
    with finding_scp({uid: (encode_identifier(_asked(), uid, "ISO_IR 100"),)}) as scp:
        text = f"""\
dicomjobs: 1
dictionaries: [acme.dic]
jobs:
  ask:
    find:
      peer: {{host: 127.0.0.1, port: {scp.port}}}
      query: {{model: study, level: STUDY, keys: {{DetectorSpacing: , Operator: "M*", PatientID: }}}}
      association_profile:
        presentation_contexts:
          - {{abstract_syntax: StudyRootQueryRetrieveInformationModelFind, transfer_syntaxes: [{syntax}]}}
      outputs:
        - {{format: jsonl, file: found.jsonl, columns: [PatientID, DetectorSpacing, Operator]}}
        - {{format: csv, file: found.csv, columns: [Operator]}}
"""
        ended = dicomjobs("run", write(tmp_path, text), "--reports", tmp_path / "reports", "-q")

    assert (ended.code, ended.err) == (0, "")
    assert latest(tmp_path / "reports").text("found.csv") == "Operator\nM\u00fcller\n"
    found = json.loads(latest(tmp_path / "reports").text("found.jsonl"))
    assert found == {"PatientID": "P1", "DetectorSpacing": 1.5, "Operator": "M\u00fcller"}
