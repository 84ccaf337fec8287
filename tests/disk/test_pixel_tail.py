"""Large pixel data stays in its file while all before it is rewritten: what is sent is what a rewriting in memory gives."""

from __future__ import annotations

import hashlib
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from dicomjobs.disk.payloads import BytesPayload, StreamedPayload
from dicomjobs.disk.read import FileStore
from dicomjobs.model.data_set_form import DataSetForm, NewVrs
from dicomjobs.model.resume import DigestPolicy
from dicomjobs.pixels.convert import convert
from dicomjobs.plan.plan import PlannedInstance
from tests.support.instances import NATIVE, Elements, make_instance

REPLACED = ((0x00080018, "2.25.123"), (0x00100010, "INVENTED^NAME"), (0x0020000D, "1.2"), (0x00200010, "SID_1"))
EXTRA: Elements = [
    (0x00081140, "SQ", [[(0x00081155, "UI", "1.2.3"), (0x00080018, "UI", "1.2.4")], []]),
    (0x00091003, "UT", "private text"),
    (0x00100000, "UL", 99),
]


def _sent(
    instance: PlannedInstance, form: DataSetForm, digest: DigestPolicy = DigestPolicy.ALWAYS
) -> tuple[bytes, type]:
    """Return what is sent of an instance and in what way; see that length and digests are those of the bytes."""
    payload = FileStore(convert).rewritten(instance, form, digest)
    length, sent = payload.length, b"".join(map(bytes, payload.chunks()))
    assert length == len(sent)
    assert payload.sha256 == hashlib.sha256(sent).hexdigest()
    source = Path(instance.path).read_bytes()[instance.offset :]
    assert payload.source_sha256 == hashlib.sha256(source + b"\0" * (len(source) % 2)).hexdigest()
    payload.close()
    return sent, type(payload)


@pytest.mark.parametrize("new_vrs", NewVrs)
@pytest.mark.parametrize("target", NATIVE)
@pytest.mark.parametrize("syntax", NATIVE)
def test_a_large_data_set_is_sent_as_the_converter_gives_it(
    tmp_path: Path, syntax: str, target: str, new_vrs: NewVrs
) -> None:
    """In memory only where the bytes of the pixel data change."""
    made = make_instance(tmp_path / "a.dcm", transfer_syntax=syntax, rows=600, extra=EXTRA)
    form = DataSetForm(transfer_syntax=target, new_vrs=new_vrs, replaced=REPLACED)

    sent, way = _sent(made.planned(), form)

    little = {ExplicitVRLittleEndian, ImplicitVRLittleEndian}
    assert sent == convert(made.path.read_bytes()[made.offset :], syntax, form)
    assert way is (
        StreamedPayload if {syntax, target} <= little or syntax == target == ExplicitVRBigEndian else BytesPayload
    )


def test_encapsulated_pixel_data_stays_in_its_file(tmp_path: Path) -> None:
    """Fragments and all."""
    made = make_instance(tmp_path / "a.dcm", transfer_syntax=RLELossless, rows=600, extra=EXTRA)
    form = DataSetForm(transfer_syntax=RLELossless, new_vrs=NewVrs.AS_OB, replaced=REPLACED)

    sent, way = _sent(made.planned(), form)

    assert way is StreamedPayload
    assert sent == convert(made.path.read_bytes()[made.offset :], RLELossless, form)


@pytest.mark.parametrize(
    "behind",
    [
        [(0xFFFCFFFC, "OB", bytes(10))],
        [(0x7FE00000, "UL", 5)],
        [(0x7FE00001, "OV", bytes(8))],
        [(0x7FE10010, "LO", "X")],
    ],
)
def test_pixel_data_that_is_not_all_at_the_end_is_read_with_the_rest(tmp_path: Path, behind: Elements) -> None:
    """Padding behind it is dropped, a group length is made right."""
    made = make_instance(tmp_path / "a.dcm", rows=600, extra=behind)
    form = DataSetForm(transfer_syntax=ImplicitVRLittleEndian)

    sent, way = _sent(made.planned(), form)

    assert way is BytesPayload
    assert sent == convert(made.path.read_bytes()[made.offset :], ExplicitVRLittleEndian, form)


def test_memory_is_taken_for_the_head_and_one_chunk(tmp_path: Path) -> None:
    """However many pixels there are."""
    made = make_instance(tmp_path / "a.dcm", rows=4000)
    form = DataSetForm(transfer_syntax=ImplicitVRLittleEndian, replaced=REPLACED)
    store = FileStore(convert)
    tracemalloc.start()

    payload = store.rewritten(made.planned(), form)
    length = sum(len(chunk) for chunk in payload.chunks())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    payload.close()

    assert length > 30_000_000
    assert peak < 4_000_000
    assert payload.sha256 == payload.source_sha256 == ""


def test_a_small_one_is_read_as_a_whole(tmp_path: Path) -> None:
    """It is one chunk, and one message."""
    made = make_instance(tmp_path / "a.dcm", rows=4)
    form = DataSetForm(transfer_syntax=ExplicitVRLittleEndian, replaced=REPLACED)

    sent, way = _sent(replace(made.planned(), context_id=1), form)

    assert way is BytesPayload
    assert sent == convert(made.path.read_bytes()[made.offset :], ExplicitVRLittleEndian, form)


def test_a_deflated_one_is_inflated_as_a_whole(tmp_path: Path) -> None:
    """There is no place in it to begin at."""
    made = make_instance(tmp_path / "a.dcm", transfer_syntax=DeflatedExplicitVRLittleEndian, rows=600)

    _, way = _sent(made.planned(), DataSetForm(transfer_syntax=ExplicitVRLittleEndian))

    assert way is BytesPayload
