"""Values replaced at the head of a data set: what is sent is what a whole rewriting gives, and the rest stays in its file."""

from __future__ import annotations

import io
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from dicomjobs.disk.read import WHOLE_BYTES, FileStore, StreamedPayload
from dicomjobs.errors import NotSendable
from dicomjobs.model.data_set_form import DataSetForm
from dicomjobs.model.resume import DigestPolicy
from dicomjobs.pixels.convert import convert
from dicomjobs.plan.plan import PlannedInstance
from tests.support.instances import NATIVE, Elements, make_instance

REPLACED = ((0x00080018, "2.25.123"), (0x00100010, "INVENTED^NAME"), (0x0020000D, "1.2"), (0x00200010, "SID_1"))
NESTED: Elements = [(0x00081140, "SQ", [[(0x00081155, "UI", "1.2.3"), (0x00080018, "UI", "1.2.4")], []])]


def _sent(instance: PlannedInstance, form: DataSetForm, digest: DigestPolicy = DigestPolicy.AUTO) -> bytes:
    """Return all that is sent of an instance in a form, and see that it is as long as it was said to be."""
    payload = FileStore(convert).rewritten(instance, form, digest)
    length, sent = payload.length, b"".join(map(bytes, payload.chunks()))
    payload.close()
    assert length == len(sent)
    return sent


@pytest.mark.parametrize("rows", [4, 600])
@pytest.mark.parametrize("syntax", [*NATIVE, RLELossless])
def test_small_or_large_it_is_what_the_converter_gives(tmp_path: Path, syntax: str, rows: int) -> None:
    """Longer and shorter values, attributes that are missing, the same tags inside of items, group lengths."""
    lengths: Elements = [(0x00080000, "UL", 0), (0x00100000, "UL", 46)]
    made = make_instance(tmp_path / "a.dcm", transfer_syntax=syntax, rows=rows, extra=[*NESTED, *lengths])
    form = DataSetForm(transfer_syntax=syntax, replaced=REPLACED)
    whole = made.path.read_bytes()[made.offset :]
    right = convert(whole, syntax, DataSetForm(transfer_syntax=syntax))  # with group lengths that are right
    made.path.write_bytes(made.path.read_bytes()[: made.offset] + right)
    instance = replace(made.planned(), size=made.offset + len(right))

    sent = _sent(instance, form)

    assert sent == convert(right, syntax, form)
    assert (len(right) > WHOLE_BYTES) == (rows == 600 and syntax != DeflatedExplicitVRLittleEndian)


def test_nothing_to_replace_leaves_a_data_set_as_it_is(tmp_path: Path) -> None:
    """Attributes are never added."""
    made = make_instance(tmp_path / "a.dcm")
    form = DataSetForm(transfer_syntax=ExplicitVRLittleEndian, replaced=((0x00081030, "a description"),))

    assert _sent(made.planned(), form) == made.path.read_bytes()[made.offset :]


def test_a_large_instance_stays_in_its_file(tmp_path: Path) -> None:
    """Memory is taken for the head and one chunk."""
    made = make_instance(tmp_path / "a.dcm", rows=4000)
    form = DataSetForm(transfer_syntax=ExplicitVRLittleEndian, replaced=REPLACED)
    tracemalloc.start()

    payload = FileStore(convert).rewritten(made.planned(), form, DigestPolicy.ALWAYS)
    length = sum(len(chunk) for chunk in payload.chunks())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert isinstance(payload, StreamedPayload)
    assert length == payload.length > 30_000_000
    assert peak < 4_000_000
    assert len(payload.sha256) == 64
    assert payload.source_sha256 == ""
    payload.close()


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_what_is_sent_reads_with_the_new_values(tmp_path: Path, syntax: str) -> None:
    """As another program sees it."""
    made = make_instance(tmp_path / "a.dcm", transfer_syntax=syntax, rows=600)

    sent = _sent(made.planned(), DataSetForm(transfer_syntax=syntax, replaced=REPLACED))

    data_set = pydicom.dcmread(io.BytesIO(made.path.read_bytes()[: made.offset] + sent))
    original = pydicom.dcmread(made.path)
    assert (data_set.SOPInstanceUID, str(data_set.PatientName)) == ("2.25.123", "INVENTED^NAME")
    assert (data_set.StudyInstanceUID, data_set.SeriesInstanceUID) == ("1.2", original.SeriesInstanceUID)
    assert data_set.PixelData == original.PixelData
    assert "StudyID" not in data_set


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), syntax=st.sampled_from([*NATIVE, RLELossless]))
def test_no_mutation_makes_it_raise_anything_else(tmp_path: Path, data: st.DataObject, syntax: str) -> None:
    """Sent or not sendable."""
    made = make_instance(tmp_path / "a.dcm", transfer_syntax=syntax, rows=2, extra=NESTED)
    mutated = bytearray(made.path.read_bytes())
    for position in data.draw(st.lists(st.integers(made.offset, len(mutated) - 1), max_size=6)):
        mutated[position] = data.draw(st.integers(0, 255))
    made.path.write_bytes(mutated)

    try:
        words = f"{len(_sent(made.planned(), DataSetForm(transfer_syntax=syntax, replaced=REPLACED)))} bytes"
    except NotSendable as refused:
        words = refused.words
    assert words
